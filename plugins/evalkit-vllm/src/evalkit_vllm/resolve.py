"""Finds the model that a suite names and says what exactly would answer, without loading it.

The model is found as the engine ``transformers`` finds it, in the environment that evalkit runs
in. vLLM itself need not be installed there.
"""

import hashlib

from evalkit import ModelError, Notify, Params, ResolvedModel
from evalkit_transformers import folder as folders
from evalkit_transformers.hardware import dtype_for, gpu_present
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import locate
from evalkit_vllm.params import VllmParams

ABILITIES = frozenset({"generate", "choices", "schema", "files", "independent", "weights:lora"})
"""What vLLM computes side by side depends on when it arrives, and cannot be repeated: to ask a
whole batch again gains nothing, and in float32 the answers are the same."""


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """Resolve a model of this engine; see evalkit's Resolver.

    The device is ``cuda`` where there is a GPU with its driver, whatever torch is installed
    here: vLLM has a torch of its own. The engine refuses to start if its vLLM is built for
    another device.

    Raises:
        ModelError: the model cannot be had, or is not fit; the hint says what to do.
    """
    assert isinstance(params, VllmParams)
    wanted = TransformersParams(model=params.model, revision=params.revision)
    folder, revision = locate(wanted, notify)
    folders.check(folder)
    device = "cuda" if gpu_present() else "cpu"
    return ResolvedModel(
        name=name,
        engine="vllm",
        revision=revision or folders.revision(folder, notify),
        dtype=dtype_for(params.dtype, device),
        folder=str(folder),
        template_sha256=hashlib.sha256(folders.chat_template(folder).encode()).hexdigest(),
        context_length=_context_length(folders.context_length(folder), params),
        abilities=ABILITIES,
        device=device,
    )


def _context_length(model: int, params: VllmParams) -> int:
    """The most tokens of prompt and answer, from what the model has and the suite wants."""
    wanted = params.max_model_len
    if wanted is not None and model and wanted > model:
        raise ModelError(
            f"{params.model}: max-model-len = {wanted}, the model's context holds {model}",
            f"leave it out, or set at most {model}",
        )
    return wanted or model
