"""The four facts under a verdict: by how much, how sure, at what cost, what would tell more."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalkit_report.figures import (
    amount,
    counted,
    duration,
    figure,
    interval,
    p_value,
    percent,
    signed,
)
from evalkit_report.forms import inner, number_of, rows_of, text_of
from evalkit_report.model import Form
from evalkit_report.sections.leads import Lead, Place, lead_of
from evalkit_report.sections.scale import Bar, bar_of, scale_of

_UNITS = {
    "cost per 1,000 answers": "per 1,000 answers",
    "tokens per answer": "tokens per answer",
    "seconds per answer": "seconds per answer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A figure in large type, with what to know of it.

    Attributes:
        question: what it answers.
        value: the figure.
        unit: what it is a figure of.
        lines: what to know of it.
        bar: its interval, with 0 as the mark; None if there is none.
    """

    question: str
    value: str
    unit: str
    lines: tuple[str, ...]
    bar: Bar | None = None


def facts_of(analysis: Form, best: str, placed: Mapping[str, Place]) -> tuple[Fact, ...]:
    """The four facts about the best method."""
    other = _other(analysis, best)
    lead = lead_of(analysis, best, other)
    return (
        _how_much(analysis, lead, other),
        _how_sure(analysis, best, lead, other),
        _what_cost(analysis, best, other),
        _what_more(analysis, best, placed),
    )


def _other(analysis: Form, best: str) -> str:
    """What the best method is held against: the baseline; if it is that itself, the next best."""
    baseline = text_of(analysis.get("baseline"))
    if baseline != best:
        return baseline
    sign = -1 if analysis.get("direction") == "lower" else 1
    known = {
        text_of(row.get("method")): sign * value
        for row in rows_of(analysis.get("methods"))
        if row.get("method") != best and (value := number_of(row.get("value"))) is not None
    }
    return max(known, key=lambda name: known[name], default="")


def _how_much(analysis: Form, lead: Lead | None, other: str) -> Fact:
    question, unit = "By how much?", f"{text_of(analysis.get('metric'))} against {other}"
    if lead is None or lead.value is None:
        why = lead.undefined if lead else "the two were not compared"
        return Fact(question=question, value="not known", unit=unit, lines=(why,))
    ends = (lead.value, lead.low, lead.high)
    matters = number_of(analysis.get("meaningful_difference"))
    ends_told = _ends(lead)
    lines = [f"95% interval {ends_told}" if ends_told else f"no interval: {lead.undefined}"]
    lines += [f"differences below {matters:g} do not matter"] if matters else []
    bar = bar_of(scale_of(ends, anchor=0.0), ends, 0.0) if lead.low is not None else None
    return Fact(question=question, value=signed(lead.value), unit=unit, lines=_said(lines), bar=bar)


def _ends(lead: Lead) -> str:
    return interval(lead.low, lead.high, sign=True)


def _how_sure(analysis: Form, best: str, lead: Lead | None, other: str) -> Fact:
    verdict = (lead.verdict if lead else "") or "not known"
    tests = sum(number_of(row.get("p")) is not None for row in rows_of(analysis.get("differences")))
    p = p_value(lead.p) if lead else ""
    lines = [f"{p}, adjusted over {counted(tests, 'test')} (Holm)" if p else "there is no p value"]
    return Fact(
        question="How sure?",
        value=verdict,
        unit=f"{best} against {other}",
        lines=_said([*lines, *_unconfirmed(lead), *_sizes(analysis, best)]),
    )


def _unconfirmed(lead: Lead | None) -> Iterator[str]:
    """That the test does not agree with the interval, by which the verdict goes."""
    if lead is not None and lead.verdict.startswith(("better", "worse")) and not lead.shown:
        yield "the test does not confirm the verdict"


def _sizes(analysis: Form, best: str) -> Iterator[str]:
    examples, clusters, seeds = _counts(analysis, best)
    if examples:
        sources = f" from {counted(clusters, 'source')}" if 0 < clusters < examples else ""
        yield f"{counted(examples, 'example')}{sources}"
    if seeds == 1:
        yield "one seed: how far seeds differ is not known"
    elif seeds:
        yield counted(seeds, "seed")


