"""An engine: what generates text, and the journal of what it decided on the way."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from evalkit.records import Completion, Failure, Json, Request, ResolvedModel

if TYPE_CHECKING:
    from evalkit.params import Params


class Journal:
    """What an engine decides while a job runs, such as the size of its batches.

    In low precision an answer depends on what else is in its batch. A job that was killed and is
    done again must therefore decide as it did before: whatever was found out from the machine is
    recorded before it is acted upon, and recalled first. The core hands each job's own journal,
    which outlives the process; this class by itself keeps all in memory.
    """

    def __init__(self) -> None:
        """Start with nothing recorded."""
        self.records: dict[str, Json] = {}

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

    def close(self) -> None:
        """Give memory and devices back."""
        return None
