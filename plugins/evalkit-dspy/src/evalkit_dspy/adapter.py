"""Adapter ``dspy``: the instruction and the demos are chosen by one of DSPy's optimisers.

What an optimiser finds is a plain prompt. In the task's own template the core predicts it like any
other; in one of DSPy's formats, ``FormatProgram`` does.
"""

from evalkit import (
    AdaptationError,
    AdaptContext,
    AdaptedModel,
    Adapter,
    Json,
    Program,
    ProgramContext,
    Prompt,
    SingleRequest,
    Task,
)
from evalkit_dspy.fields import Fields, written
from evalkit_dspy.params import DspyParams
from evalkit_dspy.program import FormatProgram
from evalkit_dspy.session import Session
from evalkit_dspy.template import Answer, ChatFormat, DspyFormat, JsonFormat

_NAMES = {
    "none": "none",
    "bootstrap-few-shot": "Bootstrap",
    "bootstrap-random-search": "BFSRS",
    "miprov2": "MIPROv2",
}


class DspyAdapter(Adapter):
    """Lets DSPy write the prompt."""

    params: DspyParams

    def __init__(self, params: DspyParams) -> None:
        """Keep the parameters."""
        super().__init__(params)

    def adapt(self, context: AdaptContext) -> AdaptedModel:
        """The best prompt that the optimiser finds.

        Raises:
            AdaptationError: there are too few training examples, there is no instruction, the
                metric does not fit, or the prompt model cannot do its part.
            EngineError: a question was not answered; the search is not worth its result then.
        """
        instruction = self.params.instruction or context.task.instruction
        if not instruction.strip():
            raise AdaptationError("dspy: the task has no instruction", "set instruction")
        enforce = "schema" in context.model.abilities
        state: dict[str, Json] = {} if self.params.format == "task" else {"schema": enforce}
        if self.params.optimizer == "none":
            return AdaptedModel(
                prompt=Prompt(instruction=instruction),
                state=state,
                report={"optimizer": "none", "demos": 0},
            )
        fields = self._fields(context.task)
        session = Session(context, self.params, fields)
        best = session.optimize(instruction, self._template(fields, enforce=enforce))
        prompt = prompt_of(best, instruction, fields, context)
        usage = session.usage
        return AdaptedModel(
            prompt=prompt,
            state=state,
            report={
                "optimizer": self._optimizer_name,
                "demos": len(prompt.demos),
                "demos_requested": self.params.demos,
                "bootstrapped": sum("augmented" in shown for shown in best.answer.demos),
                "calls": usage.requests,
                "tokens": usage.prompt_tokens + usage.completion_tokens,
                **candidates_of(best, instruction),
            },
        )

    def program(self, adapted: AdaptedModel, context: ProgramContext) -> Program:
        """Ask once, in the format in which the prompt was optimised."""
        enforce = bool(adapted.state.get("schema"))
        template = self._template(self._fields(context.task), enforce=enforce)
        if template is None:
            return SingleRequest(adapted.prompt, context)
        return FormatProgram(adapted.prompt, context, template)

    @property
    def _optimizer_name(self) -> str:
        """The optimiser as the study's table calls it."""
        name = _NAMES[self.params.optimizer]
        level = (self.params.preset or "").partition("-")[2].capitalize()
        return f"{name}-{level}" if level else name

    def _fields(self, task: Task) -> Fields:
        return Fields.of(task, lines=self.params.answer == "lines")

    def _template(self, fields: Fields, *, enforce: bool) -> DspyFormat | None:
        if self.params.format == "task":
            return None
        if self.params.format == "chat":
            return ChatFormat(fields)
        return JsonFormat(fields, enforce=enforce)


def prompt_of(best: Answer, instruction: str, fields: Fields, context: AdaptContext) -> Prompt:
    """What an optimised program says before the input.

    Demos that the model answered itself keep its answers; DSPy forgets which example they were,
    and their inputs tell.
    """
    ids = {context.task.render_input(example): example.id for example in reversed(context.train)}
    return Prompt(
        instruction=written(best.answer.signature, instruction),
        demos=tuple(fields.demo(shown, ids) for shown in best.answer.demos),
    )


def candidates_of(best: Answer, instruction: str) -> dict[str, Json]:
    """The candidates that were compared on the validation examples, best first; {} if none were.

    Scores are means of the metric's headline, in its own range; DSPy's are a hundred times that.
    An instruction is noted where it is not the first one.
    """
    found = getattr(best, "candidate_programs", [])
    if not found:
        return {}
    candidates: list[Json] = []
    for candidate in found:
        shown = candidate["program"].answer
        tried = written(shown.signature, instruction)
        candidates.append(
            {
                "score": _fraction(candidate["score"]),
                "demos": len(shown.demos),
                **({} if tried == instruction else {"instruction": tried}),
            }
        )
    return {"best_score": _fraction(found[0]["score"]), "candidates": candidates}


def _fraction(percent: float) -> float:
    """A score of DSPy's, which has two decimals, in the metric's range."""
    return round(float(percent) / 100, 4)
