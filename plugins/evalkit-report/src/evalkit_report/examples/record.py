"""One example as the browser reads it: a short row of the index, and everything in detail.

Row of the index, a list: id; the input's beginning; its length in characters, or null; for each
group which value, or -1; for each cell which outcome; for each cell its score by each metric, or
null; whether a judge has seen it; its position in the data.

Detail, an object: ``input``, ``gold`` (items), ``sources``, ``groups``, ``verdicts`` and for each
cell under ``answers`` null or an object: ``text``, ``failure``, ``by`` (the metric that aligned, or
null), ``rows`` and ``usage``. A row is ``[j, fields, similarity, times]``: item j of the target, or
-1 if it was invented; the fields of the answer's item, or null if they are the target's own or it
was missed; its similarity, null without a pair; how often the answer has it. Several rows have the
same j where several items stand for it, the most similar one first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from evalkit_report.examples.align import Row, aligned, chosen_pairs, favourite
from evalkit_report.examples.columns import Column
from evalkit_report.examples.cursor import Line
from evalkit_report.examples.text import Item, as_text, cut, cut_item, items_of
from evalkit_report.model import CellView

Form: TypeAlias = dict[str, Any]

_PREVIEW = 160
_MOST_ROWS = 300
_NEARLY = 0.9999


@dataclass(frozen=True, slots=True)
class Found:
    """What the files of a cell hold about an example.

    Attributes:
        cell: the cell.
        line: of its predictions; None if there is none.
        scored: metric -> line of its scores.
    """

    cell: CellView
    line: Line | None
    scored: Mapping[str, Line]

    @property
    def matches(self) -> Mapping[str, Any]:
        """Metric -> which items it paired, if it tells."""
        return {metric: line.get("matches") for metric, line in self.scored.items()}


@dataclass(frozen=True, slots=True)
class Answer:
    """A cell's answer to an example.

    Attributes:
        outcome: as in predictions; ``failed`` without an answer, ``absent`` if nothing is known.
        detail: everything to be shown; None if nothing is known.
        scores: metric -> the example's own figure, None if it has none.
    """

    outcome: str
    detail: Form | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)


def read(columns: Sequence[Column], position: int) -> list[Found]:
    """What the files of all cells hold about the example at a position."""
    return [
        Found(
            column.view,
            column.answers.at(position) if column.answers else None,
            {metric: cursor.at(position) or {} for metric, cursor in column.scored.items()},
        )
        for column in columns
    ]


def answers_of(found: Sequence[Found], gold: Sequence[Item]) -> list[Answer]:
    """The answers of all cells to an example."""
    followed = favourite(one.matches for one in found)
    return [_answer(one, gold, followed) for one in found]


def _answer(found: Found, gold: Sequence[Item], followed: str) -> Answer:
    line = found.line
    if line is None:
        return Answer("absent")
    if failure := line.get("failure"):
        reason = failure.get("reason") if isinstance(failure, dict) else failure
        return Answer("failed", {"failure": cut(as_text(reason))})
    scores = {
        metric: example_score(scored.get("values"), found.cell.form["scores"][metric])
        for metric, scored in found.scored.items()
    }
    detail = _answered(found, line, gold, followed)
    return Answer(str(line.get("outcome") or "absent"), detail, scores)


def example_score(values: Any, form: Line) -> float | None:
    """One example's own figure by a metric; None if it has no such thing, or it is undefined.

    A metric whose headline is a ratio of sums has the ratio of the example's parts; another one the
    part that is called as the headline, or its only part.
    """
    if not isinstance(values, dict):
        return None
    ratio, headline = form.get("ratio"), str(form.get("headline"))
    if ratio:
        above = _weighted(values, ratio.get("numerator") or {})
        below = _weighted(values, ratio["denominator"]) if ratio.get("denominator") else 1.0
        if above is None or below is None:
            return None
        found = above / below if below else ratio.get("empty")
    else:
        found = values.get(headline, next(iter(values.values())) if len(values) == 1 else None)
    return round(float(found), 4) if isinstance(found, int | float) else None


def detail_of(example: Line, gold: Sequence[Item]) -> Form:
    """What is known of the example itself."""
    given = example.get("input")
    return {
        "input": None if given is None else cut(as_text(given)),
        "gold": [cut_item(item) for item in gold] if "target" in example else None,
        "sources": [cut(as_text(source), _PREVIEW) for source in example.get("sources") or []],
        "groups": {str(k): cut(as_text(v), _PREVIEW) for k, v in _groups(example).items()},
    }


def index_of(name: str, example: Line, groups: Mapping[str, Sequence[str]]) -> list[Any]:
    """The beginning of the row of the index: what is known of the example itself."""
    given = as_text(example["input"]) if example.get("input") is not None else None
    own = {group: as_text(value) for group, value in _groups(example).items()}
    places = [
        values.index(own[group]) if own.get(group) in values else -1
        for group, values in groups.items()
    ]
    return [name, (given or "")[:_PREVIEW], None if given is None else len(given), places]


def gold_of(example: Line) -> list[Item]:
    """The items of the target."""
    return items_of(example.get("target"))


def _groups(example: Line) -> Line:
    groups = example.get("groups")
    return groups if isinstance(groups, dict) else {}


def _answered(found: Found, line: Line, gold: Sequence[Item], followed: str) -> Form:
    said = items_of(line.get("value"))
    metric, pairs = chosen_pairs(gold, said, found.matches, preferred=followed)
    rows = aligned(gold, said, pairs)
    detail: Form = {
        "text": cut(as_text(line.get("text") or "")),
        "by": metric,
        "rows": [_row(row, gold, said) for row in rows[:_MOST_ROWS]],
    }
    if len(rows) > _MOST_ROWS:
        detail["left"] = len(rows) - _MOST_ROWS
    return detail | _usage(line)


def _row(row: Row, gold: Sequence[Item], said: Sequence[Item]) -> list[Any]:
    similarity = row.similarity
    if similarity is not None and similarity < 1:
        similarity = min(round(similarity, 4), _NEARLY)
    own = None if row.answer is None else said[row.answer]
    same = own is None or (row.target is not None and own == gold[row.target])
    fields = None if same or own is None else cut_item(own)
    return [-1 if row.target is None else row.target, fields, similarity, row.times]


def _usage(line: Line) -> Form:
    usage, seconds = line.get("usage"), line.get("latency_s")
    if not isinstance(usage, dict):
        return {}
    return {"usage": [usage.get("prompt_tokens"), usage.get("completion_tokens"), seconds]}


def _weighted(values: Line, weights: Mapping[str, float]) -> float | None:
    """The weighted sum of some parts; None if one of them is missing."""
    if not all(isinstance(values.get(part), int | float) for part in weights):
        return None
    return float(sum(weight * values[part] for part, weight in weights.items()))
