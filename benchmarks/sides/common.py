"""What sides tell of prompts and answers, counted in one way. No library is imported."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

Form = Mapping[str, Any]


def read_requests(path: str) -> Mapping[str, list[Form]]:
    """Number of demos -> requests, as ``Material.write_requests`` wrote them."""
    found: dict[str, list[Form]] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def chat(request: Form) -> list[dict[str, str]]:
    """The messages of a request as chat templates take them."""
    return [{"role": role, "content": content} for role, content in request["messages"]]


def prompt_facts(ids: Sequence[Sequence[int]]) -> dict[str, Any]:
    """A hash of the token ids of all prompts, and how many there are."""
    return {
        "sha256": sha256(json.dumps([list(one) for one in ids]).encode()).hexdigest(),
        "tokens": sum(map(len, ids)),
    }


def answer_facts(texts: Sequence[str], tokenizer: Any) -> dict[str, Any]:
    """How many tokens answers have when they are read again, and a hash of each."""
    return {
        "answer_tokens": sum(len(tokenizer.encode(one, add_special_tokens=False)) for one in texts),
        "answers": [sha256(one.encode()).hexdigest() for one in texts],
    }
