"""Parameters of the triple metrics, and what ``compat = "study"`` fixes."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evalkit import Params

_STUDY: dict[str, Any] = {"normalization": "none", "average": "macro", "threshold": 80}

Threshold = Annotated[
    float,
    Field(
        ge=0.0,
        lt=100.0,
        description="Two triples match if their similarity (0 to 100) is greater than this.",
    ),
]


class TripleParams(Params):
    """Parameters of every triple metric."""

    normalization: Literal["default", "none", "text2kg", "webnlg"] = Field(
        default="default", description="How triples are made comparable before matching."
    )
    average: Literal["macro", "micro"] = Field(
        default="macro",
        description="The headline: the mean of the examples' F1 (macro), or the F1 of the summed "
        "counts (micro). Both are always reported.",
    )


class StudyParams(TripleParams):
    """Parameters of the metrics that the published study used."""

    compat: Literal["study"] | None = Field(
        default=None,
        description="'study' scores as the published study did; it fixes normalization, average "
        "and threshold.",
    )

    @model_validator(mode="before")
    @classmethod
    def _fix_for_compat(cls, given: Any) -> Any:
        """Fill in what the study's rule fixes, so that the recorded values are the effective ones.

        Raises:
            ValueError: a parameter was given another value.
        """
        if not isinstance(given, dict) or given.get("compat") != "study":
            return given
        fixed = {key: value for key, value in _STUDY.items() if key in cls.model_fields}
        wrong = [key for key, value in fixed.items() if given.get(key, value) != value]
        if wrong:
            rules = ", ".join(f"{key} = {fixed[key]!r}" for key in wrong)
            raise ValueError(f"compat = 'study' means {rules}: leave {', '.join(wrong)} out")
        return {**given, **fixed}


class ExactF1Params(StudyParams):
    """Parameters of ``exact-f1``."""

    by_relation: bool = Field(
        default=False,
        description="Also count by relation: the relation-conformance rate, and precision, recall "
        "and F1 averaged over relations.",
    )


class FuzzyF1Params(StudyParams):
    """Parameters of ``fuzzy-f1``."""

    threshold: Threshold = 80.0


class SlotFuzzyF1Params(TripleParams):
    """Parameters of ``slot-fuzzy-f1``."""

    threshold: Threshold = 80.0
