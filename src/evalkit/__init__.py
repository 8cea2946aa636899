"""evalkit: which way of teaching a language model a task is best, by how much, how surely.

This module exports the public interface and loads each part when it is first used, so that
``import evalkit`` is cheap. Plugins import from here and from ``evalkit.testing`` only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.api import compare_runs, run
    from evalkit.cache import cache_folder
    from evalkit.chat import ChatTemplate, fold_system
    from evalkit.errors import (
        AdaptationError,
        DataError,
        EngineError,
        EvalkitError,
        JobError,
        ModelError,
        PluginError,
        StopRequested,
        SuiteError,
        UserError,
    )
    from evalkit.hookspecs import hookimpl
    from evalkit.interfaces import (
        AdaptContext,
        Adapter,
        Attempt,
        Comparison,
        ComparisonResult,
        Contest,
        Contrast,
        DirectPredictor,
        Engine,
        Entry,
        Executor,
        Journal,
        Match,
        Metric,
        Notify,
        Preview,
        Program,
        ProgramContext,
        Question,
        Ratio,
        Reporter,
        SingleRequest,
        Standing,
        Steps,
        Task,
        Written,
    )
    from evalkit.params import DataPath, MaybePath, NotInIdentity, Params, Refers
    from evalkit.records import (
        SOURCE_JOIN,
        AdaptedModel,
        Cell,
        Completion,
        Demo,
        Example,
        Failure,
        HostedModel,
        Json,
        LocalWeights,
        Message,
        Parsed,
        Prediction,
        Prompt,
        Request,
        ResolvedModel,
        Score,
        Usage,
    )
    from evalkit.run_view import RunView, load_run
    from evalkit.stats.holm import holm
    from evalkit.stats.verdict import Interval, verdict_of
    from evalkit.tables import Faults, Row, read_rows

_HOMES = {
    "api": "compare_runs run",
    "cache": "cache_folder",
    "chat": "ChatTemplate fold_system",
    "errors": "AdaptationError DataError EngineError EvalkitError JobError ModelError PluginError "
    "StopRequested SuiteError UserError",
    "hookspecs": "hookimpl",
    "interfaces": "AdaptContext Adapter Attempt Comparison ComparisonResult Contest Contrast "
    "DirectPredictor Engine Entry Executor Journal Match Metric Notify Preview Program "
    "ProgramContext Question Ratio Reporter SingleRequest Standing Steps Task Written",
    "params": "DataPath MaybePath NotInIdentity Params Refers",
    "records": "AdaptedModel Cell Completion Demo Example Failure HostedModel Json LocalWeights "
    "Message Parsed Prediction Prompt Request ResolvedModel SOURCE_JOIN Score Usage",
    "run_view": "RunView load_run",
    "stats.holm": "holm",
    "stats.verdict": "Interval verdict_of",
    "tables": "Faults Row read_rows",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__version__ = "0.1.0"
__all__ = [
    "SOURCE_JOIN",
    "AdaptContext",
    "AdaptationError",
    "AdaptedModel",
    "Adapter",
    "Attempt",
    "Cell",
    "ChatTemplate",
    "Comparison",
    "ComparisonResult",
    "Completion",
    "Contest",
    "Contrast",
    "DataError",
    "DataPath",
    "Demo",
    "DirectPredictor",
    "Engine",
    "EngineError",
    "Entry",
    "EvalkitError",
    "Example",
    "Executor",
    "Failure",
    "Faults",
    "HostedModel",
    "Interval",
    "JobError",
    "Journal",
    "Json",
    "LocalWeights",
    "Match",
    "MaybePath",
    "Message",
    "Metric",
    "ModelError",
    "NotInIdentity",
    "Notify",
    "Params",
    "Parsed",
    "PluginError",
    "Prediction",
    "Preview",
    "Program",
    "ProgramContext",
    "Prompt",
    "Question",
    "Ratio",
    "Refers",
    "Reporter",
    "Request",
    "ResolvedModel",
    "Row",
    "RunView",
    "Score",
    "SingleRequest",
    "Standing",
    "Steps",
    "StopRequested",
    "SuiteError",
    "Task",
    "Usage",
    "UserError",
    "Written",
    "cache_folder",
    "compare_runs",
    "fold_system",
    "holm",
    "hookimpl",
    "load_run",
    "read_rows",
    "run",
    "verdict_of",
]


def __getattr__(name: str) -> Any:
    """Load the module that holds a public name when the name is first used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'evalkit' has no attribute {name!r}")
    value = getattr(import_module(f"evalkit.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
