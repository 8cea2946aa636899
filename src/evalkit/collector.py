"""Keeps Python's garbage collector from looking at data that stays.

Whenever the number of objects has grown by a quarter, the collector visits all of them: with
100,000 examples in memory half of a run's overhead is such visits, and they never find anything.
"""

import contextlib
import gc
from collections.abc import Iterator


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
    """For working on data: what is there at the start is not visited before the end."""
    if gc.get_freeze_count():  # somebody else did this, and will undo it
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
