"""Writes the tables of docs/benchmarks.md from the files in benchmarks/results."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS, ROOT

PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- written by benchmarks/report.py: begin -->"
END = "<!-- written by benchmarks/report.py: end -->"
_HIDDEN = ("corpus", "model", "dtype", "prompts", "same_prompt_tokens", "whole")

Form = Mapping[str, Any]


def main() -> None:
    """Rewrite the page."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_tables(page, read(RESULTS)), encoding="utf-8")


def read(folder: Path) -> list[Form]:
    """The results in a folder, in the order of the table."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda form: (form["order"], form["name"]))


def with_tables(page: str, results: Sequence[Form]) -> str:
    """The page with new tables between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables(results)}\n{END}{after}"


def tables(results: Sequence[Form]) -> str:
    """All findings in one table, then every measurement by itself."""
    if not results:
        return "Nothing was measured yet.\n"
    rows = ["| measured | figure | value | target | |", "| --- | --- | --- | --- | --- |"]
    rows += [line for result in results for line in findings(result)]
    parts = ["\n".join(rows), *("\n".join(section(result)) for result in results)]
    return "\n\n".join(parts) + "\n"


def findings(result: Form) -> Iterator[str]:
    """The rows of one measurement."""
    what = result["what"]
    for finding in result["findings"]:
        unit = f" {finding['unit']}" if finding["unit"] else ""
        value = f"**{number(finding['value'])}{unit}**"
        wanted = finding["target"]
        target = "-" if wanted is None else f"{finding['sense']} {number(wanted)}{unit}"
        yield f"| {what} | {finding['what']} | {value} | {target} | {verdict(finding)} |"
        what = ""


def verdict(finding: Form) -> str:
    """Whether the target is met, or by how much it is missed."""
    if finding["target"] is None:
        return ""
    return "met" if finding["met"] else f"missed by {finding['missed_by']:.0%}"


def section(result: Form) -> Iterator[str]:
    """One measurement in detail."""
    machine = result["machine"]
    products = "bfloat16 products in hardware" if machine["bfloat16"] else "no bfloat16 products"
    yield f"### {result['name']}\n"
    yield (
        f"{result['date']}, {machine['processor']}, {machine['cores']} cores, {products}, "
        f"{machine['memory_gb']} GB. Texts: {result['settings'].get('corpus', 'none')}."
    )
    settings = ", ".join(f"`{k}` {v}" for k, v in shown(result["settings"]))
    yield f"Settings: {settings}.\n" if settings else ""
    if result["sides"]:
        yield "| side | median s | every time | first run | versions |"
        yield "| --- | --- | --- | --- | --- |"
    for side in result["sides"]:
        times = ", ".join(f"{one:.2f}" for one in side["seconds"])
        told = ", ".join(f"`{k}` {v}" for k, v in side["runs"][0].items() if k not in _HIDDEN)
        versions = ", ".join(f"{name} {version}" for name, version in side["versions"].items())
        yield f"| {side['name']} | {side['median_s']:.2f} | {times} | {told} | {versions} |"
    yield ""
    for note in result["notes"]:
        yield f"- {note}."


def shown(settings: Form) -> Iterator[tuple[str, str]]:
    """The settings that fit a line."""
    for key, value in settings.items():
        if key not in _HIDDEN:
            yield key, json.dumps(value) if isinstance(value, dict | list) else str(value)


def number(value: float) -> str:
    """A figure as it is read: 0.412, 12.5, 20,300."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


if __name__ == "__main__":
    main()
