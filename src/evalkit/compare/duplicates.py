"""How much of a score near-duplicates of training examples carry."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from evalkit.compare.methods import Method
from evalkit.compare.terms import Terms, Values
from evalkit.errors import UserError
from evalkit.run_folder import near_duplicates_path
from evalkit.store import read_object


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What the near-duplicates among the evaluated examples add to a method's score.

    Attributes:
        examples: share of the scored examples that are near-duplicates, over all seeds.
        score: share of the sum above that they carry; None if that sum is not positive, or a part
            of it is negative.
        without: the figure over all other examples; None if it is undefined.
    """

    examples: float
    score: float | None
    without: float | None


def read_near_duplicates(method: Method) -> list[frozenset[str]]:
    """For each cell of a method the evaluated examples that nearly repeat a training example.

    Raises:
        UserError: the run folder should hold them, and does not.
    """
    found = []
    for cell in method.cells:
        counts = (cell.get("fairness") or {}).get("near_duplicates")
        if not counts or not counts["number"]:
            found.append(frozenset[str]())
            continue
        path = near_duplicates_path(method.folder, cell["id"])
        form = read_object(path)
        ids = frozenset(str(near["id"]) for near in form.get("near", ()))
        if len(ids) != counts["number"]:
            raise UserError(f"{path}: not what {method.folder} tells of it", "run the suite again")
        found.append(ids)
    return found


def carried(terms: Terms, near: Sequence[Collection[str]]) -> Carried | None:
    """What the near-duplicates carry; None if there are none, or no example.

    Args:
        terms: of the method's headline.
        near: for each seed the ids of its near-duplicates.
    """
    marked = np.array([[key in ids for key in terms.examples] for ids in near], dtype=bool)
    if not marked.any():
        return None
    above = terms.numerator
    whole = float(above.sum()) if (above >= 0).all() else 0.0
    others = [np.where(marked, 0.0, part) for part in (above, terms.denominator)]
    return Carried(
        examples=float(marked.mean()),
        score=float(above[marked].sum()) / whole if whole > 0 else None,
        without=_figure(*others, empty=terms.empty),
    )


def _figure(above: Values, below: Values, *, empty: float | None) -> float | None:
    """The mean over the seeds of one sum over the other; None if it is undefined for one."""
    values = [
        empty if under == 0 else float(over / under)
        for over, under in zip(above.sum(axis=1), below.sum(axis=1), strict=True)
    ]
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None
