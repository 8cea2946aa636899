"""Jobs with the same weights and prefix, on their way through the model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from evalkit_transformers.attention import Prefix
from evalkit_transformers.batching import Need, Queue, batches
from evalkit_transformers.constraints import Grammars
from evalkit_transformers.decode import Answer, Wave
from evalkit_transformers.jobs import Job
from evalkit_transformers.loading import Loaded
from evalkit_transformers.rows import PlainRows, Rows, SharedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Jobs that share their weights and the start of their prompts.

    Attributes:
        jobs: the jobs.
        prefix: what their prompts have in common.
        cached: for each job, how many tokens of its prompt were not computed for it.
        budget: most tokens of a batch.
        stopping: whether no further answer is wanted, asked before each step.
    """

    jobs: Sequence[Job]
    prefix: Prefix
    cached: Sequence[int]
    budget: int
    stopping: Callable[[], bool]

    def rest(self, place: int) -> list[int]:
        """What a job's prompt has behind the prefix."""
        return self.jobs[place].prompt[len(self.prefix) :]

    def batches(self, *, branched: bool, column: int) -> Iterator[list[int]]:
        """The jobs with choices, batch by batch.

        Args:
            branched: a job takes one row, not one for each choice.
            column: the logits of a token, which all tokens of the choices have, in tokens.
        """
        costs = []
        for at, job in enumerate(self.jobs):
            lengths = [len(choice) for choice in job.choices]
            rows, read = (1, sum(lengths)) if branched else (len(lengths), max(lengths))
            costs.append(rows * (len(self.rest(at)) + read + (read + 1) * column))
        yield from batches(costs, self.budget)


class JobWave(Wave):
    """The jobs of a family, whose answers are to be written."""

    def __init__(self, family: Family, loaded: Loaded, grammars: Grammars) -> None:
        """Line the jobs up."""
        self._family = family
        self._loaded = loaded
        self._grammars = grammars
        needs = [
            Need(len(family.rest(at)), job.request.max_tokens) for at, job in enumerate(family.jobs)
        ]
        self._queue = Queue(needs, family.budget)

    @property
    def stopping(self) -> bool:
        """See Wave."""
        return self._family.stopping()

    def enter(self, going: Sequence[Answer] = (), width: int = 0) -> list[Answer]:
        """See Wave."""
        held = Need(width, max((answer.room for answer in going), default=0))
        places = self._queue.enter(len(going), held)
        requests = [self._family.jobs[place].request for place in places]
        return [
            Answer(place=place, request=request, guide=self._grammars.guide(request.schema))
            for place, request in zip(places, requests, strict=True)
        ]

    def rows(self, answers: Sequence[Answer]) -> Rows:
        """See Wave."""
        rest = [self._family.rest(answer.place) for answer in answers]
        if not self._loaded.shares:
            return PlainRows(self._loaded.model, rest)
        room = max(answer.room for answer in answers)
        return SharedRows(self._loaded.model, rest, prefix=self._family.prefix, room=room)
