"""From a run folder to its ``latency/CELL.json``: which cells, which model, what is kept."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evalkit.contexts import PredictionContext, TaskView
from evalkit.errors import UserError
from evalkit.export.weights import read_adapted
from evalkit.interfaces import DirectPredictor, Engine, Program, Task
from evalkit.latency.load import Load
from evalkit.latency.sender import Observed, send_all
from evalkit.latency.service import Service
from evalkit.manifest import check_cells, evaluation_sha256, read_manifest, stamp
from evalkit.plan import Inputs, Job
from evalkit.plugins import Plugins, build_manager, local_folders
from evalkit.records import Example
from evalkit.results import read_results
from evalkit.run_folder import latency_path
from evalkit.runner import Observer
from evalkit.sampling import draw_train, sample_evaluation
from evalkit.serialization import failure_to_json, pretty
from evalkit.store import Store, write_atomically

SCHEMA = "evalkit-latency/1"
ABILITY = "serve"

Form = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to measure.

    Attributes:
        run: the run folder.
        load: when requests are due.
        matches: given a text with a cell's id, model and adapter, whether to measure it.
        modules: as given to ``-p``.
    """

    run: Path
    load: Load
    matches: Callable[[str], bool] = lambda text: True
    modules: Sequence[str] = ()


def measure(order: Order, observer: Observer) -> list[Form]:
    """Measure the cells one after another; what was written for each.

    Nothing is sent before it is known that all of them can be measured. Without a finished cell
    that matches, the list is empty.

    Raises:
        UserError: a cell cannot be measured, the data or the model is another one than in the
            run, or the cell's adaptation is gone.
    """
    found = _Run(order)
    cells = found.cells
    found.check_abilities(cells)
    observer.plan(len(cells), 0)
    forms = []
    with ExitStack() as stack:
        services = [(cell, found.service(cell, stack, observer)) for cell in cells]
        for cell, service in services:
            form = {**found.about(cell), **_measured(order, cell, service, observer)}
            path = latency_path(order.run, cell["id"])
            path.parent.mkdir(exist_ok=True)
            write_atomically(path, pretty(form))
            forms.append(form)
    return forms


