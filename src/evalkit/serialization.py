"""Records to strict JSON and back, and the hashes that make identities.

Strict JSON has no NaN: a figure that is not finite is written as null. Text is written with
escapes beyond ASCII, so that whatever a model answered, lone surrogates included, is stored
faithfully and read back unchanged.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, cast, get_args

from evalkit.confined import inside
from evalkit.errors import UserError
from evalkit.records import (
    AdaptedModel,
    Cell,
    Completion,
    Demo,
    Failure,
    FinishReason,
    HostedModel,
    LocalWeights,
    Message,
    Prediction,
    Prompt,
    Request,
    ResolvedModel,
    Usage,
)
from evalkit.strict import DEEPEST, finite_json, nests_deeply

_READ_AT_ONCE = 500


def plain(value: Any) -> Any:
    """Mappings, sequences and sets as dicts and lists; numbers that are not finite as None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(item) for item in value)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):  # a numpy scalar
        return plain(value.item())
    raise TypeError(f"{type(value).__name__} has no JSON form: {value!r}")


def line(value: Any) -> str:
    """The value on one line of strict JSON."""
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError):  # something needs plain(): rare, so it is tried last
        return json.dumps(plain(value), allow_nan=False, separators=(",", ":"))


def pretty(value: Any) -> str:
    """The value as indented strict JSON, for people."""
    return json.dumps(plain(value), allow_nan=False, indent=2) + "\n"


def digest(value: Any) -> str:
    """SHA-256 over the JSON of a value, as 64 hexadecimal digits.

    Keys keep their order: a model is shown ``{"a": 1, "b": 2}`` otherwise than
    ``{"b": 2, "a": 1}``, and contestants may depend on the order in which they are compared.
    """
    return hashlib.sha256(line(value).encode("ascii")).hexdigest()


def digest_of(values: Iterable[Any]) -> str:
    """The digest of these values as a list, which need not be in memory as a whole."""
    sha256, between = hashlib.sha256(b"["), b""
    for value in values:
        sha256.update(between + line(value).encode("ascii"))
        between = b","
    sha256.update(b"]")
    return sha256.hexdigest()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSONL file that evalkit wrote; many at once are parsed faster than one.

    Raises:
        OSError: it cannot be read.
        UserError: a line of it is damaged; those before it were read.
    """
    done = 0
    with path.open(encoding="ascii", errors="surrogateescape") as file:
        while texts := list(islice(file, _READ_AT_ONCE)):
            forms = _objects(texts)
            if forms is None:
                whole = list(takewhile(lambda text: _objects([text]) is not None, texts))
                yield from _objects(whole) or ()
                what = f"{path}: damaged: line {done + 1 + len(whole)} is no JSON object"
                raise UserError(what, "run the suite again: finished jobs are reused")
            yield from forms
            done += len(texts)


def _objects(texts: Sequence[str]) -> list[dict[str, Any]] | None:
    """What lines hold; None if there is not one object of strict JSON in each, in ASCII."""
    together = ",".join(texts)
    try:
        forms = finite_json(f"[{together}]") if together.isascii() else []
    except ValueError:
        return None
    sound = len(forms) == len(texts) and all(map(_is_object, forms, texts))
    return forms if sound else None


def _is_object(form: Any, text: str) -> bool:
    """Whether a line held an object that nests no deeper than what is read elsewhere."""
    if type(form) is not dict:
        return False
    deep = text.count("[") + text.count("{") > DEEPEST
    return not (deep and any(map(nests_deeply, form.values())))


def read_predictions(path: Path) -> Iterator[Prediction]:
    """The predictions in a file of a run folder, or of a job.

    Raises:
        OSError: it cannot be read.
        UserError: a line of it is damaged.
    """
    for number, form in enumerate(read_lines(path), start=1):
        try:
            yield prediction_from_json(form)
        except (KeyError, TypeError):
            what = f"{path}: damaged: line {number} is no prediction"
            raise UserError(what, "run the suite again: finished jobs are reused") from None


def prediction_to_json(prediction: Prediction) -> dict[str, Any]:
    """A Prediction as JSON; fields that say nothing are left out."""
    form: dict[str, Any] = {
        "id": prediction.example_id,
        "text": prediction.text,
        "value": prediction.value,
        "outcome": prediction.outcome,
        "usage": usage_to_json(prediction.usage),
        "latency_s": round(prediction.latency_s, 6),
    }
    if prediction.failure is not None:
        form["failure"] = failure_to_json(prediction.failure)
    return form


def prediction_from_json(form: Mapping[str, Any]) -> Prediction:
    """The inverse of prediction_to_json."""
    failure = form.get("failure")
    return Prediction(
        example_id=form["id"],
        text=form["text"],
        value=form["value"],
        outcome=form["outcome"],
        failure=Failure(**failure) if failure else None,
        usage=Usage(**form["usage"]),
        latency_s=form["latency_s"],
    )


def usage_to_json(usage: Usage) -> dict[str, int]:
    """A Usage as JSON."""
    return {
        "requests": usage.requests,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_tokens": usage.cached_tokens,
    }


def failure_to_json(failure: Failure) -> dict[str, Any]:
    """A Failure as JSON."""
    return {"reason": failure.reason, "kind": failure.kind, "hint": failure.hint}


def request_to_json(request: Request) -> dict[str, Any]:
    """A Request as JSON."""
    return {
        "messages": [[message.role, message.content] for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "seed": request.seed,
        "schema": request.schema,
        "choices": None if request.choices is None else list(request.choices),
        "weights": _weights_to_json(request.weights),
    }


def request_from_json(form: Mapping[str, Any]) -> Request:
    """The inverse of request_to_json."""
    choices = form["choices"]
    return Request(
        messages=tuple(Message(role, content) for role, content in form["messages"]),
        max_tokens=form["max_tokens"],
        temperature=form["temperature"],
        stop=tuple(form["stop"]),
        seed=form["seed"],
        schema=form["schema"],
        choices=None if choices is None else tuple(choices),
        weights=_weights_from_json(form["weights"]),
    )


def answer_to_json(answer: Completion | Failure) -> dict[str, Any]:
    """An engine's answer as JSON."""
    if isinstance(answer, Failure):
        return {"failure": failure_to_json(answer)}
    form = asdict(answer)
    if answer.logprobs is not None:  # a choice that is impossible has no finite logarithm
        form["logprobs"] = [
            value if math.isfinite(value) else str(value) for value in answer.logprobs
        ]
    return form


