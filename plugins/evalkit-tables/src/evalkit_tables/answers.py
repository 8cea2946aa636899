"""The tables with a row for each answer or judgment; they are read and written as a stream."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evalkit import RunView, UserError
from evalkit_tables.table import Form, Kind, Table, as_json, table, typed

_ANSWER: dict[str, Kind] = {
    **dict.fromkeys(("cell", "method", "model", "adapter"), "text"),
    **dict.fromkeys(("train_size", "seed"), "int"),
    **dict.fromkeys(("example", "sources", "groups", "input", "target"), "text"),
    **dict.fromkeys(("text", "value", "outcome", "failure", "failure_kind"), "text"),
    **dict.fromkeys(("requests", "prompt_tokens", "completion_tokens", "cached_tokens"), "int"),
    "latency_s": "float",
}
_OF_THE_CELL = ("method", "model", "adapter", "train_size", "seed")
_VERDICT = {
    **dict.fromkeys(("judge", "example", "a", "b", "order", "status", "verdict", "reason"), str),
    "vote": int,
    "score": float,
}


def predictions(run: RunView) -> Table:
    """One row for each cell and evaluated example, with what each metric gave the answer.

    For a metric M there is ``score.M``, what the answer itself is worth, and ``parts.M`` with all
    parts of that score, as JSON. Both are None for an answer that has no score.
    """
    answered = [cell for cell in run.results["cells"] if cell["predictions"]]
    metrics = list(dict.fromkeys(name for cell in answered for name in cell["scores"]))
    columns = dict(_ANSWER)
    for metric in metrics:
        columns |= {f"score.{metric}": "float", f"parts.{metric}": "text"}
    rows = (row for cell in answered for row in _answers(run, cell))
    return Table(columns=columns, rows=typed(columns, rows))


def _answers(run: RunView, cell: Form) -> Iterator[dict[str, Any]]:
    """The rows of a cell: examples, answers and scores are in the same order."""
    about = {"cell": cell["id"]} | {key: cell[key] for key in _OF_THE_CELL}
    scores = {
        metric: (score, _Following(run.scored(cell["id"], metric)))
        for metric, score in cell["scores"].items()
    }
    for example, answer in _together(run, cell["id"]):
        row = {**about, **_example(example), **_answer(answer)}
        for metric, (score, lines) in scores.items():
            parts = lines.of(example["id"])
            if parts is not None:
                row[f"score.{metric}"] = worth(parts, score)
                row[f"parts.{metric}"] = as_json(parts)
        yield row
    for metric, (_, lines) in scores.items():
        if lines.left:
            raise _unfit(run, f"the scores of {cell['id']} by {metric}")


def _together(run: RunView, cell: str) -> Iterator[tuple[Form, Form]]:
    """Each example with the answer of a cell.

    Raises:
        UserError: the two files do not belong together.
    """
    answers = iter(run.answers(cell))
    for example in run.examples():
        answer = next(answers, None)
        if answer is None or answer["id"] != example["id"]:
            raise _unfit(run, f"the predictions of {cell}")
        yield example, answer
    if next(answers, None) is not None:
        raise _unfit(run, f"the predictions of {cell}")


def _unfit(run: RunView, what: str) -> UserError:
    return UserError(
        f"{run.folder}: damaged: {what} are not those of the examples in examples.jsonl",
        "run the suite again: finished jobs are reused",
    )


class _Following:
    """The scores of a cell: those of answers that failed are left out."""

    def __init__(self, lines: Iterable[Form]) -> None:
        self._lines = iter(lines)
        self._next = next(self._lines, None)

    def of(self, example: str) -> Mapping[str, Any] | None:
        """The parts of the score of the next example, if it has one."""
        line = self._next
        if line is None or line["id"] != example:
            return None
        self._next = next(self._lines, None)
        parts: Mapping[str, Any] = line["values"]
        return parts

    @property
    def left(self) -> bool:
        """Whether there are scores that no example asked for."""
        return self._next is not None


def _example(example: Form) -> dict[str, Any]:
    return {
        "example": example["id"],
        "sources": as_json(example.get("sources")),
        "groups": as_json(example.get("groups")),
        "input": example.get("input"),
        "target": example.get("target"),
    }


def _answer(answer: Form) -> dict[str, Any]:
    failure = answer.get("failure") or {}
    return {
        **(answer.get("usage") or {}),
        "text": (answer.get("text") or None) if failure else answer.get("text"),
        "value": answer.get("value"),
        "outcome": "failed" if failure else answer.get("outcome"),
        "failure": failure.get("reason"),
        "failure_kind": failure.get("kind"),
        "latency_s": answer.get("latency_s"),
    }


def worth(parts: Mapping[str, Any], score: Form) -> float | None:
    """The headline's ratio for a single example.

    Args:
        parts: of the score of the example.
        score: of the cell, as in ``results.json``. In its ``ratio`` an empty denominator counts
            examples. Where there is no ratio, the part called like the headline is taken.

    Returns:
        None where there is neither; where the sum below is 0, what the ratio is then, if anything.
    """
    ratio = score.get("ratio")
    if ratio is None:
        return parts.get(score["headline"])
    below = _sum(parts, ratio["denominator"]) if ratio["denominator"] else 1.0
    return _sum(parts, ratio["numerator"]) / below if below else ratio["empty"]


def _sum(parts: Mapping[str, Any], weights: Mapping[str, float]) -> float:
    return float(sum(weight * (parts.get(name) or 0) for name, weight in weights.items()))


def judgments(run: RunView) -> Table:
    """One row for each question to a judge; ``details`` has what is no column, as JSON."""
    return table(
        "comparison:t seed:i judgment:t judge:t example:t a:t b:t order:t vote:i status:t "
        "verdict:t score:f reason:t failure:t failure_kind:t details:t",
        map(_judgment, run.judgments()),
    )


def _judgment(line: Form) -> Form:
    verdict, failure = line.get("verdict"), line.get("failure") or {}
    known, rest = {}, verdict
    if isinstance(verdict, dict):
        known = {key: verdict[key] for key in _VERDICT if _is_plain(verdict.get(key), key)}
        rest = {key: value for key, value in verdict.items() if key not in known}
    return {
        **known,
        "comparison": line.get("comparison"),
        "seed": line.get("seed"),
        "judgment": line.get("id"),
        "failure": failure.get("reason"),
        "failure_kind": failure.get("kind"),
        "details": None if rest is None or rest == {} else as_json(rest),
    }


def _is_plain(value: Any, key: str) -> bool:
    """Whether a value is of the kind of the column that has its name."""
    wanted = _VERDICT[key]
    return isinstance(value, int | float if wanted is float else wanted) and not (
        isinstance(value, bool)
    )
