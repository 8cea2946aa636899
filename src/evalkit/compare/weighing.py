"""Methods that can be weighed against each other: quality, and what stands for cost. Pure.

Where prices are not known of all methods, tokens stand for cost, or else seconds; this is said.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from evalkit.compare.costs import price_text
from evalkit.compare.evidence import Evidence, Form
from evalkit.compare.sentences import amount
from evalkit.stats.pareto import SURE, Recommendation, front, recommend


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What stands for the cost of serving.

    Attributes:
        name: in words.
        of: its value for a method, given what the method costs; None if it is not known.
        told: the value in words, likewise.
    """

    name: str
    of: Callable[[Form], float | None]
    told: Callable[[Form], str]


def _tokens(one: Form) -> float | None:
    serving = one["serving"]
    if None in (serving["prompt_tokens"], serving["completion_tokens"]):
        return None
    return float(serving["prompt_tokens"] + serving["completion_tokens"])


MEASURES: Final = (
    Measure(
        name="cost per 1,000 answers", of=lambda one: one["serving"]["per_1000"], told=price_text
    ),
    Measure(
        name="tokens per answer",
        of=_tokens,
        told=lambda one: f"{amount(_tokens(one) or 0)} tokens per answer",
    ),
    Measure(
        name="seconds per answer",
        of=lambda one: one["serving"]["seconds"],
        told=lambda one: f"{amount(one['serving']['seconds'])} seconds per answer",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weighed:
    """The methods that can be weighed against each other, and the best and the chosen of them.

    Attributes:
        names: of the methods.
        costs: what each of all methods costs.
        measure: what stands for cost.
        evidence: the qualities.
        found: the best of them, and the chosen one.
    """

    names: tuple[str, ...]
    costs: Mapping[str, Form]
    measure: Measure
    evidence: Evidence
    found: Recommendation

    @property
    def best(self) -> str:
        """The method with the best figure; of several, the cheapest."""
        return self.names[self.found.best]

    @property
    def chosen(self) -> str:
        """The cheapest as good as the best; of several, the cheapest to adapt, then the best."""
        if self.found.chosen is None:
            return self.best
        least = self.cost(self.names[self.found.chosen])
        tied = [name for name in self.as_good() if self.cost(name) == least]
        once = {name: self.costs[name]["adaptation"]["total"] for name in tied}
        known = None not in once.values()
        return min(tied, key=lambda one: (once[one] if known else 0, -self.evidence.quality(one)))

    def cost(self, name: str) -> float:
        """What stands for its cost."""
        return float(self.measure.of(self.costs[name]) or 0.0)

    def share(self, name: str) -> float:
        """In which share of resamples it is worse than the best by less than matters."""
        return self.found.as_good[self.names.index(name)]

    def as_good(self) -> list[str]:
        """The methods that are shown not to be worse than the best by what matters."""
        return [name for name in self.names if self.share(name) >= SURE]

    def on_front(self) -> list[str]:
        """The methods that none of the others dominates, the cheapest first."""
        kept = front(
            [self.cost(name) for name in self.names],
            [self.evidence.quality(name) for name in self.names],
        )
        found = [name for name, is_kept in zip(self.names, kept, strict=True) if is_kept]
        return sorted(found, key=self.cost)

    def undecided(self) -> list[str]:
        """Cheaper methods that may be as good and may not, the cheapest first."""
        cheaper = [name for name in self.names if self.cost(name) < self.cost(self.chosen)]
        open_ = [name for name in cheaper if 1 - SURE < self.share(name) < SURE]
        return sorted(open_, key=self.cost)

    def quality(self, name: str) -> str:
        """Its figure, as text."""
        return f"{self.evidence.value(name):.3f}"

    def price(self, name: str) -> str:
        """Its cost, as text."""
        return self.measure.told(self.costs[name])


def measure_of(costs: Mapping[str, Form], evidence: Evidence) -> tuple[Measure, str | None]:
    """What all methods with a figure have in common as a cost; or what most of them have."""
    known = [one for name, one in costs.items() if evidence.knows(name)]
    counts = [sum(each.of(one) is not None for one in known) for each in MEASURES]
    measure = MEASURES[counts.index(max(counts))]
    if measure is MEASURES[0]:
        return measure, None
    lacking = [
        name
        for name, one in costs.items()
        if evidence.knows(name) and one["serving"]["per_1000"] is None
    ]
    whose = "any method" if len(lacking) == len(known) else ", ".join(lacking)
    return measure, f"prices are not known of {whose}, so {measure.name} stand for cost"


def weigh(
    costs: Mapping[str, Form], evidence: Evidence, measure: Measure
) -> tuple[Weighed | None, dict[str, str]]:
    """The methods that can be weighed, and why the others cannot."""
    left_out = {}
    for name, one in costs.items():
        if not evidence.knows(name):
            left_out[name] = evidence.figures.get(name, {}).get("undefined") or "it has no figure"
        elif not np.isfinite(evidence.drawn(name)).all():
            left_out[name] = "resamples leave its figure undefined"
        elif measure.of(one) is None:
            left_out[name] = one["serving"]["undefined"] or f"{measure.name}: not known"
    names = [name for name in costs if name not in left_out]
    if not names:
        return None, left_out
    best = max(
        names, key=lambda name: (evidence.quality(name), -float(measure.of(costs[name]) or 0))
    )
    for name in names:
        if name != best and evidence.never_varies(best, name):
            left_out[name] = f"nothing shows how far its difference from {best} may vary"
    names = [name for name in names if name not in left_out]
    found = recommend(
        [float(measure.of(costs[name]) or 0.0) for name in names],
        [evidence.quality(name) for name in names],
        np.stack([evidence.drawn(name) for name in names]),
        evidence.meaningful,
    )
    field = Weighed(
        names=tuple(names), costs=costs, measure=measure, evidence=evidence, found=found
    )
    return field, left_out
