"""Registers the engine."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    """The engine ``openai``."""
    return [
        Entry(
            name="openai",
            target="evalkit_openai.engine:OpenAIEngine",
            params="evalkit_openai.params:OpenAIParams",
            resolver="evalkit_openai.resolve:resolve",
            summary="models behind an OpenAI-compatible endpoint",
        )
    ]
