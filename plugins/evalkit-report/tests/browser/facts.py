"""What the example browser has to find and show, told from the files of the run alone."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any
from unicodedata import category

from .making import DEMOS

LONGEST = 20_000
"""So many characters of a text are shown."""

ISOLATES = {"\u2068", "\u2069", "\u200e"}
"""With these, charts keep names apart from what stands beside them, as <bdi> does elsewhere."""

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def is_hidden(character: str) -> bool:
    """Whether a mark has to stand for it: control, format, surrogate and separator characters."""
    return character not in "\n\t" and category(character) in _HIDDEN


def shown(text: str) -> str:
    """How a text reads on the page."""
    return "".join(f"U+{ord(one):04X}" if is_hidden(one) else one for one in text)


@dataclass(frozen=True)
class Facts:
    """What a run folder holds, by method and example."""

    run: Path

    @cached_property
    def examples(self) -> Mapping[str, dict[str, Any]]:
        """Id -> example, in the order of the data."""
        return self._lines("examples.jsonl")

    @cached_property
    def answers(self) -> Mapping[str, Mapping[str, dict[str, Any]]]:
        """Method -> id -> prediction."""
        return {method: self._lines(f"predictions/{method}.jsonl") for method in DEMOS}

    @cached_property
    def scores(self) -> Mapping[str, Mapping[str, float]]:
        """Method -> id -> F1 of the example by exact matches; without those that failed."""
        return {
            method: {
                one["id"]: one["values"]["f1"]
                for one in self._lines(f"scores/exact-f1/{method}.jsonl").values()
                if "values" in one
            }
            for method in DEMOS
        }

    @cached_property
    def judged(self) -> set[str]:
        """Ids of the examples that a judge has seen."""
        lines = (self.run / "judgments.jsonl").read_text("ascii").splitlines()
        verdicts = [json.loads(line)["verdict"] for line in lines]
        return {one["example"] for one in verdicts if "audit" not in one}

    def outcomes(self, example: str) -> set[str]:
        """What came of the example, by any method."""
        lines = [answers[example] for answers in self.answers.values()]
        return {"failed" if "failure" in line else line["outcome"] for line in lines}

    def values(self, example: str) -> list[float]:
        """Scores of the example by the methods that have one."""
        return [own[example] for own in self.scores.values() if example in own]

    def spread(self, example: str) -> float:
        """How far the methods are apart."""
        return max(self.values(example)) - min(self.values(example))

    def mean(self, example: str) -> float:
        """The mean of all methods."""
        return fmean(self.values(example))

    def fitting(self, test: Callable[[str], bool]) -> list[str]:
        """Ids that pass, in the order of the data."""
        return [example for example in self.examples if test(example)]

    def holding(self, words: Iterable[str]) -> list[str]:
        """Ids of the examples whose id, input, target, answers or failures hold all words."""
        return self.fitting(lambda example: all(w.lower() in self._text(example) for w in words))

    def _text(self, example: str) -> str:
        line = self.examples[example]
        said = [answers[example] for answers in self.answers.values()]
        texts = [one["failure"]["reason"] if "failure" in one else one["text"] for one in said]
        gold = [" | ".join(item) for item in line["target"]]
        whole = [line["id"], line["input"], *gold, *texts]
        return "\n".join(text[:LONGEST] for text in whole).lower()

    def _lines(self, name: str) -> dict[str, dict[str, Any]]:
        lines = (self.run / name).read_text("ascii").splitlines()
        return {line["id"]: line for line in map(json.loads, lines)}
