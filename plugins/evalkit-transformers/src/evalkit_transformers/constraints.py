"""Keeps answers to a JSON schema: before each token, whatever may not follow is masked.

The grammars are llguidance's (https://github.com/guidance-ai/llguidance; why this library:
docs/decisions/0006-llguidance.md). It finds the tokens that may follow in some ten microseconds,
and refuses the keywords of a schema that it cannot enforce.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache

import torch
from llguidance import LLMatcher, LLTokenizer
from llguidance.hf import from_tokenizer
from torch import Tensor
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from evalkit import Json

_KEPT = 64
"""Compiled schemas that are remembered; one takes some ten kilobytes."""


class SchemaError(ValueError):
    """A schema that cannot be enforced; the text says why."""


class Guide:
    """Knows which tokens may follow in one answer.

    Attributes:
        problem: why the answer cannot be written to its end; empty as long as it can.
    """

    def __init__(self, matcher: LLMatcher, ends_alone: bytes) -> None:
        """Stand at the beginning; `ends_alone` is the mask that lets nothing but the end pass."""
        self.problem = ""
        self._matcher = matcher
        self._ends_alone = ends_alone

    def allowed(self) -> bytes:
        """The tokens that may follow, a bit each, the lowest bit first; at least one of them."""
        found = self._matcher.compute_bitmask()
        if self._matcher.is_error():
            self.problem = _first_line(self._matcher.get_error())
        elif not found.strip(b"\0"):
            self.problem = "no token of the vocabulary can follow"
        return self._ends_alone if self.problem else found

    def take(self, token: int) -> bool:
        """Go on by a token; whether the answer is complete with it and nothing can follow."""
        self._matcher.consume_token(token)
        # A matcher that met an error has stopped too; `allowed` tells why.
        return self._matcher.is_stopped() and not self._matcher.is_error()


class Grammars:
    """The schemas of one model's requests, compiled once each."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, ends: frozenset[int], *, width: int
    ) -> None:
        """Compile nothing yet.

        Args:
            tokenizer: the model's.
            ends: the ids that end an answer.
            width: how many logits the model gives; some of them may belong to no token.
        """
        self._tokenizer = tokenizer
        self._ends = sorted(ends)
        self._width = max(width, len(tokenizer))
        self._compiled = lru_cache(maxsize=_KEPT)(self._compile)

    def guide(self, schema: Mapping[str, Json] | None) -> Guide | None:
        """A guide for a new answer; None where there is no schema.

        Raises:
            SchemaError: the schema cannot be enforced.
        """
        if schema is None:
            return None
        # The keys keep their order: it is the order in which the answer has them.
        found = self._compiled(json.dumps(schema, default=dict))
        if isinstance(found, str):
            raise SchemaError(found)
        return Guide(found.deep_copy(), self._ends_alone)

    def _compile(self, schema: str) -> LLMatcher | str:
        """The grammar of a schema, or why there is none; both are worth remembering."""
        try:
            matcher = LLMatcher(self._vocabulary, _grammar(schema), log_level=0)
        except ValueError as error:
            return _first_line(str(error))
        return _first_line(matcher.get_error()) if matcher.is_error() else matcher

    @cached_property
    def _vocabulary(self) -> LLTokenizer:
        """The tokenizer as llguidance wants it; takes a quarter of a second to make."""
        if not isinstance(self._tokenizer, PreTrainedTokenizerFast):
            raise ValueError("the model's tokenizer is not one of the library tokenizers")
        return from_tokenizer(self._tokenizer, n_vocab=self._width, eos_token=self._ends)

    @cached_property
    def _ends_alone(self) -> bytes:
        bits = sum(1 << end for end in self._ends)
        return bits.to_bytes((self._width + 31) // 32 * 4, "little")


def masked(logits: Tensor, guides: Sequence[Guide | None]) -> Tensor:
    """The logits [rows, vocabulary] as float32, minus infinity where a guide lets no token pass.

    Rows without a guide stay as they are.
    """
    known = {row: guide.allowed() for row, guide in enumerate(guides) if guide is not None}
    if not known:
        return logits
    free = b"\xff" * len(next(iter(known.values())))
    packed = bytearray().join(known.get(row, free) for row in range(len(guides)))
    octets = torch.frombuffer(packed, dtype=torch.uint8).to(logits.device)
    # Looked up and added: on a processor ten times as fast as filling by a mask of booleans.
    added = _added(logits.device).index_select(0, octets.int()).view(len(guides), -1)
    return added[:, : logits.shape[1]].add_(logits)


def _added(device: torch.device) -> Tensor:
    """What each octet of a mask adds to eight logits, [256, 8]: 0, or minus infinity."""
    bits = torch.arange(256, device=device)[:, None] >> torch.arange(8, device=device) & 1
    return bits.float().log()


def _grammar(schema: str) -> str:
    """What llguidance makes of a schema, blanks only where people put them.

    Were white space free, a greedy model might write newlines for ever.
    """
    return LLMatcher.grammar_from_json_schema(
        schema,
        overrides={
            "whitespace_flexible": False,
            "item_separator": ", ?",
            "key_separator": ": ?",
            # What cannot be enforced is refused, even if the schema itself says otherwise.
            "lenient": False,
        },
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]
