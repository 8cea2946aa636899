"""How each judge fared in its audit, and what places and circles say of its verdicts."""

from collections.abc import Sequence

from evalkit_judge.audit import Audit, Finding
from evalkit_judge.checks import Position, Triads
from evalkit_judge.params import Thresholds

_BIASED = 0.05
"""p below which a judge is said to favour a place."""


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


def idle_notes(idle: Sequence[str]) -> list[str]:
    """Which keys had no effect, since the judge chose its verdicts and wrote none."""
    if not idle:
        return []
    return [f"{', '.join(idle)}: no effect, since the judge chose among A, B and TIE"]
