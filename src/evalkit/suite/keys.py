"""The keys that the core reads itself: limits, ``[[models]]``, ``[analysis]``, ``[[expect]]``."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from evalkit.params import Params
from evalkit.prices import Prices

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SPAN = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?")


def _in_seconds(value: Any) -> Any:
    """A span of time such as ``2h30m`` in seconds; whatever else it is stays as it is.

    Raises:
        ValueError: it is another text.
    """
    if not isinstance(value, str):
        return value
    found = _SPAN.fullmatch(value)
    if not value or found is None:
        raise ValueError('expected seconds, or a span of time as "2h30m" or "90s"')
    parts = zip(_UNITS.values(), found.groups(), strict=True)
    return float(sum(unit * int(number or 0) for unit, number in parts))


class LimitKeys(Params):
    """What a run may take, at the top of a suite. No part of any identity."""

    max_cost: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(
        default=None,
        description="A run stops before it costs more, in the currency of the prices.",
    )
    max_time: (
        Annotated[
            float,
            BeforeValidator(_in_seconds, json_schema_input_type=float | str),
            Field(gt=0, allow_inf_nan=False),
        ]
        | None
    ) = Field(
        default=None,
        description='A run stops after so long, in seconds or as "2h30m".',
    )


class ModelKeys(Params):
    """What any engine can be given."""

    python: Path | None = Field(
        default=None,
        description="Interpreter of the environment in which the engine runs, where the same "
        "evalkit and the engine's plugin are installed. Default: where evalkit runs.",
    )
    prices: Prices | None = Field(default=None, description="What answers cost, a table.")


class AnalysisKeys(Params):
    """How the methods are compared once all have their scores: the table ``[analysis]``."""

    metric: str | None = Field(
        default=None, description="Name of the primary metric. Default: the suite's first."
    )
    baseline: str | None = Field(
        default=None,
        description="The method that the others are compared with: a name, or a pattern that fits "
        "one. Default: the suite's first.",
    )
    pairs: Literal["baseline", "all"] = Field(
        default="baseline",
        description="Which pairs are compared, and are the family whose p values are adjusted.",
    )
    meaningful_difference: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=0.02, description="The least difference of the primary metric that matters."
    )
    replicates: int = Field(
        default=9_999, ge=99, le=1_000_000, description="Of the bootstrap and the randomisation."
    )
    label_cost: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="What one labelled training example costs, in the currency of the prices.",
    )
    error_cost: float = Field(
        default=0.0,
        ge=0,
        allow_inf_nan=False,
        description="What an answer of score 0 costs more than one of score 1, in that currency.",
    )
    utilisation: float = Field(
        default=0.6,
        gt=0,
        le=1,
        description="Share of the paid hours in which a model that is paid by the hour answers.",
    )


class ExpectKeys(Params):
    """What must hold, or the run fails: a table ``[[expect]]``."""

    metric: str | None = Field(
        default=None, description="Name of the metric. Default: the primary one."
    )
    adapter: str = Field(
        description="Which methods: a name, or a pattern such as `few-shot-*`. Each must fulfil it."
    )
    min: float | None = Field(default=None, allow_inf_nan=False, description="At least this.")
    max: float | None = Field(default=None, allow_inf_nan=False, description="At most this.")
    not_worse_than: str | None = Field(
        default=None, description="A method that each of them may not be worse than."
    )
    margin: float | None = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="By how much they may be worse all the same; above 0 where the interval must "
        "show it. Default: the meaningful difference, for the primary metric.",
    )
    judge_by: Literal["interval", "point"] = Field(
        default="interval",
        description="Whether the whole 95% interval must fulfil it, or the figure itself.",
    )

    @model_validator(mode="after")
    def _says_something(self) -> "ExpectKeys":
        """Refuse a table that expects nothing, or what no figure fulfils.

        Raises:
            ValueError: no bound, crossed bounds, a margin without a baseline, or none where the
                interval must show it.
        """
        if (self.min, self.max, self.not_worse_than) == (None, None, None):
            raise ValueError("expected one of min, max, not-worse-than")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        if self.margin is not None and self.not_worse_than is None:
            raise ValueError("margin belongs to not-worse-than")
        if self.margin == 0 and self.judge_by == "interval":
            raise ValueError(
                "margin = 0 asks for proof of being better, as equally good methods have intervals "
                "that reach below 0: give the difference that does not matter, as margin = 0.02, "
                'or write judge-by = "point"'
            )
        return self

    def settled(self, meaningful: float) -> "ExpectKeys":
        """The same with its margin: by default a difference that does not matter."""
        if self.not_worse_than is None or self.margin is not None:
            return self
        return self.model_copy(update={"margin": meaningful})
