"""What a plugin implements, and what the core offers to it.

The base classes carry ``api_version``; a new method comes with a default, so that a plugin
written for an older version goes on working. Nothing here does any work at import.
"""

from evalkit.interfaces.adapter import (
    AdaptContext,
    Adapter,
    DirectPredictor,
    Program,
    ProgramContext,
    SingleRequest,
    Steps,
)
from evalkit.interfaces.comparison import (
    Comparison,
    ComparisonResult,
    Contest,
    Contrast,
    Preview,
    Question,
    Standing,
)
from evalkit.interfaces.engine import Attempt, Engine, Journal
from evalkit.interfaces.entry import Entry, Notify, Registry, Resolver
from evalkit.interfaces.metric import Match, Metric, Ratio
from evalkit.interfaces.run import Event, Executor, Reporter, Written
from evalkit.interfaces.task import Task

__all__ = [
    "AdaptContext",
    "Adapter",
    "Attempt",
    "Comparison",
    "ComparisonResult",
    "Contest",
    "Contrast",
    "DirectPredictor",
    "Engine",
    "Entry",
    "Event",
    "Executor",
    "Journal",
    "Match",
    "Metric",
    "Notify",
    "Preview",
    "Program",
    "ProgramContext",
    "Question",
    "Ratio",
    "Registry",
    "Reporter",
    "Resolver",
    "SingleRequest",
    "Standing",
    "Steps",
    "Task",
    "Written",
]
