"""The token budget of one job, which a repeated job follows to the same batches.

In low precision an answer depends on what is computed beside it. So the budget, and where it was
halved for lack of memory, stand in the job's journal before the first batch that follows them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from evalkit import EngineError, Journal


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a job: so many answers of a wave are there."""

    wave: int
    answered: int


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
        self._waves = 0
        known = _integer(journal.recall(self._key("budget")))
        self._tokens = known or measure()
        if known is None:
            journal.record(self._key("budget"), self._tokens)
        self._halving = self._recalled()

    def next_wave(self) -> int:
        """The number of a wave that begins now. All waves of a job are counted."""
        self._waves += 1
        return self._waves - 1

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
        self.journal.record(self._key("halved"), [place.wave, place.answered])
        self.journal.notice(
            f"model {self._model}: out of memory at {self._tokens} tokens a batch; "
            f"going on with {self.at(place)}"
        )

    def _is_halved(self, place: Place) -> bool:
        halving = self._halving
        return halving is not None and (
            (halving.wave, halving.answered) <= (place.wave, place.answered)
        )

    def _recalled(self) -> Place | None:
        """Where an earlier attempt halved the budget."""
        match self.journal.recall(self._key("halved")):
            case [int(wave), int(answered)]:
                return Place(wave, answered)
        return None

    def _key(self, what: str) -> str:
        return f"transformers: {self._model}: {what}"


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) else None
