"""The sentences below the table: how far the judges and the ratings can be trusted."""

from evalkit_judge.notes.failures import (
    cut_notes,
    failure_notes,
    sensitivity_notes,
    silent_notes,
)
from evalkit_judge.notes.judges import audit_notes, idle_notes, verdict_notes
from evalkit_judge.notes.people import people_notes
from evalkit_judge.notes.ratings import gold_notes, rating_notes

__all__ = [
    "audit_notes",
    "cut_notes",
    "failure_notes",
    "gold_notes",
    "idle_notes",
    "people_notes",
    "rating_notes",
    "sensitivity_notes",
    "silent_notes",
    "verdict_notes",
]
