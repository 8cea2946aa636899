"""Who asked for a training: hears how it goes, and may ask it to stop."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from evalkit import StopRequested


def _never() -> bool:
    return False


def _stop() -> NoReturn:
    raise StopRequested


@dataclass(frozen=True, slots=True)
class Caller:
    """What a training tells, and whom it obeys.

    Attributes:
        progress: is told of steps done, steps in all, and a note.
        stopping: whether the training is to end early.
        stop: ends it, once a checkpoint is kept.
    """

    progress: Callable[[int, int, str], None]
    stopping: Callable[[], bool] = _never
    stop: Callable[[], NoReturn] = _stop
