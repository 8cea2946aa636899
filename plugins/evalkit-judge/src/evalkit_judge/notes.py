"""The sentences below the table: how far the judges and the ratings can be trusted."""

from collections.abc import Mapping, Sequence

from evalkit_judge.agreement import Agreement, Interval
from evalkit_judge.audit import Audit, Finding
from evalkit_judge.checks import Position, Triads
from evalkit_judge.lineup import GOLD, Lineup
from evalkit_judge.params import Thresholds
from evalkit_judge.people import HumanAgreement
from evalkit_judge.ratings import Ratings
from evalkit_judge.sensitivity import Ranks, failures_differ, ranks
from evalkit_judge.tally import Outcome, Record, statuses

_DIFFERENT = 0.01
"""p below which contestants are said to fail unlike each other."""
_BIASED = 0.05
_RATERS = 2


def gold_notes(lineup: Lineup, rated: Ratings) -> list[str]:
    """How the gold answers fared among the methods."""
    if GOLD not in lineup.contestants:
        return ["the gold answers did not take part, so that they check no judge"]
    elo = rated.elo
    own, rank = elo[-1], ranks(elo)[-1]
    if own is None:
        return ["gold: no rating"]
    rating = f"Elo {own:.0f}"
    if rated.low[-1] is not None and rated.high[-1] is not None:
        rating += f" [{rated.low[-1]:.0f}, {rated.high[-1]:.0f}]"
    place = f"{rank} (shared)" if ranks(elo).count(rank) > 1 else str(rank)
    return [f"gold: {rating}, rank {place} of {sum(e is not None for e in elo)}"]


def audit_notes(audits: Sequence[Audit], thresholds: Thresholds) -> list[str]:
    """Which judge did not pass its audit and why; the marks are those of the table."""
    notes = []
    for audit in audits:
        who = _judge(audit, audits)
        if audit.state == "failed":
            listed = ", ".join(_missed(finding) for finding in audit.of("failed"))
            notes.append(f"* {who} is not validated for this task: {listed}")
        if audit.state == "open":
            listed = ", ".join(_thin(finding) for finding in audit.of("open"))
            notes.append(
                f"? {who} is not audited on {thresholds.units} units in every check: {listed}"
            )
    return notes


def _judge(audit: Audit, audits: Sequence[Audit]) -> str:
    return f"the judge {audit.judge}" if len(audits) > 1 else "the judge"


def _missed(finding: Finding) -> str:
    return f"{finding.name} {finding.value:.3f} (at least {finding.threshold:g})"


def _thin(finding: Finding) -> str:
    return f"{finding.name} ({finding.units or 'not checked'})"


def verdict_notes(audits: Sequence[Audit]) -> list[str]:
    """What places and circles say of each judge's verdicts."""
    notes = []
    for audit in audits:
        of = f"{audit.judge}: " if len(audits) > 1 else ""
        own = [*_position_notes(audit.position), *_triad_notes(audit.triads)]
        notes += [of + note for note in own]
    return notes


def _position_notes(position: Position | None) -> list[str]:
    """How often the judge kept its verdict when the answers changed places."""
    if position is None:
        return []
    note = f"order: {position.consistent} of {position.units} judged units agree"
    if position.bias is not None:
        note += f"; where not, {position.first} times for the answer shown first"
        note += f", {position.second} for the second"
        note += f" (a bias, p = {position.bias:.2g})" if position.bias < _BIASED else ""
    return [note]


def _triad_notes(triads: Triads) -> list[str]:
    if not triads.cyclic:
        return []
    return [f"circles: {triads.cyclic} of {triads.decided} decided triads ({triads.share:.1%})"]


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
            f"({share:.1%}: {kinds}); left out: {_units(failed)}"
        )
    if reasons:
        notes.append(f"a judge's engine gave no answer, mostly: {next(iter(reasons))}")
    equal = sum(outcome.tied_unasked for outcome in units)
    if equal:
        notes.append(f"equal answers, tied without asking a judge: {_units(equal)}")
    if lineup.unanswered:
        notes.append(f"not asked, since a method has no answer there: {_units(lineup.unanswered)}")
    return notes


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


def people_notes(found: Mapping[str, HumanAgreement], thresholds: Thresholds) -> list[str]:
    """How far each judge agrees with people."""
    notes = []
    for judge, own in found.items():
        who = f"the judge {judge}" if len(found) > 1 else "the judge"
        if own.judge is None:
            notes.append(f"people: none of their verdicts is on a pair that {who} decided")
            continue
        note = f"people: {who} agrees with them on {_agreement(own.judge)}"
        if own.humans is not None:
            note += f"; they with each other on {_agreement(own.humans)}"
        if own.unused:
            note += f"; not used, since {who} decided nothing there: {own.unused} verdicts"
        notes.append(note)
        if own.units < thresholds.units or own.raters < _RATERS:
            notes.append(
                f"people: {_units(own.units)} by {own.raters} raters are few; "
                f"{thresholds.units} by {_RATERS} are needed"
            )
    return notes


def _agreement(found: Agreement) -> str:
    figures = [
        f"{found.observed:.1%} of {found.units}",
        f"kappa {_figure(found.kappa, found.kappa_interval)}",
        f"AC1 {_figure(found.ac1, found.ac1_interval)}",
    ]
    return ", ".join(figures)


def _figure(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.2f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def rating_notes(lineup: Lineup, rated: Ratings) -> list[str]:
    """What limits the ratings themselves."""
    notes = []
    if rated.regularised:
        notes.append(
            "ratings are regularised (prior of 400 Elo): some contestants only won or only lost "
            "against the rest"
        )
    elif rated.prior_share:
        notes.append(f"intervals: {rated.prior_share:.1%} of the replicates needed a prior")
    names = [[lineup.contestants[i] for i in group] for group in rated.groups]
    linked = [group for group in names if len(group) > 1]
    if len(linked) > 1:
        listed = "; ".join(", ".join(group) for group in linked)
        notes.append(f"ratings can be compared within these groups only: {listed}")
    alone = [group[0] for group in names if len(group) == 1]
    if alone:
        notes.append(f"no rating, for want of verdicts: {', '.join(alone)}")
    return notes


def idle_notes(idle: Sequence[str]) -> list[str]:
    """Which keys had no effect, since the judge chose its verdicts and wrote none."""
    if not idle:
        return []
    return [f"{', '.join(idle)}: no effect, since the judge chose among A, B and TIE"]


def _units(count: int) -> str:
    return f"{count} unit" if count == 1 else f"{count} units"
