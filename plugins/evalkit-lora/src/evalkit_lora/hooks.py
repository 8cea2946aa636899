"""Registers the adapter ``lora``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_adapters() -> Iterable[Entry]:
    """The adapters of this distribution."""
    return [
        Entry(
            name="lora",
            target="evalkit_lora.adapter:LoraAdapter",
            params="evalkit_lora.params:LoraParams",
            summary="Fine-tune small weights (LoRA, DoRA, IA3, ...) through peft.",
            requires=frozenset({"train", "seed", "files"}),
        )
    ]
