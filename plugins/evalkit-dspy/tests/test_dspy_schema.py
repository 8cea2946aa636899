"""The optimisers' own questions, where the engine of the prompt model can enforce a JSON schema."""

import json
import re

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from evalkit import AdaptationError, Completion, Request
from evalkit.testing import FakeEngine
from evalkit_dspy.engine import CoreEngine, Line, closed

PROPOSED = "Name the colour well."
MIPRO = {"optimizer": "miprov2", "candidates": 3, "demos": 2}


def obedient(script):
    """Follows a schema as an engine would that enforces it; without one it keeps to no form."""

    def answer(request):
        if request.schema is not None:
            return json.dumps(dict.fromkeys(request.schema["required"], PROPOSED))
        return "Sure! Colours are nice." if request.temperature else script(request)

    return answer


def test_a_model_that_keeps_to_no_form_proposes_under_a_schema(scene, adapter, script):
    context = scene(obedient(script), abilities=["schema"])
    adapted = adapter(**MIPRO).adapt(context)
    assert adapted.prompt.instruction == PROPOSED
    assert adapted.report["best_score"] == 1.0
    with pytest.raises(AdaptationError):
        adapter(**MIPRO).adapt(scene(obedient(script)))


def test_the_schema_is_that_of_the_answer_the_proposer_asks_for(scene, adapter, script):
    context = scene(obedient(script), abilities=["schema"])
    adapter(**MIPRO).adapt(context)
    own = [request for request in context.engine.requests if request.temperature]
    assert {field for request in own for field in request.schema["required"]} == {
        "observations",
        "summary",
        "program_description",
        "module_description",
        "proposed_instruction",
    }
    for request in own:
        (field,) = re.findall(r"`(\w+)`", request.messages[-1].content.rpartition("Respond")[2])
        assert request.schema["properties"] == {field: {"title": title(field), "type": "string"}}
        assert request.schema["additionalProperties"] is False
        assert request.max_tokens == 512


def title(field):
    return field.replace("_", " ").title()


def test_the_tasks_own_questions_stay_those_of_prediction(scene, adapter, script):
    def asked(abilities, answer):
        context = scene(answer, abilities=abilities)
        adapter(**MIPRO).adapt(context)
        return {repr(r) for r in context.engine.requests if not r.temperature}

    bound, free = asked(["schema"], obedient(script)), asked([], script)
    assert all("schema=None" in request for request in bound)
    assert bound == free


def test_it_is_the_prompt_model_that_must_be_able_to(scene, adapter, script):
    def prompts(task_abilities, writer_abilities, answer):
        context = scene(script, abilities=task_abilities)
        able = FakeEngine.resolved("writer", abilities=("generate", *writer_abilities))
        context.engines["writer"] = FakeEngine(answer, model=able)
        adapter(**MIPRO, prompt_model="writer").adapt(context)
        return context.engines["writer"].requests

    assert all(r.schema for r in prompts([], ["schema"], obedient(script)))
    assert not any(r.schema for r in prompts(["schema"], [], script))


class CutContext:
    """Answers with a text that the token limit cut."""

    def __init__(self, text):
        self.text = text

    def ask(self, request, *, model=None):
        return Completion(text=self.text, finish_reason="length")


@pytest.mark.parametrize("of_task", [None, {"type": "object"}])
@pytest.mark.parametrize("of_dspy", [None, {"type": "json_schema", "schema": {"type": "object"}}])
def test_an_answer_to_dspys_schema_that_was_cut_is_closed(of_task, of_dspy):
    base = Request(messages=(), max_tokens=5, schema=of_task)
    engine = CoreEngine(Line(CutContext('{"a": "b } c')), base, model=None, schema=True, seed=1)
    config = lm15.Config(response_format=of_dspy)
    response = engine.complete(lm15.Request("m", (lm15.Message.user("a"),), config=config))
    assert response.finish_reason == "length"
    assert response.message.parts[0].text == ('{"a": "b } c"}' if of_dspy else '{"a": "b } c')


@given(text=st.text(), ascii_=st.booleans(), data=st.data())
def test_wherever_a_text_was_cut_it_becomes_its_beginning(text, ascii_, data):
    whole = json.dumps({"field": text}, ensure_ascii=ascii_)
    at = data.draw(st.integers(len('{"field": "'), len(whole) - 1))
    found = json.loads(closed(whole[:at]))["field"]
    # Half of a character that needs two escapes is a lone surrogate.
    assert text.startswith(found.encode("utf-8", "ignore").decode())
    assert len(json.dumps(found, ensure_ascii=ascii_)) > at - len('{"field": ') - 6


@pytest.mark.parametrize("text", ["", "{", '{"fie', '{"field"', '{"field": ', "nothing", "12"])
def test_what_was_cut_elsewhere_stays(text):
    assert closed(text) == text


def test_closing_changes_nothing_that_is_whole():
    assert json.loads(closed('{"a": "b"')) == {"a": "b"}
