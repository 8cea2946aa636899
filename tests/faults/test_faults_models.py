"""The same on models: a random one of two layers, the embedded one, and an endpoint."""

import json
import os
from pathlib import Path

import pytest
from tests.faults.endpoint import Endpoint
from tests.faults.lives import LIGHT, MODULES, Killing, Lab, points
from tests.faults.suites import (
    COLOURS,
    ENDPOINT,
    MODEL,
    OPTIMISED,
    SHOWN,
    TRAINED,
    data,
    suite,
)

pytestmark = pytest.mark.timeout(1200)
PLUGINS = (*MODULES, "evalkit_transformers.hooks", "evalkit_lora.hooks")
IN_FLIGHT = 100  # what is computed here is not paid for; the endpoint's test counts


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """A random Llama of two layers with a tokenizer of bytes."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    tokens = ["<none>", "<turn>", "<end>", *sorted(ByteLevel.alphabet())]
    bare = Tokenizer(BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=[]))
    bare.pre_tokenizer, bare.decoder = ByteLevel(add_prefix_space=False), Decoder()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bare, unk_token="<none>", eos_token="<end>", pad_token="<none>"
    )
    tokenizer.chat_template = (
        "{% for m in messages %}<turn>{{ m['role'] }}: {{ m['content'] }}<end>{% endfor %}"
        "{% if add_generation_prompt %}<turn>assistant: {% endif %}"
    )
    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=512,
        initializer_range=0.3,
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def models(tmp_path, heavy):
    """Makes labs with a model, by name."""

    def make(text, cache=None):
        def lab(name):
            made = Lab(tmp_path / name, text, heavy, modules=PLUGINS)
            data(made.path)
            if cache is not None:
                (made.path / "cache").mkdir()
                (made.path / "cache" / "models").symlink_to(cache / "models")
            return made

        return lab

    return make


@pytest.mark.parametrize(("dtype", "share"), [("float32", 40), ("bfloat16", 30)])
def test_a_small_model_is_trained_and_asked(models, rng, tiny, dtype, share):
    text = MODEL.format(model=tiny, dtype=dtype, tokens=6, adapters=SHOWN + TRAINED)
    killing = Killing(models(text), points(share), rng, in_flight=IN_FLIGHT, every=True)
    names = killing.run()
    assert any("checkpoints" in name for name in names)


@pytest.mark.skipif(points(200) < 200, reason="part of the full set alone")
def test_the_embedded_model(models, rng):
    cache = Path(os.environ.get("EVALKIT_CACHE") or Path.home() / ".cache" / "evalkit")
    if not list(cache.glob("models/smollm2-135m-*")):
        pytest.skip("the embedded model is not in the cache; evalkit run suites/webnlg.toml")
    text = MODEL.format(model="smollm2-135m", dtype="float32", tokens=4, adapters=SHOWN)
    Killing(models(text, cache), 10, rng, in_flight=IN_FLIGHT, timed=0.5).run()


class AtEndpoint(Killing):
    """What the endpoint was asked counts, but for the question before a run."""

    endpoint: Endpoint

    def chain(self, kills):
        self.endpoint.asked.clear()
        super().chain(kills)

    def check(self, lab, killed, told):
        known = {json.dumps(m) for m in conversations()}
        asked = [one for one in self.endpoint.asked if any(c in one for c in COLOURS)]
        assert len(set(asked)) == len(known), told
        assert len(asked) <= len(known) + killed * self.in_flight, told
        super().check(lab, killed, told)


def conversations():
    """What the suite at the endpoint asks in all."""
    for colour in COLOURS:
        text = f"the {colour} car"
        yield [text]
        yield [text, text.upper(), text]


def test_an_endpoint_is_paid_once(tmp_path, nurseries, rng):
    """Four connections: no more than four questions are asked again after a kill."""
    endpoint = Endpoint()
    try:
        nursery = nurseries(*LIGHT, "evalkit_openai.engine", "evalkit.declared.task")
        modules = (*MODULES, "evalkit_openai.hooks")

        def make(name):
            lab = Lab(tmp_path / name, ENDPOINT.format(url=endpoint.url), nursery, modules=modules)
            data(lab.path)
            return lab

        killing = AtEndpoint(make, points(16), rng, in_flight=4)
        killing.endpoint = endpoint
        killing.run()
    finally:
        endpoint.close()


def test_an_optimiser_that_asks_from_threads(tmp_path, nurseries, rng):
    """It goes the same way again, by the answers that are in the journal."""
    nursery = nurseries(*LIGHT, "evalkit_dspy.adapter")
    modules = (*MODULES, "evalkit_dspy.hooks")
    text = suite(methods=OPTIMISED)
    Killing(lambda name: Lab(tmp_path / name, text, nursery, modules=modules), points(8), rng).run()
