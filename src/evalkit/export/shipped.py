"""What was exported, as the model card sees it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.export.base import BaseModel
from evalkit.records import HostedModel, LocalWeights


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What the card speaks of.

    Attributes:
        name: name of the folder.
        results: content of ``results.json``.
        cell: the cell, as it stands there.
        plugins: the plugins of the run, with their versions.
        base: the model that was adapted.
        weights: what the adaptation trained, if anything.
        merged: whether the folder holds a complete model.
        peft: whether it holds weights that peft can load.
        prompt: content of ``prompt.json``.
    """

    name: str
    results: Mapping[str, Any]
    cell: Mapping[str, Any]
    plugins: Sequence[Mapping[str, str]]
    base: BaseModel
    weights: LocalWeights | HostedModel | None
    merged: bool
    peft: bool
    prompt: Mapping[str, Any]

    @property
    def content(self) -> str:
        """What it is, for a person."""
        if self.merged:
            return f"a complete model: {self.base.name} with the trained weights merged in"
        if isinstance(self.weights, LocalWeights):
            named = "LoRA weights" if self.peft else f"weights of kind {self.weights.kind}"
            return f"{named} for {self.base.name}, and the prompt"
        if isinstance(self.weights, HostedModel):
            kept = f"{self.weights.model_id}, which {self.weights.provider} keeps"
            return f"the prompt for {kept}; there are no weights"
        return f"a prompt for {self.base.name}; there are no weights"
