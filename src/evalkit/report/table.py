"""Results -> the rows of the table, one for each method, seeds gathered. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.report.bars import Bar, Bars
from evalkit.wording import counted

Results = Mapping[str, Any]
UNDEFINED = "–"  # noqa: RUF001 (an en dash, as tables of figures use it)
_DOUBTS = ("", "?", "*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of texts.

    Attributes:
        columns: the headings.
        numeric: for each column, whether it is set to the right.
        rows: one text for each column.
        notes: sentences to print below.
        names: how many of the first columns tell the rows apart.
        bars: figures with their intervals, to print below the rows; columns would be too wide.
    """

    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    names: int = 1
    bars: Bars | None = None


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    numeric: bool
    value: Callable[[Sequence[Results]], str]
    compares: bool = False


def make_table(results: Results) -> Table:
    """The table of a run: a row for each method, the mean over its seeds."""
    groups = _groups(results["cells"])
    columns = [column for column in _columns(results) if _says_something(column, groups)]
    rows = [tuple(column.value(cells) for column in columns) for cells in groups]
    rows += _outsiders(results, columns)
    return Table(
        columns=tuple(column.heading for column in columns),
        numeric=tuple(column.numeric for column in columns),
        rows=tuple(rows),
        notes=tuple(_notes(results)),
        names=sum(column.heading in ("method", "model") for column in columns[:2]),
        bars=_bars(results.get("analysis")),
    )


def _groups(cells: Sequence[Results]) -> list[list[Results]]:
    """Cells that differ by their seed only, together."""
    groups: dict[tuple[str, str], list[Results]] = {}
    for cell in cells:
        groups.setdefault((cell["model"], cell["adapter"]), []).append(cell)
    return list(groups.values())


def _columns(results: Results) -> list[_Column]:
    models = {cell["model"] for cell in results["cells"]}
    metrics = list(dict.fromkeys(name for cell in results["cells"] for name in cell["scores"]))
    comparisons = list(dict.fromkeys(c["name"] for c in results["comparisons"]))
    return [
        _Column("method", False, lambda cells: str(cells[0]["adapter"])),
        *([_Column("model", False, lambda cells: str(cells[0]["model"]))] * (len(models) > 1)),
        _Column("examples", True, lambda cells: str(cells[0]["train_size"])),
        _Column("demos", True, lambda cells: _report(cells, "demos")),
        _Column("optimizer", False, lambda cells: _report(cells, "optimizer")),
        *(_metric_column(name) for name in metrics),
        *(_comparison_column(results, name) for name in comparisons),
        _Column("unreadable", True, _unreadable),
        _Column("failed", True, _failed),
        _Column("tokens/answer", True, _tokens),
        _Column(f"cost {results.get('currency') or ''}", True, _cost),
        _Column("adapt s", True, lambda cells: _seconds(cells, "adapt")),
        _Column("predict s", True, lambda cells: _seconds(cells, "predict")),
    ]


def _says_something(column: _Column, groups: Sequence[Sequence[Results]]) -> bool:
    """A column of failures is shown only if there is one, one of costs if there are prices."""
    nothing = {"failed": "0", "cost ": UNDEFINED}.get(column.heading)
    return nothing is None or any(column.value(cells) != nothing for cells in groups)


def _report(cells: Sequence[Results], key: str) -> str:
    """What the adaptations report under a key; several values as a range or a list."""
    known = [cell["report"][key] for cell in cells if cell["report"].get(key) is not None]
    if not known:
        return UNDEFINED
    if all(isinstance(value, int) for value in known) and min(known) < max(known):
        return f"{min(known)} to {max(known)}"
    return ", ".join(dict.fromkeys(str(value) for value in known))


def _metric_column(name: str) -> _Column:
    def value(cells: Sequence[Results]) -> str:
        figures = [c["scores"][name]["value"] for c in cells if name in c["scores"]]
        return _mean(figures, 3)

    return _Column(name, True, value)


def _comparison_column(results: Results, name: str) -> _Column:
    own = [c for c in results["comparisons"] if c["name"] == name]
    heading = next((str(c["headline"]) for c in own if c["headline"]), name)
    decimals = next((c["decimals"] for c in own), 1)
    found: dict[str, list[float | None]] = {}
    doubts: dict[str, set[str]] = {}
    for comparison in own:
        for standing in comparison["standings"]:
            figure = standing["values"].get(comparison["headline"])
            found.setdefault(standing["contestant"], []).append(figure)
            doubts.setdefault(standing["contestant"], set()).add(_doubt(standing["values"]))
    several = sum(1 for other in {c["name"] for c in results["comparisons"]} if other != name)

    def value(cells: Sequence[Results]) -> str:
        figure = _mean([f for cell in cells for f in found.get(cell["id"], [])], decimals)
        marks = set().union(*(doubts.get(cell["id"], set()) for cell in cells))
        return figure if figure == UNDEFINED else figure + max(marks, key=_DOUBTS.index, default="")

    return _Column(f"{name} {heading}" if several else heading, True, value, compares=True)


def _doubt(values: Results) -> str:
    """The mark of a figure that rests on a judge who was found wanting, or not checked."""
    validated = values.get("validated", 1)
    return "" if validated else "?" if validated is None else "*"


