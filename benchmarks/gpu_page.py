"""The table and the two curves of the study's matrix, in ``docs/results.md`` between two marks."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.harness import ROOT

PAGE = ROOT / "docs" / "results.md"
BEGIN, END = "<!-- gpu study: begin -->", "<!-- gpu study: end -->"
_METRICS = ("exact-f1", "fuzzy-f1")
_BAR = 40

Cell = Mapping[str, Any]


def write(done: Sequence[Cell], order: Sequence[str]) -> None:
    """Put the section into the page, in place of an earlier one or at the end."""
    text = PAGE.read_text(encoding="utf-8")
    section = f"{BEGIN}\n{render(done, order)}{END}\n"
    before, mark, rest = text.partition(BEGIN)
    if mark:
        _, _, after = rest.partition(f"{END}\n")
        PAGE.write_text(before + section + after, encoding="utf-8")
    else:
        PAGE.write_text(f"{text.rstrip()}\n\n{section}", encoding="utf-8")


def render(done: Sequence[Cell], order: Sequence[str]) -> str:
    """The section.

    Args:
        done: the cells that are over.
        order: the ids of all cells, as the suite has them.
    """
    known = {cell["id"]: cell for cell in done}
    found = [known[name] for name in order if name in known]
    if not found:
        raise SystemExit("no cell is finished yet")
    model, task = found[0]["models"][0], found[0]["task"]
    missing = [name for name in order if name not in known]
    lines = [
        "## The study's matrix with SmolLM2-135M, on a GPU",
        "",
        f"{time.strftime('%d %B %Y').lstrip('0')}; `{model['name']}`, {model['dtype']} on "
        f"{model['device']}; {task['examples']} examples of the dev split, up to "
        f"{task['params'].get('concat', 1)} texts each; `benchmarks/gpu-study.toml`.",
        "",
        *table(found),
        "",
        *curve("F1 by training examples (LoRA)", "examples", _by_size(found)),
        *curve("F1 by demos (few-shot)", "demos", _by_demos(found)),
    ]
    if missing:
        lines += [f"Not run yet: {', '.join(missing)}.", ""]
    return "\n".join(lines)


def table(found: Sequence[Cell]) -> list[str]:
    """One row a cell."""
    rows = [
        "| method | examples | demos | optimizer | exact F1 | fuzzy F1 | adapt s | predict s |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cell in found:
        if cell["status"] != "done":
            reason = (cell["failure"] or {}).get("reason", "unknown").splitlines()[0]
            rows.append(f"| {cell['id']} | {cell['train_size']} | | | failed: {reason} | | | |")
            continue
        seconds, report = cell["seconds"], cell["report"]
        scores = " | ".join(f"{cell['scores'][name]['value']:.3f}" for name in _METRICS)
        rows.append(
            f"| {cell['id']} | {cell['train_size']} | {report.get('demos', 0)} | "
            f"{report.get('optimizer', 'none')} | {scores} | "
            f"{seconds['adapt']:.0f} | {seconds['predict']:.0f} |"
        )
    return rows


def curve(title: str, axis: str, points: Sequence[tuple[int, Cell]]) -> list[str]:
    """A curve as bars, one line for each point and metric."""
    if not points:
        return []
    lines = [f"### {title}", "", "```text", f"{axis:>8}"]
    for x, cell in points:
        for name in _METRICS:
            value = cell["scores"][name]["value"] or 0.0
            lines.append(f"{x:8d}  {name:8}  {value:.3f}  {'█' * round(_BAR * value)}".rstrip())
    return [*lines, "```", ""]


def _by_size(found: Sequence[Cell]) -> list[tuple[int, Cell]]:
    points = [(cell["train_size"], cell) for cell in found if _is(cell, "lora")]
    return sorted(points, key=lambda point: point[0])


def _by_demos(found: Sequence[Cell]) -> list[tuple[int, Cell]]:
    shown = [cell for cell in found if _is(cell, "few-shot") or _is(cell, "zero-shot")]
    points = [(int(cell["report"].get("demos", 0)), cell) for cell in shown]
    return sorted(points, key=lambda point: point[0])


def _is(cell: Cell, use: str) -> bool:
    return bool(cell["use"] == use and cell["status"] == "done")