class _Run:
    """What is needed of a run folder; data and engines are made once for all cells."""

    def __init__(self, order: Order) -> None:
        self._folder, self._matches = order.run, order.matches
        self._results, self._manifest = read_results(order.run), read_manifest(order.run)
        if "methods" not in self._manifest:
            what = f"{order.run}: the manifest does not tell the parameters of its methods"
            raise UserError(what, "run its suite again: finished jobs are not run anew")
        check_cells(order.run, self._manifest, self._results)
        self._plugins: Plugins = build_manager(order.modules, local_folders=local_folders())
        self._task: Task | None = None
        self._examples: tuple[Example, ...] = ()
        self._engines: dict[str, Engine] = {}

    @property
    def cells(self) -> list[Form]:
        """The finished cells that match."""
        return [
            cell
            for cell in self._results["cells"]
            if cell["status"] == "done"
            and self._matches(f"{cell['id']} {cell['model']} {cell['use']}".lower())
        ]

    def check_abilities(self, cells: Sequence[Form]) -> None:
        """Refuse cells whose model cannot be asked as by users.

        Raises:
            UserError: with all of them.
        """
        unable: dict[str, list[str]] = {}
        for cell in cells:
            if ABILITY not in self._model(cell["model"])["abilities"]:
                unable.setdefault(cell["model"], []).append(cell["id"])
        if unable:
            told = "; ".join(
                f"{', '.join(ids)}: the engine {self._model(name)['engine']} of the model {name} "
                "answers batches, not single requests that come while others are under way"
                for name, ids in unable.items()
            )
            raise UserError(
                f"{self._folder}: latency cannot be measured: {told}",
                "serve the model behind an endpoint, run the suite on it with the engine openai, "
                "and measure that run\nor leave these cells out with -k",
            )

    def service(self, cell: Form, stack: ExitStack, observer: Observer) -> Service:
        """A cell ready to be asked; its engine is closed with `stack`.

        Raises:
            UserError: it cannot be had.
        """
        store = Store(self._folder.parent)
        adapted = read_adapted(store, self._folder, cell=cell)
        task, examples = self._data()
        use = cell["use"]
        params = self._plugins.params("adapter", use)
        adapter = self._plugins.load("adapter", use)(
            params.from_form(self._manifest["methods"][cell["adapter"]])
        )
        context = PredictionContext(TaskView(task), self._train(cell, task), adapted)
        program: Program | DirectPredictor = adapter.program(adapted, context)
        if isinstance(program, DirectPredictor):
            what = f'{self._folder}: cell "{cell["id"]}" answers by itself, no engine serves it'
            raise UserError(what, "leave it out with -k")
        return Service(program, self._engine(cell, stack, observer), examples)

    def about(self, cell: Form) -> Form:
        """What was measured: the cell, as it was predicted, and the model."""
        model = self._model(cell["model"])
        return {
            "schema": SCHEMA,
            "cell": cell["id"],
            "seed": cell["seed"],
            "predict": cell["jobs"]["predict"],
            "model": cell["model"],
            "engine": model["engine"],
            "examples": cell["examples"],
        }

    def _model(self, name: str) -> Form:
        """What the run found a model to be."""
        found: Form = next(one for one in self._results["models"] if one["name"] == name)
        return found

    def _data(self) -> tuple[Task, tuple[Example, ...]]:
        """The task and the evaluated examples, which must be those of the run."""
        if self._task is None:
            use, told = self._manifest["task"], self._results["task"]
            task: Task = self._plugins.load("task", use["use"])(
                self._plugins.params("task", use["use"]).from_form(use["params"])
            )
            limit = self._manifest["tables"].get("evaluate", {}).get("limit")
            examples = sample_evaluation(task.load(told["split"]), limit)
            inputs = Inputs(task=task, train=(), evaluation=examples, models={})
            if evaluation_sha256(inputs) != told["evaluation_sha256"]:
                what = f"{self._folder}: the evaluation data is not what this run was evaluated on"
                raise UserError(what, "measure where the same data lies, or run the suite again")
            self._task, self._examples = task, examples
        return self._task, self._examples

    def _train(self, cell: Form, task: Task) -> tuple[Example, ...]:
        """The training examples in reach of a cell."""
        if "train" not in self._plugins.entry("adapter", cell["use"]).requires:
            return ()
        return draw_train(task.load("train"), cell["train_size"], cell["seed"])

    def _engine(self, cell: Form, stack: ExitStack, observer: Observer) -> Engine:
        """The engine of a cell's model, found anew: it must be the model of the run."""
        name = cell["model"]
        if name not in self._engines:
            use = next(one for one in self._manifest["models"] if one["name"] == name)
            params = self._plugins.params("engine", use["use"]).from_form(use["params"])
            resolver = self._plugins.resolver(use["use"])
            model = resolver(name, params, observer.notice) if resolver else None
            if model is None or model.revision != self._model(name)["revision"]:
                what = f"{self._folder}: the model {name} is not the one of the run"
                raise UserError(what, "run the suite again")
            engine: Engine = self._plugins.load("engine", use["use"])(model, params)
            stack.callback(engine.close)
            engine.check()
            self._engines[name] = engine
        return self._engines[name]


def _measured(order: Order, cell: Form, service: Service, observer: Observer) -> Form:
    """Send the load to a cell; when, what load, and what was found."""
    job = Job(kind="latency", id="", label=f"latency {cell['id']}", spec={})
    observer.job_start(job)
    began, started = time.time(), time.monotonic()
    total = order.load.total
    observed = send_all(
        order.load,
        service.serve,
        progress=lambda done: observer.job_progress(job, done, total, ""),
    )
    observer.job_end(job, time.monotonic() - started, None)
    load = {"arrivals": "poisson", **asdict(order.load)}
    return {"when": stamp(began), "load": load, **_found(observed)}


def _found(observed: Observed) -> Form:
    sent = observed.sent
    first = next((one.failure for one in sent if one.failure is not None), None)
    return {
        "times_s": list(_times(observed)),
        "timeouts": sum(one.timed_out for one in sent),
        "failures": sum(one.failure is not None for one in sent),
        "first_failure": None if first is None else failure_to_json(first),
        "late": {"requests": observed.late, "most_s": round(observed.latest_s, 6)},
        "under_way": {"most": observed.most_under_way, "bound": observed.bound},
    }


def _times(observed: Observed) -> Iterator[float | None]:
    """Seconds; null for a request without an answer, since strict JSON has no infinity."""
    for one in observed.sent:
        yield round(one.time_s, 6) if one.time_s < float("inf") else None
