"""The adapter ``lora``: from training examples to weights that answer as the examples do.

LoRA: Hu et al. 2021, https://arxiv.org/abs/2106.09685. The other methods are peft's.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from evalkit import (
    AdaptationError,
    AdaptContext,
    AdaptedModel,
    Adapter,
    Json,
    LocalWeights,
    Prompt,
    ResolvedModel,
)
from evalkit_lora.base import Base, quiet
from evalkit_lora.caller import Caller
from evalkit_lora.chat import ChatEncoder, Text
from evalkit_lora.files import leave_mark
from evalkit_lora.launch import train_on
from evalkit_lora.memory import OutOfMemory, release, within_memory
from evalkit_lora.merge import merge
from evalkit_lora.params import LoraParams
from evalkit_lora.tuning import Order, Tuned, carry_out, seeded
from evalkit_lora.weights import WeightsFolder


@dataclass(frozen=True, slots=True)
class _Texts:
    """The training texts, and how many examples were too long to be among them."""

    kept: Sequence[Text]
    dropped: int


class LoraAdapter(Adapter):
    """Trains weights on the prompts of prediction, answered with the targets."""

    params: LoraParams

    def __init__(self, params: LoraParams) -> None:
        """Keep the parameters."""
        super().__init__(params)

    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """Train, save, check, publish.

        Raises:
            AdaptationError: an option is unknown, no example fits the cut-off, the memory does
                not suffice, the loss is not finite, or the saved weights do not act as the
                trained ones did.
            OSError: a checkpoint or the weights could not be written, with the path.
            StopRequested: the user asked to stop; another attempt goes on from a checkpoint.
        """
        started = time.perf_counter()
        base = Base.of(context.model, self.params)
        prompt = self._prompt(context)
        folder = WeightsFolder(context.folder, context.model.name)
        try:
            with quiet(), seeded(context.seed):
                texts = self._texts(context, base, prompt)
                order = self._order(context, base, texts.kept)
                caller = Caller(context.progress, lambda: context.stopping, context.stop)
                tuned = self._tuned(order, caller)
                release()
                applied = within_memory(partial(folder.check, base, order.sample, tuned.expected))
            weights = folder.publish(self.params.kind)
        finally:
            folder.discard()
            release()
        report = self._report(tuned, texts, base)
        report["weights_applied"] = applied
        report["seconds"] = round(time.perf_counter() - started, 3)
        return AdaptedModel(prompt=prompt, weights=weights, report=report)

    def merge(self, adapted: AdaptedModel, model: ResolvedModel, folder: Path) -> None:
        """Write the model with the weights merged in.

        Raises:
            AdaptationError: the method cannot be merged, or what was saved acts otherwise.
        """
        assert isinstance(adapted.weights, LocalWeights)
        merge(adapted.weights, model, folder)

    def _prompt(self, context: AdaptContext) -> Prompt:
        if self.params.prompt == "bare":
            return Prompt(instruction="")
        return Prompt(instruction=self.params.instruction or context.task.instruction)

    def _texts(self, context: AdaptContext, base: Base, prompt: Prompt) -> _Texts:
        tokenizer = base.tokenizer(context.model.template_sha256)
        encoder = ChatEncoder(tokenizer, base.ends(tokenizer))
        cutoff = min(self.params.cutoff, context.model.context_length or self.params.cutoff)
        every = [
            encoder.encode(
                context.messages(prompt, example), context.task.render_target(example.target)
            )
            for example in context.train
        ]
        kept = [text for text in every if len(text.ids) <= cutoff]
        if not kept:
            raise AdaptationError(
                f"lora: none of {len(every)} training examples fits into {cutoff} tokens",
                "raise cutoff, or shorten the prompt",
            )
        return _Texts(kept, len(every) - len(kept))

    def _order(self, context: AdaptContext, base: Base, texts: Sequence[Text]) -> Order:
        return Order(
            base=base,
            params=self.params,
            texts=tuple(texts),
            seed=context.seed,
            folder=context.folder,
            checkpoints=context.checkpoints,
            model_name=context.model.name,
            revision=context.model.revision,
            checkpointing=self.params.checkpointing is True,
        )

    def _tuned(self, order: Order, caller: Caller) -> Tuned:
        """Train; where memory was too little and there is a way to need less, train anew.

        That it was is kept before it is acted on: another attempt need not run into it again.
        """
        mark = order.checkpoints / f"out-of-memory-{order.identity}"
        if not mark.exists():
            try:
                return self._attempt(order, caller)
            except OutOfMemory:
                if self.params.checkpointing != "auto":
                    raise
            release()  # out here, nothing holds on to the tensors of the first attempt
            leave_mark(mark)
            caller.progress(0, 1, "out of memory: starting again with checkpointing")
        return self._attempt(replace(order, checkpointing=True), caller)

    def _attempt(self, order: Order, caller: Caller) -> Tuned:
        if self.params.devices > 1:
            return train_on(self.params.devices, order, caller)
        return within_memory(partial(carry_out, order, caller))

    def _report(self, tuned: Tuned, texts: _Texts, base: Base) -> dict[str, Json]:
        training = tuned.training
        return {
            "demos": 0,
            "optimizer": "AdamW",
            "method": self.params.method,
            "precision": "bf16" if base.dtype == torch.bfloat16 else "fp32",
            "devices": self.params.devices,
            "packed": tuned.packed,
            "checkpointing": tuned.checkpointing,
            "examples": len(texts.kept),
            "dropped": texts.dropped,
            "steps": len(training.losses),
            "tokens": training.tokens,
            "trainable_parameters": training.trainable,
            "loss": [[step, round(loss, 6)] for step, loss in enumerate(training.losses, 1)],
        }
