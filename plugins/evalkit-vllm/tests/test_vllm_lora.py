"""Which weights vLLM is given, and what is said of the others."""

import json

import pytest

from evalkit import EngineError, LocalWeights
from evalkit_vllm.lora import rank_of, room_for

PLAIN = {"peft_type": "LORA", "r": 16, "bias": "none", "use_dora": False, "modules_to_save": None}


@pytest.fixture
def weights(tmp_path):
    def make(kind="lora", **config):
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        (folder / "adapter_config.json").write_text(json.dumps({**PLAIN, **config}))
        (folder / "adapter_model.safetensors").write_bytes(b"")
        return LocalWeights(folder=str(folder), kind=kind, sha256="0" * 64)

    return make


def test_room_is_made_for_the_highest_rank(weights):
    assert room_for([weights(r=8)], None) == 8
    assert room_for([weights(r=8), weights(r=9)], None) == 16
    assert room_for([weights(r=4, rank_pattern={"q_proj": 65})], None) == 128
    assert room_for([weights(r=8)], 64) == 64


def test_no_room_is_made_for_what_cannot_be_applied(weights):
    assert room_for([], None) == 0
    assert room_for([weights(use_dora=True)], 16) == 0
    assert room_for([weights(use_dora=True, r=64), weights(r=8)], None) == 8


def test_a_rank_beyond_the_suites_limit_is_refused(weights):
    with pytest.raises(EngineError, match="have rank 24, max-lora-rank is 16") as caught:
        rank_of(weights(r=24), 16)
    assert "max-lora-rank = 32" in caught.value.hint


def test_a_rank_beyond_vllm_is_refused(weights):
    with pytest.raises(EngineError, match="rank 513, vLLM applies at most 512"):
        rank_of(weights(r=513), None)


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"use_dora": True}, "DoRA"),
        ({"modules_to_save": ["lm_head", "embed"]}, r"modules_to_save \(lm_head, embed\)"),
        ({"bias": "all"}, "biases"),
        ({"lora_bias": True}, "biases"),
        ({"peft_type": "LOHA"}, "peft_type LOHA"),
        ({"trainable_token_indices": [3]}, "trained token embeddings"),
    ],
)
def test_what_vllm_does_not_apply_is_named(weights, config, what):
    with pytest.raises(EngineError, match=f"cannot apply weights with {what}") as caught:
        rank_of(weights(**config), None)
    assert "transformers" in caught.value.hint


def test_other_kinds_are_refused(weights):
    with pytest.raises(EngineError, match="kind dora"):
        rank_of(weights(kind="dora"), None)


@pytest.mark.parametrize("lost", ["adapter_config.json", "adapter_model.safetensors"])
def test_missing_files_are_named(weights, tmp_path, lost):
    made = weights()
    (tmp_path / "0" / lost).rename(tmp_path / "0" / "adapter_model.bin")
    with pytest.raises(EngineError, match=f"{lost} is missing"):
        rank_of(made, None)