def answer_from_json(form: Mapping[str, Any]) -> Completion | Failure:
    """The inverse of answer_to_json."""
    if "failure" in form:
        return Failure(**form["failure"])
    logprobs = form["logprobs"]
    found = None if logprobs is None else tuple(float(value) for value in logprobs)
    return Completion(**{**form, "logprobs": found})


def kept_answer(form: Any) -> Completion | None:
    """An answer that was kept, in a log or a cache; None if it is not one of this version."""
    try:
        answer = answer_from_json(form)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if not isinstance(answer, Completion) or answer.finish_reason not in get_args(FinishReason):
        return None
    counts = (answer.prompt_tokens, answer.completion_tokens, answer.cached_tokens)
    whole = type(answer.text) is str and all(type(count) is int for count in counts)
    return answer if whole and type(answer.latency_s) in (int, float) else None


def cell_to_json(cell: Cell) -> dict[str, Any]:
    """A Cell as JSON."""
    return cast(dict[str, Any], plain(asdict(cell)))


def resolved_to_json(model: ResolvedModel) -> dict[str, Any]:
    """A ResolvedModel as JSON."""
    return cast(dict[str, Any], plain(asdict(model)))


def resolved_from_json(form: Mapping[str, Any]) -> ResolvedModel:
    """The inverse of resolved_to_json."""
    return ResolvedModel(**{**form, "abilities": frozenset(form["abilities"])})


def adapted_to_json(adapted: AdaptedModel, folder: Path) -> dict[str, Any]:
    """An AdaptedModel as JSON; folders of weights become relative to `folder`."""
    weights = adapted.weights
    if isinstance(weights, LocalWeights):
        place = Path(weights.folder).relative_to(folder).as_posix()
        inside(folder, place)
        weights = replace(weights, folder=place)
    return {
        "prompt": {
            "instruction": adapted.prompt.instruction,
            "demos": [asdict(demo) for demo in adapted.prompt.demos],
        },
        "weights": _weights_to_json(weights),
        "state": plain(adapted.state),
        "report": plain(adapted.report),
    }


def adapted_from_json(form: Mapping[str, Any], folder: Path) -> AdaptedModel:
    """The inverse of adapted_to_json, for an AdaptedModel whose files are in `folder`."""
    weights = _weights_from_json(form["weights"])
    if isinstance(weights, LocalWeights):
        weights = replace(weights, folder=str(inside(folder, weights.folder)))
    prompt = form["prompt"]
    return AdaptedModel(
        prompt=Prompt(
            instruction=prompt["instruction"],
            demos=tuple(Demo(**demo) for demo in prompt["demos"]),
        ),
        weights=weights,
        state=form["state"],
        report=form["report"],
    )


def _weights_to_json(weights: LocalWeights | HostedModel | None) -> dict[str, Any] | None:
    if weights is None:
        return None
    return {"local" if isinstance(weights, LocalWeights) else "hosted": asdict(weights)}


def _weights_from_json(form: Mapping[str, Any] | None) -> LocalWeights | HostedModel | None:
    if not form:
        return None
    return LocalWeights(**form["local"]) if "local" in form else HostedModel(**form["hosted"])
