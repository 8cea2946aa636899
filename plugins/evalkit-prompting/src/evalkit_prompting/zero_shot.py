"""Adapter ``zero-shot``: the model is told what to do and shown nothing."""

from evalkit import AdaptContext, AdaptedModel, Adapter, Prompt
from evalkit_prompting.params import ZeroShotParams


class ZeroShot(Adapter):
    """The bare instruction. It needs no training data, and every seed gives the same."""

    params: ZeroShotParams

    def __init__(self, params: ZeroShotParams) -> None:
        """Keep the parameters."""
        super().__init__(params)

    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """The suite's instruction, or else the task's."""
        instruction = self.params.instruction or context.task.instruction
        return AdaptedModel(
            prompt=Prompt(instruction=instruction), report={"optimizer": "none", "demos": 0}
        )

    def preview(self, context: AdaptContext) -> AdaptedModel:
        """The same: nothing is computed for it."""
        return self.adapt(context)
