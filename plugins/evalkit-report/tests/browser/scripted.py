"""A plugin for runs of tests: models that say what a file holds, an adapter that reports losses.

It is copied into the folder of a project, and imports what any plugin may import.
"""

import json
from pathlib import Path
from zlib import crc32

from evalkit import (
    AdaptedModel,
    Adapter,
    Completion,
    Demo,
    Entry,
    Failure,
    Params,
    Prompt,
    hookimpl,
)
from evalkit.testing import FakeEngine, echo

_VERDICTS = ("A", "B", "TIE")
_INPUT_TOKENS = 40


@hookimpl
def evalkit_engines():
    return [Entry(name="scripted", target="scripted:Scripted", resolver="scripted:resolve")]


@hookimpl
def evalkit_adapters():
    return [
        Entry(
            name="taught",
            target="scripted:Taught",
            params="scripted:TaughtParams",
            requires=frozenset({"train", "seed"}),
        )
    ]


def resolve(name, params, notify):
    return FakeEngine.resolved(name, abilities=("generate", "choices", "schema", "independent"))


class Scripted(FakeEngine):
    """Answers by input and number of demos; as a judge, by chance that repeats."""

    def __init__(self, model, params):
        super().__init__(self._answer, model=model)
        self._said = json.loads(Path("script.json").read_text("utf-8"))

    def _answer(self, request):
        if request.schema is not None:
            return self._verdict(request)
        demos = sum(message.role == "assistant" for message in request.messages)
        answers = self._said["answers"].get(echo(request))
        if answers is None:  # a question of a check, not of an example
            return ""
        text = answers[str(demos)]
        if text is None:
            return Failure(reason=self._said["failure"], kind="engine")
        words = len(text.split())
        cut = text.startswith(self._said["cut"])
        return Completion(
            text=text,
            finish_reason="length" if cut else "stop",
            prompt_tokens=_INPUT_TOKENS * (demos + 1),
            completion_tokens=words,
            latency_s=0.05 + words / 100,
        )

    def _verdict(self, request):
        chance = crc32(repr(request.messages).encode("utf-8", "backslashreplace"))
        reasons = self._said["reasons"]
        rationale, verdict = reasons[chance % len(reasons)], _VERDICTS[chance // 97 % 3]
        return json.dumps({"rationale": rationale, "verdict": verdict})


class TaughtParams(Params):
    """The instruction that it finds."""

    instruction: str

    def default_train_size(self):
        return 8


class Taught(Adapter):
    """Shows a few demos under an instruction of its own, and says that its loss fell."""

    def adapt(self, context):
        task = context.task
        size = len(context.train)
        demos = tuple(
            Demo(task.render_input(e), task.render_target(e.target), e.id)
            for e in context.train[: size // 4 + 1]
        )
        return AdaptedModel(
            prompt=Prompt(instruction=self.params.instruction, demos=demos),
            report={
                "demos": len(demos),
                "optimizer": "fake",
                "loss": [[step, round(2.0 / step + 1 / size, 4)] for step in range(1, 31)],
            },
        )
