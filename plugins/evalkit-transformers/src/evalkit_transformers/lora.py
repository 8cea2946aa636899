"""Trained weights on top of a model, applied through peft and proved to be applied.

Several sets stay in memory on one base model; switching between them costs nothing, and without
any of them the model computes bit for bit what it did before.
"""

import warnings
from collections import OrderedDict
from pathlib import Path

import torch
from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTuner
from safetensors import SafetensorError, safe_open
from torch import Tensor
from transformers import PreTrainedModel

from evalkit import EngineError, LocalWeights
from evalkit_transformers.memory import is_out_of_memory
from evalkit_transformers.packed import PackedLinear

RESIDENT = 8
"""How many sets of weights stay in memory; the one used longest ago makes room."""

_KINDS = ("lora", "dora", "peft")
"""All that peft saves; engines that know LoRA alone tell the first from the others."""

_CONFIG = "adapter_config.json"
_WEIGHTS = "adapter_model.safetensors"
_PROBE = tuple(range(10, 26))


class WeightSets:
    """The sets of weights on one model, of which at most one is active."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Start with the bare model."""
        self._model = model
        self._peft: PeftModel | None = None
        self._names: OrderedDict[str, str] = OrderedDict()
        self._base = self._probe()
        self.active = ""
        """Hash of the active set; empty for the bare model."""

    def activate(self, weights: LocalWeights | None) -> None:
        """Make a set the active one, or none; loads and checks it the first time.

        Raises:
            EngineError: the weights cannot be applied to this model, or have no effect. The
                model may have been changed and must be loaded anew.
        """
        if weights is None:
            if self._peft is not None:
                self._tuner.disable_adapter_layers()
            self.active = ""
            return
        if weights.sha256 not in self._names:
            self._load(weights)
        self._names.move_to_end(weights.sha256)
        self._switch_on(self._names[weights.sha256])
        self.active = weights.sha256

    @property
    def _tuner(self) -> BaseTuner:
        """The part of peft that switches layers on and off."""
        assert self._peft is not None
        assert isinstance(self._peft.base_model, BaseTuner)
        return self._peft.base_model

    def _switch_on(self, name: str) -> None:
        assert self._peft is not None
        self._tuner.enable_adapter_layers()
        self._peft.set_adapter(name, inference_mode=True)

    def _load(self, weights: LocalWeights) -> None:
        """Load a set under a new name and prove that it works."""
        folder, name = Path(weights.folder), f"set-{weights.sha256[:32]}"
        config = _config(weights)
        self._make_room(config)
        try:
            with warnings.catch_warnings():
                # What peft would warn of is checked below.
                warnings.simplefilter("ignore")
                self._attach(config, name).load_adapter(
                    folder, name, torch_device=str(self._model.device)
                )
        except (ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
            if is_out_of_memory(error):
                hint = "set a smaller batch-tokens, or take a smaller model or dtype"
                raise EngineError(f"{folder}: out of memory with these weights", hint) from error
            raise EngineError(f"{folder}: these weights do not fit the model: {error}") from error
        self._check_keys(folder, name)
        self._check_effect(folder, name)
        self._names[weights.sha256] = name

    def _make_room(self, config: PeftConfig) -> None:
        """Give up a set if there are too many, and all of them if they are of another method."""
        if self._peft is None:
            return
        if any(held.peft_type != config.peft_type for held in self._peft.peft_config.values()):
            self._tuner.unload()
            self._peft = None
            self._names.clear()
        elif len(self._names) >= RESIDENT:
            self._peft.delete_adapter(self._names.popitem(last=False)[1])

    def _attach(self, config: PeftConfig, name: str) -> PeftModel:
        """Give a set its places in the model; peft computes it in float32."""
        if self._peft is None:
            self._peft = PeftModel(self._model, config, name)
        else:
            self._peft.add_adapter(name, config)
        self._peft.eval()
        return self._peft

    def _check_keys(self, folder: Path, name: str) -> None:
        """Every tensor of the file has its place in the model, and every place its tensor."""
        assert self._peft is not None
        # Embeddings are no part of a set; asking for them makes peft look the model up on the hub.
        state = get_peft_model_state_dict(
            self._peft, adapter_name=name, save_embedding_layers=False
        )
        expected = set(state)
        with safe_open(folder / _WEIGHTS, framework="pt") as file:
            found = set(file.keys())
        for keys, fault in ((expected - found, "missing"), (found - expected, "unknown")):
            if keys:
                raise EngineError(
                    f"{folder}: {len(keys)} tensors are {fault}, for instance {min(keys)}",
                    "the weights were trained on another model, or the file is incomplete",
                )

    def _check_effect(self, folder: Path, name: str) -> None:
        """The set changes what the model computes, and leaves no trace when switched off."""
        self._switch_on(name)
        if torch.equal(self._probe(), self._base):
            raise EngineError(
                f"{folder}: the weights change nothing in the model's output",
                "they are all zero, or too small for the number format",
            )
        self.activate(None)
        stale = any(isinstance(m, PackedLinear) and m.stale for m in self._model.modules())
        if stale or not torch.equal(self._probe(), self._base):
            raise EngineError(
                f"{folder}: the weights change the base model itself",
                "train without biases and with an initialisation that keeps the base weights",
            )

    @torch.inference_mode()
    def _probe(self) -> Tensor:
        """Logits of a fixed text."""
        tokens = torch.tensor([_PROBE], device=self._model.device)
        return torch.as_tensor(self._model(input_ids=tokens, use_cache=False).logits)


def _config(weights: LocalWeights) -> PeftConfig:
    """The configuration of a set.

    Raises:
        EngineError: it is of another kind, or its files are missing.
    """
    if weights.kind not in _KINDS:
        raise EngineError(f"{weights.folder}: weights of kind {weights.kind} cannot be applied")
    missing = [name for name in (_CONFIG, _WEIGHTS) if not (Path(weights.folder) / name).is_file()]
    if missing:
        raise EngineError(f"{weights.folder}: {', '.join(missing)} is missing")
    try:
        config: PeftConfig = PeftConfig.from_pretrained(weights.folder)
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise EngineError(f"{weights.folder}: {_CONFIG} is damaged: {error}") from error
    if config.is_prompt_learning:
        raise EngineError(f"{weights.folder}: {config.peft_type} changes the input, not weights")
    config.inference_mode = True
    return config
