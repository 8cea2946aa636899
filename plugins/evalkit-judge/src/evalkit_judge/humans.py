"""Verdicts of people, read from a CSV, to see how far a judge agrees with them.

The columns are ``example`` (its id), ``a`` and ``b`` (names of contestants), ``verdict`` (``A`` if
a's answer is the better one, ``B`` or ``TIE``) and ``rater`` (who says so).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit import DataError, Faults, Row, read_rows
from evalkit_judge.prompt import LABELS, Label

COLUMNS = ("example", "a", "b", "verdict", "rater")

_MOST_MB = 10
"""No people say more than some 300,000 verdicts; reading takes a hundred times as much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one person says of a pair of answers.

    Attributes:
        example: id of the example.
        a: a contestant.
        b: another one.
        verdict: ``A`` if a's answer is better.
        rater: who says so.
    """

    example: str
    a: str
    b: str
    verdict: Label
    rater: str

    @property
    def score(self) -> float:
        """Contestant a's."""
        return {"A": 1.0, "B": 0.0, "TIE": 0.5}[self.verdict]


def read_opinions(
    path: Path, examples: Collection[str], contestants: Sequence[str]
) -> tuple[Opinion, ...]:
    """The verdicts of a file.

    Args:
        path: the CSV.
        examples: ids of all evaluated examples.
        contestants: whose answers are compared.

    Raises:
        DataError: the file cannot be read, is far too large, or has rows that are at fault; names
            their lines.
    """
    if path.suffix.lower() != ".csv":
        raise DataError(f"{path}: unknown kind of file", "human verdicts are a .csv")
    if path.is_file() and path.stat().st_size > _MOST_MB * 1_000_000:
        raise DataError(
            f"{path}: more than {_MOST_MB} MB", "verdicts of people are a line each: is it they?"
        )
    faults = Faults(path)
    rows = read_rows(path, faults)
    if rows and (missing := [name for name in COLUMNS if name not in rows[0].values]):
        wanted = ", ".join(COLUMNS)
        raise DataError(f"{path}: line 1: no column {', '.join(missing)}", f"columns: {wanted}")
    found = list(_opinions(rows, faults, set(examples), contestants))
    faults.raise_any(
        f"verdicts: {', '.join(LABELS)}; contestants: {', '.join(contestants)}; examples: ids of "
        "the evaluated split"
    )
    if not found:
        raise DataError(f"{path}: no verdicts", f"a line for each: {', '.join(COLUMNS)}")
    return tuple(found)


def _opinions(
    rows: Sequence[Row], faults: Faults, examples: set[str], contestants: Sequence[str]
) -> Iterator[Opinion]:
    seen: dict[tuple[str, frozenset[str], str], int] = {}
    for row in rows:
        given = {name: str(row.values[name]).strip() for name in COLUMNS}
        before = len(faults.found)
        if given["example"] not in examples:
            faults.add(row.line, "example", f'unknown id "{given["example"]}"')
        for column in ("a", "b"):
            if given[column] not in contestants:
                faults.add(row.line, column, f'unknown contestant "{given[column]}"')
        if given["a"] == given["b"]:
            faults.add(row.line, "b", "the same contestant as a")
        label = next((label for label in LABELS if label == given["verdict"]), None)
        if label is None:
            faults.add(row.line, "verdict", f'unknown verdict "{given["verdict"]}"')
        if not given["rater"]:
            faults.add(row.line, "rater", "empty")
        key = (given["example"], frozenset((given["a"], given["b"])), given["rater"])
        if key in seen:
            faults.add(row.line, "rater", f"has judged this pair in line {seen[key]} already")
        seen.setdefault(key, row.line)
        if label is not None and len(faults.found) == before:
            yield Opinion(
                example=given["example"],
                a=given["a"],
                b=given["b"],
                verdict=label,
                rater=given["rater"],
            )
