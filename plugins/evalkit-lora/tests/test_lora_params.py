"""Parameters and methods: what is allowed, what is refused, and with which words."""

import pytest
from pydantic import ValidationError

from evalkit import AdaptationError
from evalkit_lora.methods import peft_config, splits_base
from evalkit_lora.params import LoraParams


def test_alpha_is_twice_the_rank_unless_it_is_given() -> None:
    assert peft_config(LoraParams(rank=8)).lora_alpha == 16
    assert peft_config(LoraParams(rank=8, alpha=5)).lora_alpha == 5


def test_variants_of_lora_are_flags_of_its_configuration() -> None:
    assert peft_config(LoraParams(method="dora")).use_dora
    assert peft_config(LoraParams(method="rslora")).use_rslora
    assert not peft_config(LoraParams()).use_dora
    assert splits_base(peft_config(LoraParams(method="pissa")))
    assert not splits_base(peft_config(LoraParams()))


def test_any_method_of_peft_is_found_by_its_name() -> None:
    assert type(peft_config(LoraParams(method="ia3"))).__name__ == "IA3Config"
    assert type(peft_config(LoraParams(method="ln-tuning"))).__name__ == "LNTuningConfig"


def test_options_may_be_written_as_in_a_suite() -> None:
    assert peft_config(LoraParams(options={"lora-bias": True})).lora_bias is True


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(AdaptationError, match=r"no method .* 'lorra'") as caught:
        peft_config(LoraParams(method="lorra"))
    assert "ia3" in caught.value.hint
    assert "dora" in caught.value.hint


def test_methods_that_train_a_prompt_are_refused() -> None:
    with pytest.raises(AdaptationError, match="no method of peft that trains weights"):
        peft_config(LoraParams(method="prompt-tuning"))


def test_an_unknown_option_is_refused_with_the_allowed_ones() -> None:
    with pytest.raises(AdaptationError, match=r"no option 'sparkle'") as caught:
        peft_config(LoraParams(options={"sparkle": 1}))
    assert "lora_bias" in caught.value.hint
    assert "base_model_name_or_path" not in caught.value.hint


def test_an_option_that_has_a_parameter_of_its_own_is_refused() -> None:
    with pytest.raises(AdaptationError, match=r"no option 'r'"):
        peft_config(LoraParams(options={"r": 4}))


def test_what_peft_refuses_is_passed_on() -> None:
    with pytest.raises(AdaptationError, match="peft refuses"):
        peft_config(LoraParams(options={"layers-pattern": "h"}))


def test_a_method_with_a_loss_of_its_own_is_refused() -> None:
    with pytest.raises(AdaptationError, match="adalora is not supported"):
        peft_config(LoraParams(method="adalora", options={"total-step": 4}))
    with pytest.raises(AdaptationError) as caught:
        peft_config(LoraParams(method="lorra"))
    assert "adalora" not in caught.value.hint


def test_parameters_of_lora_are_refused_for_other_methods() -> None:
    with pytest.raises(ValidationError, match="rank, targets belong to lora"):
        LoraParams(method="ia3", rank=4, targets=["q_proj"])


def test_an_instruction_is_refused_where_there_is_none() -> None:
    with pytest.raises(ValidationError, match="instruction has no effect"):
        LoraParams(prompt="bare", instruction="Do it.")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "lora"),
        ({"method": "rslora"}, "lora"),
        ({"method": "pissa"}, "lora"),
        ({"options": {"layers-to-transform": [0]}}, "lora"),
        ({"method": "dora"}, "dora"),
        ({"options": {"use-dora": True}}, "dora"),
        ({"options": {"use_dora": False}}, "lora"),
        ({"options": {"modules-to-save": ["lm_head"]}}, "peft"),
        ({"method": "dora", "options": {"lora-bias": True}}, "peft"),
        ({"method": "ia3"}, "peft"),
    ],
)
def test_the_model_needs_an_engine_for_this_kind_of_weights(given, kind) -> None:
    assert LoraParams(**given).needs() == {f"weights:{kind}"}


@pytest.mark.parametrize("given", ["auto", True, False])
def test_checkpointing_is_automatic_or_decided(given) -> None:
    found = LoraParams.from_form({"checkpointing": given}).checkpointing
    assert (type(found), found) == (type(given), given)


def test_parameters_survive_json_with_their_defaults() -> None:
    params = LoraParams(method="ia3", lr=0.01)
    assert LoraParams.model_validate_json(params.model_dump_json(by_alias=True)) == params


@pytest.mark.parametrize("given", [{"rank": 0}, {"lr": 0.0}, {"epochs": 1.5}, {"rannk": 4}])
def test_bad_values_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LoraParams.model_validate(given)
