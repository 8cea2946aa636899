"""How far each judge agrees with people."""

from collections.abc import Mapping

from evalkit_judge.agreement import Agreement, Interval
from evalkit_judge.notes.words import units_of
from evalkit_judge.params import Thresholds
from evalkit_judge.people import HumanAgreement

_RATERS = 2
"""So many people show how far people agree."""


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
                f"people: {units_of(own.units)} by {own.raters} raters are few; "
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
