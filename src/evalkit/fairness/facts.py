"""What a predict job really did, as far as it decides whether a comparison is fair."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.contexts import PredictionContext
from evalkit.fairness.duplicates import THRESHOLD, near_duplicates
from evalkit.fairness.texts import SHINGLE, normalised
from evalkit.interfaces import DirectPredictor, Program, Task
from evalkit.predict import Answer, Answering
from evalkit.records import AdaptedModel, Demo, Example, HostedModel, Json, Prompt, Request
from evalkit.serialization import digest

Facts = dict[str, Any]
_Setting = tuple[int, float, bool, bool, bool]


class Watch(PredictionContext):
    """What a program is offered; remembers the prompts that it asks with and what is sent.

    Attributes:
        adapted: the AdaptedModel that answers.
    """

    def __init__(self, task: Task, train: Sequence[Example], adapted: AdaptedModel) -> None:
        """Offer what PredictionContext offers."""
        super().__init__(task, train, adapted)
        self.adapted = adapted
        self._last: Prompt | None = None
        self._sizes: set[int] = set()
        self._demos: dict[Demo, None] = {}
        self._sent: Counter[tuple[_Setting, tuple[str, ...], bool]] = Counter()

    def request(self, prompt: Prompt, example: Example) -> Request:
        """The request by the shared template, with the weights of the AdaptedModel."""
        if prompt is not self._last:
            self._last = prompt
            self._sizes.add(len(prompt.demos))
            self._demos.update(dict.fromkeys(prompt.demos))
        return super().request(prompt, example)

    def over(self, answering: Answering) -> Answering:
        """The same answers; what is asked is counted by all that decides how it is answered."""
        weights = self.adapted.weights

        def answer(requests: Sequence[Request]) -> Iterator[tuple[int, Answer]]:
            self._sent.update(
                (
                    (
                        r.max_tokens,
                        r.temperature,
                        bool(r.temperature) and r.seed is not None,
                        r.schema is not None,
                        r.choices is not None,
                    ),
                    r.stop,
                    r.weights == weights,
                )
                for r in requests
            )
            return answering(requests)

        return answer

    def facts(self, program: Program | DirectPredictor, examples: Sequence[Example]) -> Facts:
        """What was done: the keys ``direct``, ``decoding``, ``stop``, ``demos`` and ``weights``.

        All but the first are None for a method that answers by itself: nothing was asked.
        """
        if isinstance(program, DirectPredictor):
            return {"direct": True, **dict.fromkeys(("decoding", "stop", "demos", "weights"))}
        return {
            "direct": False,
            "decoding": [_setting(*found) for found in sorted(self._by(0).items())],
            "stop": [list(texts) for texts in sorted(self._by(1))],
            "demos": self._shown(examples),
            "weights": self._applied(),
        }

    def _by(self, part: int) -> dict[Any, int]:
        """One part of what was sent -> how often it was."""
        found: Counter[Any] = Counter()
        for key, count in self._sent.items():
            found[key[part]] += count
        return found

    def _shown(self, examples: Sequence[Example]) -> Facts:
        """How many demos were shown, and which evaluated examples are among them.

        None is not known: a program may write its requests without the shared template.
        """
        requested = self.adapted.report.get("demos_requested")
        return {
            "requested": requested if isinstance(requested, int) else None,
            "least": min(self._sizes, default=None),
            "most": max(self._sizes, default=None),
            "evaluated": self._evaluated(examples),
        }

    def _evaluated(self, examples: Sequence[Example]) -> list[str]:
        """Ids of the examples that are shown as demos.

        Ids are unique within a split only: the same id alone says nothing if a training example
        has it too.
        """
        if not self._demos:
            return []
        inputs = {normalised(demo.input) for demo in self._demos}
        ids = {demo.id for demo in self._demos} - {"", *(example.id for example in self.train)}
        return [
            example.id
            for example in examples
            if example.id in ids or normalised(self.task.render_input(example)) in inputs
        ]

    def _applied(self) -> Facts | None:
        """Whether the requests carried the trained weights, and what these are known to change."""
        weights = self.adapted.weights
        if weights is None:
            return None
        changed = self.adapted.report.get("weights_applied")
        carried = self._by(2)
        return {
            "kind": weights.provider if isinstance(weights, HostedModel) else weights.kind,
            "changed": changed if isinstance(changed, bool) else None,
            "requests": sum(carried.values()),
            "without": carried.get(False, 0),
        }


def _setting(key: _Setting, count: int) -> Facts:
    names = ("max_tokens", "temperature", "seeded", "schema", "choices")
    return {**dict(zip(names, key, strict=True)), "requests": count}


def planned(spec: Mapping[str, Any], examples: Sequence[Example]) -> Facts:
    """What the plan gave to a predict job.

    The keys are ``split``, ``examples_sha256`` (over the ids of the evaluated examples),
    ``parser`` (the task plugin with its parameters) and ``template_sha256`` (the chat template
    of the model); a hash that is not known is None.
    """
    return {
        "split": spec["evaluation"]["split"],
        "examples_sha256": digest([example.id for example in examples]),
        "parser": spec["parser"],
        "template_sha256": spec["models"][spec["model"]]["resolved"]["template_sha256"] or None,
    }


def overlap(task: Task, train: Sequence[Example], examples: Sequence[Example]) -> Facts:
    """Evaluated examples that a training example nearly repeats, for ``near-duplicates.json``.

    Under ``near`` those whose rendered input is a near-duplicate of a training example's, under
    ``equal_targets`` those whose rendered target a training example has too.
    """
    inputs = [task.render_input(example) for example in train]
    found = near_duplicates([task.render_input(example) for example in examples], inputs)
    targets = {normalised(task.render_target(example.target)) for example in train}
    return {
        "threshold": THRESHOLD,
        "shingle": SHINGLE,
        "near": [
            {
                "id": examples[near.text].id,
                "train": train[near.other].id,
                "similarity": round(near.similarity, 4),
            }
            for near in found
        ],
        "equal_targets": [
            example.id
            for example in examples
            if normalised(task.render_target(example.target)) in targets
        ],
    }


def overlap_counts(found: Mapping[str, Any], examples: int) -> dict[str, Json]:
    """How much `overlap` found, as numbers and as shares of the evaluated examples."""
    near, equal = len(found["near"]), len(found["equal_targets"])
    return {
        "threshold": found["threshold"],
        "number": near,
        "share": near / examples if examples else None,
        "equal_targets": equal,
        "equal_targets_share": equal / examples if examples else None,
    }
