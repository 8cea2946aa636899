"""What answers cost, by the prices that a suite gives. Pure.

Prices are no part of an identity: another price changes the cost of what was done, and computes
nothing anew.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from evalkit.params import Params

_MILLION = 1_000_000
_HOUR = 3600

Usage = Mapping[str, int]


class Prices(Params):
    """Prices of a model, per million tokens or per hour."""

    input: float = Field(default=0.0, ge=0, description="Per million tokens of prompts.")
    cached_input: float | None = Field(
        default=None,
        ge=0,
        description="Per million prompt tokens that were not computed anew. Default: as `input`.",
    )
    output: float = Field(default=0.0, ge=0, description="Per million generated tokens.")
    per_hour: float = Field(default=0.0, ge=0, description="Per hour of computing.")
    currency: str = Field(
        default="USD", pattern="^[A-Z]{3}$", description="Its code by ISO 4217; one in a suite."
    )

    def of_tokens(self, usage: Usage) -> float:
        """The price of the tokens of a usage."""
        cached = self.input if self.cached_input is None else self.cached_input
        fresh = usage["prompt_tokens"] - usage["cached_tokens"]
        parts = (fresh * self.input, usage["cached_tokens"] * cached)
        return (sum(parts) + usage["completion_tokens"] * self.output) / _MILLION

    def of_time(self, seconds: float) -> float:
        """The price of computing for so long."""
        return seconds / _HOUR * self.per_hour


def cost_of(note: Mapping[str, Any], own: str, prices: Mapping[str, Prices | None]) -> float | None:
    """What a job cost; None if a price is missing.

    Args:
        note: what the job noted: ``seconds``, ``usage`` of the model `own` or
            ``usage_by_model``, and, by model, of attempts that brought no answer (``unanswered``).
        own: identity of the model whose time the job took.
        prices: identity of a model -> its prices. A suite may give a model another name, and
            another model that name.
    """
    price = prices.get(own)
    if not note or price is None:
        return None
    total = price.of_time(note["seconds"])
    usages = note.get("usage_by_model") or {own: note["usage"]}
    for identity, usage in [*usages.items(), *note.get("unanswered", {}).items()]:
        asked = prices.get(identity)
        if asked is None:
            return None
        total += asked.of_tokens(usage)
    return total


def currencies(prices: Iterable[Prices | None]) -> list[str]:
    """The currencies of some prices, each once, in their order."""
    return list(dict.fromkeys(price.currency for price in prices if price is not None))
