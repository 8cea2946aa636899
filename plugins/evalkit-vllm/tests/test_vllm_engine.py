"""The engine in an environment of its own: what every engine promises, and what this one adds."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from evalkit import Completion, Failure, Message, Request
from evalkit.testing import EngineContract
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import resolve

from .conftest import processes_in

pytestmark = pytest.mark.slow

CHAT = (
    Message("system", "Answer briefly."),
    Message("user", "Is fire hot?"),
    Message("assistant", "Yes, fire is hot."),
)
QUESTIONS = ("Is ice cold?", "Name two animals that can fly, please.", "What is bread made of?")
CHOICES = ("red", "a very dark blue", "green", "re", "")


def ask(text, **more):
    return Request(messages=(*CHAT, Message("user", text)), **{"max_tokens": 24, **more})


def answers(found):
    by_index = dict(found)
    return [by_index[at] for at in sorted(by_index)]


def facts(completion):
    """What both engines must agree on."""
    assert isinstance(completion, Completion), completion
    counts = (completion.prompt_tokens, completion.completion_tokens)
    return completion.text, completion.finish_reason, *counts


@pytest.fixture(scope="module")
def reference(on_a_processor):
    """The engine ``transformers`` on the same model."""
    params = TransformersParams(dtype="float32")
    engine = TransformersEngine(resolve("reference", params, print), params)
    yield engine
    engine.close()


class TestContract(EngineContract):
    @pytest.fixture
    def engine(self, served):
        return served

    @pytest.fixture(autouse=True)
    def _have_weights(self, two_sets):
        self._sets = two_sets

    def weights(self):
        return self._sets[0]


def test_answers_are_those_of_the_engine_transformers(served, reference):
    requests = [ask(question) for question in QUESTIONS]
    expected = [facts(found) for found in answers(reference.generate(requests))]
    assert [facts(found) for found in answers(served.generate(requests))] == expected


def test_choices_weigh_as_in_the_engine_transformers(served, reference):
    requests = [ask(question, choices=CHOICES) for question in QUESTIONS]
    ours, theirs = answers(served.score(requests)), answers(reference.score(requests))
    for mine, other in zip(ours, theirs, strict=True):
        assert facts(mine) == facts(other)
        assert mine.logprobs == pytest.approx(other.logprobs, abs=1e-3)


def test_sets_of_weights_act_side_by_side(served, reference, two_sets):
    requests = [
        ask(question, weights=weights)
        for question in QUESTIONS
        for weights in (None, two_sets[0], two_sets[1], None)
    ]
    expected = [facts(found) for found in answers(reference.generate(requests))]
    assert [facts(found) for found in answers(served.generate(requests))] == expected
    by_weights = [[found[0] for found in expected[at::4]] for at in range(3)]
    assert len(set(map(tuple, by_weights))) == 3, "the sets change nothing"


def test_a_prefix_is_shared_by_prompts_with_the_same_weights_only(served, two_sets):
    shared = "Think of the sea, of ships and of all that lives in the water. " * 8
    for weights in (None, *two_sets):
        first, second = (ask(f"{shared} {n}", weights=weights, max_tokens=2) for n in "ab")
        assert answers(served.generate([first]))[0].cached_tokens < 40
        assert answers(served.generate([second]))[0].cached_tokens > 80


def test_weights_without_effect_fail_and_the_others_go_on(served, make_weights, two_sets):
    idle = make_weights(3, spread=0.0)
    requests = [ask("Is ice cold?", weights=weights) for weights in (None, idle, two_sets[0])]
    bare, refused, tuned = answers(served.generate(requests))
    assert isinstance(bare, Completion)
    assert isinstance(tuned, Completion)
    assert isinstance(refused, Failure)
    assert "change nothing" in refused.reason


def test_weights_of_another_model_fail_in_vllms_own_words(served, two_sets, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = replace(two_sets[0], folder=str(tmp_path), sha256="1" * 64)
    config = Path(two_sets[0].folder) / "adapter_config.json"
    (tmp_path / "adapter_config.json").write_bytes(config.read_bytes())
    tensors = load_file(config.with_name("adapter_model.safetensors"))
    tensors = {name.replace("q_proj", "query"): value for name, value in tensors.items()}
    save_file(tensors, tmp_path / "adapter_model.safetensors")
    bare, refused = answers(
        served.generate([ask("Is ice cold?"), ask("Is ice cold?", weights=weights)])
    )
    assert isinstance(bare, Completion)
    assert isinstance(refused, Failure)
    assert "query" in refused.reason


def test_a_schema_that_vllm_does_not_know_fails_alone(served):
    odd = {"type": "no-such-type"}
    refused, found = answers(served.generate([ask("Go on.", schema=odd), ask("Is ice cold?")]))
    assert isinstance(refused, Failure)
    assert isinstance(found, Completion)


def test_nothing_is_left_running_once_it_is_closed(served, workplace):
    assert isinstance(answers(served.generate([ask("Is ice cold?")]))[0], Completion)
    assert len(set(processes_in(workplace)) - {os.getpid()}) >= 3, "worker, core and vLLM's own"
    served.close()
    assert set(processes_in(workplace)) <= {os.getpid()}
