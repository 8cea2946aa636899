"""Parameters of the reporter ``html``."""

from pydantic import Field

from evalkit import Params


class HtmlParams(Params):
    """What the report shows, and where it is written."""

    file: str = Field(
        default="report.html", min_length=1, description="Where to write, seen from the run folder."
    )
    runs: list[str] = Field(
        default_factory=list, description="Further run folders to show beside this one."
    )
    examples: int = Field(
        default=2000, ge=1, description="The most examples whose answers can be looked at."
    )
