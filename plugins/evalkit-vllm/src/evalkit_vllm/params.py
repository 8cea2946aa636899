"""What a suite may say about a model of this engine."""

from typing import Annotated, Literal

from pydantic import Field

from evalkit import MaybePath, Params


class VllmParams(Params):
    """Which model, and how vLLM serves it. Code that comes with a model is never run."""

    model: Annotated[str, MaybePath()] = Field(
        default="smollm2-135m",
        min_length=1,
        description=(
            "Hub id, local folder, GGUF file, or the embedded model smollm2-135m. "
            "Relative paths start at the working directory."
        ),
    )
    revision: str | None = Field(
        default=None, description="Branch, tag or commit, for a model from the hub."
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        default="auto",
        description="Number format; auto takes bfloat16 where the hardware multiplies it fast.",
    )
    tensor_parallel: int = Field(default=1, ge=1, description="GPUs that share each layer.")
    pipeline_parallel: int = Field(default=1, ge=1, description="GPUs that share the layers out.")
    gpu_memory: float = Field(
        default=0.9, gt=0, le=1, description="Share of a GPU's memory that vLLM may take."
    )
    cpu_kv_cache_gb: int = Field(
        default=2, ge=1, description="GiB for keys and values, where a processor computes."
    )
    max_model_len: int | None = Field(
        default=None,
        ge=1,
        description="Most tokens of prompt and answer; the model's context if absent.",
    )
    max_lora_rank: Literal[1, 8, 16, 32, 64, 128, 256, 320, 512] | None = Field(
        default=None, description="Highest rank of LoRA weights; as the weights need if absent."
    )
    max_loras: int = Field(default=1, ge=1, description="Sets of LoRA weights in one batch.")
    prefix_caching: bool = Field(
        default=True, description="Whether prompts that begin alike share that computation."
    )
    eager: bool | None = Field(
        default=None,
        description=(
            "Whether to go without compiled code: a faster start, slower answers. "
            "If absent, it is compiled for a GPU and not for a processor."
        ),
    )

    def eager_on(self, device: str) -> bool:
        """Whether to go without compiled code on this device."""
        return device == "cpu" if self.eager is None else self.eager
