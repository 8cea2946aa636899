"""Answers that follow a JSON schema, by a model whose tokens are as good as random."""

import json
import math
from dataclasses import replace

import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit import Completion, Failure
from evalkit_transformers.constraints import Grammars, SchemaError, masked

from .tiny_llama import PROSE, ask, make_tokenizer


def closed(required=None, **properties):
    """The schema of an object with these properties and no others; all of them required."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
    }


WORD = {"type": "string", "maxLength": 6}
COLOUR = closed(colour={"type": "string", "enum": ["red", "blue", "größer 🗼"]})
ENDING = {
    "enum": COLOUR,
    "nested arrays": closed(
        rows={
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 3},
        }
    ),
    "numbers": closed(
        whole={"type": "integer", "minimum": -20, "maximum": 3000},
        share={"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.25},
    ),
    "text": closed(name={"type": "string", "minLength": 2, "maxLength": 12}),
    "pattern": {"type": "string", "pattern": "^[A-Zé]{2}-[0-9]{1,3}$"},
    "optional fields": closed(["must"], may=WORD, must={"type": "null"}, might={"const": 4}),
    "one of several": {"anyOf": [WORD, {"type": "null"}, closed(x=WORD)]},
    "a reference": {"$defs": {"word": WORD}, **closed(one={"$ref": "#/$defs/word"})},
}
"""Schemas whose values are all short."""
OPEN = {
    "any object": {"type": "object"},
    "some extra fields": {
        "type": "object",
        "properties": {"a": {"type": "boolean"}},
        "required": ["a"],
        "additionalProperties": WORD,
    },
    "any text": {"type": "string"},
    "any number": {"type": "number"},
    "a list that needs no end": {"type": "array", "items": {"type": "integer"}},
    "anything": {},
}
"""Schemas that an answer can follow for ever."""
REFUSED = {
    "a keyword that cannot be enforced": ({"type": "array", "uniqueItems": True}, "uniqueItems"),
    "which asks to be lenient": (
        {"type": "array", "uniqueItems": True, "x-guidance": {"lenient": True}},
        "uniqueItems",
    ),
    "nothing follows it": ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum"),
    "an unknown type": ({"type": "strin"}, "strin"),
    "a broken pattern": ({"type": "string", "pattern": "("}, "regex"),
    "a reference to nothing": ({"$ref": "#/nowhere"}, "/nowhere"),
    "no number": ({"type": "number", "maximum": math.nan}, "expected value"),
}


SOME = settings(max_examples=5, deadline=None)


@pytest.fixture(scope="module")
def grammars():
    return Grammars(make_tokenizer(), frozenset({2}), width=400)


def answers(engine, requests):
    found = dict(engine.generate(requests))
    assert sorted(found) == list(range(len(requests)))
    return [found[at] for at in range(len(requests))]


@pytest.mark.parametrize("name", ENDING)
@SOME
@given(seed=st.integers(0, 2**31), heat=st.sampled_from([0.0, 0.5, 3.0]))
def test_every_answer_follows_its_schema(engine, name, seed, heat):
    requests = [
        ask(text, schema=ENDING[name], max_tokens=120, temperature=heat, seed=seed)
        for text in PROSE
    ]
    for found in answers(engine, requests):
        assert found.finish_reason == "stop"
        jsonschema.validate(json.loads(found.text), ENDING[name])


@pytest.mark.parametrize("name", OPEN)
@SOME
@given(seed=st.integers(0, 2**31))
def test_an_answer_without_an_end_is_cut_and_says_so(engine, name, seed):
    requests = [
        ask(text, schema=OPEN[name], max_tokens=60, temperature=3.0, seed=seed) for text in PROSE
    ]
    for found in answers(engine, requests):
        if found.finish_reason == "stop":
            jsonschema.validate(json.loads(found.text), OPEN[name])
        else:
            assert found.finish_reason == "length"
            assert found.completion_tokens == 60


def test_an_answer_is_complete_with_its_last_bracket(engine):
    (found,) = answers(engine, [ask("a", schema={"const": [1, 2]}, max_tokens=40)])
    assert found.text in ("[1,2]", "[1, 2]", "[1,2 ]", "[1 ,2]")
    assert found.finish_reason == "stop"
    exact = ask("a", schema={"const": [1, 2]}, max_tokens=found.completion_tokens)
    assert answers(engine, [exact])[0].finish_reason == "stop"
    short = replace(exact, max_tokens=found.completion_tokens - 1)
    assert answers(engine, [short])[0].finish_reason == "length"


@pytest.mark.parametrize("tokens", [None, 500, 1], ids=["together", "in turns", "one by one"])
def test_batches_mix_answers_with_and_without_a_schema(make_engine, engine, tokens):
    free = [ask(text, max_tokens=limit) for text, limit in zip(PROSE, (3, 30, 9), strict=True)]
    bound = [ask(text, max_tokens=90, schema=ENDING["numbers"]) for text in PROSE]
    other = [ask(text, max_tokens=90, schema=COLOUR) for text in PROSE]
    mixed = [request for three in zip(free, bound, other, strict=True) for request in three]
    together = answers(make_engine(batch_tokens=tokens), mixed)
    apart = [answers(engine, requests) for requests in (free, bound, other)]
    for at, alone in enumerate(apart):
        assert [found.text for found in together[at::3]] == [found.text for found in alone]


def test_a_model_that_likes_blanks_writes_none_between(grammars):
    blanks = torch.zeros(1, 400)
    wanted = [i for i in range(400) if not make_tokenizer().decode([i]).strip()]
    blanks[:, wanted] = 9.0
    tokens, guide = [], grammars.guide(ENDING["nested arrays"])
    for _ in range(60):
        token = int(masked(blanks, [guide]).argmax())
        tokens.append(token)
        if guide.take(token):
            break
    text = make_tokenizer().decode(tokens)
    assert "  " not in text
    assert "\n" not in text
    jsonschema.validate(json.loads(text), ENDING["nested arrays"])


def test_a_stop_text_ends_such_an_answer_too(engine):
    (found,) = answers(engine, [ask("a", schema=COLOUR, stop=("colour",), max_tokens=40)])
    assert (found.text, found.finish_reason) == ('{"', "stop")


def test_a_sample_repeats_with_its_seed(engine):
    requests = [
        ask("a", schema=ENDING["text"], temperature=2.0, seed=seed, max_tokens=80)
        for seed in (1, 2, 1)
    ]
    one, two, again = answers(engine, requests)
    assert one.text == again.text != two.text


@pytest.mark.parametrize("name", REFUSED)
def test_a_schema_that_cannot_be_enforced_fails_alone(engine, name):
    schema, problem = REFUSED[name]
    refused, followed, free = answers(
        engine, [ask("a", schema=schema), ask("a", schema=COLOUR, max_tokens=40), ask("a")]
    )
    assert isinstance(refused, Failure)
    assert refused.kind == "engine"
    assert "schema" in refused.reason
    assert problem in refused.reason
    assert "constrain" in refused.hint
    assert isinstance(followed, Completion)
    assert isinstance(free, Completion)


def test_a_grammar_that_gets_lost_is_a_failure_not_an_answer(engine, monkeypatch):
    usual = Grammars.guide

    def lost(self, schema):
        guide = usual(self, schema)
        if guide is not None:
            guide._matcher.consume_token(0)
        return guide

    monkeypatch.setattr(Grammars, "guide", lost)
    failed, free = answers(engine, [ask("a", schema=COLOUR), ask("a")])
    assert isinstance(failed, Failure)
    assert "could not be followed" in failed.reason
    assert "\n" not in failed.reason
    assert isinstance(free, Completion)


def test_at_least_one_token_is_always_left(grammars, monkeypatch):
    guide = grammars.guide(COLOUR)

    class Empty:
        def compute_bitmask(self):
            return bytes(52)

        def is_error(self):
            return False

    monkeypatch.setattr(guide, "_matcher", Empty())
    logits = masked(torch.randn(1, 400), [guide])
    assert logits.softmax(dim=-1).nonzero().tolist() == [[0, 2]]
    assert "no token" in guide.problem


def test_masks_touch_only_the_rows_that_have_a_schema(grammars):
    logits = torch.randn(3, 400)
    found = masked(logits, [None, grammars.guide(COLOUR), None])
    assert torch.equal(found[[0, 2]], logits[[0, 2]])
    left = found[1].isfinite().nonzero().flatten().tolist()
    assert left
    assert all(make_tokenizer().decode([token]).startswith("{") for token in left)
    assert masked(logits, [None] * 3) is logits


def test_more_logits_than_tokens_are_never_chosen():
    grammars = Grammars(make_tokenizer(), frozenset({2}), width=450)
    found = masked(torch.zeros(1, 450), [grammars.guide({"type": "string"})])
    assert not found[0, 400:].isfinite().any()


def test_every_end_token_may_end_an_answer():
    grammars = Grammars(make_tokenizer(), frozenset({1, 2}), width=400)
    guide = grammars.guide({"type": "integer"})
    guide.take(make_tokenizer().encode("7")[0])
    left = masked(torch.zeros(1, 400), [guide])[0].isfinite().nonzero().flatten().tolist()
    assert {1, 2} <= set(left)


def test_schemas_are_compiled_once_and_told_apart_by_the_order_of_their_keys(grammars, monkeypatch):
    compiled = grammars._compiled
    before = compiled.cache_info()
    there, back = closed(a=WORD, b=WORD), closed(b=WORD, a=WORD)
    follow = [make_tokenizer().encode('{"')[0], make_tokenizer().encode('"')[0]]
    found = []
    for guide in (grammars.guide(there), grammars.guide(back)):
        for token in follow:
            guide.take(token)
        left = masked(torch.zeros(1, 400), [guide])[0].isfinite().nonzero().flatten().tolist()
        found.append("".join(make_tokenizer().decode(left)))
    assert found == ["a", "b"]
    for _ in range(5):
        grammars.guide(there)
        with pytest.raises(SchemaError, match="uniqueItems"):
            grammars.guide({"uniqueItems": True})
    after = compiled.cache_info()
    assert after.misses - before.misses == 3
    assert after.maxsize is not None


def test_a_tokenizer_that_is_no_table_is_a_reason(grammars, monkeypatch):
    strange = Grammars(make_tokenizer(), frozenset({2}), width=400)
    monkeypatch.setattr(strange, "_tokenizer", object())
    with pytest.raises(SchemaError, match="tokenizer"):
        strange.guide(COLOUR)
