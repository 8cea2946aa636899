"""What is dear to make, tasks with their data and engines with their weights, kept between jobs."""

import contextlib
import gc
import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evalkit.asking import Asker, Source
from evalkit.cache import ResponseCache, cache_file, cache_limit
from evalkit.errors import EngineError, EvalkitError, JobError
from evalkit.interfaces import Adapter, Engine, Journal, Metric, Notify, Task
from evalkit.journal import FileJournal
from evalkit.plugins import Plugins, build_manager
from evalkit.predict import Answering
from evalkit.records import Example
from evalkit.remote import Place, RemoteEngine
from evalkit.sampling import draw_train, sample_evaluation
from evalkit.serialization import digest, resolved_from_json

Spec = Mapping[str, Any]
"""A job as JSON."""


class Workshop:
    """Makes what jobs need, and keeps tasks and engines between them."""

    def __init__(self) -> None:
        """Nothing is loaded before the first job."""
        self._stopping = False
        self._caches: dict[str, ResponseCache] = {}
        self._asker: Asker | None = None
        self._notice: Notify = Journal().notice
        self._plugins: Plugins | None = None
        self._plugins_key = ""
        self._tasks: dict[str, Task] = {}
        self._splits: dict[str, Sequence[Example]] = {}
        self._engines: dict[str, Engine] = {}

    def close(self) -> None:
        """Give all engines back, and close the cache."""
        for held in list(self._engines):
            self._let_go(held)
        for cache in self._caches.values():
            cache.close()
        self._caches.clear()
        gc.collect()

    def stop(self) -> None:
        """Let the job under way save what it has, and end; may be called by a signal handler."""
        self._stopping = True
        for engine in list(self._engines.values()):
            if isinstance(engine, RemoteEngine):
                engine.stop()

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop."""
        return self._stopping

    def _let_go(self, held: str) -> None:
        engine = self._engines.pop(held)
        with contextlib.suppress(Exception):  # a broken engine may not even close
            engine.close()

    def ready(self, spec: Spec, journal: Journal) -> None:
        """Discover the plugins the first time, and let go of engines that are in the way.

        Args:
            spec: the job, or the questions of a parent.
            journal: the job's, in a file; a parent keeps its own.
        """
        self._notice = journal.notice
        if isinstance(journal, FileJournal):
            cache = self._cache(spec)
            refresh = spec["cache"] == "refresh"
            self._asker = Asker(journal, job=spec["id"], cache=cache, refresh=refresh)
        key = digest(spec["plugins"])
        if self._plugins is None or key != self._plugins_key:
            local = [Path(folder) for folder in spec["plugins"]["local"]]
            self._plugins = build_manager(spec["plugins"]["modules"], local_folders=local)
            self._plugins_key = key
            self._check_code(spec["provenance"])
        wanted = {digest(model) for model in spec.get("models", {}).values()}
        for held in list(self._engines):
            crowded = bool(wanted) and held not in wanted
            if crowded or self._in_the_way(spec, self._engines[held]):
                self._let_go(held)

    def make_room(self, model: Spec) -> None:
        """Let go of the engines of other models, unless they have no device to give back."""
        for held, engine in list(self._engines.items()):
            if held != digest(model) and engine.model.device != "cpu":
                self._let_go(held)

    def _check_code(self, planned: Sequence[Mapping[str, str]]) -> None:
        """Refuse to run other code than the identities of the jobs speak of."""
        for plugin in planned:
            found = self.plugins.provenance(plugin["kind"], plugin["qualified"])
            if found["code"] != plugin["code"]:
                self._plugins = None
                raise JobError(
                    f"{plugin['kind']} {plugin['name']} is not the one that the run was planned "
                    f"with: {found['distribution']} {found['version']}, "
                    f"planned with {plugin['version']}",
                    "install the same version where it runs",
                )

    @staticmethod
    def _in_the_way(spec: Spec, engine: Engine) -> bool:
        """Training needs the device's memory for itself; on a CPU there is no such contest."""
        return bool(spec.get("trains_weights")) and engine.model.device != "cpu"

    @property
    def plugins(self) -> Plugins:
        """The plugins, discovered by the first job."""
        assert self._plugins is not None
        return self._plugins

    def lend(self, form: Mapping[str, Any], task: Task) -> None:
        """Use a task that was made elsewhere for the jobs that name it so."""
        self._tasks[digest(form)] = task

    def task(self, spec: Spec) -> Task:
        """The task of a job; its data is read once."""
        key = digest(spec["task"])
        if key not in self._tasks:
            cls = self.plugins.load("task", spec["task"]["use"])
            self._tasks[key] = cls(self.params("task", spec["task"]))
        return self._tasks[key]

    def split(self, spec: Spec, name: str) -> Sequence[Example]:
        """A split of the job's task."""
        key = f"{digest(spec['task'])}/{name}"
        if key not in self._splits:
            self._splits[key] = self.task(spec).load(name)
        return self._splits[key]

    def train(self, spec: Spec) -> tuple[Example, ...]:
        """The training examples of the job's cell."""
        if spec["train"] is None:
            return ()
        return draw_train(self.split(spec, "train"), spec["train"]["size"], spec["train"]["seed"])

    def evaluation(self, spec: Spec) -> tuple[Example, ...]:
        """The examples to evaluate."""
        evaluation = spec["evaluation"]
        return sample_evaluation(self.split(spec, evaluation["split"]), evaluation["limit"])

    def params(self, kind: str, use: Mapping[str, Any]) -> Any:
        """The parameters of a plugin, rebuilt from JSON."""
        return self.plugins.params(kind, use["use"]).from_form(use["params"])

    def adapter(self, spec: Spec) -> Adapter:
        """The adapter of the job's cell."""
        cls = self.plugins.load("adapter", spec["adapter"]["use"])
        made = cls(self.params("adapter", spec["adapter"]))
        assert isinstance(made, Adapter)
        return made

    def metric(self, name: str) -> Metric:
        """A metric with its default parameters."""
        made = self.plugins.load("metric", name)(self.plugins.params("metric", name)())
        assert isinstance(made, Metric)
        return made

    def answering(self, model: Spec) -> Answering:
        """How a model answers the questions of the job: each of them once.

        Its engine is made at the first question that only it can answer, and kept.
        """
        assert self._asker is not None
        return self._asker.over(
            Source(
                name=model["resolved"]["name"],
                identity=model["identity"],
                independent="independent" in model["resolved"]["abilities"],
                engine=lambda: self._engine(model),
                gone=self.forget,
                told=lambda error: EngineError(*told(error)),
            )
        )

    def engine(self, model: Spec, journal: Journal) -> Engine:
        """The engine of a model, which tells `journal`; for a parent that keeps the answers."""
        engine = self._engine(model)
        engine.journal = journal
        return engine

    def forget(self, engine: Engine) -> None:
        """Let go of an engine that gave up; the next question gets a new one."""
        for held in [key for key, kept in self._engines.items() if kept is engine]:
            self._let_go(held)

    def _engine(self, model: Spec) -> Engine:
        key = digest(model)
        if key not in self._engines:
            self._engines[key] = self._make_engine(model)
        return self._engines[key]

    def _cache(self, spec: Spec) -> ResponseCache | None:
        if spec["cache"] == "off" or not cache_limit():
            return None
        path = cache_file()
        if str(path) not in self._caches:
            self._caches[str(path)] = ResponseCache(
                path, limit_bytes=cache_limit(), notice=lambda text: self._notice(text)
            )
        return self._caches[str(path)]

    def _make_engine(self, model: Spec) -> Engine:
        resolved = resolved_from_json(model["resolved"])
        params = self.plugins.params("engine", model["engine"]).from_form(model["params"])
        if model.get("python"):
            return RemoteEngine(resolved, params, place_of(self.plugins, model))
        made = self.plugins.load("engine", model["engine"])(resolved, params)
        assert isinstance(made, Engine)
        return made


def place_of(plugins: Plugins, model: Spec) -> Place:
    """Where an engine with an interpreter of its own runs, with no plugin beside its own."""
    name = model["engine"]
    plugin = plugins.find("engine", name).plugin
    modules, local = [plugin.name] if not plugin.version else [], []
    if plugin.distribution.startswith("local:"):
        modules, local = [], [str(Path(str(inspect.getfile(plugin.module))).parent)]  # type: ignore[arg-type]
    found = plugins.provenance("engine", name)
    return Place(
        python=Path(model["python"]),
        model={key: model[key] for key in ("engine", "params", "resolved")},
        plugins={"modules": modules, "local": local},
        provenance=[{"kind": "engine", "qualified": name, **found}],
    )


def told(error: BaseException) -> tuple[str, str]:
    """What went wrong and a hint, for a person."""
    if isinstance(error, EvalkitError):
        return error.message, error.hint
    return f"{type(error).__name__}: {error}", "see errors.log in the run"
