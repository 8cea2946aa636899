"""How a model comes into memory: what is rearranged, what is refused, what is told."""

from dataclasses import replace

import pytest
import torch
from torch.nn import Linear

from evalkit import EngineError
from evalkit_transformers import attention
from evalkit_transformers.loading import load, shares
from evalkit_transformers.packed import PackedLinear, pack

from .tiny_llama import ask, make_model


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_packed_layer_computes_what_the_plain_one_does(dtype):
    torch.manual_seed(1)
    plain = Linear(48, 96).to(dtype).requires_grad_(False)
    packed = PackedLinear(plain)
    for shape in ((1, 48), (5, 7, 48), (300, 48)):
        given = torch.randn(shape).to(dtype)
        with torch.inference_mode():
            torch.testing.assert_close(packed(given), plain(given), rtol=1e-2, atol=1e-2)
            torch.testing.assert_close(
                packed(given[..., :1, :]), plain(given[..., :1, :]), rtol=1e-2, atol=1e-2
            )
    assert packed.weight is plain.weight


def test_a_packed_layer_notices_that_its_weight_was_changed():
    packed = PackedLinear(Linear(8, 8).requires_grad_(False))
    assert not packed.stale
    packed.weight.add_(1)
    assert packed.stale
    other = PackedLinear(Linear(8, 8).requires_grad_(False))
    other.weight.data = torch.zeros(8, 8)
    assert other.stale


def test_all_linear_layers_are_packed_the_tied_one_included(tiny_folder, make_engine):
    model = load(make_engine().model).model
    kinds = {type(layer) for layer in model.modules() if isinstance(layer, Linear)}
    assert kinds == {PackedLinear}
    assert model.get_output_embeddings().weight is model.lm_head.weight


def test_a_model_too_large_to_be_there_twice_stays_as_it_is(monkeypatch):
    monkeypatch.setattr("evalkit_transformers.packed._MEMORY_SHARE", 1e-12)
    model = make_model()
    pack(model)
    assert type(model.lm_head) is Linear


def test_a_torch_that_cannot_pack_does_no_harm(monkeypatch):
    def broken(layer, plain):
        raise RuntimeError("no such operator")

    monkeypatch.setattr(PackedLinear, "__init__", broken)
    model = make_model()
    pack(model)
    assert type(model.lm_head) is Linear


def off_by_scale(module, query, key, value, mask, scaling=None, **options):
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return attention.attend(module, query, key, value, mask, scale * 1.3, **options)


def blind_to_the_prefix(module, query, key, value, mask, scaling=None, **options):
    prefix = options.pop("shared_prefix", None)
    if prefix is not None and len(prefix):
        options["shared_prefix"] = prefix.cut(len(prefix) - 1)
    return attention.attend(module, query, key, value, mask, scaling, **options)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("wrong", [off_by_scale, blind_to_the_prefix])
def test_an_attention_that_computes_otherwise_is_refused(monkeypatch, dtype, wrong):
    model = make_model().eval().requires_grad_(False).to(dtype)
    assert shares(model)
    model.set_attn_implementation("sdpa")
    usual = attention.AttentionInterface.register
    monkeypatch.setattr(attention, "register", lambda: usual(attention.NAME, wrong))
    assert not shares(model)
    assert model.config._attn_implementation == "sdpa"
    usual(attention.NAME, attention.attend)


def test_a_small_fault_is_refused_where_the_format_can_show_it(monkeypatch):
    def slightly_off(module, query, key, value, mask, scaling=None, **options):
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        return attention.attend(module, query, key, value, mask, scale * 1.01, **options)

    usual = attention.AttentionInterface.register
    monkeypatch.setattr(attention, "register", lambda: usual(attention.NAME, slightly_off))
    assert not shares(make_model().eval().requires_grad_(False))
    usual(attention.NAME, attention.attend)


def test_a_model_is_loaded_in_the_wanted_format_and_place(make_engine):
    wanted = replace(make_engine().model, dtype="bfloat16")
    model = load(wanted).model
    assert {weight.dtype for weight in model.parameters()} == {torch.bfloat16}
    assert {weight.device.type for weight in model.parameters()} == {"cpu"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dtype": "float13"}, "float13"),
        ({"dtype": "int8"}, "int8"),
        ({"device": "cuda:7"}, "no GPU"),
        ({"device": "mps"}, "no Apple GPU"),
        ({"folder": None}, "no folder"),
        ({"folder": "/nowhere/at/all"}, "cannot be loaded"),
    ],
)
def test_what_cannot_be_loaded_is_an_error_that_names_the_model(make_engine, change, said):
    if torch.cuda.is_available() and "device" in change:
        pytest.skip("there is a GPU")
    engine = make_engine()
    engine.model = replace(engine.model, **change)
    with pytest.raises(EngineError, match="model tiny") as caught:
        list(engine.generate([ask("a")]))
    assert said in str(caught.value)


def test_embeddings_that_depend_on_the_length_share_nothing():
    model = make_model()
    assert shares(model)
    model = make_model()
    model.config.rope_parameters = {**model.config.rope_parameters, "rope_type": "dynamic"}
    assert not shares(model)
