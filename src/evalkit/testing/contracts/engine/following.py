"""JSON schemas that answers follow."""

# ruff: noqa: D102 - the name of a test says what is promised

import json
from collections.abc import Mapping
from typing import Any

from evalkit.interfaces import Engine
from evalkit.records import Completion, Json
from evalkit.testing.contracts.engine.base import EngineTests, ask, completion, completions, need


def _object(**properties: Json) -> Mapping[str, Json]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_COLOUR = _object(colour={"type": "string", "enum": ["red", "blue"]})
_ANIMAL = _object(name={"type": "string", "enum": ["cat", "hen"]}, tame={"type": "boolean"})
_ANIMALS = _object(
    animals={"type": "array", "items": _ANIMAL, "minItems": 2, "maxItems": 2},
)


class Following(EngineTests):
    """With a schema, the answer is a JSON value that follows it."""

    def test_a_schema_is_followed(self, engine: Engine) -> None:
        need(engine, "schema")
        found = completion(engine, ask("Name a colour.", max_tokens=40, schema=_COLOUR))
        _check_colour(found)
        assert found.finish_reason == "stop", f"ended by {found.finish_reason}"

    def test_a_schema_with_others_inside_is_followed(self, engine: Engine) -> None:
        need(engine, "schema")
        found = completion(engine, ask("Name two animals.", max_tokens=160, schema=_ANIMALS))
        animals = _value(found)["animals"]
        assert len(animals) == 2
        for animal in animals:
            assert set(animal) == {"name", "tame"}
            assert animal["name"] in ("cat", "hen")
            assert isinstance(animal["tame"], bool)

    def test_a_schema_concerns_its_own_request_only(self, engine: Engine) -> None:
        need(engine, "schema")
        batch = [
            ask(self.prompts[0]),
            ask("Name a colour.", max_tokens=40, schema=_COLOUR),
            ask("Name two animals.", max_tokens=160, schema=_ANIMALS),
        ]
        free, colour, animals = completions(engine, batch)
        assert not free.text.lstrip().startswith("{"), "a schema was forced on another request"
        _check_colour(colour)
        assert set(_value(animals)) == {"animals"}


def _value(found: Completion) -> dict[str, Any]:
    value = json.loads(found.text)
    assert isinstance(value, dict), f"no object: {found.text}"
    return value


def _check_colour(found: Completion) -> None:
    value = _value(found)
    assert set(value) == {"colour"}
    assert value["colour"] in ("red", "blue")
