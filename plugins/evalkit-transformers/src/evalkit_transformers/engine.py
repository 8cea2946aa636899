"""The engine: requests in, completions out.

Requests are grouped by the weights they want. Within a group, what all prompts have in common is
computed once; the rest is answered in batches of similar length under a token budget.

When the user asks to stop, what is being computed is dropped after the next step: to finish a
batch may take minutes. In float32 its requests are asked another time; in low precision the whole
call is, so that nothing would be won by finishing.
"""

import gc
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeAlias

import torch

from evalkit import Completion, Engine, EngineError, Failure, LocalWeights, Request, ResolvedModel
from evalkit_transformers.budget import Budget, Place
from evalkit_transformers.jobs import Job
from evalkit_transformers.loading import load
from evalkit_transformers.memory import is_out_of_memory, token_budget
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resident import Resident
from evalkit_transformers.waves import Family

Answers: TypeAlias = Iterator[tuple[int, Completion | Failure]]
AnswerFamily: TypeAlias = Callable[[Resident, Family], Answers]


class TransformersEngine(Engine):
    """Runs a causal language model through transformers."""

    params: TransformersParams

    def __init__(self, model: ResolvedModel, params: TransformersParams) -> None:
        """Keep what is to be loaded; nothing is loaded yet."""
        super().__init__(model, params)
        self._resident: Resident | None = None
        self._budget: Budget | None = None

    def generate(self, requests: Sequence[Request]) -> Answers:
        """Answer requests greedily, or sampled where they have a temperature.

        ``completion_tokens`` counts the token that ended the answer. A prompt that, together
        with ``max_tokens``, exceeds the context is a Failure.

        Raises:
            EngineError: the model cannot be loaded, its weights do not fit, or memory ran out.
        """
        yield from self._answer(requests, Resident.write, Place(self.journal.wave, 0, 0))

    def score(self, requests: Sequence[Request]) -> Answers:
        """Answer requests with choices by the log-probability of each whole answer.

        A choice's log-probability is the sum over its tokens and the end of the answer, so that
        choices of different length can be compared; the likeliest becomes the text.

        Raises:
            EngineError: as for `generate`.
        """
        yield from self._answer(requests, Resident.weigh, Place(self.journal.wave, 1, 0))

    def close(self) -> None:
        """Forget the model and give its memory back."""
        if self._resident is None:
            return
        self._resident = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _answer(self, requests: Sequence[Request], answer: AnswerFamily, start: Place) -> Answers:
        """Answer all requests, one set of weights after another, from a place of the job on."""
        place = start
        for weights, positions in by_weights(requests).items():
            if self.journal.stopping:
                return
            resident = self._load()
            made = [resident.preparer.prepare(at, requests[at]) for at in positions]
            for at, outcome in zip(positions, made, strict=True):
                if isinstance(outcome, Failure):
                    yield at, outcome
            jobs = [outcome for outcome in made if isinstance(outcome, Job)]
            if jobs:
                self._activate(weights)
                place = yield from self._within_memory(jobs, answer, place)

    def _load(self) -> Resident:
        """The model, loaded at the first call."""
        if self._resident is None:
            loaded = load(self.model)
            self._resident = Resident(loaded, self.model.context_length)
        return self._resident

    def _activate(self, weights: LocalWeights | None) -> None:
        """Switch to a set of weights; a set that failed may have left traces in the model."""
        try:
            self._load().weights.activate(weights)
        except EngineError:
            self.close()
            raise

    def _job_budget(self) -> Budget:
        """The budget of the job that the engine now works for."""
        if self._budget is None or self._budget.journal is not self.journal:
            self._budget = Budget(self.journal, self.model.name, self._measured_budget)
        return self._budget

    def _measured_budget(self) -> int:
        """The budget that the user chose, else one that fits the machine."""
        return self.params.batch_tokens or token_budget(self._load().loaded.model)

    def _within_memory(
        self, jobs: Sequence[Job], answer: AnswerFamily, place: Place
    ) -> Generator[tuple[int, Completion | Failure], None, Place]:
        """Answer jobs; when memory runs out, go on with half the budget, once a job.

        Returns:
            The place behind them.
        """
        budget = self._job_budget()
        waiting = {job.index: job for job in jobs}
        while waiting and not self.journal.stopping:
            tokens = budget.at(place)
            try:
                for index, outcome in self._in_families(list(waiting.values()), tokens, answer):
                    del waiting[index]
                    place = place.after()
                    yield index, outcome
                    if budget.at(place) != tokens:
                        break
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._load().prefixes.forget()
                budget.halve(place, error)
        return place

    def _in_families(self, jobs: Sequence[Job], tokens: int, answer: AnswerFamily) -> Answers:
        """Answer jobs that want the same weights, in batches of at most so many tokens."""
        resident = self._load()
        for family in resident.families(jobs, tokens, lambda: self.journal.stopping):
            yield from answer(resident, family)


def by_weights(requests: Sequence[Request]) -> dict[LocalWeights | None, list[int]]:
    """The positions of the requests that want the same weights."""
    found: dict[LocalWeights | None, list[int]] = {}
    for at, request in enumerate(requests):
        weights = request.weights if isinstance(request.weights, LocalWeights) else None
        found.setdefault(weights, []).append(at)
    return found
