"""An environment with vLLM, where one is named; the engine in it, and weights to put on it."""

import os
import warnings
from hashlib import sha256
from pathlib import Path

import pytest

from evalkit import LocalWeights
from evalkit.testing import remote_engine
from evalkit_vllm.params import VllmParams
from evalkit_vllm.resolve import resolve


@pytest.fixture(scope="session")
def vllm_python() -> Path:
    """The interpreter of an environment with vLLM."""
    named = os.environ.get("EVALKIT_VLLM_PYTHON")
    if not named:
        pytest.skip("no environment with vLLM, which `make test-vllm` makes")
    return Path(named)


@pytest.fixture(scope="session")
def on_a_processor(vllm_python):
    """Let everything compute on the processor, as the vLLM of these tests does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """The working directory of everything that the shared engine starts."""
    return tmp_path_factory.mktemp("vllm")


@pytest.fixture(scope="session")
def served(vllm_python, on_a_processor, workplace):
    """The engine that tests share, in a number format with repeatable answers."""
    params = VllmParams(dtype="float32", max_loras=2)
    engine = remote_engine(resolve("served", params, print), params, vllm_python)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workplace)
        yield engine
        engine.close()


@pytest.fixture(scope="session")
def make_weights(served, tmp_path_factory):
    """Makes LoRA weights for the model, as training would leave them."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    def make(seed: int, *, spread: float = 0.05, rank: int = 4, **config: object) -> LocalWeights:
        folder = tmp_path_factory.mktemp("weights")
        base = AutoModelForCausalLM.from_pretrained(served.model.folder, dtype=torch.float32)
        torch.manual_seed(seed)
        settings = {"r": rank, "target_modules": "all-linear", "task_type": "CAUSAL_LM", **config}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tuned = get_peft_model(base, LoraConfig(**settings))
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=spread)
        tuned.save_pretrained(folder)
        content = (folder / "adapter_model.safetensors").read_bytes()
        return LocalWeights(folder=str(folder), kind="lora", sha256=sha256(content).hexdigest())

    return make


@pytest.fixture(scope="session")
def two_sets(make_weights) -> tuple[LocalWeights, LocalWeights]:
    """Two sets of LoRA weights of different rank."""
    return make_weights(1), make_weights(2, rank=12)


def processes_in(folder: Path) -> dict[int, str]:
    """The processes whose working directory this is, by id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve(strict=True) == folder.resolve() and alive(process):
                found[int(process.name)] = (process / "comm").read_text().strip()
        except OSError:
            continue  # it has just ended, or belongs to somebody else
    return found


def alive(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
