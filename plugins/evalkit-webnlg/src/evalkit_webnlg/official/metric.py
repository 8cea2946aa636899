"""``webnlg-official``: the scores by which WebNLG 2020 evaluated texts turned into triples.

Four scores compare aligned triples token by token: ``type`` asks for the right slot and some of
the right tokens, ``partial`` for the tokens in any slot, ``exact`` for all of them in any slot,
``strict`` for all of them in the right slot. ``full`` asks for whole triples as they are written.

Parts of an example's score: ``slots`` (aligned pairs), ``SCORE_RATE_sum`` (sum over them),
``ceiling_slots`` and ``ceiling_SCORE_f1_sum`` (the same for the target against itself), ``items``
and ``malformed`` (lines of the answer), ``crash`` (1 where the official script would end with an
error), and the names of the triples (see ``full_triple``).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from evalkit import DataError, Json, Metric, Ratio
from evalkit_webnlg.official.counts import FIGURES, SCORES
from evalkit_webnlg.official.entry import ceiling, evaluate
from evalkit_webnlg.official.full_triple import FullTriples, name_triples
from evalkit_webnlg.official.tokens import SLOTS, write
from evalkit_webnlg.params import WebnlgOfficialParams

_CEILINGS = tuple(f"ceiling_{score}_f1" for score in SCORES)


class WebnlgOfficial(Metric):
    """Type, partial, strict and exact scores, the full-triple score, and what gold would get."""

    params: WebnlgOfficialParams

    def __init__(self, params: WebnlgOfficialParams) -> None:
        """Choose the headline: the mean of one score's F1 over aligned pairs."""
        super().__init__(params)
        self.headline = f"{params.headline}_f1"
        self.ratio = Ratio(numerator={f"{self.headline}_sum": 1.0}, denominator={"slots": 1.0})

    def score(self, target: Json, value: Json) -> Mapping[str, float]:
        """The parts of one example's score; see the module.

        Raises:
            DataError: target or value is no list of lists of strings.
        """
        references, candidates = _lines(target), _lines(value)
        own, best = evaluate(references, candidates), ceiling(tuple(references))
        items = cast("Sequence[Sequence[str]]", value)
        return {
            "slots": own.slots,
            **{f"{name}_sum": total for name, total in zip(FIGURES, own.sums, strict=True)},
            "ceiling_slots": best.slots,
            **{f"{name}_sum": best.sums[_F1[name]] for name in _CEILINGS},
            "items": len(items),
            "malformed": sum(len(item) != SLOTS for item in items),
            "crash": int(own.crash),
            **name_triples(references, candidates),
        }

    def aggregate(self, scores: Sequence[Mapping[str, float]]) -> Mapping[str, float | None]:
        """The figures of all examples.

        ``SCORE_precision``, ``SCORE_recall`` and ``SCORE_f1`` are means over aligned pairs, so
        that F1 is not the harmonic mean of the other two. ``ceiling_SCORE_f1`` is what the
        targets would get as answers. ``full_*`` see ``full_triple``. ``malformed_rate`` is the
        share of lines without three parts; ``crashes`` the number of examples at which the
        official script would end with an error. What there is nothing of is None.
        """
        triples = FullTriples()
        columns: dict[str, list[float]] = {name: [] for name in _SUMMED}
        for score in scores:
            for name, column in columns.items():
                column.append(score[name])
            triples.add(score)
        sums = {name: math.fsum(column) for name, column in columns.items()}
        return {
            **_means(sums, FIGURES, "slots"),
            **triples.rates(),
            **_means(sums, _CEILINGS, "ceiling_slots"),
            "malformed_rate": _share(sums["malformed"], sums["items"]),
            "crashes": sums["crash"] if scores else None,
        }


_F1 = {name: FIGURES.index(name.removeprefix("ceiling_")) for name in _CEILINGS}
_COUNTED = ("slots", "ceiling_slots", "items", "malformed", "crash")
_SUMMED = (*_COUNTED, *(f"{name}_sum" for name in (*FIGURES, *_CEILINGS)))


def _means(sums: Mapping[str, float], names: Iterable[str], slots: str) -> dict[str, float | None]:
    return {name: _share(sums[f"{name}_sum"], sums[slots]) for name in names}


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _lines(value: Json) -> list[str]:
    """The triples, each on one line.

    Raises:
        DataError: the value is no list of lists of strings.
    """
    try:
        if isinstance(value, list | tuple) and all([isinstance(i, list | tuple) for i in value]):
            return [write(cast("Sequence[str]", item)) for item in value]
    except TypeError:  # a part that is no string
        pass
    raise DataError(
        f"webnlg-official cannot read {value!r}",
        'answers of kind "triples" are lists of items, each a list of strings, for instance '
        '[["Ada", "born in", "London"]]; the task must return them like this',
    )
