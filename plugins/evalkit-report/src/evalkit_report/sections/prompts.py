"""What each method was taught, and what it really sent."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalkit_report.figures import counted
from evalkit_report.forms import inner, number_of, rows_of, text_of, texts_of
from evalkit_report.model import CellView, Form, Material
from evalkit_report.sections.wording import Piece, difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a chat."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One request: its messages, its settings in words, the answer (None if there was none)."""

    messages: tuple[Message, ...]
    settings: str
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """All that was sent for an example."""

    example: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A solved example as it stands in the prompt."""

    input: str
    target: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What a cell was taught.

    Attributes:
        key: the cell.
        instruction: as it was sent; empty if it is not known.
        pieces: the same as a difference to the task's instruction; None if it is that one, or the
            two are too long to compare.
        changed: whether it is another than the task's.
        demos: solved examples in the prompt.
        sent: the first examples.
        weights: what kind of weights were trained; empty if none were.
    """

    key: str
    instruction: str
    pieces: tuple[Piece, ...] | None
    changed: bool
    demos: tuple[Demo, ...]
    sent: tuple[Sent, ...]
    weights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """A method with what its cells were taught; cells that were taught the same are told once."""

    name: str
    number: int
    taught: tuple[Taught, ...]

    @property
    def gist(self) -> str:
        """What it was taught, in a line; where that differs between cells, each way once."""
        return " / ".join(dict.fromkeys(" · ".join(_gist(one)) for one in self.taught))


def _gist(one: Taught) -> Iterator[str]:
    if not one.instruction:
        yield "no instruction"
    else:
        yield "instruction changed" if one.changed else "the task's instruction"
    if one.demos:
        yield counted(len(one.demos), "demo")
    if one.weights:
        yield f"{one.weights} weights"


def prompts_of(material: Material) -> tuple[Prompted, ...]:
    """The prompts of all methods that have any."""
    found = (
        Prompted(name=name, number=number, taught=tuple(_taught(name, material)))
        for number, name in enumerate(material.methods)
    )
    return tuple(one for one in found if one.taught)


def _taught(method: str, material: Material) -> Iterator[Taught]:
    seen: list[Form] = []
    for cell in material.cells:
        form = material.prompts.get(cell.key)
        if cell.method != method or form is None:
            continue
        what = {key: form.get(key) for key in ("instruction", "demos", "weights", "sent")}
        if what not in seen:
            seen.append(what)
            yield _cell(cell, form)


def _cell(cell: CellView, form: Form) -> Taught:
    original = text_of(inner(cell.run.results, "task", "instruction"))
    instruction = text_of(form.get("instruction"))
    changed = bool(instruction) and instruction != original
    return Taught(
        key=cell.key,
        instruction=instruction,
        pieces=difference(original, instruction) if changed else None,
        changed=changed,
        demos=tuple(_demo(row) for row in rows_of(form.get("demos"))),
        sent=tuple(_sent(row) for row in rows_of(form.get("sent"))),
        weights=text_of(inner(form, "weights", "kind")),
    )


def _demo(row: Form) -> Demo:
    return Demo(
        input=text_of(row.get("input")),
        target=text_of(row.get("target")),
        id=text_of(row.get("id")),
    )


def _sent(row: Form) -> Sent:
    return Sent(
        example=text_of(row.get("example")),
        steps=tuple(_step(step) for step in rows_of(row.get("steps"))),
    )


def _step(row: Form) -> Step:
    answer = row.get("answer")
    return Step(
        messages=tuple(
            Message(role=text_of(one.get("role")), content=text_of(one.get("content")))
            for one in rows_of(row.get("messages"))
        ),
        settings=", ".join(_settings(row)),
        answer=answer if isinstance(answer, str) else None,
    )


def _settings(row: Form) -> Iterator[str]:
    most, heat = number_of(row.get("max_tokens")), number_of(row.get("temperature"))
    if most is not None:
        yield f"at most {most:,.0f} tokens"
    if heat is not None:
        yield "greedy" if heat == 0 else f"temperature {heat:g}"
    if stop := texts_of(row.get("stop")):
        yield f"stops at {_listed(stop)}"
    if choices := texts_of(row.get("choices")):
        yield f"one of {_listed(choices)}"
    if row.get("schema"):
        yield "held to a JSON schema"


def _listed(texts: Sequence[str]) -> str:
    return " or ".join(json.dumps(text, ensure_ascii=False) for text in texts)
