"""Keeps Python's garbage collector from looking at data that stays.

Whenever the number of objects has grown by a quarter, the collector visits all of them: with
100,000 examples in memory half of a run's overhead is such visits, and they never find anything.
"""

import contextlib
import gc
from collections.abc import Iterator

_YOUNG = 10_000
"""New objects after which the collector looks at them."""


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """For reading data: whatever is made stays, so that there is nothing to collect."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def at_rest() -> Iterator[None]:
    """For working on data: what is there at the start is not visited before the end.

    What comes meanwhile is visited less often: hardly any of it is garbage in circles.
    """
    if gc.get_freeze_count():  # somebody else did this, and will undo it
        yield
        return
    young, *older = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(young and max(young, _YOUNG), *older)  # 0 means never
    try:
        yield
    finally:
        gc.set_threshold(young, *older)
        gc.unfreeze()
