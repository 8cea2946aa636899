"""An engine: what generates text, and the journal of what it decided on the way."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from evalkit.records import Completion, Failure, Json, Request, ResolvedModel

if TYPE_CHECKING:
    from evalkit.params import Params


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a request, or at several of them, whether or not it brought an answer.

    Attributes:
        outcome: ``answered``, or what went wrong in a word or two, for instance ``429``,
            ``timeout``, ``network``, ``unreadable``.
        seconds: from the first byte sent to the last one received.
        prompt_tokens: as the provider counted them; 0 where it did not say.
        completion_tokens: likewise.
        cached_tokens: of the prompt tokens, those that the provider had computed before.
        requests: how many requests it stands for.
    """

    outcome: str
    seconds: float
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    requests: int = 1


class Journal:
    """What an engine decides while a job runs, such as the size of its batches.

    In low precision an answer depends on what else is in its batch. A job that was killed and is
    done again must therefore decide as it did before: whatever was found out from the machine is
    recorded before it is acted upon, and recalled first. The core hands each job's own journal,
    which outlives the process; this class by itself keeps all in memory.

    Attributes:
        wave: number, within the job, of the requests that the engine is handed; the same when
            the job is repeated, though answered waves are then left out.
    """

    def __init__(self) -> None:
        """Start with nothing recorded."""
        self.records: dict[str, Json] = {}
        self.wave = 0

    @property
    def stopping(self) -> bool:
        """Whether the user asked to stop.

        An engine looks at it between batches, or before it sends one more request. It finishes
        what is under way, hands over the answers and returns; the rest is asked another time.
        """
        return False

    def attempt(self, attempt: "Attempt") -> None:
        """Enter an attempt at a request into the ledger of the run.

        Engines that may ask several times for one answer, over a network, tell of each; one that
        tells of none is taken to have asked once for each answer.
        """
        return None

    def recall(self, key: str) -> Json:
        """What was recorded under `key`, by this attempt at the job or an earlier one, or None."""
        return self.records.get(key)

    def recall_all(self) -> Mapping[str, Json]:
        """Everything that was recorded."""
        return dict(self.records)

    def record(self, key: str, value: Json) -> None:
        """Keep `value` under `key`, in place of what was there; it is safe on return."""
        self.records[key] = value

    def notice(self, text: str) -> None:
        """Tell the user something worth a line. By itself a journal has nobody to tell."""
        return None


class Engine(ABC):
    """What generates text. Made once per model and kept while jobs need it.

    Answers are yielded as they come, each with the index of its request, so that the core can
    keep them before the rest is done. A request that cannot be answered yields a Failure
    and does not disturb the others; the kind of the Failure is ``prompt`` where prompt and answer
    do not fit into the model's context, else ``engine``.

    Attributes:
        model: the model that answers.
        params: the engine's parameters.
        journal: where to record what a repeated job has to do again; another one for each job.
    """

    api_version: ClassVar[int] = 1

    def __init__(self, model: ResolvedModel, params: "Params") -> None:
        """Keep what is to be loaded; load it at the first call."""
        self.model = model
        self.params = params
        self.journal = Journal()

    @abstractmethod
    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer requests without choices, all of them handed over at once.

        Raises:
            EngineError: the engine is gone; no further answer can be had.
        """

    def score(self, requests: Sequence[Request]) -> Iterator[tuple[int, Completion | Failure]]:
        """Answer requests with choices by the log-probability of each choice.

        Raises:
            EngineError: the engine cannot do this, or is gone.
        """
        for index, _ in enumerate(requests):
            yield index, Failure(reason="this engine cannot score choices", kind="engine")

    def ask(self, request: Request, *, timeout_s: float) -> Completion | Failure:
        """Answer one request by itself and at once, as for a user who waits for the answer.

        Offered by engines with the ability ``serve``; ``evalkit latency`` measures by it how long
        users wait. Any number of threads may call it at a time. Nothing waits for a batch, for
        another caller or for a limit; nothing is asked again, and no earlier answer is given out.

        Args:
            request: with or without choices.
            timeout_s: seconds after which nobody waits for the answer any more.

        Raises:
            TimeoutError: there was no whole answer in time.
            EngineError: the engine is gone.
        """
        return Failure(reason="this engine does not serve single requests", kind="engine")

    def check(self) -> None:
        """See that the engine answers, by one tiny question; called before the first job.

        For engines behind a network. By default nothing is done: what a local engine needs was
        seen when its model was resolved, and loading it takes long.

        Raises:
            ModelError: it does not answer; the hint says what to do about it.
        """
        return None

    def close(self) -> None:
        """Give memory and devices back."""
        return None
