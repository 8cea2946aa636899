"""The kit for plugin authors and for our own tests: fakes, contracts, a project in a folder.

Subclass the contract that fits a plugin, and pytest runs everything that the core relies on::

    from evalkit.testing import MetricContract

    class TestMine(MetricContract):
        def make(self):
            return Mine(MineParams())

        def examples(self):
            return [("right", "right"), ("right", "wrong")]

        def empty(self):
            return ""

The fixture ``project`` comes with ``pytest_plugins = ["evalkit.testing.plugin"]``. Names are
loaded when they are first used, so that the parts that need no pytest work without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalkit.testing.context import FakeContext
    from evalkit.testing.contracts.adapter import AdapterContract
    from evalkit.testing.contracts.engine import EngineContract
    from evalkit.testing.contracts.metric import MetricContract
    from evalkit.testing.contracts.task import TaskContract
    from evalkit.testing.driving import judge_with, predict_with
    from evalkit.testing.engine import FakeEngine, echo
    from evalkit.testing.project import Project, Result
    from evalkit.testing.remote import remote_engine
    from evalkit.testing.task import ListTask

_HOMES = {
    "context": "FakeContext",
    "contracts.adapter": "AdapterContract",
    "contracts.engine": "EngineContract",
    "contracts.metric": "MetricContract",
    "contracts.task": "TaskContract",
    "driving": "judge_with predict_with",
    "engine": "FakeEngine echo",
    "project": "Project Result",
    "remote": "remote_engine",
    "task": "ListTask",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AdapterContract",
    "EngineContract",
    "FakeContext",
    "FakeEngine",
    "ListTask",
    "MetricContract",
    "Project",
    "Result",
    "TaskContract",
    "echo",
    "judge_with",
    "predict_with",
    "remote_engine",
]


def __getattr__(name: str) -> Any:
    """Load the module that holds a public name when the name is first used."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'evalkit.testing' has no attribute {name!r}")
    return getattr(import_module(f"evalkit.testing.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