def _mean(figures: Sequence[float | None], decimals: int) -> str:
    known = [figure for figure in figures if figure is not None]
    return f"{sum(known) / len(known):.{decimals}f}" if known else UNDEFINED


def _unreadable(cells: Sequence[Results]) -> str:
    """Share of answers that are not wholly readable."""
    outcomes = [cell["outcomes"] for cell in cells if cell["outcomes"]]
    answered = sum(n for o in outcomes for kind, n in o.items() if kind != "failed")
    odd = answered - sum(o["parsed"] for o in outcomes)
    return f"{100 * odd / answered:.0f}%" if answered else UNDEFINED


def _failed(cells: Sequence[Results]) -> str:
    return str(sum(cell["outcomes"]["failed"] for cell in cells if cell["outcomes"]))


def _tokens(cells: Sequence[Results]) -> str:
    """Prompt tokens + generated tokens, the mean over all answers."""
    done = [c for c in cells if c["usage"]["predict"] and c["examples"]]
    count = sum(cell["examples"] for cell in done)
    if not count:
        return UNDEFINED
    prompt = sum(c["usage"]["predict"]["prompt_tokens"] for c in done) / count
    generated = sum(c["usage"]["predict"]["completion_tokens"] for c in done) / count
    return f"{prompt:.0f} + {generated:.0f}"


def _cost(cells: Sequence[Results]) -> str:
    """What adapting and predicting cost together, the mean over seeds."""
    parts = [cell.get("cost") or {"adapt": None, "predict": None} for cell in cells]
    known = [p["adapt"] + p["predict"] for p in parts if None not in (p["adapt"], p["predict"])]
    return _mean(known, 4)


def _seconds(cells: Sequence[Results], kind: str) -> str:
    return _mean([cell["seconds"][kind] for cell in cells], 1)


def _outsiders(results: Results, columns: Sequence[_Column]) -> list[tuple[str, ...]]:
    """Rows for contestants that are no cells, such as the gold answers."""
    ids = {cell["id"] for cell in results["cells"]}
    names = dict.fromkeys(
        standing["contestant"]
        for comparison in results["comparisons"]
        for standing in comparison["standings"]
        if standing["contestant"] not in ids
    )
    rows = []
    for name in names:
        cell = {"id": name}
        rows.append(
            tuple(
                column.value([cell])
                if column.compares
                else ("gold answers" if name == "gold" else name)
                if column.heading == "method"
                else ""
                for column in columns
            )
        )
    return rows


def _notes(results: Results) -> list[str]:
    notes = []
    seeds = sorted({cell["seed"] for cell in results["cells"]})
    if len(seeds) > 1:
        notes.append(f"mean over the seeds {', '.join(map(str, seeds))}")
    task = results["task"]
    notes.append(f"{counted(task['examples'], 'example')} of the split {task['split']}")
    notes += _undefined(results["cells"])
    for comparison in results["comparisons"]:
        prefix = f"{comparison['name']}"
        prefix += f" (seed {comparison['seed']})" if len(seeds) > 1 else ""
        notes += [f"{prefix}: {note}" for note in comparison["notes"]]
    parts = [*results["cells"], *results["comparisons"]]
    left = [str(part.get("id", part.get("name"))) for part in parts if part["status"] == "pending"]
    notes += [f"not run: {', '.join(left)}"] if left else []
    for part in parts:
        if part["failure"]:
            failure = part["failure"]
            hint = f" ({failure['hint']})" if failure["hint"] else ""
            notes.append(f"{part.get('id', part.get('name'))} failed: {failure['reason']}{hint}")
    return notes


def _undefined(cells: Sequence[Results]) -> list[str]:
    """Why headlines are no finite numbers, with the cells concerned."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        for name, score in cell["scores"].items():
            reason = score.get("undefined", {}).get(score.get("headline"))
            if reason:
                found.setdefault(f"{name}: undefined, because {reason}", []).append(cell["id"])
    return [f"{note} ({', '.join(ids)})" for note, ids in found.items()]


def _bars(analysis: Results | None) -> Bars | None:
    """The primary figure of each method with its 95% interval, if there is one."""
    rows = [one for one in (analysis or {"methods": ()})["methods"] if one["value"] is not None]
    if analysis is None or all(row["low"] is None for row in rows):
        return None
    return Bars(
        title=f"{analysis['metric']} with its 95% interval:",
        rows=tuple(
            Bar(
                name=row["method"],
                text=with_interval(row),
                value=row["value"],
                ends=None if row["low"] is None else (row["low"], row["high"]),
            )
            for row in rows
        ),
    )


def with_interval(found: Results) -> str:
    """A figure (``value``) with its interval (``low``, ``high``) if there is one, as text."""
    if found["low"] is None or found["high"] is None:
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


_WORDS = {True: "met", False: "not met", None: "not judged"}


def expectation_rows(results: Results) -> list[tuple[str, str]]:
    """What the suite expects: whether it is met, in words, and what it is about."""
    return [
        (_WORDS[one["met"]], ": ".join(part for part in (one["name"], one["detail"]) if part))
        for one in results.get("expectations") or ()
    ]
