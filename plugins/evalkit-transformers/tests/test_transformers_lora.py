"""Trained weights: applied, proved to be applied, kept apart."""

import shutil
import warnings
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from peft import LoHaConfig, LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from evalkit import EngineError, LocalWeights
from evalkit_transformers import lora

from .tiny_llama import PROSE, ask, make_model

LINEAR = ["q_proj", "v_proj", "down_proj"]


@contextmanager
def quiet():
    """peft reads an attribute that transformers renamed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def train(folder: Path, *, seed: int, model=None, spread: float = 0.3, **config) -> LocalWeights:
    """Weights as training would leave them: both factors unlike zero."""
    base = model or make_model()
    torch.manual_seed(seed)
    settings = {"r": 4, "target_modules": LINEAR, "task_type": "CAUSAL_LM", **config}
    with quiet():
        tuned = get_peft_model(base, LoraConfig(**settings))
    for name, weight in tuned.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=spread)
    tuned.save_pretrained(folder)
    return LocalWeights(
        folder=str(folder), kind="lora", sha256=sha256(str(folder).encode()).hexdigest()
    )


def texts(engine, *weights):
    requests = [ask(PROSE[0], max_tokens=10, weights=item) for item in weights]
    found = dict(engine.generate(requests))
    return [found[at].text for at in range(len(weights))]


def alone(engine, weights):
    return texts(engine, weights)[0]


def test_weights_change_the_answers_as_they_do_in_peft(engine, tmp_path):
    weights = train(tmp_path / "one", seed=1)
    found = alone(engine, weights)
    resident = engine._load()
    with quiet():
        other = PeftModel.from_pretrained(make_model(), tmp_path / "one").eval()
    prompt = resident.preparer.prepare(0, ask(PROSE[0])).prompt
    output = other.generate(input_ids=torch.tensor([prompt]), max_new_tokens=10, do_sample=False)
    decoded = resident.loaded.tokenizer.decode(output[0, len(prompt) :], skip_special_tokens=True)
    assert found == decoded != alone(engine, None)


def test_sets_and_the_bare_model_do_not_mix(engine, tmp_path):
    bare = alone(engine, None)
    one, two = (train(tmp_path / str(seed), seed=seed) for seed in (1, 2))
    first, second = alone(engine, one), alone(engine, two)
    assert len({bare, first, second}) == 3
    assert texts(engine, two, None, one, two, None) == [second, bare, first, second, bare]


def test_the_bare_model_is_bit_for_bit_the_same_afterwards(engine, tmp_path):
    resident = engine._load()
    resident.weights.activate(None)
    tokens = torch.tensor([[5, 6, 7, 8]])
    before = resident.loaded.model(input_ids=tokens).logits
    resident.weights.activate(train(tmp_path / "one", seed=1))
    assert not torch.equal(before, resident.loaded.model(input_ids=tokens).logits)
    resident.weights.activate(None)
    assert torch.equal(before, resident.loaded.model(input_ids=tokens).logits)


def test_a_prefix_of_other_weights_is_not_used(engine, tmp_path):
    weights = train(tmp_path / "one", seed=1)
    bare = [ask(text, system="Name it in one word.") for text in PROSE]
    tuned = [replace(request, weights=weights) for request in bare]
    first = dict(engine.generate(tuned))
    assert dict(engine.generate(bare))[0].cached_tokens == 0
    second = dict(engine.generate(tuned))
    assert first[0].cached_tokens == 0
    assert second[0].cached_tokens == first[1].cached_tokens > 0
    assert [second[at].text for at in range(3)] == [first[at].text for at in range(3)]


def test_more_sets_than_stay_in_memory_are_loaded_again(make_engine, tmp_path, monkeypatch):
    engine = make_engine()
    monkeypatch.setattr(lora, "RESIDENT", 2)
    sets = [train(tmp_path / str(seed), seed=seed) for seed in (1, 2, 3)]
    first = [alone(engine, item) for item in sets]
    assert [alone(engine, item) for item in sets] == first
    assert len(engine._load().weights._names) == 2


def test_choices_are_judged_with_the_weights(engine, tmp_path):
    weights = train(tmp_path / "one", seed=1)
    ((_, bare),) = engine.score([ask("a", choices=("b", "c"))])
    ((_, tuned),) = engine.score([ask("a", choices=("b", "c"), weights=weights)])
    assert bare.logprobs != tuned.logprobs


def test_dora_is_applied_too(engine, tmp_path):
    weights = train(tmp_path / "dora", seed=4, use_dora=True)
    assert alone(engine, weights) != alone(engine, None)


def test_another_method_of_peft_takes_turns(engine, tmp_path):
    bare, lora_set = alone(engine, None), train(tmp_path / "lora", seed=1)
    first = alone(engine, lora_set)
    with quiet():
        tuned = get_peft_model(make_model(), LoHaConfig(r=4, target_modules=LINEAR))
    for name, weight in tuned.named_parameters():
        if "hada_w2" in name:
            torch.nn.init.normal_(weight, std=1.0)
    tuned.save_pretrained(tmp_path / "loha")
    loha_set = LocalWeights(folder=str(tmp_path / "loha"), kind="lora", sha256="1" * 64)
    assert alone(engine, loha_set) not in (bare, first)
    assert texts(engine, None, lora_set) == [bare, first]


def test_weights_without_effect_are_refused(engine, tmp_path):
    weights = train(tmp_path / "zero", seed=1, spread=0.0)
    with pytest.raises(EngineError, match="change nothing"):
        alone(engine, weights)


def change_keys(folder, change):
    file = folder / "adapter_model.safetensors"
    save_file(change(load_file(file)), file)


def test_missing_tensors_are_refused(engine, tmp_path):
    weights = train(tmp_path / "one", seed=1)
    change_keys(tmp_path / "one", lambda found: dict(sorted(found.items())[1:]))
    with pytest.raises(EngineError, match="1 tensors are missing") as caught:
        alone(engine, weights)
    assert "another model" in caught.value.hint


def test_unknown_tensors_are_refused(engine, tmp_path):
    weights = train(tmp_path / "one", seed=1)
    change_keys(
        tmp_path / "one",
        lambda found: {**found, "base_model.model.model.layers.7.x.weight": torch.ones(2)},
    )
    with pytest.raises(EngineError, match="unknown"):
        alone(engine, weights)


def test_weights_of_another_base_are_refused(engine, tmp_path):
    larger = make_model(hidden_size=96)
    with pytest.raises(EngineError, match="do not fit the model"):
        alone(engine, train(tmp_path / "large", seed=1, model=larger))
    deeper = make_model(num_hidden_layers=3)
    with pytest.raises(EngineError, match="unknown"):
        alone(engine, train(tmp_path / "deep", seed=2, model=deeper))


def test_refused_weights_leave_no_trace(engine, tmp_path):
    bare = alone(engine, None)
    good = train(tmp_path / "good", seed=1)
    before = alone(engine, good)
    with pytest.raises(EngineError):
        alone(engine, train(tmp_path / "zero", seed=2, spread=0.0))
    assert texts(engine, None, good) == [bare, before]


@pytest.mark.parametrize("packed", [True, False])
def test_weights_that_change_the_base_are_refused(make_engine, tmp_path, monkeypatch, packed):
    if not packed:
        monkeypatch.setattr("evalkit_transformers.packed._MEMORY_SHARE", 0)
    engine = make_engine()
    weights = train(tmp_path / "pissa", seed=1, init_lora_weights="pissa")
    bare = alone(engine, None)
    with pytest.raises(EngineError, match="change the base model"):
        alone(engine, weights)
    assert alone(engine, None) == bare


@pytest.mark.parametrize("lost", ["adapter_config.json", "adapter_model.safetensors"])
def test_missing_files_are_named(engine, tmp_path, lost):
    weights = train(tmp_path / "one", seed=1)
    shutil.move(tmp_path / "one" / lost, tmp_path / "adapter_model.bin")
    with pytest.raises(EngineError, match=f"{lost} is missing"):
        alone(engine, weights)


def test_other_kinds_are_refused(engine, tmp_path):
    weights = LocalWeights(folder=str(tmp_path), kind="full", sha256="0")
    with pytest.raises(EngineError, match="kind full"):
        alone(engine, weights)
