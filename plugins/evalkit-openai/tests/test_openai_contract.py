"""What every engine promises, on a well-behaved endpoint."""

import pytest

from evalkit import HostedModel, Message, Request
from evalkit.testing import EngineContract

from .conftest import resolved_engine
from .endpoints import Server
from .fake_model import CONTEXT, FakeModel


class TestOpenAIEngine(EngineContract):
    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls):
        with Server(FakeModel()) as server:
            engine = resolved_engine(server.url, logprobs="prompt", context_length=CONTEXT)
            yield engine
            engine.close()


def ask(text="Say something.", **more):
    return Request(messages=(Message("user", text),), **{"max_tokens": 8, **more})


def only(answers):
    ((index, answer),) = answers
    assert index == 0
    return answer


@pytest.fixture
def server(serve):
    return serve(FakeModel(("model", "tuned-model")))


def test_answers_are_those_of_the_model(server, connect):
    requests = [ask(f"Number {n}.", max_tokens=n + 1) for n in range(20)]
    found = dict(connect(server.url).generate(requests))
    for at, request in enumerate(requests):
        body = {
            "model": "model",
            "messages": [{"role": "user", "content": request.messages[0].content}],
            "max_tokens": request.max_tokens,
        }
        (choice,) = FakeModel().answer(body)[1]["choices"]
        assert found[at].text == choice["message"]["content"]
        assert found[at].finish_reason == choice["finish_reason"]


def test_the_api_gets_four_stop_texts_and_the_others_cut_all_the_same(server, connect):
    engine = connect(server.url)
    words = only(engine.generate([ask(max_tokens=30)])).text.split()
    unused = tuple(f"never{n}" for n in range(4))
    found = only(engine.generate([ask(max_tokens=30, stop=(*unused, words[5]))]))
    assert server.seen[-1]["stop"] == list(unused)
    assert found.text.split() == words[: words.index(words[5])]
    assert found.finish_reason == "stop"


def test_a_request_becomes_a_body(server, connect):
    engine = connect(server.url, extra_body={"reasoning_effort": "low"}, omit=("seed",))
    chat = (Message("system", "Be brief."), Message("user", "Hi."))
    list(engine.generate([Request(messages=chat, max_tokens=9, temperature=0.5, seed=3)]))
    assert server.seen == [
        {
            "model": "model",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hi."},
            ],
            "max_tokens": 9,
            "temperature": 0.5,
            "reasoning_effort": "low",
        }
    ]


def test_the_system_turn_moves_where_the_endpoint_has_no_place_for_it(server, connect):
    chat = (Message("system", "Be brief."), Message("user", "Hi."))
    engine = connect(server.url, fold_system=True)
    list(engine.generate([Request(messages=chat, max_tokens=9)]))
    assert server.seen[0]["messages"] == [{"role": "user", "content": "Be brief.\n\nHi."}]


def test_hosted_weights_are_asked_by_their_own_name(server, connect):
    engine = connect(server.url)
    hosted = HostedModel(provider="openai", job_id="job", model_id="tuned-model")
    lost = HostedModel(provider="openai", job_id="job", model_id="no-such-model")
    found = dict(engine.generate([ask(), ask(weights=hosted), ask(weights=lost), ask()]))
    assert found[0].text == found[3].text != found[1].text
    assert "no-such-model" in found[2].reason


def test_tokens_and_cached_tokens_are_counted(server, connect):
    engine = connect(server.url)
    first, second = (only(engine.generate([ask("one two three")])) for _ in range(2))
    assert (first.prompt_tokens, first.completion_tokens, first.cached_tokens) == (7, 8, 0)
    assert second.cached_tokens == 6


@pytest.mark.parametrize(
    ("schema", "structured", "strict"),
    [
        ({"additionalProperties": False, "required": ["a", "b"]}, "auto", True),
        ({"additionalProperties": False, "required": ["a"]}, "auto", False),
        ({"required": ["a", "b"]}, "auto", False),
        ({"required": ["a"]}, "strict", True),
    ],
)
def test_strict_mode_is_asked_for_where_the_schema_allows_it(
    server, connect, schema, structured, strict
):
    inner = {"enum": ["x"]}
    schema = {"type": "object", "properties": {"a": inner, "b": inner}, **schema}
    found = only(connect(server.url, structured=structured).generate([ask(schema=schema)]))
    assert found.text == '{"a": "x", "b": "x"}'
    assert server.seen[0]["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": strict},
    }


def test_an_iterator_that_is_left_early_asks_no_further(server, connect):
    engine = connect(server.url, max_connections=1)
    answers = engine.generate([ask(f"Number {n}.") for n in range(1000)])
    next(answers)
    answers.close()
    assert only(engine.generate([ask("Still there?")])).text
    assert len(server.seen) < 1000


def test_connections_are_kept_between_batches(server, connect):
    engine = connect(server.url, max_connections=2)
    for _ in range(3):
        list(engine.generate([ask(f"Number {n}.") for n in range(6)]))
    assert server.connections <= 2
    engine.close()
    assert only(engine.generate([ask()])).text, "a closed engine opens again"


def test_a_limit_that_was_lowered_in_silence_is_a_failure(serve, connect):
    """As vLLM does where the context has not the room for prompt and answer."""
    server = serve(lambda e: e.say("cut", finish="length"))
    engine = connect(server.url, context_length=20)
    fits, refused = (only(engine.generate([ask(max_tokens=n)])) for n in (13, 14))
    assert fits.finish_reason == "length"
    assert "20 tokens: 7 tokens and 14 for the answer" in refused.reason
