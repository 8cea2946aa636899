"""What has no verdict or was not shown whole, and whether that could matter."""

from collections.abc import Mapping, Sequence

from evalkit_judge.lineup import Lineup
from evalkit_judge.notes.words import units_of
from evalkit_judge.params import Thresholds
from evalkit_judge.prompt import MOST_SHOWN
from evalkit_judge.sensitivity import Ranks, failures_differ
from evalkit_judge.tally import Outcome, Record, statuses

_DIFFERENT = 0.01
"""p below which contestants are said to fail unlike each other."""


def failure_notes(
    lineup: Lineup, units: Sequence[Outcome], reasons: Mapping[str, int]
) -> list[str]:
    """What has no verdict, and what was never asked.

    Args:
        lineup: what was to be judged.
        units: what it ended as.
        reasons: why the engine gave no answer, and how often.
    """
    notes = []
    counts = statuses(units)
    lost = {s: n for s, n in counts.items() if n and s not in ("ok", "auto_tie")}
    asked = sum(counts.values()) - counts["auto_tie"]
    if lost:
        failed = sum(outcome.score is None for outcome in units)
        share = sum(lost.values()) / asked
        kinds = ", ".join(f"{count} {status}" for status, count in lost.items())
        notes.append(
            f"no verdict was given on {sum(lost.values())} of {asked} questions "
            f"({share:.1%}: {kinds}); left out: {units_of(failed)}"
        )
    if reasons:
        notes.append(f"a judge's engine gave no answer, mostly: {next(iter(reasons))}")
    equal = sum(outcome.tied_unasked for outcome in units)
    if equal:
        notes.append(f"equal answers, tied without asking a judge: {units_of(equal)}")
    if lineup.unanswered:
        notes.append(
            f"not asked, since a method has no answer there: {units_of(lineup.unanswered)}"
        )
    return notes


def cut_notes(lineup: Lineup) -> list[str]:
    """Whose answers are so long that judges saw their beginning only."""
    long = {
        name: sum(len(text) > MOST_SHOWN for text in own.values())
        for name, own in lineup.answers.items()
    }
    listed = ", ".join(f"{name} {count}" for name, count in long.items() if count)
    if not listed:
        return []
    return [f"answers of which judges saw the first {MOST_SHOWN:,} characters only: {listed}"]


def silent_notes(judged: Mapping[str, Sequence[Outcome]]) -> list[str]:
    """Which of several judges never gave a verdict: without it no unit of the others counts.

    Args:
        judged: judge -> what each unit ended as by it.
    """
    asked = {j: [u for u in own if not u.tied_unasked] for j, own in judged.items()}
    silent = [judge for judge, own in asked.items() if own and not _said_anything(own)]
    if len(judged) < 2:
        return []
    return [
        f"warning: the judge {judge} gave no verdict at all, so that nobody is rated: leave it "
        "out, or mend it"
        for judge in silent
    ]


def _said_anything(units: Sequence[Outcome]) -> bool:
    return any("ok" in outcome.statuses for outcome in units)


def sensitivity_notes(
    records: Mapping[str, Record], refitted: Mapping[str, Ranks] | None, thresholds: Thresholds
) -> list[str]:
    """Whether the units without a verdict could matter.

    Args:
        records: contestant -> how it did.
        refitted: contestant -> its ranks under other assumptions.
        thresholds: how many failures are many.
    """
    notes = []
    rates = {name: own.failure_rate or 0.0 for name, own in records.items()}
    many = {name: rate for name, rate in rates.items() if rate > thresholds.failures}
    if many:
        listed = ", ".join(f"{name} {rate:.1%}" for name, rate in many.items())
        notes.append(f"warning: more than {thresholds.failures:.0%} without a verdict: {listed}")
    p = failures_differ(list(records.values()))
    if p is not None and p < _DIFFERENT:
        notes.append(f"warning: contestants lack verdicts unlike each other (p = {p:.2g})")
    moved = [name for name, own in (refitted or {}).items() if own.change]
    if moved:
        notes.append(
            "warning: ranks depend on what units without a verdict are taken for: "
            + ", ".join(moved)
        )
    return notes
