"""What a suite says about a model, and what it stands for."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from evalkit import ModelError
from evalkit_vllm.params import VllmParams
from evalkit_vllm.resolve import resolve


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.usefixtures("no_gpu")
def test_the_embedded_model_is_found():
    found = resolve("small", VllmParams(dtype="float32"), print)
    assert (found.engine, found.dtype, found.device) == ("vllm", "float32", "cpu")
    assert found.context_length == 8192
    assert found.abilities == {
        *("generate", "choices", "schema", "files", "independent", "weights:lora")
    }


def test_a_shorter_context_is_the_one_that_counts():
    assert resolve("small", VllmParams(max_model_len=512), print).context_length == 512


def test_a_longer_context_than_the_models_is_refused():
    with pytest.raises(ModelError, match="max-model-len = 9000, the model's context holds 8192"):
        resolve("small", VllmParams(max_model_len=9000), print)


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no such folder"):
        resolve("lost", VllmParams(model=str(tmp_path / "lost")), print)


@pytest.mark.parametrize(
    "wrong",
    [{"gpu-memory": 1.5}, {"max-lora-rank": 12}, {"tensor-parallel": 0}, {"device": "cpu"}],
    ids=str,
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        VllmParams.from_form(wrong)


def test_nothing_heavy_is_imported_to_resolve_a_model():
    code = (
        "import sys\n"
        "from evalkit_vllm.params import VllmParams\n"
        "from evalkit_vllm.resolve import resolve\n"
        "resolve('m', VllmParams(), print)\n"
        "print([m for m in ('torch', 'transformers', 'vllm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]"]


def test_the_engine_needs_neither_the_resolver_nor_its_libraries():
    code = (
        "import sys\n"
        "import evalkit_vllm.engine, evalkit_vllm.choices\n"
        "heavy = ('evalkit_transformers', 'torch', 'transformers', 'vllm')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]"]
