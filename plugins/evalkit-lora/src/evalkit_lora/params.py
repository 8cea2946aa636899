"""Parameters of the adapter ``lora``."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from evalkit import NotInIdentity, Params

LORA_METHODS = ("lora", "dora", "rslora", "pissa", "olora")
"""The methods that ``rank``, ``alpha``, ``dropout`` and ``targets`` belong to."""

_PLAIN_OPTIONS = frozenset(
    {"exclude_modules", "init_lora_weights", "layers_pattern", "layers_to_transform", "use_rslora"}
)
"""Options that choose layers, first values or the scale, and leave the form of the weights."""

_LORA_ONLY = ("rank", "alpha", "dropout", "targets")


class LoraParams(Params):
    """What is trained, how, and on which prompt."""

    method: str = Field(
        default="lora",
        pattern="^[a-z0-9_-]+$",
        description="lora, dora, rslora, pissa, olora, or the name of another PEFT method "
        "(ia3, vera, oft, ...; not adalora), whose parameters then all stand in options.",
    )
    rank: int = Field(default=64, ge=1, description="Rank of the LoRA matrices.")
    alpha: int | None = Field(
        default=None, ge=1, description="Scale of the LoRA product; twice the rank if not given."
    )
    dropout: float = Field(default=0.0, ge=0, lt=1, description="Dropout before the LoRA matrices.")
    targets: Literal["all-linear"] | list[str] = Field(
        default="all-linear", description="Names of the layers that get LoRA matrices."
    )
    options: dict[str, Any] = Field(
        default_factory=dict, description="Further options of the method's PEFT configuration."
    )
    lr: float = Field(default=1e-4, gt=0, description="Highest learning rate.")
    schedule: Literal["cosine", "linear", "constant"] = Field(
        default="cosine", description="How the learning rate goes on after the warm-up."
    )
    warmup_ratio: float = Field(
        default=0.1, ge=0, lt=1, description="Share of the steps in which the rate rises."
    )
    epochs: int = Field(default=3, ge=1, description="Passes over the training examples.")
    batch_size: int = Field(
        default=8, ge=1, description="Texts computed at once, by all devices together."
    )
    accumulation: int = Field(default=1, ge=1, description="Batches for one optimiser step.")
    devices: int = Field(
        default=1,
        ge=1,
        description="GPUs of this machine (or processes, on a CPU) that share every batch.",
    )
    checkpointing: Literal["auto"] | bool = Field(
        default="auto",
        description="Keep less of each layer and compute it again: slower, with less memory, the "
        "same losses. auto: once memory was too little.",
    )
    checkpoint_every: Annotated[float, NotInIdentity()] = Field(
        default=60.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds of training between checkpoints, from which an interrupted training "
        "goes on, or more where writing one takes over a hundredth of that; 0: after every step.",
    )
    cutoff: int = Field(
        default=1024, ge=8, description="Most tokens of a text; longer examples are left out."
    )
    precision: Literal["auto", "fp32", "bf16"] = Field(
        default="auto",
        description="Number format; auto: the one in which the engine computes, but fp32 where "
        "that is fp16.",
    )
    weight_decay: float = Field(default=0.0, ge=0, description="Weight decay of AdamW.")
    max_grad_norm: float = Field(
        default=1.0, ge=0, description="Norm to which gradients are clipped; 0: not clipped."
    )
    prompt: Literal["task", "bare"] = Field(
        default="task",
        description="task: the template that every method shares; bare: no instruction.",
    )
    instruction: str | None = Field(
        default=None, min_length=1, description="Instruction in place of the task's."
    )

    @property
    def kind(self) -> str:
        """The kind of the weights: what an engine must know to apply them.

        lora: two small matrices beside each layer. dora: a magnitude besides. peft: whatever
        else a method or an option of peft makes.
        """
        options = {key.replace("-", "_"): value for key, value in self.options.items()}
        dora = options.pop("use_dora", self.method == "dora")
        if self.method not in LORA_METHODS or not options.keys() <= _PLAIN_OPTIONS:
            return "peft"
        return "dora" if dora else "lora"

    def needs(self) -> frozenset[str]:
        """An engine that applies weights of this kind."""
        return frozenset({f"weights:{self.kind}"})

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        """Refuse what would be ignored."""
        if self.prompt == "bare" and self.instruction is not None:
            raise ValueError('instruction has no effect with prompt = "bare": leave one out')
        if self.method not in LORA_METHODS:
            fields = type(self).model_fields
            idle = [key for key in _LORA_ONLY if getattr(self, key) != fields[key].default]
            if idle:
                raise ValueError(
                    f"{', '.join(idle)} belong to {', '.join(LORA_METHODS)}; "
                    f'with method = "{self.method}" use options'
                )
        return self
