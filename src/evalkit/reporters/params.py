"""Parameters of the core's own reporters."""

from pydantic import Field

from evalkit.params import Params

_WHERE = "Where to write, seen from the run folder."


class JunitParams(Params):
    """Parameters of ``junit``."""

    file: str = Field(default="junit.xml", min_length=1, description=_WHERE)


class MarkdownParams(Params):
    """Parameters of ``markdown``."""

    file: str = Field(default="results.md", min_length=1, description=_WHERE)
