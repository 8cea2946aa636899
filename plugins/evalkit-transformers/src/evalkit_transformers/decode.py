"""Generates answers for the rows of a batch, token by token.

Greedy, or sampled at the request's temperature from the whole distribution. Rows that are
finished leave the batch as soon as enough of them have gathered, and others that wait take their
places. The idea was published as Orca (Yu et al. 2022,
https://www.usenix.org/conference/osdi22/presentation/yu).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from evalkit import Request
from evalkit_transformers.constraints import Guide, masked
from evalkit_transformers.rows import Rows

_FREE_SHARE = 1 / 8
"""Rows leave and enter when this part of a batch is finished: it copies the others' cache."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """An answer while it is written.

    Attributes:
        place: where its request stands in the wave.
        request: what was asked.
        tokens: ids generated so far, the one that ends the answer included.
        text: what the tokens say; set at the end.
        reason: why it ended; None while it has not.
        source: random numbers for sampling; None for greedy decoding.
        guide: keeps it to its schema; None if it has none.
        started: when it was begun, in seconds of the performance counter.
    """

    place: int
    request: Request
    tokens: list[int] = field(default_factory=list)
    text: str = ""
    reason: Literal["stop", "length"] | None = None
    source: torch.Generator | None = None
    guide: Guide | None = None
    started: float = field(default_factory=perf_counter)

    def __post_init__(self) -> None:
        """Seed the sampling, so that the answer does not depend on the rest of the batch."""
        if self.request.temperature > 0:
            self.source = torch.Generator()
            if self.request.seed is None:
                self.source.seed()
            else:
                self.source.manual_seed(self.request.seed)

    @property
    def room(self) -> int:
        """The most tokens that may follow."""
        return self.request.max_tokens - len(self.tokens)


class Wave(ABC):
    """Requests with the same weights and prefix, on their way through the model."""

    @property
    @abstractmethod
    def stopping(self) -> bool:
        """Whether no further answer is wanted: what is being written is dropped."""

    @abstractmethod
    def enter(self, going: Sequence[Answer] = (), width: int = 0) -> list[Answer]:
        """The next answers to begin, beside those that go on in rows of `width` columns."""

    @abstractmethod
    def rows(self, answers: Sequence[Answer]) -> Rows:
        """Rows that hold the prompts of these answers, not yet read."""


class Decoder:
    """Writes answers with one tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, ends: frozenset[int]) -> None:
        """Remember the ids that end an answer."""
        self._tokenizer = tokenizer
        self._ends = ends

    def write(self, wave: Wave) -> Iterator[Answer]:
        """Write all answers of a wave; yields each when it is finished."""
        while not wave.stopping and (answers := wave.enter()):
            yield from self._write(wave, answers)

    def _write(self, wave: Wave, answers: list[Answer]) -> Iterator[Answer]:
        """Write these answers, and those that take the places of the finished ones."""
        rows = wave.rows(answers)
        logits = rows.begin()[:, -1]
        while True:
            for answer, token in zip(answers, choose(logits, answers), strict=True):
                if answer.reason is None and self._add(answer, token):
                    yield answer
            going = [row for row, answer in enumerate(answers) if answer.reason is None]
            if not going or wave.stopping:
                return
            last = [[answer.tokens[-1]] for answer in answers]
            logits = rows.read(torch.tensor(last, device=logits.device))[:, -1]
            if len(answers) - len(going) >= len(answers) * _FREE_SHARE:
                answers = [answers[row] for row in going]
                entering = wave.enter(answers, rows.width(going)) if rows.open else []
                more = wave.rows(entering) if entering else None
                heads = [logits[going], *([more.begin()[:, -1]] if more else [])]
                answers, logits = answers + entering, torch.cat(heads)
                rows.change(going, more, room=max(answer.room for answer in answers))

    def _add(self, answer: Answer, token: int) -> bool:
        """Add a token; whether the answer is finished by it."""
        answer.tokens.append(token)
        complete = answer.guide is not None and answer.guide.take(token)
        if complete or token in self._ends or self._stops(answer):
            answer.reason = "stop"
        elif len(answer.tokens) >= answer.request.max_tokens:
            answer.reason = "length"
        else:
            return False
        answer.text = self._text(answer)
        return True

    def _stops(self, answer: Answer) -> bool:
        """Whether a stop text stands at the end of the answer.

        Only as many last tokens are looked at as the longest stop text can take, and a few more
        because the first of them may be part of a character.
        """
        stops = answer.request.stop
        if not stops:
            return False
        reach = max(len(stop.encode()) for stop in stops) + 8
        tail = self._decoded(answer.tokens[-reach:])
        return any(stop in tail for stop in stops)

    def _text(self, answer: Answer) -> str:
        """The text of an answer, up to its first stop text."""
        tokens = answer.tokens[:-1] if answer.tokens[-1] in self._ends else answer.tokens
        text = self._decoded(tokens)
        found = [text.index(stop) for stop in answer.request.stop if stop in text]
        return text[: min(found, default=len(text))]

    def _decoded(self, tokens: Sequence[int]) -> str:
        return str(
            self._tokenizer.decode(
                list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )


def choose(logits: Tensor, answers: Sequence[Answer]) -> list[int]:
    """The next token of each row of [rows, vocabulary]."""
    # As float, because finding the largest of bfloat16 numbers takes thrice as long on a CPU.
    logits = masked(logits.float(), [answer.guide for answer in answers])
    tokens: list[int] = logits.argmax(dim=-1).tolist()
    for row, answer in enumerate(answers):
        if answer.source is not None and answer.reason is None:
            scaled = logits[row].double().cpu() / answer.request.temperature
            drawn = torch.multinomial(scaled.softmax(dim=-1), 1, generator=answer.source)
            tokens[row] = int(drawn)
    return tokens
