"""JSON schemas of what evalkit reads: suites and parameters."""

import contextlib
from typing import Any

from evalkit.errors import PluginError
from evalkit.interfaces import Registry
from evalkit.suite.keys import AnalysisKeys, ExpectKeys, LimitKeys, ModelKeys

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_SIZE: Schema = {"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}


def params_schema(registry: Registry, kind: str, name: str) -> Schema:
    """The schema of a plugin's parameters, in the suite's spelling.

    Raises:
        PluginError: there is no such plugin.
    """
    return registry.params(kind, name).model_json_schema(by_alias=True)


def suite_schema(registry: Registry) -> Schema:
    """The schema of a suite, with the parameters of every installed plugin."""
    definitions: Schema = {}

    def tables(kind: str, key: str, core: Schema) -> Schema:
        found: list[Schema | bool] = []
        for name in registry.names(kind):
            with contextlib.suppress(PluginError):  # a broken plugin spoils its own tables only
                found.append(
                    _table(registry, kind, name, key=key, core=core, definitions=definitions)
                )
        return {"anyOf": found or [False]}

    named = {"name": {"type": "string"}}
    own = ModelKeys.model_json_schema(by_alias=True)
    definitions.update(own["$defs"])
    of_models = {**named, **own["properties"]}
    sized = {
        **named,
        "models": {"type": "array", "items": {"type": "string"}},
        "train-size": _or_sweep(_SIZE),
    }
    suite: Schema = {
        "name": {"type": "string"},
        "description": {"type": "string"},
        "seeds": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
        "task": tables("task", "use", named),
        "evaluate": {
            "type": "object",
            "properties": {
                "split": {"type": "string"},
                "limit": _SIZE,
            },
            "additionalProperties": False,
        },
        "models": {"type": "array", "items": tables("engine", "engine", of_models)},
        "adapters": {"type": "array", "items": tables("adapter", "use", sized)},
        "metrics": {"type": "array", "items": tables("metric", "use", named)},
        "comparisons": {"type": "array", "items": tables("comparison", "use", named)},
        "reporters": {"type": "array", "items": tables("reporter", "use", named)},
        "executor": tables("executor", "use", named),
        "analysis": AnalysisKeys.model_json_schema(by_alias=True),
        "expect": {"type": "array", "items": ExpectKeys.model_json_schema(by_alias=True)},
        **LimitKeys.model_json_schema(by_alias=True)["properties"],
        "profiles": {"type": "object", "additionalProperties": {"type": "object"}},
    }
    return {
        "$schema": _DIALECT,
        "title": "evalkit suite",
        "type": "object",
        "properties": suite,
        "required": ["task", "models", "adapters", "metrics"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _table(
    registry: Registry, kind: str, name: str, *, key: str, core: Schema, definitions: Schema
) -> Schema:
    """The schema of a table that uses a plugin; sweeps are allowed for adapters."""
    own = params_schema(registry, kind, name)
    definitions.update(own.pop("$defs", {}))
    properties = own.get("properties", {})
    if kind == "adapter":
        properties = {k: _or_sweep(v) for k, v in properties.items()}
    # A task without "use" is a declared one.
    required = [*own.get("required", []), *([] if name in ("declared", "local") else [key])]
    return {
        "type": "object",
        "properties": {key: {"const": name}, **core, **properties},
        "required": required,
        "additionalProperties": False,
    }


def _or_sweep(schema: Schema) -> Schema:
    """The schema of a value, or of a list of such values."""
    return {"anyOf": [schema, {"type": "array", "items": schema, "minItems": 1}]}
