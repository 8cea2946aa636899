"""What is sent: a Request as the body of a chat completion.

Source: the chat completions reference of OpenAI, https://platform.openai.com/docs/api-reference/chat.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalkit import HostedModel, Message, Request, fold_system
from evalkit_openai.params import OpenAIParams

MOST_STOPS = 4
"""The API takes so many stop texts; the answer is cut at the others here."""


def chat_body(request: Request, params: OpenAIParams) -> dict[str, Any]:
    """The body that asks for an answer to `request`."""
    body: dict[str, Any] = {
        "model": model_of(request, params),
        "messages": turns(request.messages, params),
        params.max_tokens_key: request.max_tokens,
        "temperature": request.temperature,
    }
    if request.stop:
        body["stop"] = list(request.stop[:MOST_STOPS])
    if request.seed is not None:
        body["seed"] = request.seed
    if request.schema is not None:
        body["response_format"] = _response_format(request.schema, params)
    kept = {key: value for key, value in body.items() if key not in params.omit}
    return {**kept, **params.extra_body}


def model_of(request: Request, params: OpenAIParams) -> str:
    """The name under which the endpoint serves the weights of `request`."""
    weights = request.weights
    return weights.model_id if isinstance(weights, HostedModel) else params.model


def turns(messages: Sequence[Message], params: OpenAIParams) -> list[dict[str, str]]:
    """The chat, as the endpoint takes it."""
    chat = fold_system(messages) if params.fold_system else messages
    return [{"role": turn.role, "content": turn.content} for turn in chat]


def encode(body: Mapping[str, Any]) -> bytes:
    """The body as ASCII, in which a lone surrogate or a NUL is an escape like any other."""
    return json.dumps(body, ensure_ascii=True, allow_nan=False).encode("ascii")


def _response_format(schema: Mapping[str, Any], params: OpenAIParams) -> dict[str, Any]:
    closed = schema.get("type") == "object" and allows_strict(schema)
    strict = params.structured == "strict" or closed
    answer = {"name": "answer", "schema": dict(schema), "strict": strict}
    return {"type": "json_schema", "json_schema": answer}


def allows_strict(schema: Any) -> bool:
    """Whether strict mode takes the schema: each object closed, all its properties required.

    Source: https://platform.openai.com/docs/guides/structured-outputs, "Supported schemas".
    """
    if isinstance(schema, list):
        return all(allows_strict(part) for part in schema)
    if not isinstance(schema, Mapping):
        return True
    if "properties" in schema or schema.get("type") == "object":
        required = schema.get("required", ())
        closed = schema.get("additionalProperties") is False
        if not closed or set(schema.get("properties", ())) != set(required):
            return False
    return all(allows_strict(part) for part in schema.values())
