"""The keys of ``[[models]]`` that the core reads itself, whatever the engine."""

from pathlib import Path

from pydantic import Field

from evalkit.params import Params
from evalkit.prices import Prices


class ModelKeys(Params):
    """What any engine can be given."""

    python: Path | None = Field(
        default=None,
        description="Interpreter of the environment in which the engine runs, where the same "
        "evalkit and the engine's plugin are installed. Default: where evalkit runs.",
    )
    prices: Prices | None = Field(default=None, description="What answers cost, a table.")
