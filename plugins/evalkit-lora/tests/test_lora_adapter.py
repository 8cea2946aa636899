"""The adapter on a tiny random model: it learns, repeats, checks itself, and fails cleanly."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from transformers.models.llama.modeling_llama import LlamaMLP

from evalkit import AdaptationError, LocalWeights, Prompt, ResolvedModel
from evalkit.testing import AdapterContract, FakeEngine
from evalkit_lora import tuning
from evalkit_lora import weights as weights_module
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.base import quiet
from evalkit_lora.learner import Learner
from evalkit_lora.params import LoraParams

QUICK = {"rank": 4, "lr": 1e-2, "epochs": 2, "batch_size": 4}


def adapter(**given) -> LoraAdapter:
    return LoraAdapter(LoraParams(**{**QUICK, **given}))


def other_method(method: str, **given) -> LoraAdapter:
    return LoraAdapter(LoraParams(method=method, epochs=2, batch_size=4, **given))


class TestContract(AdapterContract):
    @pytest.fixture(autouse=True)
    def _model(self, resolved: ResolvedModel) -> None:
        self.resolved = resolved

    def make(self) -> LoraAdapter:
        return adapter()

    def engine(self) -> FakeEngine:
        return FakeEngine(self.answer, model=self.resolved)


def test_the_loss_falls(scene) -> None:
    adapted = adapter(epochs=10).adapt(scene())
    losses = [loss for _, loss in adapted.report["loss"]]
    assert losses[-1] < 0.5 * losses[0]


def test_the_report_counts_what_was_done(scene) -> None:
    context = scene()
    report = adapter().adapt(context).report
    assert [step for step, _ in report["loss"]] == [1, 2, 3, 4]
    assert (report["steps"], report["examples"], report["dropped"]) == (4, 8, 0)
    assert (report["optimizer"], report["demos"]) == ("AdamW", 0)
    assert report["weights_applied"] is True
    # rank 4: q, o 32x32; k, v 32x16; gate, up 32x64; down 64x32; two layers
    assert report["trainable_parameters"] == 2 * 4 * (2 * 64 + 2 * 48 + 3 * 96)
    assert context.progress_log[0] == (0, 4, "loading the model")
    assert context.progress_log[-1][:2] == (4, 4)
    assert context.progress_log[-1][2].startswith("loss ")


def test_weights_that_change_nothing_are_reported(scene) -> None:
    adapted = adapter(lr=1e-30, epochs=1).adapt(scene())
    assert adapted.report["weights_applied"] is False


def test_the_seed_decides_the_weights_bit_for_bit(scene) -> None:
    first, same, other = (
        adapter(dropout=0.1).adapt(scene(seed=seed)).weights.sha256 for seed in (1, 1, 2)
    )
    assert first == same
    assert first != other


def test_the_generator_of_the_process_is_left_alone(scene) -> None:
    before = torch.random.get_rng_state()
    adapter(dropout=0.1).adapt(scene())
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_files_name_the_model_and_not_this_machine(scene, model_folder) -> None:
    weights = adapter().adapt(scene()).weights
    folder = Path(weights.folder)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["adapter_config.json", "adapter_model.safetensors"]
    text = (folder / "adapter_config.json").read_text()
    assert str(model_folder) not in text
    config = json.loads(text)
    assert config["base_model_name_or_path"] == "tiny"
    assert config["target_modules"] == sorted(config["target_modules"])


def test_reloaded_weights_change_what_the_model_says(scene, model_folder) -> None:
    weights = adapter(epochs=5).adapt(scene()).weights
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    ids = torch.arange(3, 20).unsqueeze(0)
    with torch.no_grad(), quiet():
        before = base(ids).logits
        after = PeftModel.from_pretrained(base, weights.folder)(ids).logits
    assert (after - before).abs().max() > 0.1


@pytest.mark.parametrize("method", ["dora", "rslora", "olora", "pissa"])
def test_the_lora_family_trains(scene, method) -> None:
    adapted = adapter(method=method, targets=["q_proj", "down_proj"], epochs=4).adapt(scene())
    assert isinstance(adapted.weights, LocalWeights)
    losses = [loss for _, loss in adapted.report["loss"]]
    assert losses[-1] < losses[0]


def test_a_method_that_splits_the_base_is_saved_as_plain_lora(scene) -> None:
    """The learned difference has twice the rank, and starts from the untouched model."""
    weights = adapter(method="pissa").adapt(scene()).weights
    config = json.loads((Path(weights.folder) / "adapter_config.json").read_text())
    assert (config["r"], config["init_lora_weights"]) == (8, True)
    assert not (Path(weights.folder) / "initial").exists()


@pytest.mark.filterwarnings("ignore:Unsupported layer type")  # layer norms have no width
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("ia3", {}),
        ("vera", {"r": 4, "target-modules": ["q_proj"]}),
        ("ln_tuning", {}),
    ],
)
def test_other_methods_of_peft_train(scene, method, options) -> None:
    adapted = other_method(method, options=options, lr=1e-2).adapt(scene())
    assert load_file(Path(adapted.weights.folder) / "adapter_model.safetensors")
    assert adapted.report["method"] == method
    assert adapted.weights.kind == "peft"


def test_bf16_trains_fp32_weights_on_a_bf16_base(scene) -> None:
    adapted = adapter(precision="bf16", epochs=10).adapt(scene())
    losses = [loss for _, loss in adapted.report["loss"]]
    assert losses[-1] < 0.7 * losses[0]
    stored = load_file(Path(adapted.weights.folder) / "adapter_model.safetensors")
    assert {tensor.dtype for tensor in stored.values()} == {torch.float32}


def test_accumulated_batches_are_one_step(scene) -> None:
    """Gradients of two half batches add up to those of the whole."""
    whole = adapter(batch_size=8, epochs=3).adapt(scene())
    halves = adapter(batch_size=4, accumulation=2, epochs=3).adapt(scene())
    assert halves.report["steps"] == whole.report["steps"] == 3
    for (_, one), (_, two) in zip(whole.report["loss"], halves.report["loss"], strict=True):
        assert two == pytest.approx(one, rel=1e-3)


def test_checkpointing_changes_no_loss(scene, monkeypatch) -> None:
    """Without dropout and with it: what is computed again draws what it drew before."""
    calls = []
    forward = LlamaMLP.forward
    monkeypatch.setattr(LlamaMLP, "forward", lambda mlp, x: calls.append(mlp) or forward(mlp, x))
    for dropout in (0.0, 0.2):
        plain = adapter(dropout=dropout).adapt(scene()).report
        once = len(calls)
        saving = adapter(dropout=dropout, checkpointing=True).adapt(scene()).report
        assert saving["loss"] == plain["loss"]
        assert len(calls) - once == once + plain["steps"] * 2  # two layers, computed again
        calls.clear()


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        MemoryError(),
    ],
)
def test_too_little_memory_is_a_failure_that_says_what_helps(scene, monkeypatch, error) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("evalkit_lora.tuning.train", fail)
    context = scene()
    with pytest.raises(AdaptationError, match="out of memory") as caught:
        adapter().adapt(context)
    assert "batch-size" in caught.value.hint
    assert "checkpointing" in caught.value.hint
    assert caught.value.__context__ is None
    assert list(context.folder.iterdir()) == []


def out_of_memory_once(monkeypatch) -> None:
    """The first training has too little memory half-way."""
    calls = []

    def once(*given: object):
        calls.append(given)
        if len(calls) == 1:
            trained(given[0], given[1][:2], *given[2:])
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return trained(*given)

    trained = tuning.train
    monkeypatch.setattr(tuning, "train", once)


def test_too_little_memory_is_met_by_starting_anew_with_checkpointing(scene, monkeypatch) -> None:
    plain = adapter(dropout=0.1).adapt(scene())
    out_of_memory_once(monkeypatch)
    context = scene()
    saving = adapter(dropout=0.1).adapt(context)
    assert (plain.report["checkpointing"], saving.report["checkpointing"]) == (False, True)
    assert saving.report["loss"] == plain.report["loss"]
    assert saving.weights.sha256 == plain.weights.sha256
    assert "out of memory: starting again with checkpointing" in [
        note for _, _, note in context.progress_log
    ]


@pytest.mark.parametrize("decided", [True, False])
def test_who_decides_on_checkpointing_is_told_of_too_little_memory(
    scene, monkeypatch, decided
) -> None:
    out_of_memory_once(monkeypatch)
    with pytest.raises(AdaptationError, match="out of memory"):
        adapter(checkpointing=decided).adapt(scene())


def test_too_little_memory_for_the_comparison_does_not_cost_the_training(
    scene, monkeypatch
) -> None:
    def scarce(learner: Learner, texts):
        if len(texts) > 2 and not learner.model.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        return losses(learner, texts)

    losses = Learner.token_losses
    plain = adapter().adapt(scene())
    monkeypatch.setattr(Learner, "token_losses", scarce)
    adapted = adapter().adapt(scene())
    assert adapted.report["checkpointing"] is False  # it was not trained anew
    assert adapted.weights.sha256 == plain.weights.sha256


@pytest.mark.parametrize(("method", "kind"), [("pissa", "lora"), ("dora", "dora")])
def test_the_weights_say_of_which_kind_they_are(scene, method, kind) -> None:
    assert adapter(method=method, epochs=1).adapt(scene()).weights.kind == kind


def test_other_errors_of_torch_are_not_taken_for_too_little_memory(scene, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr("evalkit_lora.tuning.train", fail)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        adapter().adapt(scene())


def test_the_prompt_is_the_one_that_was_trained_on(scene) -> None:
    context = scene()
    assert adapter().adapt(context).prompt == Prompt(instruction=context.task.instruction)
    assert adapter(instruction="Say it.").adapt(scene()).prompt == Prompt(instruction="Say it.")
    assert adapter(prompt="bare").adapt(scene()).prompt == Prompt(instruction="")


def test_a_loss_that_is_no_number_leaves_nothing_behind(scene) -> None:
    context = scene()
    with pytest.raises(AdaptationError, match=r"went astray at step 2 of 4") as caught:
        adapter(lr=1e30).adapt(context)
    assert "lower lr" in caught.value.hint
    assert list(context.folder.iterdir()) == []


def test_weights_that_are_no_numbers_after_the_last_step_are_refused(scene) -> None:
    context = scene()
    with pytest.raises(AdaptationError, match="went astray at the end"):
        adapter(lr=1e38, weight_decay=1e5, epochs=1, batch_size=8).adapt(context)
    assert list(context.folder.iterdir()) == []


def test_examples_over_the_cutoff_are_left_out_and_counted(scene) -> None:
    train = scene().train
    long = replace(train[0], id="long", fields={"text": "the red ball " * 20})
    adapted = adapter(cutoff=150).adapt(scene(train=[*train, long]))
    assert (adapted.report["examples"], adapted.report["dropped"]) == (len(train), 1)


def test_nothing_left_below_the_cutoff_is_a_failure(scene) -> None:
    with pytest.raises(AdaptationError, match="none of 8 training examples fits into 20 tokens"):
        adapter(cutoff=20).adapt(scene())


def test_a_changed_chat_template_is_a_failure(scene, resolved) -> None:
    model = replace(resolved, template_sha256="0" * 64)
    with pytest.raises(AdaptationError, match="chat template is not the one of prediction"):
        adapter().adapt(scene(model))


def test_a_model_without_files_is_a_failure(scene, resolved) -> None:
    with pytest.raises(AdaptationError, match="no local weights"):
        adapter().adapt(scene(replace(resolved, folder=None)))


def test_layers_that_the_model_lacks_are_a_failure(scene) -> None:
    with pytest.raises(AdaptationError, match="cannot apply"):
        adapter(targets=["no_such_layer"]).adapt(scene())


def test_weights_that_do_not_act_as_trained_are_not_published(scene, monkeypatch) -> None:
    """A save that loses what was learned is caught by loading it again."""

    def forget(self, model, folder, **extra):
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.data.zero_()
        written(self, model, folder, **extra)

    written = weights_module.WeightsFolder._write
    monkeypatch.setattr(weights_module.WeightsFolder, "_write", forget)
    context = scene()
    with pytest.raises(AdaptationError, match="do not act as the trained ones"):
        adapter(epochs=10).adapt(context)
    assert list(context.folder.iterdir()) == []
