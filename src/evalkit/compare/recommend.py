"""Which method to take: quality against the cost of serving, and advice in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from evalkit.compare.evidence import Evidence, Form
from evalkit.compare.weighing import MEASURES, Weighed, measure_of, weigh
from evalkit.stats.arrays import FloatArray
from evalkit.stats.pareto import SURE, front, front_shares
from evalkit.stats.power import Noise, sample_size
from evalkit.wording import counted

_ONE_SIDED: Final = 2 * (1 - SURE)  # the two-sided level whose upper bound is that of SURE


def recommendation(
    costs: Mapping[str, Form],
    evidence: Evidence,
    *,
    serving: Mapping[str, FloatArray] | None = None,
    break_evens: Sequence[Form] = (),
) -> dict[str, Any]:
    """The methods worth a look, and which one to take.

    Args:
        costs: name of a method -> what it costs, as `costs` has it.
        evidence: the qualities, with joint replicates.
        serving: name of a method -> the cost of one answer in the same resamples, if known.
        break_evens: as `break_evens` has them.

    Returns:
        ``by``, what stands for cost, and ``note``, if it is no money; ``best`` and ``recommended``,
        names of methods; ``demonstrated``, whether it is shown that the recommended one is as good
        as the best for all that matters (and no cheaper one is left to prefer);
        ``methods``, each with ``cost``, ``value``, whether it is ``on_front``, the share of
        resamples in which it is (``front_share``) and in which it is worse than the best by less
        than matters (``as_good_share``); ``undecided``, each with the ``examples_needed`` to tell;
        ``left_out``, name of a method -> the reason; ``sentences``, at most three. What is
        undefined is None.
    """
    measure, note = measure_of(costs, evidence)
    field, left_out = weigh(costs, evidence, measure)
    if field is None:
        sentence = "There is no recommendation, because no method has both a figure and a cost."
        return {
            **dict.fromkeys(("by", "note", "best", "recommended", "demonstrated")),
            "methods": [],
            "undecided": [],
            "left_out": left_out,
            "sentences": [sentence],
        }
    undecided = [_needs(name, field) for name in field.undecided()]
    return {
        "by": measure.name,
        "note": note,
        "best": field.best,
        "recommended": field.chosen,
        "demonstrated": field.found.chosen is not None,
        "methods": _rows(field, serving or {}),
        "undecided": undecided,
        "left_out": left_out,
        "sentences": _sentences(field, note, undecided, break_evens),
    }


def _rows(field: Weighed, serving: Mapping[str, FloatArray]) -> list[dict[str, Any]]:
    paid = np.array([field.cost(name) for name in field.names])
    reached = np.array([field.evidence.quality(name) for name in field.names])
    drawn = np.stack([field.evidence.drawn(name) for name in field.names])
    drawn_costs = paid
    money = field.measure is MEASURES[0]
    if money and all(name in serving for name in field.names):
        drawn_costs = np.stack([1000 * serving[name] for name in field.names])
    shares = front_shares(drawn_costs, drawn)
    return [
        {
            "method": name,
            "cost": float(cost),
            "value": field.evidence.value(name),
            "on_front": bool(on_front),
            "front_share": float(share),
            "as_good_share": field.share(name),
        }
        for name, cost, on_front, share in zip(
            field.names, paid, front(paid, reached), shares, strict=True
        )
    ]


def _needs(name: str, field: Weighed) -> dict[str, Any]:
    """How many examples would tell, in 4 of 5 cases, on which side of what matters it lies.

    The seeds stay those that there are: their part of the variance counts as if it were of the
    examples.
    """
    evidence = field.evidence
    leads = evidence.lead(field.best, name)
    room = evidence.meaningful - (evidence.quality(field.best) - evidence.quality(name))
    noise = Noise(between=float(leads.var()) * evidence.examples)
    needed = sample_size(noise, room, alpha=_ONE_SIDED) if abs(room) > 1e-9 else None
    return {
        "method": name,
        "compared_with": field.best,
        "as_good_share": field.share(name),
        "examples": evidence.examples,
        "examples_needed": needed,
        "undefined": None if needed else "its difference is what matters, to the last digit",
    }


def _sentences(
    field: Weighed, note: str | None, undecided: Sequence[Form], break_evens: Sequence[Form]
) -> list[str]:
    found = [_verdict(field)]
    if field.evidence.narrowed:
        found[0] += f" These are figures of the {field.evidence.examples:,} examples that all have."
    if undecided:
        found.append(_open_question(undecided[0], field))
    if note:
        found.append(f"{note[0].upper()}{note[1:]}.")
    for one in break_evens if not note else ():
        pays = one["dearer_to_adapt"] == field.chosen and one["paid"]["case"] == "above"
        if pays and one["cheaper_to_adapt"] in field.as_good() and len(found) < 3:
            found.append(
                f"Up to {one['paid']['answers']:,.0f} answers {one['cheaper_to_adapt']} costs less "
                "in all, as it is cheaper to adapt and as good for all that matters."
            )
    return found[:3]


def _verdict(field: Weighed) -> str:
    best, chosen = field.best, field.chosen
    what = f"{field.quality(best)} at {field.price(best)}"
    if len(field.names) == 1:
        return f"{best} is the only method that can be weighed: {what}."
    if field.found.chosen is None:
        return f"No cheaper equivalent is demonstrated: {best} has the best figure, {what}."
    if chosen == best:
        alone = all(field.cost(name) > field.cost(best) for name in field.names if name != best)
        how = "costs least" if alone else "costs no more than any other"
        return f"{best} has the best figure and {how}: {what}."
    least = f"{field.evidence.meaningful:g}"
    return (
        f"{chosen} is the cheapest method that is not worse than the best by {least} or more: "
        f"{field.quality(chosen)} at {field.price(chosen)}, against {what} of {best}; "
        f"it holds in {_percent(field.share(chosen))} of resamples."
    )


def _open_question(one: Form, field: Weighed) -> str:
    name, least = one["method"], f"{field.evidence.meaningful:g}"
    whether = f"Whether {name}, with {field.quality(name)} at {field.price(name)}, is worse than"
    unknown = f"by {least} or more cannot be told from {counted(one['examples'], 'example')}"
    question = f"{whether} {one['compared_with']} {unknown}"
    if one["examples_needed"] is None:
        return f"{question}, nor from any number of them."
    return f"{question}; about {one['examples_needed']:,} would tell."


def _percent(share: float) -> str:
    """A share in words, never rounded to all or nothing."""
    if 0.995 <= share < 1:
        return "more than 99%"
    return f"{share:.0%}"
