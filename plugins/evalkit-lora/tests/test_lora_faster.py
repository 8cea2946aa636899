"""The fast way computes what peft's own forward does: losses, gradients, a whole training."""

import random

import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
)

from evalkit import AdaptedModel
from evalkit_lora.base import Base, quiet
from evalkit_lora.caller import Caller
from evalkit_lora.chat import Text
from evalkit_lora.faster import speed_up
from evalkit_lora.learner import Learner
from evalkit_lora.lora_layer import quicken
from evalkit_lora.methods import peft_config
from evalkit_lora.packing import Packed
from evalkit_lora.params import LoraParams
from evalkit_lora.tuning import Order, carry_out
from evalkit_lora.weights import add_weights

CPU = torch.device("cpu")
LAYERS = 2 * 7
SIZES = {
    "vocab_size": 250,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_key_value_heads": 1,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def texts_of(lengths, *, shared=12, vocabulary=250) -> list[Text]:
    """Random texts that begin alike; a third of each is learned."""
    rng = random.Random(1)
    prefix = tuple(rng.randrange(3, vocabulary) for _ in range(shared))
    return [
        Text((*prefix, *(rng.randrange(3, vocabulary) for _ in range(n))), shared + 2 * n // 3)
        for n in lengths
    ]


@pytest.fixture
def learner(model_folder):
    """Makes learners of the tiny model with LoRA weights that are not zero."""

    def make(**given) -> Learner:
        base = Base(folder=model_folder, dtype=torch.float32, device=CPU)
        with quiet():
            made = add_weights(base.load(), base, peft_config(LoraParams(rank=4, **given)))
        rng = torch.Generator().manual_seed(5)
        for weight in made.trainable():
            weight.data.normal_(std=0.2, generator=rng)
        made.model.train()
        return made

    return make


def outcome(learner: Learner, texts) -> tuple[torch.Tensor, list[torch.Tensor]]:
    losses = learner.token_losses(texts)
    losses.sum().backward()
    return losses.detach(), [weight.grad for weight in learner.trainable()]


@pytest.mark.parametrize(
    "texts",
    [
        texts_of([9, 30, 17, 30]),
        texts_of([9, 30, 17], shared=0),
        texts_of([20, 20]),
        texts_of([25]),
        [Text((5, 6, 7, 8), 1), Text((5, 6, 7, 9, 10), 3)],
    ],
    ids=["different-lengths", "nothing-shared", "one-length", "one-text", "tiny"],
)
@pytest.mark.parametrize("method", ["lora", "rslora", "dora"])
def test_losses_and_gradients_are_those_of_pefts_forward(learner, texts, method) -> None:
    expected, gradients = outcome(learner(method=method), texts)
    fast = learner(method=method)
    speed_up(fast, texts)
    assert fast.packed
    fast.model.train()
    losses, found = outcome(fast, texts)
    torch.testing.assert_close(losses, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(found, gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(other.abs().max()))


def test_a_packed_batch_holds_the_shared_prefix_once_and_no_padding() -> None:
    texts = texts_of([9, 30, 17], shared=12)
    packed = Packed.of(texts, CPU)
    assert packed.layout.prefix == 12
    assert packed.ids.shape == (1, 12 + 8 + 29 + 16)
    assert packed.positions[0, :22].tolist() == [*range(20), 12, 13]
    learned = [token for text in texts for token in text.ids[text.prompt_length :]]
    assert packed.labels.tolist() == learned
    assert int(packed.keep.sum()) == len(learned)


def test_what_is_learned_is_never_part_of_the_shared_prefix() -> None:
    """The last token of a prompt predicts the first of the answer, for each text by itself."""
    packed = Packed.of([Text((5, 6, 7, 8), 3), Text((5, 6, 7, 9), 3)], CPU)
    assert packed.layout.prefix == 2
    assert packed.labels.tolist() == [8, 9]
    assert packed.keep.tolist() == [[False, False, True, True]]


@pytest.mark.filterwarnings("ignore:`lora_bias=True` was passed")
def test_plain_lora_layers_are_replaced_and_no_others(learner) -> None:
    assert quicken(learner().model) == LAYERS
    assert quicken(learner(targets=["q_proj", "v_proj"]).model) == 4
    assert quicken(learner(dropout=0.1).model) == 0
    assert quicken(learner(method="dora").model) == 0
    assert quicken(learner(options={"lora-bias": True}).model) == 0


def order(folder, tmp_path, **given) -> Order:
    settings = {"rank": 4, "lr": 1e-2, "epochs": 4, "batch_size": 4, **given}
    return Order(
        base=Base(folder=folder, dtype=torch.float32, device=CPU),
        params=LoraParams(**settings),
        texts=tuple(texts_of([9, 30, 17, 30, 12, 21, 8, 26, 14, 19])),
        seed=1,
        folder=tmp_path / "adapted",
        checkpoints=tmp_path / "checkpoints",
        model_name="tiny",
        revision="tiny-1",
    )


def silence(*_: object) -> None:
    pass


@pytest.mark.parametrize("method", ["lora", "pissa"])
def test_a_training_comes_to_the_same_losses_either_way(
    model_folder, tmp_path, monkeypatch, method
) -> None:
    asked = order(model_folder, tmp_path, method=method)
    fast = carry_out(asked, Caller(silence))
    monkeypatch.setattr("evalkit_lora.tuning.speed_up", silence)
    plain = carry_out(asked, Caller(silence))
    assert (fast.packed, plain.packed) == (True, False)
    assert fast.training.losses == pytest.approx(plain.training.losses, rel=1e-4)
    assert fast.expected == pytest.approx(plain.expected, rel=1e-3, abs=1e-4)


def small(kind, config, targets) -> Learner:
    torch.manual_seed(0)
    model = kind(config)
    model.config._attn_implementation = "eager"
    base = Base(folder=None, dtype=torch.float32, device=CPU)  # type: ignore[arg-type]
    params = LoraParams(rank=2, targets=targets)
    with quiet():
        return add_weights(model, base, peft_config(params))


def test_a_model_without_attention_goes_on_with_padded_texts() -> None:
    """Its layers pass on what they have read from token to token, whoever's it is."""
    config = MambaConfig(vocab_size=250, hidden_size=16, num_hidden_layers=2, state_size=4)
    assert_the_same(small(MambaForCausalLM, config, ["in_proj"]), packed=False)


@pytest.mark.parametrize(("window", "packed"), [(16, False), (64, True), (None, True)])
def test_a_window_shorter_than_a_text_is_not_packed(window, packed) -> None:
    config = MistralConfig(**SIZES, num_attention_heads=2, sliding_window=window)
    assert_the_same(small(MistralForCausalLM, config, "all-linear"), packed)


def test_capped_scores_are_not_packed() -> None:
    config = Gemma2Config(**SIZES, num_attention_heads=2, attn_logit_softcapping=0.5)
    assert_the_same(small(Gemma2ForCausalLM, config, "all-linear"), packed=False)


def assert_the_same(learner: Learner, packed: bool) -> None:
    texts = texts_of([9, 30])
    expected = learner.token_losses(texts)
    speed_up(learner, texts)
    assert learner.packed == packed
    torch.testing.assert_close(learner.token_losses(texts), expected, rtol=1e-4, atol=1e-4)


def test_the_report_says_what_was_done(scene) -> None:
    from evalkit_lora.adapter import LoraAdapter

    adapted = LoraAdapter(LoraParams(rank=4, epochs=1)).adapt(scene())
    assert isinstance(adapted, AdaptedModel)
    assert adapted.report["packed"] is True
    assert adapted.report["checkpointing"] is False
    assert adapted.report["devices"] == 1
