"""A real endpoint, where one is named by environment variables; it is asked some hundred times.

    EVALKIT_OPENAI_BASE_URL   for instance http://127.0.0.1:8000/v1
    EVALKIT_OPENAI_MODEL      the name of a model there
    EVALKIT_OPENAI_LOGPROBS   none (the default), prompt (vLLM) or top
    EVALKIT_OPENAI_CONTEXT    the model's context length; else nothing too long is tried

A key, if one is needed, is taken from OPENAI_API_KEY.
"""

import json
import math
import os
from typing import ClassVar

import pytest

from evalkit import Completion, Failure, Message, ModelError, Request
from evalkit.testing import EngineContract

from .conftest import resolved_engine

URL, MODEL = (os.environ.get(f"EVALKIT_OPENAI_{name}", "") for name in ("BASE_URL", "MODEL"))
LOGPROBS = os.environ.get("EVALKIT_OPENAI_LOGPROBS", "none")
CONTEXT = int(os.environ.get("EVALKIT_OPENAI_CONTEXT", "0"))

if not (URL and MODEL):
    pytest.skip(
        "no endpoint: set EVALKIT_OPENAI_BASE_URL and EVALKIT_OPENAI_MODEL", allow_module_level=True
    )


@pytest.fixture(scope="module")
def live():
    engine = resolved_engine(
        URL, model=MODEL, logprobs=LOGPROBS, context_length=CONTEXT, api_key_env="OPENAI_API_KEY"
    )
    yield engine
    engine.close()


class TestLiveEndpoint(EngineContract):
    exact: ClassVar[bool] = False

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls, live):
        return live


def ask(text, **more):
    return Request(messages=(Message("user", text),), **{"max_tokens": 32, **more})


def answers(found):
    by_index = dict(found)
    return [by_index[index] for index in sorted(by_index)]


def test_many_requests_at_a_time(live):
    found = answers(live.generate([ask(f"Count to {n}.", max_tokens=8) for n in range(64)]))
    assert len(found) == 64
    assert all(isinstance(answer, Completion) for answer in found)
    assert all(answer.latency_s > 0 and answer.prompt_tokens > 0 for answer in found)


def test_a_nested_schema_is_followed(live):
    if "schema" not in live.model.abilities:
        pytest.skip("this endpoint cannot follow a schema")
    fact = {
        "type": "object",
        "properties": {"subject": {"type": "string", "enum": ["Rome", "Italy"]}},
        "required": ["subject"],
        "additionalProperties": False,
    }
    schema = {
        "type": "object",
        "properties": {"fact": fact, "sure": {"type": "boolean"}},
        "required": ["fact", "sure"],
        "additionalProperties": False,
    }
    (found,) = answers(live.generate([ask("Rome is in Italy.", max_tokens=80, schema=schema)]))
    value = json.loads(found.text)
    assert value["fact"]["subject"] in ("Rome", "Italy")
    assert isinstance(value["sure"], bool)


def test_texts_of_all_scripts_are_asked_and_answered(live):
    hostile = ["日本語 🗼 שלום e\u0301", "a\x00b", "\ud800", "\u202egnp.exe", "\x1b[2J", " ", "\n"]
    found = answers(live.generate([ask(text) for text in hostile]))
    assert isinstance(found[0], Completion)
    assert sum(isinstance(answer, Completion) for answer in found) >= 4


def test_a_plain_answer_is_likelier_than_nonsense(live):
    if LOGPROBS != "prompt":
        pytest.skip("this endpoint does not weigh whole choices")
    choices = ("Paris.", "xqzt blorp xqzt")
    question = ask("What is the capital of France? Answer with one word.", choices=choices)
    (found,) = answers(live.score([question]))
    assert not isinstance(found, Failure), found
    assert found.text == "Paris."
    assert all(math.isfinite(p) and p < 0 for p in found.logprobs)


def test_a_model_that_is_not_served_is_named():
    engine = resolved_engine(URL, model="no-such-model", api_key_env="OPENAI_API_KEY")
    with pytest.raises(ModelError, match="no-such-model"):
        engine.check()
    engine.close()
