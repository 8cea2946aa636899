"""What each example adds to a method's figure, as the run folder has it.

What is read is checked: a file that was cut off or changed would otherwise give figures that look
like any other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.collector import uncollected
from evalkit.compare.methods import Method
from evalkit.errors import UserError
from evalkit.run_folder import EXAMPLES, scores_path
from evalkit.serialization import read_lines

Values = NDArray[np.float64]
Form = Mapping[str, Any]
_AGAIN = "run the suite again: finished jobs are reused"
_CLOSE = 1e-6
"""Sums in another order differ by less than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A headline as a ratio of sums over examples.

    Attributes:
        examples: ids of the examples that every seed has a score of, in the order of the run.
        numerator: a row for each seed, a column for each example.
        denominator: likewise.
        empty: the figure where the denominators add up to 0; None is undefined.
    """

    examples: tuple[str, ...]
    numerator: Values
    denominator: Values
    empty: float | None

    def of(self, examples: Sequence[str]) -> "Terms":
        """The same for some of the examples, in their order."""
        if tuple(examples) == self.examples:
            return self
        place = {example: index for index, example in enumerate(self.examples)}
        columns = [place[example] for example in examples]
        return Terms(
            examples=tuple(examples),
            numerator=self.numerator[:, columns],
            denominator=self.denominator[:, columns],
            empty=self.empty,
        )


def read_sources(folder: Path) -> dict[str, tuple[str, ...]]:
    """Example id -> the entries it was made from, in the order of the run.

    Raises:
        UserError: the run folder does not hold them, or they are damaged.
    """
    path = folder / EXAMPLES
    try:
        with uncollected():
            return {str(form["id"]): _texts(form["sources"]) for form in read_rows(path)}
    except (KeyError, TypeError):
        raise _damaged(path, "an example without an id or its sources") from None


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts, at least one.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise TypeError(f"no texts: {value!r}")
    return tuple(value)


def read_terms(method: Method, metric: str) -> Terms | None:
    """The terms of a metric's headline; None if it is undefined for too many or few examples.

    Raises:
        UserError: scores are missing or damaged, or made by a version that kept none.
    """
    by_seed = []
    for cell in method.cells:
        score = cell["scores"].get(metric)
        if score is None:
            raise UserError(
                f"{method.folder}: cell {cell['id']}: no score by {metric}",
                f"score it: evalkit score {method.folder} --metric {metric}",
            )
        seed = _read_seed(scores_path(method.folder, metric, cell["id"]), cell, score)
        if seed is None:
            return None
        by_seed.append(seed)
    examples = _shared([ids for ids, _ in by_seed])
    table = np.array([_columns(ids, pairs, examples) for ids, pairs in by_seed])
    ratio = method.cells[0]["scores"][metric].get("ratio") or {}
    return Terms(
        examples=examples,
        numerator=table[:, 0],
        denominator=table[:, 1],
        empty=ratio.get("empty"),
    )


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file in a run folder.

    Raises:
        UserError: it is missing or damaged.
    """
    try:
        yield from read_lines(path)
    except OSError as error:
        raise UserError(
            f"{path}: cannot be read: {error.strerror}",
            f"the run folder is not whole, or of an older version: {_AGAIN}",
        ) from None


def _read_seed(path: Path, cell: Form, score: Form) -> tuple[tuple[str, ...], Values] | None:
    """Ids of the scored examples, and parts of the sum above and of the sum below: (2, examples).

    None where there is nothing to add up: a figure that is no ratio may have no influences.
    """
    ratio = score.get("ratio")
    parts = list(dict.fromkeys([*ratio["numerator"], *ratio["denominator"]])) if ratio else None
    ids, table = _read_table(path, parts)
    expected = cell["examples"] - cell["outcomes"]["failed"]
    if len(ids) != expected:
        raise _damaged(path, f"{len(ids)} scores, but {expected} answers")
    if parts is None and score["value"] is not None and len(ids) == 1:
        table = np.zeros((1, 1))  # a lone example is the figure, whatever leaving it out would do
    if table is None or not ids or (parts is None and score["value"] is None):
        return None
    if len(set(ids)) < len(ids):
        raise _damaged(path, "an example has two scores")
    if not np.isfinite(table).all():
        where = ids[int(np.argmin(np.isfinite(table).all(axis=1)))]
        raise _damaged(path, f"the score of {where} is not a finite number")
    pairs = _pairs(table, score["value"], ratio, parts)
    figure = _figure(pairs, ratio or {})
    if figure is not None and score["value"] is not None:
        _check_figure(path, figure, score["value"])
    if (figure is None) != (score["value"] is None):
        return None
    return ids, pairs


def _read_table(path: Path, parts: Sequence[str] | None) -> tuple[tuple[str, ...], Values | None]:
    """Ids, and the named parts of the scores: (examples, parts); without names, the influences.

    There is no table if an example lacks its influence.

    Raises:
        UserError: an example lacks its id or a part, or a part is no number.
    """
    ids: list[str] = []
    flat: list[float | None] = []
    try:
        with uncollected():
            for row in read_rows(path):
                ids.append(str(row["id"]))
                if parts is None:
                    flat.append(row.get("influence"))
                else:
                    values = row["values"]
                    flat.extend([values[part] for part in parts])
        if None in flat and parts is None:
            return tuple(ids), None
        table = np.array(flat, dtype=np.float64).reshape(len(ids), len(parts or ("influence",)))
    except KeyError as error:
        raise _damaged(path, f"a score has no {error}") from None
    except (OverflowError, TypeError, ValueError):
        raise _damaged(path, "a score is not a number") from None
    return tuple(ids), table


def _pairs(
    table: Values, value: float | None, ratio: Form | None, parts: Sequence[str] | None
) -> Values:
    """Shape (2, examples)."""
    if ratio is None or parts is None:
        # A plain mean without a ratio has its scores back, right and wrong as 1 and 0.
        return np.stack([np.round(table[:, 0] + (value or 0.0), 12), np.ones(len(table))])
    above, below = (
        table @ np.array([weights.get(part, 0.0) for part in parts])
        for weights in (ratio["numerator"], ratio["denominator"])
    )
    return np.stack([above, below if ratio["denominator"] else np.ones(len(table))])


def _figure(pairs: Values, ratio: Form) -> float | None:
    above, below = pairs.sum(axis=1)
    return float(above / below) if below else ratio.get("empty")


def _check_figure(path: Path, figure: float, known: float) -> None:
    """See that the scores give the figure that the results have.

    Raises:
        UserError: they do not: a file was changed, or the metric's ratio is not its headline.
    """
    if not isclose(figure, known, rel_tol=_CLOSE, abs_tol=_CLOSE):
        raise UserError(
            f"{path}: these scores give {figure:g}, but results.json has {known:g}",
            f"either file was changed ({_AGAIN}), or the metric's `ratio` is not its headline",
        )


def _shared(ids: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The examples that all seeds have, in the order of the first."""
    first, *others = ids
    if all(other == first for other in others):
        return first
    known = set(first).intersection(*others)
    return tuple(key for key in first if key in known)


def _columns(ids: tuple[str, ...], pairs: Values, examples: tuple[str, ...]) -> Values:
    if ids == examples:
        return pairs
    place = {key: index for index, key in enumerate(ids)}
    return np.asarray(pairs[:, [place[key] for key in examples]])


def _damaged(path: Path, what: str) -> UserError:
    return UserError(f"{path}: damaged: {what}", _AGAIN)
