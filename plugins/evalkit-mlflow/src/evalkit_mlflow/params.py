"""What a suite may say about the tracking server and what is sent there."""

from pathlib import PurePosixPath
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from evalkit import Params

OURS = "evalkit."
"""How the tags begin by which runs are known again."""


class MlflowParams(Params):
    """Parameters of ``mlflow``."""

    tracking_uri: str | None = Field(
        default=None,
        min_length=1,
        description="The tracking server, without credentials; else MLFLOW_TRACKING_URI.",
    )
    experiment: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="The experiment; else MLFLOW_EXPERIMENT_NAME, else the suite's name.",
    )
    run_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=250,
        description="Name of the parent run; the run folder's if absent.",
    )
    artifacts: tuple[str, ...] = Field(
        default=("results.json", "results.md", "report.html", "manifest.json"),
        description="Files and folders of the run folder to upload, if they are there.",
    )
    tags: dict[str, str] = Field(default={}, description="Further tags of all its runs.")
    timeout: float = Field(
        default=300.0, gt=0, description="Seconds that all of it may take; then it is given up."
    )

    @model_validator(mode="after")
    def _a_server_without_credentials(self) -> Self:
        """A fault of the whole table, as the message then does not show the value."""
        if self.tracking_uri is None:
            return self
        try:
            parts = urlsplit(self.tracking_uri)
            is_server = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_server = False
        if not is_server:
            raise ValueError(
                "tracking-uri must be a server such as http://localhost:5000; a store of another "
                "kind, as a folder or a database, is named by MLFLOW_TRACKING_URI alone"
            )
        if "@" in parts.netloc or parts.query:
            raise ValueError(
                "tracking-uri must not hold credentials, which belong into the environment: set "
                "MLFLOW_TRACKING_URI, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
            )
        return self

    @field_validator("artifacts")
    @classmethod
    def _inside(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            path = PurePosixPath(name)
            if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in name:
                raise ValueError('expected files in the run folder, as "results.json"')
        return names

    @field_validator("tags")
    @classmethod
    def _theirs(cls, tags: dict[str, str]) -> dict[str, str]:
        for name in tags:
            if not name or name.startswith(OURS):
                raise ValueError(f"expected names of tags that do not begin with {OURS}")
        return tags
