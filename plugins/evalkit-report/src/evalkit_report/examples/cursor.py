"""Files that hold a line for each example, read side by side without holding any of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from evalkit import UserError

Line: TypeAlias = Mapping[str, Any]
Tell: TypeAlias = Callable[[str], None]
"""Takes a sentence about what is missing."""

_END = float("inf")


class Cursor:
    """Lines of one file, handed out as the examples go by in the order of the evaluation split."""

    def __init__(
        self,
        lines: Callable[[], Iterator[Line]],
        order: Mapping[str, int],
        name: str,
        *,
        tell: Tell,
    ) -> None:
        """Begin before the first line.

        Args:
            lines: opens the file.
            order: id of an example -> its position.
            name: of the file, for sentences.
            tell: told what is missing or damaged.
        """
        self._lines = told(lines, tell)
        self._order = order
        self._name = name
        self._tell = tell
        self._line: Line = {}
        self._position: float = -1
        self._skipped = 0

    def at(self, position: int) -> Line | None:
        """The line of the example at a position, which only grows; None if there is none."""
        while self._position < position:
            self._advance()
        return self._line if self._position == position else None

    def close(self) -> None:
        """Read on to the end, and tell of the lines that could not be used."""
        while self._position < _END:
            self._advance()
        if self._skipped:
            what = "line belongs" if self._skipped == 1 else "lines belong"
            self._tell(f"{self._name}: {self._skipped:,} {what} to no example, or out of order.")

    def _advance(self) -> None:
        for line in self._lines:
            identity = line.get("id")
            position = self._order.get(identity, -1) if isinstance(identity, str) else -1
            if position > self._position:
                self._line, self._position = line, position
                return
            self._skipped += 1
        self._position = _END


def told(lines: Callable[[], Iterator[Line]], tell: Tell) -> Iterator[Line]:
    """The lines up to where they can be read; the reason of an early end is told."""
    try:
        yield from lines()
    except UserError as error:
        tell(": ".join(part for part in (error.message, error.hint) if part))
