"""A well-behaved endpoint over a model that is a function of its prompt: tokens are words."""

import hashlib
import json
import random
import re
from typing import Any

from .endpoints import Exchange, error

WORDS = [
    *("amber", "birch", "copper", "dune", "ember", "fjord", "garnet", "harbour", "island"),
    *("jasper", "kelp", "lagoon", "meadow", "nickel", "orchard", "pebble", "quartz", "river"),
]
CONTEXT = 400
LONGEST = 60


class FakeModel:
    """Answers the same prompt in the same way, whatever else it is asked."""

    def __init__(self, names: tuple[str, ...] = ("model",)) -> None:
        self.names = names
        self.known: set[tuple[str, ...]] = set()

    def __call__(self, exchange: Exchange) -> None:
        status, data = self.answer(exchange.body)
        exchange.json(status, data)

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if body["model"] not in self.names:
            return 404, error(f"The model `{body['model']}` does not exist.", "model_not_found")
        if len(body.get("stop", ())) > 4:
            return 400, error("stop: at most 4 texts")
        prompt = render(body)
        if len(prompt) + body["max_tokens"] > CONTEXT:
            text = f"This model's maximum context length is {CONTEXT} tokens."
            return 400, error(text, "context_length_exceeded")
        text, finish, count = self._text(body, prompt)
        cached = len(prompt) - 1 if prompt in self.known else 0
        self.known.add(prompt)
        told = {
            "choices": [
                {"index": 0, "message": {"content": text}, "finish_reason": finish},
            ],
            "usage": {
                "prompt_tokens": len(prompt),
                "completion_tokens": count,
                "prompt_tokens_details": {"cached_tokens": cached},
            },
        }
        if "prompt_logprobs" in body:
            told["prompt_logprobs"] = [None, *(entry(prompt, at) for at in range(1, len(prompt)))]
        return 200, told

    def _text(self, body: dict[str, Any], prompt: tuple[str, ...]) -> tuple[str, str, int]:
        seed = body.get("seed") if body.get("temperature") else None
        dice = random.Random(digest((*prompt, body["model"], str(seed))))
        if "response_format" in body:
            words = [json.dumps(follow(body["response_format"]["json_schema"]["schema"]))]
        else:
            words = [dice.choice(WORDS) for _ in range(LONGEST)]
        limit = body["max_tokens"]
        text = " ".join(words[:limit])
        ends = [text.index(stop) for stop in body.get("stop", ()) if stop in text]
        if ends:
            text = text[: min(ends)]
            return text, "stop", len(text.split())
        return text, "length" if limit < len(words) else "stop", min(limit, len(words))


def render(body: dict[str, Any]) -> tuple[str, ...]:
    """The prompt's tokens; a finished turn ends with two."""
    tokens: list[str] = []
    for turn in body["messages"]:
        tokens += [f"<{turn['role']}>", *re.findall(r"\S+", turn["content"]), "<end>", "\n"]
    if body.get("continue_final_message"):
        del tokens[-2:]
    if body.get("add_generation_prompt", True):
        tokens.append("<assistant>")
    return tuple(tokens)


def entry(prompt: tuple[str, ...], at: int) -> dict[str, Any]:
    """The log-probability of a token behind those before it, from -2 to -3."""
    token = prompt[at]
    number = int(digest(prompt[: at + 1])[:8], 16) % 1000
    return {digest((token,))[:6]: {"logprob": -2 - number / 1000, "decoded_token": token}}


def digest(tokens: tuple[str, ...]) -> str:
    return hashlib.sha256("\0".join(tokens).encode("utf-8", "surrogatepass")).hexdigest()


def follow(schema: dict[str, Any]) -> Any:
    """The least value that a plain schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        return {name: follow(part) for name, part in schema["properties"].items()}
    if schema["type"] == "array":
        return [follow(schema["items"])] * schema.get("minItems", 0)
    return {"boolean": True, "string": ""}[schema["type"]]
