"""Registers the engine."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_engines() -> Iterable[Entry]:
    """The engine ``vllm``."""
    return [
        Entry(
            name="vllm",
            target="evalkit_vllm.engine:VllmEngine",
            params="evalkit_vllm.params:VllmParams",
            resolver="evalkit_vllm.resolve:resolve",
            summary="causal models through vLLM, in an environment of its own",
        )
    ]
