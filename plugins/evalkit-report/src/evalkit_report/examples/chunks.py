"""Examples as gzip in base64, in pieces that a browser unpacks when it needs them."""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BUDGET = 15_000_000
"""Bytes of base64 in all."""
_EXAMPLES = 128
_RAW = 1_000_000
"""Characters of JSON after which a piece is full: to look at one example unpacks one piece."""
_HELD = 200_000_000
_LEVEL = 6


@dataclass(slots=True)
class Shelf:
    """Examples that may be shown, those drawn last given up when they get too large.

    Attributes:
        size: characters of JSON that are kept.
    """

    size: int = 0
    _kept: dict[int, tuple[str, str]] = field(default_factory=dict)

    def put(self, rank: int, row: Any, detail: Any) -> None:
        """Keep an example, drawn as number `rank`."""
        texts = (_json(row), _json(detail))
        self._kept[rank] = texts
        self.size += sum(map(len, texts))
        if self.size > _HELD:
            self._give_up()

    def in_order(self) -> Iterator[tuple[str, str]]:
        """The examples in the order in which they were drawn."""
        return (self._kept[rank] for rank in sorted(self._kept))

    def _give_up(self) -> None:
        """Let go of a tenth, so that it need not be done for each example."""
        for rank in sorted(self._kept, reverse=True)[: max(1, len(self._kept) // 10)]:
            self.size -= sum(map(len, self._kept.pop(rank)))


def pack(examples: Iterable[tuple[str, str]], budget: int = BUDGET) -> tuple[dict[str, str], int]:
    """Pieces ``index-0``, ``details-0``, ``index-1``, ... as long as the budget lasts.

    Returns:
        The pieces, and how many examples are in them.
    """
    chunks: dict[str, str] = {}
    shown = spent = 0
    for number, piece in enumerate(_pieces(examples)):
        made = {
            f"{kind}-{number}": packed("[" + ",".join(texts) + "]")
            for kind, texts in zip(("index", "details"), zip(*piece, strict=True), strict=True)
        }
        spent += sum(map(len, made.values()))
        if spent > budget:
            break
        chunks |= made
        shown += len(piece)
    return chunks, shown


def packed(text: str) -> str:
    """ASCII as gzip in base64; the same text gives the same bytes."""
    return base64.b64encode(gzip.compress(text.encode("ascii"), _LEVEL, mtime=0)).decode("ascii")


def _pieces(examples: Iterable[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    piece: list[tuple[str, str]] = []
    size = 0
    for example in examples:
        piece.append(example)
        size += sum(map(len, example))
        if len(piece) == _EXAMPLES or size > _RAW:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
