"""Parameters of ``judge-elo``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evalkit import Params, Refers

_STUDY: Mapping[str, object] = {
    "orders": "one-random",
    "answer": "schema",
    "temperature": 0.3,
}
"""What ``compat = "study"`` fixes, besides the rating."""

_NOT_IN_STUDY = ("votes", "mtbench", "budget", "rating", "anchor")
"""What the study did not do: its ratings need every pair on every example, judged once."""

_OF_WRITING = ("temperature", "max_tokens", "votes")
_VOTING_TEMPERATURE = 0.7


class Thresholds(Params):
    """What a judge has to reach in each check of its audit."""

    units: int = Field(default=100, ge=1, description="A check of fewer units shows too little.")
    consistency: float = Field(
        default=0.80, ge=0, le=1, description="Least share of pairs judged alike in both orders."
    )
    stability: float = Field(
        default=0.90, ge=0, le=1, description="Least mean share of the commonest of five verdicts."
    )
    identical: float = Field(
        default=0.95, ge=0, le=1, description="Least share of ties between equal answers."
    )
    gold: float = Field(
        default=0.50,
        ge=0,
        le=1,
        description="Least lower bound of the gold answers' score against every method.",
    )
    degraded: float = Field(
        default=0.95, ge=0, le=1, description="Least share of spoilt gold answers that lose."
    )
    failures: float = Field(
        default=0.02, ge=0, le=1, description="Greatest share of units without a verdict."
    )


class JudgeEloParams(Params):
    """Who judges, what is shown to the judges, and how the verdicts become ratings."""

    judge: Annotated[str, Refers("model")] | None = Field(
        default=None, description="Name of the model that judges."
    )
    judges: list[Annotated[str, Refers("model")]] = Field(
        default=[], description="Names of the models that judge, if there are several."
    )
    examples: int | Literal["all"] = Field(
        default=100,
        description='At most so many examples are judged; with a `budget`, "all" by default.',
    )
    gold: bool = Field(default=True, description="The gold answers take part, as `gold`.")
    orders: Literal["both", "one-random"] = Field(
        default="both", description="Show each pair in both orders, or in one drawn by the seed."
    )
    answer: Literal["auto", "schema", "choices"] = Field(
        default="auto",
        description="`schema`: a reason and a verdict as JSON; `choices`: the likeliest of A, B "
        "and TIE; `auto`: `schema` where the judge's engine can enforce one, else `choices`.",
    )
    votes: int = Field(
        default=1, ge=1, description="So many verdicts on each pair and order, averaged."
    )
    mtbench: bool = Field(
        default=False, description="A judge whose verdicts on a pair differ has held it a tie."
    )
    temperature: float = Field(
        default=0.0, ge=0, description="Of written verdicts; 0 is greedy, 0.7 with several votes."
    )
    max_tokens: int = Field(default=400, ge=32, description="The most tokens of a verdict.")
    criteria: str | None = Field(
        default=None, min_length=1, description="Replaces our criteria in the judge's prompt."
    )
    budget: int | None = Field(
        default=None,
        ge=1,
        description="At most so many questions about pairs: fewer pairs on each example.",
    )
    rating: Literal["bradley-terry", "davidson"] = Field(
        default="bradley-terry", description="The model of the ratings."
    )
    meaningful_difference: float = Field(
        default=20.0,
        ge=0,
        allow_inf_nan=False,
        description="The least difference in Elo that matters.",
    )
    replicates: int = Field(
        default=1000, ge=0, description="Bootstrap replicates of the intervals; 0 for none."
    )
    anchor: str | None = Field(
        default=None, min_length=1, description="The contestant whose rating is 1500."
    )
    audit: bool | Annotated[int, Field(ge=1)] = Field(
        default=True,
        description="How many questions each check of a judge may ask: true for one an example "
        "and at most 100, false for none.",
    )
    repeat: int = Field(
        default=0, ge=0, description="So many questions are asked five times, as a check."
    )
    humans: Path | None = Field(
        default=None, description="CSV of human verdicts: example, a, b, verdict, rater."
    )
    thresholds: Thresholds = Field(
        default=Thresholds(), description="What a judge has to reach in the checks."
    )
    compat: Literal["study"] | None = Field(
        default=None,
        description="`study`: online Elo from written verdicts in one random order at "
        "temperature 0.3.",
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: Any) -> Any:
        """Fill in what other keys imply; refuse what contradicts the study's way."""
        if not isinstance(values, Mapping):
            return values
        filled = dict(values)
        if filled.get("budget") is not None:
            filled.setdefault("examples", "all")
        if isinstance(filled.get("votes"), int) and filled["votes"] > 1:
            filled.setdefault("temperature", _VOTING_TEMPERATURE)
        if filled.get("compat") != "study":
            return filled
        for key, fixed in _STUDY.items():
            if filled.get(key, fixed) != fixed:
                raise ValueError(f'compat = "study" fixes {key} = {fixed!r}: leave {key} out')
        return {**filled, **_STUDY}

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse keys that contradict one another."""
        if (self.judge is None) == (not self.judges):
            raise ValueError('name one judge, judge = "NAME", or several, judges = ["A", "B"]')
        if len(set(self.judges)) < len(self.judges):
            raise ValueError("judges names a model twice")
        if isinstance(self.examples, int) and self.examples < 1:
            raise ValueError('examples: expected a number from 1 or "all"')
        if self.votes > 1 and self.answer == "choices":
            raise ValueError('votes: a choice comes out the same every time; leave out "choices"')
        if self.votes > 1 and not self.temperature:
            raise ValueError("votes: at temperature 0 they would all be the same")
        fields = type(self).model_fields
        given = [key for key in _NOT_IN_STUDY if getattr(self, key) != fields[key].default]
        if self.compat == "study" and given:
            raise ValueError(f'compat = "study" knows no {given[0]}: leave {given[0]} out')
        return self

    def needs(self) -> frozenset[str]:
        """Whoever is to choose must be able to; a verdict that is written is checked anyway."""
        wanted = {"auto": ["schema|choices"], "choices": ["choices"], "schema": []}
        return frozenset(wanted[self.answer])

    @property
    def panel(self) -> Sequence[str]:
        """Names of all judges."""
        return self.judges if self.judge is None else [self.judge]

    @property
    def of_writing(self) -> Sequence[str]:
        """Those of the keys that matter to written verdicts alone which differ from the default."""
        fields = type(self).model_fields
        given = [key for key in _OF_WRITING if getattr(self, key) != fields[key].default]
        return [key.replace("_", "-") for key in given]
