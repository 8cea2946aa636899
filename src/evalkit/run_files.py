"""The files of a run folder, read a line at a time, and held against what they should hold.

A run folder may be old, cut short, or somebody else's. Whoever reads it is told the file, the line
and what is wrong with it, and never gets a row that lacks what its readers rely on.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evalkit.errors import UserError
from evalkit.run_folder import PROMPT_SCHEMA
from evalkit.serialization import read_lines
from evalkit.store import NOT_WHOLE, check_shape, read_object

Row = dict[str, Any]

_Check = tuple[Callable[[Any], bool], str]
_Shape = Mapping[str, _Check]


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_match(value: Any) -> bool:
    """Whether it is ``[i, j, s]``: item of the answer, item of the target, similarity."""
    if type(value) is not list or len(value) != 3:
        return False
    first, second, similarity = value
    places = all(type(place) is int and place >= 0 for place in (first, second))
    return places and _is_number(similarity) and 0 <= similarity <= 1


def _all_values(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) is dict and all(map(check, value.values()))


def _all_items(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and all(map(check, value))


_ANYTHING: _Check = (lambda value: True, "anything")
_TEXT: _Check = (lambda value: type(value) is str, "a text")
_TEXT_OR_NULL: _Check = (lambda value: value is None or type(value) is str, "a text or null")
_NUMBER: _Check = (_is_number, "a number")
_WHOLE: _Check = (lambda value: type(value) is int, "a whole number")
_OBJECT: _Check = (lambda value: type(value) is dict, "an object")
_TEXTS: _Check = (_all_items(_TEXT[0]), "a list of texts")
_NAMED_TEXTS: _Check = (_all_values(_TEXT[0]), "an object of texts")
_COUNTS: _Check = (_all_values(_WHOLE[0]), "an object of whole numbers")
_NUMBERS: _Check = (
    _all_values(lambda value: value is None or _is_number(value)),
    "an object of numbers",
)
_MATCHES: _Check = (
    lambda value: value is None or _all_items(_is_match)(value),
    "a list of [item of the answer, item of the target, similarity from 0 to 1]",
)

_FAILURE: _Shape = {"failure": _NAMED_TEXTS}
_EXAMPLE: _Shape = {"id": _TEXT, "input": _TEXT, "target": _ANYTHING}
_GROUPED: _Shape = {"sources": _TEXTS, "groups": _NAMED_TEXTS}
_ANSWER: _Shape = {
    "id": _TEXT,
    "text": _TEXT_OR_NULL,
    "value": _ANYTHING,
    "outcome": _TEXT_OR_NULL,
    "usage": _COUNTS,
    "latency_s": _NUMBER,
}
_SCORED: _Shape = {"id": _TEXT, "values": _NUMBERS}
_JUDGMENT: _Shape = {"comparison": _TEXT, "seed": _WHOLE, "id": _TEXT}

_NAME = {"type": "string"}
_STEP = {
    "type": "object",
    "required": ["messages", "answer"],
    "properties": {
        "messages": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": _NAME, "content": _NAME},
            },
        },
        "answer": {"type": ["string", "null"]},
        "stop": {"type": "array", "items": _NAME},
        "choices": {"type": ["array", "null"], "items": _NAME},
    },
}
_DEMO = {
    "type": "object",
    "required": ["input", "target"],
    "properties": {"input": _NAME, "target": _NAME, "id": {"type": ["string", "null"]}},
}
_SENT = {
    "type": "object",
    "required": ["example", "steps"],
    "properties": {"example": _NAME, "steps": {"type": "array", "items": _STEP}},
}
_PROMPT = {
    "type": "object",
    "required": ["cell", "instruction", "demos", "weights", "sent"],
    "properties": {
        "cell": _NAME,
        "instruction": _NAME,
        "demos": {"type": "array", "items": _DEMO},
        "weights": {"type": ["object", "null"], "properties": {"kind": _NAME}},
        "sent": {"type": "array", "items": _SENT},
    },
}


def read_examples(path: Path) -> Iterator[Row]:
    """The evaluated examples in ``examples.jsonl``.

    Raises:
        UserError: while it is read: the file is missing, or a line of it is damaged.
    """
    return _rows(path, _EXAMPLE, _GROUPED)


def read_answers(path: Path) -> Iterator[Row]:
    """What a cell answered, in ``predictions/CELL.jsonl``; else as `read_examples`."""
    return _rows(path, _ANSWER, _FAILURE)


def read_scored(path: Path) -> Iterator[Row]:
    """What answers were worth, in ``scores/METRIC/CELL.jsonl``; else as `read_examples`."""
    return _rows(path, _SCORED, {"matches": _MATCHES})


def read_judgments(path: Path) -> Iterator[Row]:
    """What judges said, in ``judgments.jsonl``; else as `read_examples`."""
    return _rows(path, _JUDGMENT, {**_FAILURE, "verdict": _OBJECT})


def read_prompt(path: Path) -> Row:
    """What a method was taught and what was sent for it, in ``prompts/CELL.json``.

    Raises:
        UserError: it is missing, damaged, or of another version.
    """
    prompt = read_object(path)
    if prompt.get("schema") != PROMPT_SCHEMA:
        found = str(prompt.get("schema", "no schema"))[:80]
        hint = "read it with the version of evalkit that wrote it, or run the suite again"
        raise UserError(f"{path}: expected {PROMPT_SCHEMA}, found {found}", hint)
    check_shape(path, prompt, _PROMPT)
    return prompt


def _rows(path: Path, needed: _Shape, possible: _Shape) -> Iterator[Row]:
    """The rows of a file; those keys that are `possible` only may be missing."""
    try:
        for number, row in enumerate(read_lines(path), start=1):
            fault = _fault(row, needed, possible)
            if fault is not None:
                what = f"{path}: damaged: line {number}: {fault}"
                raise UserError(what, "run the suite again: finished jobs are reused")
            yield row
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}", NOT_WHOLE) from None


def _fault(row: Row, needed: _Shape, possible: _Shape) -> str | None:
    """What is wrong with a row; None if nothing is."""
    for key, (fits, words) in needed.items():
        if key not in row:
            return f"{key}: missing"
        if not fits(row[key]):
            return f"{key}: expected {words}"
    for key, (fits, words) in possible.items():
        if key in row and not fits(row[key]):
            return f"{key}: expected {words}"
    return None
