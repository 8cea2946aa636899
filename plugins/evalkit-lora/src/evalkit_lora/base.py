"""The model that is trained on: its tokenizer, and how and where it is loaded."""

import hashlib
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from transformers.utils import logging as transformers_logging

from evalkit import AdaptationError, ResolvedModel
from evalkit_lora.params import LoraParams

_SAFELY = {"local_files_only": True, "trust_remote_code": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """A model folder, and the number format and device to train in.

    Attributes:
        folder: config, tokenizer and safetensors.
        dtype: format of the frozen weights and of the matrix products; trained weights and
            the optimiser's state are fp32 in any case.
        device: where it is trained.
    """

    folder: Path
    dtype: torch.dtype
    device: torch.device

    @classmethod
    def of(cls, model: ResolvedModel, params: LoraParams) -> Self:
        """Where and how to train `model`.

        Raises:
            AdaptationError: there are no local files to train on, or there is no GPU where the
                engine computes on one.
        """
        if model.folder is None:
            raise AdaptationError(
                f"lora: model {model.name!r} has no local weights to train on",
                "use an engine that keeps the model's files on this machine",
            )
        cuda = model.device.startswith("cuda")
        if cuda and not torch.cuda.is_available():
            raise AdaptationError(
                f"lora: model {model.name!r} is to be trained on {model.device}, but torch finds "
                "no GPU",
                'set device = "cpu" for the model, or install a torch that fits the driver',
            )
        if cuda and torch.cuda.device_count() < params.devices:
            raise AdaptationError(
                f"lora: devices = {params.devices}, but torch finds "
                f"{torch.cuda.device_count()} GPUs",
                "lower devices, or look at CUDA_VISIBLE_DEVICES",
            )
        # Gradients in float16 would have to be scaled to stay above zero: such a model is
        # trained in fp32.
        asked = model.dtype if params.precision == "auto" else params.precision
        return cls(
            folder=Path(model.folder),
            dtype=torch.bfloat16 if asked in ("bf16", "bfloat16") else torch.float32,
            device=torch.device(model.device if cuda else "cpu"),
        )

    def to_json(self) -> dict[str, str]:
        """As JSON."""
        return {
            "folder": str(self.folder),
            "dtype": str(self.dtype).removeprefix("torch."),
            "device": str(self.device),
        }

    @classmethod
    def from_json(cls, form: Mapping[str, str]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            folder=Path(form["folder"]),
            dtype=getattr(torch, form["dtype"]),
            device=torch.device(form["device"]),
        )

    def tokenizer(self, template_sha256: str) -> Any:
        """The tokenizer, whose chat template must be the one that prediction uses.

        Raises:
            AdaptationError: the chat template has another hash, or there is none, or the
                tokenizer cannot be loaded.
        """
        with _named(self.folder):
            tokenizer = AutoTokenizer.from_pretrained(self.folder, **_SAFELY)
        template = tokenizer.chat_template
        if isinstance(template, dict):  # several by name; prompts are rendered by the default one
            template = template.get("default")
        found = hashlib.sha256(str(template or "").encode()).hexdigest()
        if not template or found != template_sha256:
            raise AdaptationError(
                f"lora: {self.folder}: the chat template is not the one of prediction "
                f"(sha256 {found[:12]}, expected {template_sha256[:12] or 'none'})",
                "the model's files changed after the model was resolved: start the run again",
            )
        return tokenizer

    def ends(self, tokenizer: Any) -> tuple[int, ...]:
        """The ids at which an engine ends an answer, the tokenizer's own first.

        Raises:
            AdaptationError: there is none.
        """
        try:
            config = GenerationConfig.from_pretrained(self.folder, local_files_only=True)
        except OSError:  # no such file: then the model's configuration says it
            own = AutoConfig.from_pretrained(self.folder, **_SAFELY)
            config = GenerationConfig.from_model_config(own)
        named = config.eos_token_id
        ids = [tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])]
        found = tuple(dict.fromkeys(int(one) for one in ids if one is not None))
        if not found:
            raise AdaptationError(
                f"lora: {self.folder}: the model has no token that ends an answer",
                "its tokenizer needs an eos_token, or its generation_config.json an eos_token_id",
            )
        return found

    def load(self) -> Any:
        """The model, frozen weights in `dtype`, on `device`.

        Raises:
            AdaptationError: transformers cannot load it.
        """
        # The fused attention of the CPU takes a third longer than the plain one to train on
        # short texts (1.6 s against 1.2 s a step: 8 texts of 130 tokens, 135M parameters);
        # on a GPU it is the other way round.
        attention = "eager" if self.device.type == "cpu" else "sdpa"
        with _named(self.folder):
            model: Any = AutoModelForCausalLM.from_pretrained(
                self.folder,
                dtype=self.dtype,
                attn_implementation=attention,
                use_safetensors=True,
                **_SAFELY,
            )
        return model.to(self.device)


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Say what could not be loaded. Too little memory is no fault of the folder, and passes."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise AdaptationError(f"lora: {folder}: cannot be loaded: {error}") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries' own progress bars and notices to developers off the terminal."""
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            # peft 0.21 asks transformers 5 for a flag by its former name, and warns of what
            # saving undoes: weights that fit a changed base only.
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            # The name under which every transformers 5 knows it.
            warnings.filterwarnings("ignore", "`gradient_checkpointing_enable`", FutureWarning)
            warnings.filterwarnings("ignore", ".* changes the base weights of the model")
            yield
    finally:
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