def _counts(analysis: Form, best: str) -> tuple[int, int, int]:
    """Examples, sources and seeds of the best method; 0 where that is not known."""
    row = next((row for row in rows_of(analysis.get("methods")) if row.get("method") == best), {})
    examples, clusters, seeds = (
        int(number_of(row.get(key)) or 0) for key in ("examples", "clusters", "seeds")
    )
    return examples, clusters, seeds


def _what_cost(analysis: Form, best: str, other: str) -> Fact:
    advice = analysis.get("recommendation")
    paid = {
        text_of(row.get("method")): number_of(row.get("cost"))
        for row in rows_of(inner(advice, "methods"))
    }
    by = text_of(inner(advice, "by"))
    currency = f"{text_of(analysis.get('currency'))} " if by.startswith("cost") else ""
    lines = [f"{other}: {currency}{amount(paid[other])}"] if paid.get(other) is not None else []
    return Fact(
        question="At what cost?",
        value=f"{currency}{amount(paid[best])}" if paid.get(best) is not None else "not known",
        unit=_UNITS.get(by, by),
        lines=_said([*lines, *_busy(analysis, best, by), *_adapting(analysis, best)]),
    )


def _busy(analysis: Form, best: str, by: str) -> Iterator[str]:
    """What the price of a device takes for granted."""
    share = number_of(inner(analysis, "costs", best, "serving", "utilisation"))
    if by.startswith("cost") and share is not None:
        yield f"with a device that is busy {percent(share)} of the time"


def _adapting(analysis: Form, best: str) -> Iterator[str]:
    adapting = inner(analysis, "costs", best, "adaptation")
    total, seconds = number_of(inner(adapting, "total")), number_of(inner(adapting, "seconds"))
    if total is not None:
        currency = text_of(analysis.get("currency"))
        yield f"{currency} {amount(total)} once, to adapt it".strip()
    elif seconds:
        yield f"{duration(seconds)} once, to adapt it"
    examples = number_of(inner(adapting, "training_examples"))
    if examples:
        yield f"{counted(int(examples), 'training example')}"


def _what_more(analysis: Form, best: str, placed: Mapping[str, Place]) -> Fact:
    question, needs = "What would tell more?", sorted(_needs(analysis, best, placed))
    also = [*_another_seed(analysis, best), *_reach(analysis)]
    if not needs:
        unsettled = any(place != "behind" and place != "equal" for place in placed.values())
        value = "more data" if unsettled else "nothing"
        unit = "how much is not known" if unsettled else "is open against the best method"
        return Fact(question=question, value=value, unit=unit, lines=_said(also))
    number, rival, there = needs[0]
    return Fact(
        question=question,
        value=f"≈ {counted(number, 'example')}",
        unit=f"to tell {best} from {rival}, in 4 of 5 cases",
        lines=_said([f"there were {there:,}", *_further(needs[1:]), *also]),
    )


def _needs(
    analysis: Form, best: str, placed: Mapping[str, Place]
) -> Iterator[tuple[int, str, int]]:
    """How many examples would tell each open pair apart, the rival, how many there are.

    Of one that is slightly behind it is known that it is behind: what a test would need is no news.
    """
    undecided = {
        text_of(row.get("method")): (number_of(row.get("examples_needed")), row)
        for row in rows_of(inner(analysis, "recommendation", "undecided"))
        if row.get("compared_with") == best
    }
    for rival, place in placed.items():
        if place not in ("open", "slightly behind"):
            continue
        lead = lead_of(analysis, best, rival)
        needed = lead.needed if lead is not None and place == "open" else None
        if lead is not None and needed and needed > lead.examples:
            yield int(needed), rival, lead.examples
        elif rival in undecided and (wanted := undecided[rival][0]):
            yield int(wanted), rival, int(number_of(undecided[rival][1].get("examples")) or 0)


def _further(needs: list[tuple[int, str, int]]) -> Iterator[str]:
    for number, rival, _ in needs[:2]:
        yield f"≈ {number:,} against {rival}"


def _another_seed(analysis: Form, best: str) -> Iterator[str]:
    if _counts(analysis, best)[2] == 1:
        yield "further seeds would tell how far they differ"


def _reach(analysis: Form) -> Iterator[str]:
    """The least difference that this run could be expected to find."""
    known = [number_of(row.get("detectable")) for row in rows_of(analysis.get("differences"))]
    found = [one for one in known if one is not None]
    if found:
        yield f"true differences from {figure(max(found))} on are found in 4 of 5 cases"


def _said(lines: Iterator[str] | list[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if line)
