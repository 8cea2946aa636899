"""What the jobs that are left need, seen before the first of them: space, plugins, answers.

With nothing left to do nothing is looked at, and nothing heavy is imported.
"""

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evalkit.agenda import Work, asked_by
from evalkit.errors import EvalkitError, PluginError, UserError
from evalkit.interfaces import Attempt, Engine, Journal, Notify
from evalkit.plugins import Plugins
from evalkit.preflight import Fault
from evalkit.records import ResolvedModel
from evalkit.suite import ModelUse, Suite

_LEAST_BYTES = 100_000_000
_BYTES_OF_AN_ANSWER = 1_000
"""In the job's log, in its predictions and in the run's copy of them, the text aside."""


def bytes_needed(works: Sequence[Work], examples: int) -> int:
    """What the output folder must have room for: what the answers surely take, and some more.

    Args:
        works: what is left to do.
        examples: how many examples are evaluated.
    """
    predictions = sum(work.job.kind == "predict" for work in works)
    return _LEAST_BYTES + predictions * examples * _BYTES_OF_AN_ANSWER


def check_space(folder: Path, needed: int) -> None:
    """See that there is room in a folder.

    Raises:
        UserError: there is less than `needed` bytes.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{folder}: {free / 1e6:,.0f} MB are free, at least {needed / 1e6:,.0f} MB are needed",
            "free some space, or choose another folder with --output-dir",
        )


def plugin_faults(suite: Suite, plugins: Plugins, works: Sequence[Work]) -> list[Fault]:
    """Plugins that jobs need and that cannot be imported, each with what it concerns.

    A metric concerns no cell: the others still score its answers.
    """
    needed: dict[tuple[str, str], list[Work]] = {}
    for work in works:
        for plugin in _plugins_of(suite, plugins, work):
            needed.setdefault(plugin, []).append(work)
    faults = []
    for (kind, name), concerned in needed.items():
        try:
            plugins.load(kind, name)
        except UserError as error:
            scored = kind == "metric" and all(w.job.kind == "score" for w in concerned)
            where = UserError(f"{suite.path}: {error.message}", error.hint)
            faults.append(Fault(error=where) if scored else _fault(where, concerned))
    return faults


def _plugins_of(suite: Suite, plugins: Plugins, work: Work) -> Iterator[tuple[str, str]]:
    """Kind and name of every plugin that a job imports in this process."""
    spec: Mapping[str, Any] = work.job.spec
    for kind in ("adapter", "metric", "comparison"):
        if kind not in spec:
            continue
        yield kind, spec[kind]["use"]
        for key, referred in plugins.params(kind, spec[kind]["use"]).references().items():
            value = spec[kind]["params"].get(key)
            if referred != "model":
                for name in value if isinstance(value, list) else [value]:
                    yield from [(referred, name)] if isinstance(name, str) else []
    for _, model in _models_here(suite, [work]):
        yield "engine", model.use


def engine_faults(
    suite: Suite,
    plugins: Plugins,
    works: Sequence[Work],
    models: Mapping[str, ResolvedModel],
    *,
    notify: Notify,
) -> tuple[list[Fault], list[dict[str, Any]]]:
    """Ask every model that a job is going to ask for a sign of life, see ``Engine.check``.

    Args:
        suite: the suite.
        plugins: everything that was discovered.
        works: what is left to do.
        models: name -> the model, as its engine found it.
        notify: told what the engines tell.

    Returns:
        Those that do not answer, and the attempts for the ledger.
    """
    faults, attempts = [], []
    for index, model in _models_here(suite, works):
        concerned = [work for work in works if model.name in asked_by(work.job)]
        ear = _Ear(notify)
        try:
            params = plugins.params("engine", model.use).from_form(model.params)
            engine: Engine = plugins.load("engine", model.use)(models[model.name], params)
            _check(engine, ear)
        except EvalkitError as error:
            where = UserError(f"{suite.path}: models[{index}]: {error.message}", error.hint)
            faults.append(_fault(where, concerned))
        except Exception as error:  # a plugin's bug must not look like one of ours
            distribution = plugins.provenance("engine", model.use)["distribution"]
            what = f'"{model.use}" of {distribution}: {type(error).__name__}: {error}'
            where = PluginError(
                f"{suite.path}: models[{index}]: {what}", "report it to its authors"
            )
            faults.append(_fault(where, concerned))
        attempts += [{"model": model.name, **one} for one in ear.heard]
    return faults, attempts


def _models_here(suite: Suite, works: Iterable[Work]) -> Iterator[tuple[int, ModelUse]]:
    """The models that jobs ask and whose engines run under this interpreter, by their place."""
    asked = {name for work in works for name in asked_by(work.job)}
    for index, use in enumerate(suite.models):
        if use.name in asked and use.python is None:
            yield index, use


def _check(engine: Engine, ear: Journal) -> None:
    engine.journal = ear
    try:
        engine.check()
    finally:
        with contextlib.suppress(Exception):  # a broken engine may not even close
            engine.close()


def _fault(error: UserError, works: Iterable[Work]) -> Fault:
    works = list(works)
    return Fault(
        error=error,
        cells=frozenset(cell for work in works for cell in work.cells),
        comparisons=frozenset(work.comparison for work in works if work.comparison),
    )


class _Ear(Journal):
    """Hears of attempts before there is a run that they could be entered for."""

    def __init__(self, notify: Notify) -> None:
        super().__init__()
        self.heard: list[dict[str, Any]] = []
        self._notify = notify

    def attempt(self, attempt: Attempt) -> None:
        """See the base class."""
        self.heard.append(asdict(attempt))

    def notice(self, text: str) -> None:
        """See the base class."""
        self._notify(text)
