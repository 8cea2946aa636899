"""Suite -> cells and jobs. Pure: the same suite, data and models give the same identities.

A job's identity is a hash over the identities of its inputs, its effective parameters and the
plugins that it runs. What cannot change a result is no part of it: a new metric costs no
generation, and a method that ignores the seed is adapted and predicted once for all seeds.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from evalkit.confined import is_part, same_file
from evalkit.errors import SuiteError, UserError
from evalkit.interfaces import Registry, Task
from evalkit.params import Params
from evalkit.portable import portable
from evalkit.predict import template_sha256
from evalkit.records import Cell, Example, Json, ResolvedModel
from evalkit.sampling import draw_train
from evalkit.serialization import digest, digest_of, resolved_to_json
from evalkit.suite import AdapterUse, Suite, Use, methods_meant

IDENTITY_VERSION = 3
"""Raised when the core changes what a job computes; older jobs are then computed anew."""


class Catalogue(Registry, Protocol):
    """A Registry that also knows where a plugin's code came from."""

    def provenance(self, kind: str, name: str) -> dict[str, str]:
        """Name, distribution, version and code hash of a plugin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a plan depends on beside the suite.

    Attributes:
        task: the task, loaded.
        train: the whole training split; empty if no adapter uses it.
        evaluation: the examples to evaluate.
        models: name -> what would answer.
    """

    task: Task
    train: Sequence[Example]
    evaluation: Sequence[Example]
    models: Mapping[str, ResolvedModel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One step of a cell, or a comparison.

    Attributes:
        kind: ``adapt``, ``predict``, ``score`` or ``compare``.
        id: identity.
        label: for people, for instance ``predict lora-100``.
        spec: plain JSON from which an executor can run it anywhere.
    """

    kind: str
    id: str
    label: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellJobs:
    """The jobs of one cell.

    Attributes:
        cell: the cell.
        adapt: makes its AdaptedModel.
        predict: its predictions.
        scores: name of the metric -> its scores.
    """

    cell: Cell
    adapt: Job
    predict: Job
    scores: Mapping[str, Job] = field(default_factory=dict)


def make_cells(suite: Suite, registry: Registry) -> tuple[Cell, ...]:
    """Every point of the matrix, in the order of the suite.

    Raises:
        SuiteError: two cells have the same id, or one has an id that no file can have.
    """
    cells = []
    adapted = {m.name for m in suite.models for a in suite.adapters if _tries(a, m.name)}
    for model in suite.models:
        for adapter in suite.adapters:
            if not _tries(adapter, model.name):
                continue
            trains = "train" in registry.entry("adapter", adapter.use).requires
            for variant in adapter.variants:
                for seed in suite.seeds:
                    parts = [adapter.name, variant.label]
                    parts += [model.name] if len(adapted) > 1 else []
                    parts += [f"seed{seed}"] if len(suite.seeds) > 1 else []
                    cells.append(
                        Cell(
                            id="-".join(part for part in parts if part).replace("/", "_"),
                            task=suite.task.name,
                            model=model.name,
                            adapter="-".join(p for p in (adapter.name, variant.label) if p),
                            use=adapter.use,
                            params=variant.params,
                            train_size=variant.train_size if trains else 0,
                            seed=seed,
                        )
                    )
    _check_ids(suite, [cell.id for cell in cells])
    return tuple(cells)


def _check_ids(suite: Suite, ids: Sequence[str]) -> None:
    """Files are called by the ids of cells: each has one of its own, on every file system."""
    times = Counter(map(same_file, ids))
    twins = sorted({i for i in ids if times[same_file(i)] > 1})
    problems = []
    if twins:
        hint = 'give the adapters names of their own: name = "..."'
        same = "called" if len(set(twins)) == 1 else "called alike but for case:"
        problem = f"{suite.path}: adapters: several cells are {same} {', '.join(twins)}"
        problems.append(UserError(problem, hint))
    long = next((i for i in ids if not is_part(i)), None)
    if long is not None:
        hint = 'give adapters and models shorter names: name = "..."; or sweep fewer keys at once'
        problem = f"{suite.path}: adapters: no file can be called by the cell {long[:60]}..."
        problems.append(UserError(problem, hint))
    if problems:
        raise SuiteError(problems)


def contestant(cell: Cell, suite: Suite) -> str:
    """The cell's name in a comparison: its id without the seed.

    A comparison holds cells of one seed only, so that adding a seed to a suite changes the ids
    of its cells but not the comparisons that were made.
    """
    return cell.id.removesuffix(f"-seed{cell.seed}") if len(suite.seeds) > 1 else cell.id


def check_selectors(suite: Suite, cells: Sequence[Cell]) -> None:
    """See that every selector of ``[analysis]`` and ``[[expect]]`` fits a method.

    Raises:
        SuiteError: those that do not, with the names that there are.
    """
    methods = {contestant(cell, suite): cell.adapter for cell in cells}
    places = [("analysis.baseline", suite.analysis.baseline, True)]
    for index, one in enumerate(suite.expect):
        places.append((f"expect[{index}].adapter", one.adapter, False))
        places.append((f"expect[{index}].not-worse-than", one.not_worse_than, True))
    hint = f"methods of this suite: {', '.join(methods)}"
    problems = []
    for where, selector, single in places:
        found = [] if selector is None else methods_meant(selector, methods)
        if selector is not None and (not found or (single and len(found) > 1)):
            fits = f"fits {', '.join(found)}: name one" if found else "fits no method"
            problems.append(UserError(f'{suite.path}: {where}: "{selector}" {fits}', hint))
    for index, one in enumerate(suite.expect):
        meant = methods_meant(one.adapter, methods)
        if meant and meant == methods_meant(one.not_worse_than or "", methods):
            where = f"expect[{index}].not-worse-than"
            problems.append(UserError(f"{suite.path}: {where}: {meant[0]} against itself", hint))
    if problems:
        raise SuiteError(problems)


def _tries(adapter: AdapterUse, model: str) -> bool:
    return adapter.models is None or model in adapter.models


class Planner:
    """Makes the jobs of cells, with their identities."""

    def __init__(self, suite: Suite, inputs: Inputs, catalogue: Catalogue) -> None:
        """Plan `suite` over `inputs`, with the plugins of `catalogue`."""
        self._suite = suite
        self._inputs = inputs
        self._catalogue = catalogue
        self._evaluation = digest_of(_content(example) for example in inputs.evaluation)
        self._parser = self._parser_identity()
        self._task = self._task_identity()

    def jobs(self, cell: Cell) -> CellJobs:
        """The jobs of a cell."""
        adapt = self._adapt(cell)
        predict = self._predict(cell, adapt)
        scores = {m.name: self.score(m, cell.id, predict.id) for m in self._suite.metrics}
        return CellJobs(cell=cell, adapt=adapt, predict=predict, scores=scores)

    def train_of(self, cell: Cell) -> tuple[Example, ...]:
        """The training examples in reach of a cell."""
        if "train" not in self._catalogue.entry("adapter", cell.use).requires:
            return ()
        return draw_train(self._inputs.train, cell.train_size, cell.seed)

    def _parser_identity(self) -> dict[str, Any]:
        """What decides how an answer is read."""
        use = self._suite.task
        return {
            "plugin": self._catalogue.provenance("task", use.use),
            "params": portable(use.params, self._catalogue.params("task", use.use)),
        }

    def _task_identity(self) -> str:
        task = self._inputs.task
        facts = {
            **self._parser,
            "instruction": task.instruction,
            "choices": task.choices,
            "schema": task.schema,
            "limits": [task.max_tokens, list(task.stop)],
            "template": template_sha256(),
        }
        return digest(facts)

    def _model(self, name: str) -> dict[str, Any]:
        """What of a model can change an answer: not its name, nor where its files are."""
        use = next(model for model in self._suite.models if model.name == name)
        resolved = resolved_to_json(self._inputs.models[name])
        cls = self._catalogue.params("engine", use.use)
        return {
            "plugin": self._catalogue.provenance("engine", use.use),
            "params": portable(use.params, cls, revision=self._inputs.models[name].revision),
            "resolved": {k: v for k, v in resolved.items() if k not in ("name", "folder")},
        }

    def _references(self, params: Mapping[str, Json], cls: type[Params]) -> dict[str, Any]:
        """The plugins and models that parameters refer to, by content."""
        found: dict[str, Any] = {}
        for key, kind in cls.references().items():
            value = params.get(key)
            for name in value if isinstance(value, list) else [value]:
                if isinstance(name, str):
                    found[f"{key}:{name}"] = (
                        self._model(name)
                        if kind == "model"
                        else self._catalogue.provenance(kind, name)
                    )
        return found

    def _models_in(self, params: Mapping[str, Json], cls: type[Params]) -> list[str]:
        keys = [key for key, kind in cls.references().items() if kind == "model"]
        values = [params.get(key) for key in keys]
        flat = [v for value in values for v in (value if isinstance(value, list) else [value])]
        return [name for name in flat if isinstance(name, str)]

    def _adapt(self, cell: Cell) -> Job:
        entry = self._catalogue.entry("adapter", cell.use)
        cls = self._catalogue.params("adapter", cell.use)
        facts: dict[str, Any] = {
            "version": IDENTITY_VERSION,
            "plugin": self._catalogue.provenance("adapter", cell.use),
            "params": portable(cell.params, cls),
            "references": self._references(cell.params, cls),
            "task": self._task,
        }
        if "train" in entry.requires:
            facts["train"] = digest_of(_content(example) for example in self.train_of(cell))
        if "seed" in entry.requires:
            facts["seed"] = cell.seed
        if entry.requires & {"engine", "files"}:
            facts["model"] = self._model(cell.model)
        spec = self._spec(
            cell,
            models=[cell.model, *self._models_in(cell.params, cls)],
            trains_weights="files" in entry.requires,
        )
        return _job("adapt", facts, f"adapt {cell.id}", spec)

    def _predict(self, cell: Cell, adapt: Job) -> Job:
        facts = {
            "version": IDENTITY_VERSION,
            "adapt": adapt.id,
            "model": self._model(cell.model),
            "task": self._task,
            "evaluation": self._evaluation,
        }
        spec = {
            **self._spec(cell, models=[cell.model]),
            "adapted": adapt.id,
            "parser": digest(self._parser),
        }
        return _job("predict", facts, f"predict {cell.id}", spec)

    def score(self, metric: Use, cell_id: str, predict_id: str) -> Job:
        """The job that scores the predictions of `predict_id` by a metric."""
        cls = self._catalogue.params("metric", metric.use)
        facts = {
            "version": IDENTITY_VERSION,
            "predict": predict_id,
            "plugin": self._catalogue.provenance("metric", metric.use),
            "params": portable(metric.params, cls),
        }
        spec = {
            **self._data(),
            "metric": _use(metric),
            "predicted": predict_id,
        }
        label = f"score {cell_id} {metric.name}"
        return _job("score", facts, label, spec)

    def compare(self, comparison: Use, seed: int, cells: Mapping[str, str]) -> Job:
        """The job that compares cells: name of the contestant -> identity of its predictions."""
        cls = self._catalogue.params("comparison", comparison.use)
        facts = {
            "version": IDENTITY_VERSION,
            "cells": list(cells.items()),
            "plugin": self._catalogue.provenance("comparison", comparison.use),
            "params": portable(comparison.params, cls),
            "references": self._references(comparison.params, cls),
            "task": self._task,
            "seed": seed,
        }
        judges = self._models_in(comparison.params, cls)
        spec = {
            **self._data(),
            "comparison": _use(comparison),
            "cells": dict(cells),
            "seed": seed,
            "models": {name: self._model_spec(name) for name in judges},
            "judges": list(dict.fromkeys(judges)),
        }
        return _job("compare", facts, f"compare {comparison.name}", spec)

    @property
    def task_form(self) -> dict[str, Any]:
        """The task as the jobs name it."""
        return _use(self._suite.task)

    def _data(self) -> dict[str, Any]:
        evaluation = self._suite.evaluation
        return {
            "task": self.task_form,
            "evaluation": {"split": evaluation.split, "limit": evaluation.limit},
        }

    def _model_spec(self, name: str) -> dict[str, Any]:
        use = next(model for model in self._suite.models if model.name == name)
        resolved = resolved_to_json(self._inputs.models[name])
        spec = {"engine": use.use, "params": dict(use.params), "resolved": resolved}
        return {**spec, "python": use.python, "identity": digest(self._model(name))[:24]}

    def _spec(
        self, cell: Cell, *, models: Sequence[str], trains_weights: bool = False
    ) -> dict[str, Any]:
        trains = "train" in self._catalogue.entry("adapter", cell.use).requires
        return {
            **self._data(),
            "adapter": {"use": cell.use, "params": dict(cell.params)},
            "train": {"size": cell.train_size, "seed": cell.seed} if trains else None,
            "model": cell.model,
            "models": {name: self._model_spec(name) for name in dict.fromkeys(models)},
            "seed": cell.seed,
            "requires": sorted(self._catalogue.entry("adapter", cell.use).requires),
            "trains_weights": trains_weights,
        }


def _job(kind: str, facts: Mapping[str, Any], label: str, spec: Mapping[str, Any]) -> Job:
    identity = digest({"kind": kind, **facts})[:24]
    return Job(kind=kind, id=identity, label=label, spec={"kind": kind, "id": identity, **spec})


def _use(use: Use) -> dict[str, Any]:
    return {"name": use.name, "use": use.use, "params": dict(use.params)}


def _content(example: Example) -> list[Any]:
    fields, groups = dict(example.fields), dict(example.groups)
    return [example.id, example.source, fields, example.target, groups]


def select(cells: Sequence[Cell], matches: Callable[[str], bool]) -> tuple[Cell, ...]:
    """The cells whose id, model or adapter plugin match, for ``-k``."""
    return tuple(c for c in cells if matches(f"{c.id} {c.model} {c.use}".lower()))
