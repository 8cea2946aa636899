"""Choices weighed by an endpoint's log-probabilities."""

import math

import pytest

from evalkit import EngineError, Failure, LocalWeights

from .endpoints import saying
from .fake_model import FakeModel, entry, render
from .test_openai_contract import ask, only

CHOICES = ("red", "dark blue", "red wine")


def by_hand(choice):
    """The log-probability of a choice and of its end."""
    question = {"role": "user", "content": "Which?"}
    prompt = render({"messages": [question]})
    said = {"messages": [question, {"role": "assistant", "content": choice}]}
    whole = render({**said, "add_generation_prompt": False})
    assert whole[: len(prompt)] == prompt
    assert whole[-2:] == ("<end>", "\n")
    facts = [entry(whole, at) for at in range(len(prompt), len(whole) - 1)]
    return sum(fact["logprob"] for each in facts for fact in each.values())


def test_a_choice_is_weighed_with_its_end_and_without_what_the_template_adds(serve, connect):
    server = serve(FakeModel())
    engine = connect(server.url, logprobs="prompt")
    found = only(engine.score([ask("Which?", choices=CHOICES)]))
    assert found.logprobs == pytest.approx([by_hand(choice) for choice in CHOICES])
    assert found.text == max(CHOICES, key=by_hand)
    assert (found.prompt_tokens, found.completion_tokens) == (5, 1 + 2 + 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"prompt_logprobs": None}, "no prompt_logprobs"),
        ({"prompt_logprobs": [None, {"1": {"logprob": -1}, "2": {"logprob": -2}}]}, "unknown form"),
        ({"prompt_logprobs": [None, {"1": {"logprob": math.nan}}]}, "unknown form"),
        ({"prompt_logprobs": [None, {"1": {"logprob": math.inf}}]}, "unknown form"),
        ({"prompt_logprobs": [None, {"1": {"logprob": 10**400}}]}, "unknown form"),
        ({"prompt_logprobs": [None, {"1": {"logprob": -1}}]}, "chat template"),
    ],
)
def test_prompt_logprobs_that_cannot_be_read_are_a_failure(answer, reason, serve, connect):
    server = serve(lambda e: e.json(200, {**saying("x"), **answer}))
    engine = connect(server.url, logprobs="prompt", attempts=2)
    found = only(engine.score([ask(choices=("a", "b"))]))
    assert isinstance(found, Failure)
    assert reason in found.reason


def test_a_template_that_writes_the_answer_otherwise_is_a_failure(serve, connect):
    """The prompt proper opens a thought, which a finished turn does not have."""
    model = FakeModel()

    def behave(exchange):
        if exchange.body["add_generation_prompt"]:
            exchange.body["messages"][-1]["content"] += " <think>"
        model(exchange)

    found = only(connect(serve(behave).url, logprobs="prompt").score([ask(choices=("a", "b"))]))
    assert "chat template" in found.reason


def test_an_impossible_choice_never_wins_by_its_tokens(serve, connect):
    model = FakeModel()

    def behave(exchange):
        status, data = model.answer(exchange.body)
        for told in data["prompt_logprobs"][1:]:
            for facts in told.values():
                if facts["decoded_token"] in impossible:
                    facts["logprob"] = -math.inf
        exchange.json(status, data)

    engine = connect(serve(behave).url, logprobs="prompt")
    impossible = {"red"}
    found = only(engine.score([ask("Which?", choices=CHOICES)]))
    assert found.text == "dark blue"
    assert found.logprobs[0] == found.logprobs[2] == -math.inf
    impossible = {"red", "dark"}
    found = only(engine.score([ask("Which?", choices=CHOICES)]))
    assert isinstance(found, Failure)
    assert "impossible" in found.reason


def top(*tokens):
    return top_logprobs(*((token, math.log(p)) for token, p in tokens))


def top_logprobs(*tokens):
    data = saying("A")
    told = [{"token": token, "logprob": logprob} for token, logprob in tokens]
    data["choices"][0]["logprobs"] = {"content": [{"token": "A", "top_logprobs": told}]}
    return data


def test_first_tokens_decide_between_choices(serve, connect):
    likeliest = top(("A", 0.5), ("B", 0.25), (" A", 0.125), ("x", 0.01))
    server = serve(lambda e: e.json(200, likeliest))
    engine = connect(server.url, logprobs="top")
    found = only(engine.score([ask(choices=("A", "B", "TIE"))]))
    assert found.text == "A"
    assert found.finish_reason == "choice"
    assert [math.exp(p) for p in found.logprobs] == pytest.approx([0.625, 0.25, 0.01])
    assert server.seen[0]["logprobs"] is True
    assert server.seen[0]["max_tokens"] == 1


@pytest.mark.parametrize(
    ("choices", "data", "reason"),
    [
        (("red", "red wine"), top(("red", 0.9)), '"red" and "red wine" begin with the same'),
        (("yes", "no"), top(("maybe", 0.9), ("", 0.1)), "no choice begins"),
        (("yes", "no"), saying("yes"), "no top_logprobs"),
        (("A", "B"), top_logprobs(("A", -0.1), ("B", math.nan)), "no top_logprobs"),
        (("A", "B"), top_logprobs(("A", -0.1), ("B", math.inf)), "no top_logprobs"),
        (("A", "B"), top_logprobs(("A", -math.inf), ("B", -math.inf)), "impossible"),
    ],
)
def test_first_tokens_that_decide_nothing_are_a_failure(choices, data, reason, serve, connect):
    server = serve(lambda e: e.json(200, data))
    found = only(connect(server.url, logprobs="top").score([ask(choices=choices)]))
    assert isinstance(found, Failure)
    assert reason in found.reason


def test_an_impossible_choice_never_wins_by_its_first_token(serve, connect):
    told = top_logprobs(("B", -math.inf), ("A", -0.1))
    server = serve(lambda e: e.json(200, told))
    found = only(connect(server.url, logprobs="top").score([ask(choices=("B", "A"))]))
    assert (found.text, found.logprobs) == ("A", (-math.inf, -0.1))


def test_choices_that_cannot_be_told_apart_do_not_end_the_engine(serve, connect):
    """Their endpoint answers; it is asked about the others."""
    server = serve(lambda e: e.json(200, top(("maybe" if e.number <= 6 else "A", 0.9))))
    engine = connect(server.url, logprobs="top", max_connections=1)
    found = dict(engine.score([ask(choices=("A", "B"))] * 10))
    assert [isinstance(found[at], Failure) for at in range(10)] == [True] * 6 + [False] * 4


def test_without_log_probabilities_nothing_is_weighed(serve, connect):
    server = serve(FakeModel())
    found = only(connect(server.url).score([ask(choices=("a", "b"))]))
    assert "logprobs" in found.hint
    assert not server.seen


def test_local_weights_are_refused(serve, connect):
    engine = connect(serve(FakeModel()).url, logprobs="top")
    weights = LocalWeights(folder="somewhere", kind="lora", sha256="0")
    for found in (
        only(engine.generate([ask(weights=weights)])),
        only(engine.score([ask(choices=("a", "b"), weights=weights)])),
    ):
        assert "local weights" in found.reason


def test_an_endpoint_that_is_gone_weighs_nothing(serve, connect):
    server = serve(lambda e: e.text(401, ""))
    with pytest.raises(EngineError):
        list(connect(server.url, logprobs="prompt").score([ask(choices=("a", "b"))]))
