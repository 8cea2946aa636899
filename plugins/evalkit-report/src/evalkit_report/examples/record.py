"""One example as the browser reads it: a short row of the index, and everything in detail.

Row of the index, a list: id; the input's beginning; its length in characters, or null; for each
group which value, or -1; for each cell which outcome; for each cell its score by each metric, or
null; whether a judge has seen it.

Detail, an object: ``input``, ``gold`` (items), ``sources``, ``groups``, ``verdicts`` and for each
cell under ``answers`` null or an object: ``text``, ``failure``, ``by`` (the metric that aligned, or
null), ``rows`` and ``usage``. A row is ``[j, fields, similarity, times]``: item j of the target, or
-1 if it was invented; the fields of the answer's item, or null if they are the target's own or it
was missed; its similarity, null without a pair; how often the answer has it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from evalkit_report.examples.align import Row, aligned, chosen_pairs
from evalkit_report.examples.columns import Column
from evalkit_report.examples.cursor import Line
from evalkit_report.examples.text import Item, as_text, cut, cut_item, items_of

Form: TypeAlias = dict[str, Any]

_PREVIEW = 160
_MOST_ROWS = 300
_NEARLY = 0.9999


def answer_of(column: Column, position: int, gold: Sequence[Item]) -> tuple[str, Form | None, Form]:
    """A cell's answer to the example at a position.

    Returns:
        Its outcome (``failed`` and ``absent`` among them), its detail, its score by each metric.
    """
    line = column.answers.at(position) if column.answers else None
    scored = {metric: cursor.at(position) or {} for metric, cursor in column.scored.items()}
    if line is None:
        return "absent", None, {}
    scores = {
        metric: example_score(found.get("values"), column.view.form["scores"][metric])
        for metric, found in scored.items()
    }
    failure = line.get("failure")
    if failure:
        reason = failure.get("reason") if isinstance(failure, dict) else failure
        return "failed", {"failure": cut(as_text(reason))}, {}
    detail = _answered(line, gold, {m: found.get("matches") for m, found in scored.items()})
    return str(line.get("outcome") or "absent"), detail, scores


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


def _answered(line: Line, gold: Sequence[Item], matches: Mapping[str, Any]) -> Form:
    said = items_of(line.get("value"))
    metric, pairs = chosen_pairs(gold, said, matches)
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
