"""What a run is going to ask, and what that may cost and how long it may take.

Nothing is guessed. Prompts are put together where a method can tell its prompt before the run, and
counted as four characters a token ("about"); answers count with the most tokens that they may have
("at most"); time is that of finished jobs of the same model. What a method decides while it runs,
or what depends on answers that are still to come, is unknown, and so is each sum with it in it.
Attempts that are repeated after a fault come on top; what is known already is not asked again.
"""

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from evalkit.agenda import Agenda, Work, asked_by
from evalkit.contests import Known, most_requests
from evalkit.contexts import AdaptationContext, PredictionContext, Services, TaskView
from evalkit.errors import EngineError
from evalkit.forecast import Part
from evalkit.interfaces import Adapter, DirectPredictor, Program, Steps
from evalkit.plan import CellJobs, Inputs, Job
from evalkit.plugins import Plugins
from evalkit.prices import Prices
from evalkit.records import AdaptedModel, Cell, Example
from evalkit.serialization import adapted_from_json
from evalkit.store import Store, read_object
from evalkit.suite import Suite

_CHARACTERS = 4
"""Of one token; what English text has on average with most tokenizers."""
_SAMPLE = 500
"""So many prompts are put together at most; where there are more, they stand for the others."""


class Estimator:
    """Looks at the jobs that are left, and asks nobody."""

    def __init__(
        self, suite: Suite, plugins: Plugins, inputs: Inputs, *, agenda: Agenda, store: Store
    ) -> None:
        """Look at what an agenda has left."""
        self._suite, self._plugins, self._inputs = suite, plugins, inputs
        self._agenda, self._store = agenda, store
        self._prices = {use.name: use.prices for use in suite.models}
        self._cells = {r.cell.id: (r.cell, r.jobs) for r in agenda.records if r.jobs is not None}

    def parts(self, works: Sequence[Work]) -> list[Part]:
        """What each job asks each model."""
        pace = _paces(self._store)
        return [
            self._priced(self._timed(part, work.job, pace))
            for work in works
            for part in self._of(work)
        ]

    def _of(self, work: Work) -> Iterator[Part]:
        if work.comparison:
            yield from self._comparison(work)
        elif work.job.kind == "adapt":
            yield from self._adaptation(work.job, *self._cell(work))
        elif work.job.kind == "predict":
            yield self._prediction(work.job, *self._cell(work))

    def _cell(self, work: Work) -> tuple[Cell, CellJobs]:
        cell, jobs = self._cells[next(cell for cell in self._cells if cell in work.cells)]
        assert jobs is not None
        return cell, jobs

    def _adaptation(self, job: Job, cell: Cell, jobs: CellJobs) -> Iterator[Part]:
        if job.spec["trains_weights"]:
            yield Part(
                model=cell.model,
                calls=0,
                prompt_tokens=0,
                answer_tokens=0,
                unknown=f"{job.label}: how long training takes",
            )
        asked = [] if self._adapted(cell, jobs) is not None else asked_by(job)
        for model in asked:
            yield Part(model=model, unknown=f"{job.label}: the method decides what it asks")

    def _prediction(self, job: Job, cell: Cell, jobs: CellJobs) -> Part:
        adapted = self._adapted(cell, jobs)
        if adapted is None:
            return self._unprepared(job, cell)
        try:
            context = PredictionContext(self._inputs.task, self._train(cell), adapted)
            program = self._adapter(cell).program(adapted, context)
            if isinstance(program, DirectPredictor):
                return Part(model=cell.model, calls=0, prompt_tokens=0, answer_tokens=0)
            return self._programmed(job, cell, program)
        except Exception:  # an estimate that a plugin cannot make ends no run
            return self._unprepared(job, cell)

    def _unprepared(self, job: Job, cell: Cell) -> Part:
        """A method whose prompt is known only once it has adapted the model."""
        plainly = type(self._adapter(cell)).program is Adapter.program
        calls = len(self._inputs.evaluation) if plainly else None
        return Part(
            model=cell.model,
            calls=calls,
            answer_tokens=None if calls is None else calls * self._longest,
            unknown=f"{job.label}: its prompt, until the model is adapted",
        )

    def _programmed(self, job: Job, cell: Cell, program: Program) -> Part:
        examples, most = self._inputs.evaluation, program.most_requests
        if most is None:
            unknown = f"{job.label}: how often it asks for an answer"
            return Part(model=cell.model, unknown=unknown)
        calls = most * len(examples)
        answers = calls * self._longest
        if most != 1:
            unknown = f"{job.label}: later prompts hold earlier answers"
            return Part(model=cell.model, calls=calls, answer_tokens=answers, unknown=unknown)
        step = math.ceil(len(examples) / _SAMPLE)
        sample = examples[::step]
        characters = sum(_characters(program.steps(example)) for example in sample)
        tokens = math.ceil(characters / len(sample) * len(examples) / _CHARACTERS)
        return Part(model=cell.model, calls=calls, prompt_tokens=tokens, answer_tokens=answers)

    @property
    def _longest(self) -> int:
        """The most tokens of an answer; of choices, about what all of them have."""
        task = self._inputs.task
        if task.choices is None:
            return task.max_tokens
        return sum(math.ceil(len(choice) / _CHARACTERS) for choice in task.choices)

    def _comparison(self, work: Work) -> Iterator[Part]:
        use = next(u for u in self._suite.comparisons if u.name == work.comparison)
        inputs, spec = self._inputs, work.job.spec
        known = Known(task=inputs.task, examples=inputs.evaluation, models=inputs.models)
        calls = most_requests(
            use, self._plugins, known, contestants=tuple(spec["cells"]), seed=spec["seed"]
        )
        for judge in asked_by(work.job):
            if calls is None or judge not in calls:
                unknown = f"{work.job.label}: how often it asks"
                yield Part(model=judge, unknown=unknown)
            else:
                unknown = f"{work.job.label}: its prompts hold answers that are to come"
                yield Part(model=judge, calls=calls[judge], unknown=unknown)

    def _adapted(self, cell: Cell, jobs: CellJobs) -> AdaptedModel | None:
        """What adapting made, or is sure to make; None if that is not known."""
        record = next(r for r in self._agenda.records if r.cell.id == cell.id)
        try:
            if record.is_current(jobs.adapt):
                folder = self._store.folder("adapt", jobs.adapt.id)
                return adapted_from_json(read_object(folder / "adapted.json"), folder)
            with tempfile.TemporaryDirectory() as folder_name:
                return self._adapter(cell).preview(self._context(cell, Path(folder_name)))
        except Exception:  # an estimate that a plugin cannot make ends no run
            return None

    def _adapter(self, cell: Cell) -> Adapter:
        params = self._plugins.params("adapter", cell.use).from_form(cell.params)
        adapter: Adapter = self._plugins.load("adapter", cell.use)(params)
        return adapter

    def _train(self, cell: Cell) -> Sequence[Example]:
        return self._agenda.planner.train_of(cell)

    def _context(self, cell: Cell, folder: Path) -> AdaptationContext:
        services = Services(
            answering=_nobody,
            resolved=lambda name: self._inputs.models[name],
            metric=_nobody,
            progress=lambda done, total, note: None,
        )
        return AdaptationContext(
            TaskView(self._inputs.task),
            self._train(cell),
            model=self._inputs.models[cell.model],
            seed=cell.seed,
            folder=folder,
            services=services,
        )

    def _timed(self, part: Part, job: Job, pace: Mapping[str, float]) -> Part:
        """The part with its time, as far as jobs of the same model tell it."""
        if part.seconds is not None or part.calls is None or (part.unknown and not part.calls):
            return part
        answer_s = pace.get(job.spec["models"][part.model]["identity"])
        seconds = 0.0 if part.calls == 0 else None if answer_s is None else part.calls * answer_s
        return replace(part, seconds=seconds)

    def _priced(self, part: Part) -> Part:
        prices = self._prices[part.model]
        part = replace(part, priced=prices is not None)
        if prices is None or part.prompt_tokens is None or part.answer_tokens is None:
            return part
        if prices.per_hour and part.seconds is None:
            return part
        return replace(part, cost=_cost(part, prices))


def _cost(part: Part, prices: Prices) -> float:
    usage = {
        "prompt_tokens": part.prompt_tokens or 0,
        "completion_tokens": part.answer_tokens or 0,
        "cached_tokens": 0,
    }
    return prices.of_tokens(usage) + prices.of_time(part.seconds or 0.0)


def _characters(steps: Steps[str]) -> int:
    """Characters of the first request of a conversation, which is not gone on with."""
    request = next(steps)
    steps.close()
    return sum(len(message.content) for message in request.messages)


def _nobody(name: str) -> NoReturn:
    raise EngineError(f"{name}: nobody is asked before a run")


def _paces(store: Store) -> dict[str, float]:
    """Identity of a model -> seconds for each answer, over all finished predictions by it."""
    taken: dict[str, tuple[float, int]] = {}
    for note in store.notes("predict"):
        seconds, count = taken.get(note.get("model", ""), (0.0, 0))
        taken[note.get("model", "")] = (seconds + note["seconds"], count + note["examples"])
    return {model: seconds / count for model, (seconds, count) in taken.items() if count}
