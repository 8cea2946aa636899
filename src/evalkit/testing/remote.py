"""An engine in another environment, as the key ``python`` of a suite's model runs it."""

from collections.abc import Sequence
from pathlib import Path

from evalkit.interfaces import Engine
from evalkit.params import Params
from evalkit.plugins import build_manager
from evalkit.records import ResolvedModel
from evalkit.remote import Place, RemoteEngine
from evalkit.serialization import resolved_to_json


def remote_engine(
    model: ResolvedModel, params: Params, python: Path, *, modules: Sequence[str] = ()
) -> Engine:
    """An engine that runs under another interpreter, started by the first question.

    Args:
        model: the model, as the engine's resolver returned it.
        params: the engine's parameters.
        python: the interpreter; the engine's plugin must be installed for it too.
        modules: plugin modules to load beside what is installed.
    """
    found = build_manager(modules).provenance("engine", model.engine)
    form = {"engine": model.engine, "params": params.suite_form()}
    place = Place(
        python=python,
        model={**form, "resolved": resolved_to_json(model)},
        plugins={"modules": list(modules), "local": []},
        provenance=[{"kind": "engine", "qualified": model.engine, **found}],
    )
    return RemoteEngine(model, params, place)
