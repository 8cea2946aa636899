"""One optimisation: its models, its threads, its progress, and how it ends."""

import random
from collections.abc import Callable, Sequence

import dspy
from dspy.utils.exceptions import AdapterParseError

from evalkit import AdaptationError, AdaptContext, EngineError, Example, Prompt, Request, Usage
from evalkit_dspy.engine import CoreEngine, Halt, Line, language_model
from evalkit_dspy.fields import Fields
from evalkit_dspy.optimizers import OPTIMIZERS, Bench
from evalkit_dspy.parallel import together
from evalkit_dspy.params import DspyParams
from evalkit_dspy.program import framed
from evalkit_dspy.quiet import quiet
from evalkit_dspy.scoring import Scorer
from evalkit_dspy.template import Answer, DspyFormat, TaskFormat

PROPOSAL_TOKENS = 512
"""The most tokens of an answer to MIPROv2's proposer."""


class Session:
    """Runs one optimiser on the training examples of a cell."""

    def __init__(self, context: AdaptContext, params: DspyParams, fields: Fields) -> None:
        """Cut the training examples; ask nothing yet.

        Raises:
            AdaptationError: there are too few of them, or the metric does not fit.
        """
        self._context = context
        self._params = params
        self._fields = fields
        self._train, self._validation = cut(context.train, params, seed=context.seed)
        self._scorer = Scorer(context, fields, params.metric)
        self._line = Line(context)

    @property
    def usage(self) -> Usage:
        """What was asked."""
        return self._line.usage

    def optimize(self, instruction: str, template: DspyFormat | None) -> Answer:
        """The best program that the optimiser finds.

        Args:
            instruction: where the search begins.
            template: DSPy's format for the task's prompts; None is the shared template.

        Raises:
            AdaptationError: the prompt model cannot do its part.
            EngineError: a question was not answered.
        """
        bench = self._bench(instruction, template)
        settings = {"lm": bench.task_model, "adapter": self._own_adapter, "max_errors": 1}
        with quiet(), dspy.context(**settings, trace=None, disable_history=True):
            try:
                best = OPTIMIZERS[self._params.optimizer](bench, self._run)
            except Halt as halt:
                raise halt.error from None
            except AdapterParseError as error:
                raise self._unfit_prompt_model(error) from error
        self._line.check()
        return best

    @property
    def _schemas(self) -> bool:
        """Whether the model that writes instructions can be kept to a JSON schema."""
        name, own = self._params.prompt_model, self._context.model
        return "schema" in (self._context.resolved(name) if name else own).abilities

    @property
    def _own_adapter(self) -> dspy.Adapter:
        """How questions of the optimiser's own are written."""
        if self._schemas:
            return dspy.JSONAdapter(use_native_function_calling=False)
        return dspy.ChatAdapter(use_json_adapter_fallback=False)

    def _bench(self, instruction: str, template: DspyFormat | None) -> Bench:
        context, fields = self._context, self._fields
        shown = template or TaskFormat(context, fields, instruction)
        return Bench(
            params=self._params,
            student=Answer(fields.signature(instruction), shown),
            train=[fields.example(context.task, example) for example in self._train],
            validation=[fields.example(context.task, example) for example in self._validation],
            scorer=self._scorer,
            task_model=self._task_model(instruction, template),
            prompt_model=self._prompt_model(),
            seed=context.seed,
        )

    def _task_model(self, instruction: str, template: DspyFormat | None) -> dspy.LM:
        base = self._context.request(Prompt(instruction=instruction), self._train[0])
        base = framed(base, template) if template else base
        return language_model(
            CoreEngine(self._line, base, model=None, schema=False, seed=self._context.seed)
        )

    def _prompt_model(self) -> dspy.LM:
        engine = CoreEngine(
            self._line,
            Request(messages=(), max_tokens=PROPOSAL_TOKENS),
            model=self._params.prompt_model,
            schema=self._schemas,
            seed=self._context.seed,
        )
        return language_model(engine)

    def _run(self, calls: Sequence[Callable[[], Answer]], total: int) -> list[Answer]:
        """Make the calls at the same time, and tell how many of `total` answers are scored."""
        return together(
            calls,
            threads=self._params.threads,
            tick=lambda: self._tell(max(1, total)),
            abort=self._abort,
        )

    def _tell(self, total: int) -> None:
        """Report progress. How many answers bootstrapping takes cannot be known."""
        note = f"{self.usage.requests} questions asked"
        self._context.progress(min(self._scorer.count, total), total, note)

    def _abort(self, error: BaseException) -> None:
        cause = error.error if isinstance(error, Halt) else error
        self._line.cut(cause if isinstance(cause, Exception) else EngineError("interrupted"))

    def _unfit_prompt_model(self, error: AdapterParseError) -> AdaptationError:
        wanted = ", ".join(error.signature.output_fields)
        name = self._params.prompt_model or self._context.model.name
        return AdaptationError(
            f'dspy: the model "{name}" was asked to write {wanted} for {self._params.optimizer}, '
            "and its answer holds no such field",
            "set prompt-model to a model of the suite that can follow formats, or whose engine "
            'can enforce a JSON schema, or take optimizer = "bootstrap-random-search", which '
            "needs none",
        )


def cut(
    train: Sequence[Example], params: DspyParams, *, seed: int
) -> tuple[list[Example], list[Example]]:
    """Training and validation examples, drawn from all of them by the seed.

    Optimisers that number their candidates instead of drawing them vary by this alone.

    Raises:
        AdaptationError: one of the two would be empty.
    """
    order = list(train)
    random.Random(seed).shuffle(order)
    if params.optimizer == "bootstrap-few-shot" and order:
        return order, []
    share = params.validation
    count = share if isinstance(share, int) else max(1, round(share * len(order)))
    if not 0 < count < len(order):
        raise AdaptationError(
            f"dspy: validation = {share}: {len(order)} training examples cannot be cut into "
            "demos and validation",
            "raise train-size, or lower validation",
        )
    return order[count:], order[:count]
