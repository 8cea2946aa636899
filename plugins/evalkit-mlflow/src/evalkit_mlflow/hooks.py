"""Registers the reporter ``mlflow``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_reporters() -> Iterable[Entry]:
    """The reporter of this distribution."""
    return [
        Entry(
            name="mlflow",
            target="evalkit_mlflow.reporter:MlflowReporter",
            params="evalkit_mlflow.params:MlflowParams",
            summary="the run on an MLflow tracking server: parameters, metrics, artefacts",
        )
    ]
