"""Runs with planted texts, made by ``evalkit run`` with scripted models, and their reports."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalkit.testing import Project

from .planted import HALVES, PLANTED, SHORT

INSTRUCTION = f"List every fact, one a line: subject | predicate | object. {SHORT['script']}"
FOUND = f"List each fact that the text states. {SHORT['image']} {SHORT['bidi']}"
FAILURE = f"the server said {SHORT['closing']}"
CUT = "cut short: "
"""What an answer begins with that the token limit ended."""

DEMOS = {"zero-shot": 0, "few-shot-k2": 2, "few-shot-k4": 4, "taught-8": 3, "taught-16": 5}
"""Method -> how many demos its prompt shows; by this number the scripted model knows it."""

NAMES = list(PLANTED)
SUITE = f"""
name = "planted"
description = {json.dumps("What if " + SHORT["attribute"])}

[task]
use = "triples"
data = "jsonl"
path = "data"
id-column = "id"
source-column = "source"
domain-column = "domain"
clean = false
instruction = {json.dumps(INSTRUCTION)}
max-tokens = 2000

[evaluate]
limit = "all"

[[models]]
name = "parrot"
engine = "scripted"
prices = {{ input = 1.0, output = 2.0 }}

[[models]]
name = "owl"
engine = "scripted"

[[adapters]]
use = "zero-shot"
models = ["parrot"]

[[adapters]]
use = "few-shot"
models = ["parrot"]
k = [2, 4]

[[adapters]]
use = "taught"
models = ["parrot"]
train-size = [8, 16]
instruction = {json.dumps(FOUND)}

[[metrics]]
use = "exact-f1"

[[metrics]]
use = "fuzzy-f1"

[[comparisons]]
use = "judge-elo"
judge = "owl"
answer = "schema"
examples = 6
replicates = 50
audit = 4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """An example of the run.

    Attributes:
        name: of the text that is planted in it.
        row: its row in the data.
        answers: method -> what it answers; None where no answer can be had.
    """

    name: str
    row: dict[str, object]
    answers: dict[str, str | None]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.row["id"])


def examples() -> list[Planted]:
    """Three examples for each planted text, of one source; the answers differ in quality."""
    return [_example(number, name) for number, name in enumerate(3 * NAMES)]


def _example(number: int, name: str) -> Planted:
    text = PLANTED[name]
    told = SHORT.get(name, "a long story")
    facts = _facts(number, told)
    row = {
        "id": f"{number}/{told}",
        "source": f"source of {told}",
        "domain": told if name in ("script", "arabic", "bidi") else "novels",
        "text": f"Text {number} says: {text}",
        "triples": facts,
    }
    return Planted(name=name, row=row, answers=dict(_answers(number, text, facts)))


def _facts(number: int, text: str) -> list[list[str]]:
    """One to three facts, of which the first holds the text."""
    said = " ".join(text.split())
    facts = [["Ada", "wrote", said], ["Ada", "born in", "London"], ["Babbage", "met", "Ada"]]
    return facts[: 1 + number % 3]


def _answers(
    number: int, text: str, facts: Sequence[Sequence[str]]
) -> Iterator[tuple[str, str | None]]:
    lines = [" | ".join(fact) for fact in facts]
    invented = f"Ada | invented | {text}"
    halves = f"Ada | said | {HALVES}"
    if number % 10 == 5:  # everybody fails
        yield from ((method, invented) for method in DEMOS)
        return
    yield "zero-shot", text if number % 2 else ""
    yield "few-shot-k2", None if number % 20 == 7 else "\n".join([*lines[:-1], invented, halves])
    yield "few-shot-k4", "\n".join([*lines[:2], invented]) if number % 4 else f"{CUT}{text}"
    yield "taught-8", "\n".join([line.replace("London", "london town") for line in lines])
    yield "taught-16", "\n".join(lines) if number % 5 else invented


def make_run(folder: Path) -> Project:
    """A project with one run, ``runs/latest``; its report is not made yet."""
    project = Project(folder)
    planted = examples()
    _write_rows(project, "data/train.jsonl", _training_rows())
    _write_rows(project, "data/test.jsonl", [one.row for one in planted])
    script = {
        "answers": {
            one.row["text"]: {str(DEMOS[method]): text for method, text in one.answers.items()}
            for one in planted
        },
        "reasons": [*(f"Better, for {text}" for text in SHORT.values()), HALVES],
        "failure": FAILURE,
        "cut": CUT,
    }
    project.write("script.json", json.dumps(script))
    project.write("suite.toml", SUITE)
    shutil.copy(Path(__file__).with_name("scripted.py"), folder)
    done = project.run("run", "suite.toml", "-p", "scripted", "--no-cache")
    assert done.exit_code == 1, done.output  # few-shot-k2 has failures, as it should
    return project


def _training_rows() -> list[dict[str, object]]:
    return [
        {"id": f"train/{n}", "source": f"t{n}", "domain": "novels", "text": f"Lesson {n}: {text}",
         "triples": [["Lesson", "teaches", " ".join(text.split())]]}
        for n, text in enumerate(SHORT.values())
    ]  # fmt: skip


def _write_rows(project: Project, name: str, rows: Sequence[dict[str, object]]) -> None:
    project.write(name, "".join(json.dumps(row) + "\n" for row in rows))
