"""Which requests are answered side by side."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Split items into batches of similar length, the longest first.

    Args:
        lengths: tokens of each item.
        budget: most tokens of a batch: its items times its longest item. A single item may
            exceed it.

    Returns:
        The positions of the items of each batch. The same lengths give the same batches.
    """
    queue = Queue([Need(length, 0) for length in lengths], budget)
    found = []
    while entering := queue.enter():
        found.append(entering)
    return found


@dataclass(frozen=True, slots=True)
class Need:
    """Tokens that rows take: columns that they fill now, and the most that may follow."""

    width: int
    room: int


class Queue:
    """Items that wait for a place in a batch, the longest first."""

    def __init__(self, needs: Sequence[Need], budget: int) -> None:
        """Line up items.

        Args:
            needs: what each of them takes.
            budget: most tokens of a batch: its rows times the columns that its widest rows and
                the longest of what may follow take together. A single item may exceed it.
        """
        self._needs = needs
        self._budget = budget
        order = range(len(needs))
        self._waiting = deque(sorted(order, key=lambda at: (-needs[at].width - needs[at].room, at)))

    def enter(self, rows: int = 0, held: Need = Need(0, 0)) -> list[int]:
        """Take as many items out of the line as the budget holds beside what is there.

        Args:
            rows: how many rows are there.
            held: what these rows take.

        Returns:
            The positions of the items, in the order of the line.
        """
        width, room = held.width, held.room
        found: list[int] = []
        while self._waiting:
            need = self._needs[self._waiting[0]]
            width, room = max(width, need.width), max(room, need.room)
            count = rows + len(found) + 1
            if count > 1 and count * (width + room) > self._budget:
                break
            found.append(self._waiting.popleft())
        return found
