"""The token budget of one job, which a repeated job follows to the same batches.

In low precision an answer depends on what is computed beside it. So the budget, and where it was
halved for lack of memory, stand in the job's journal before the first batch that follows them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from evalkit import EngineError, Journal


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a job.

    Attributes:
        wave: the journal's number of the requests that are answered, which is the same when the
            job is repeated, whether or not earlier waves are asked again.
        part: 0 for what is generated, 1 for what is weighed; a wave may hold both.
        answered: so many answers of that part are there.
    """

    wave: int
    part: int
    answered: int

    def after(self) -> "Place":
        """The place one answer later."""
        return Place(self.wave, self.part, self.answered + 1)


class Budget:
    """How many tokens a batch may hold, at any place of one job."""

    def __init__(self, journal: Journal, model: str, measure: Callable[[], int]) -> None:
        """Take what an earlier attempt at the job recorded, or measure and record it.

        Args:
            journal: the job's.
            model: name of the model, for records and messages.
            measure: finds the budget.
        """
        self.journal = journal
        self._model = model
        known = _integer(journal.recall(self._key("budget")))
        self._tokens = known or measure()
        if known is None:
            journal.record(self._key("budget"), self._tokens)
        self._halving = self._recalled()

    def at(self, place: Place) -> int:
        """The budget at a place."""
        return max(1, self._tokens // 2) if self._is_halved(place) else self._tokens

    def halve(self, place: Place, error: Exception) -> None:
        """Go on with half the budget from this place, because memory ran out there.

        Raises:
            EngineError: it is halved already.
        """
        if self._is_halved(place):
            raise EngineError(
                f"model {self._model}: out of memory at {self.at(place)} tokens a batch",
                "set a smaller batch-tokens, or take a smaller model or dtype",
            ) from error
        self._halving = place
        self.journal.record(self._key("halved"), [place.wave, place.part, place.answered])
        self.journal.notice(
            f"model {self._model}: out of memory at {self._tokens} tokens a batch; "
            f"going on with {self.at(place)}"
        )

    def _is_halved(self, place: Place) -> bool:
        return self._halving is not None and self._halving <= place

    def _recalled(self) -> Place | None:
        """Where an earlier attempt halved the budget."""
        match self.journal.recall(self._key("halved")):
            case [int(wave), int(part), int(answered)]:
                return Place(wave, part, answered)
        return None

    def _key(self, what: str) -> str:
        return f"transformers: {self._model}: {what}"


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
