"""Which cell of a run is meant."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.errors import UserError
from evalkit.results import comparable

BEST = "best"


def choose_cell(cells: Sequence[dict[str, Any]], name: str, run: Path) -> dict[str, Any]:
    """The finished cell with this id; ``best`` is the best one unless a cell is called so.

    Raises:
        UserError: there is none, it failed, or it was not run to its end.
    """
    by_id = {cell["id"]: cell for cell in cells}
    if name not in by_id and name == BEST:
        return _best(cells, run)
    if name not in by_id:
        close = difflib.get_close_matches(name, list(by_id), n=1)
        meant = f'did you mean "{close[0]}"?  ' if close else ""
        hint = f"{meant}cells: {', '.join(by_id)}\nthe one with the best score: {BEST}"
        raise UserError(f'{run}: no cell "{name}"', hint)
    cell = by_id[name]
    if cell["status"] == "failed":
        failure = cell["failure"]
        what = f'{run}: cell "{name}" failed: {failure["reason"]}'
        raise UserError(what, failure["hint"] or "mend it and run the suite again")
    if cell["status"] != "done":
        what = f'{run}: cell "{name}" was not run to its end'
        raise UserError(what, "run its suite again: it goes on where it stopped")
    return cell


def _best(cells: Sequence[dict[str, Any]], run: Path) -> dict[str, Any]:
    """The best cell by the suite's first metric; of equals, the first.

    Cells of which too many answers failed take no part, as in comparisons.
    """
    done = [cell for cell in cells if cell["status"] == "done"]
    # Only these surely have the scores of all metrics, in the suite's order.
    metric = next((name for cell in done for name in cell["scores"]), "")
    rated = [
        (_goodness(cell["scores"][metric]), cell)
        for cell in done
        if comparable(cell) and cell["scores"][metric]["value"] is not None
    ]
    if not rated:
        raise UserError(f"{run}: no cell has a score", "run its suite to its end first")
    return max(rated, key=lambda pair: pair[0])[1]


def _goodness(score: dict[str, Any]) -> float:
    value = float(score["value"])
    return value if score["direction"] == "higher" else -value
