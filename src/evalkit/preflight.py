"""Everything that can be found wrong before the first model call: data, models, abilities."""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from evalkit.collector import uncollected
from evalkit.contests import Known, comparison_faults
from evalkit.errors import DataError, SuiteError, UserError
from evalkit.interfaces import Notify, Task
from evalkit.params import Params
from evalkit.plan import Inputs
from evalkit.plugins import Plugins
from evalkit.records import Cell, Example, ResolvedModel
from evalkit.remote import check_place
from evalkit.sampling import sample_evaluation
from evalkit.serialization import resolved_to_json
from evalkit.suite import Suite, Use
from evalkit.workshop import place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that makes cells impossible.

    Attributes:
        error: what is wrong.
        cells: ids of the cells concerned.
        comparisons: names of the comparisons concerned.
    """

    error: UserError
    cells: frozenset[str] = frozenset()
    comparisons: frozenset[str] = frozenset()


def load_task(suite: Suite, plugins: Plugins) -> Task:
    """The suite's task, made but not read."""
    task: Task = plugins.load("task", suite.task.use)(_params(plugins, "task", suite.task))
    return task


def _params(plugins: Plugins, kind: str, use: Use) -> Params:
    return plugins.params(kind, use.use).from_form(use.params)


def gather_inputs(
    suite: Suite,
    cells: Sequence[Cell],
    plugins: Plugins,
    *,
    notify: Notify,
    keep_going: bool = False,
) -> tuple[Inputs, list[Fault]]:
    """Read the data, then resolve the models, which may take long.

    Args:
        suite: the suite.
        cells: the cells to run.
        plugins: everything that was discovered.
        notify: told of what takes time.
        keep_going: whether to go on when some of the data is at fault.

    Returns:
        The inputs of the plan, and the faults that concern some of the cells.

    Raises:
        SuiteError: all faults of the data, if one concerns every cell (the data to evaluate,
            a metric that cannot read the answers) or there is to be no going on.
    """
    data = read_data(suite, cells, plugins)
    if data.problems or (data.faults and not keep_going):
        raise SuiteError(_all_problems(suite, cells, plugins, data))
    models, faults = _resolve_all(suite, cells, plugins, notify)
    inputs = Inputs(task=data.task, train=data.train, evaluation=data.evaluation, models=models)
    unable = _ability_faults(suite, cells, plugins, models, data.task)
    return inputs, [*data.faults, *faults, *unable]


def unfit_comparisons(
    suite: Suite, cells: Sequence[Cell], plugins: Plugins, *, inputs: Inputs, left: Set[str]
) -> list[Fault]:
    """What comparisons find wrong with themselves.

    Args:
        suite: the suite.
        cells: the cells to run.
        plugins: everything that was discovered.
        inputs: what was gathered.
        left: names of those that will be held; the others are not even imported.
    """
    known = Known(task=inputs.task, examples=inputs.evaluation, models=inputs.models)
    found = comparison_faults(suite, cells, plugins, known=known, left=left)
    return [Fault(error=error, comparisons=frozenset({name})) for name, error in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """What the task holds, and what is wrong with it.

    Attributes:
        task: the task.
        train: the training split; empty if no cell uses it, or it cannot be read.
        evaluation: the examples to evaluate; empty if they cannot be read.
        problems: what concerns every cell.
        faults: what concerns some of the cells.
    """

    task: Task
    train: Sequence[Example]
    evaluation: Sequence[Example]
    problems: Sequence[UserError]
    faults: Sequence[Fault]


def read_data(suite: Suite, cells: Sequence[Cell], plugins: Plugins) -> Data:
    """Read all the data that the cells need, and check its kind and size."""
    task = load_task(suite, plugins)
    problems = _answer_problems(suite, task, plugins)
    evaluation: Sequence[Example] = ()
    try:
        evaluation = load_evaluation(suite, task)
    except SuiteError as error:
        problems += error.problems
    train: Sequence[Example] = ()
    faults: list[Fault] = []
    trained = [c for c in cells if "train" in plugins.entry("adapter", c.use).requires]
    if trained and suite.evaluation.split == "train":
        what = f'{suite.path}: evaluate.split: "{trained[0].id}" learns from the split "train"'
        problems.append(UserError(what, "evaluate on another split"))
    if trained:
        try:
            train = _load(suite, task, "train")
            faults = _size_faults(suite, trained, len(train))
        except SuiteError as error:
            ids = frozenset(cell.id for cell in trained)
            faults = [Fault(error=problem, cells=ids) for problem in error.problems]
    return Data(task=task, train=train, evaluation=evaluation, problems=problems, faults=faults)


def load_evaluation(suite: Suite, task: Task) -> tuple[Example, ...]:
    """The examples to evaluate.

    Raises:
        SuiteError: they are missing, damaged or empty.
    """
    split = _load(suite, task, suite.evaluation.split)
    return sample_evaluation(split, suite.evaluation.limit)


def check_data(suite: Suite, cells: Sequence[Cell], plugins: Plugins) -> None:
    """Read all the data that the cells need, and check its kind and size.

    Raises:
        SuiteError: with every fault.
    """
    problems = _all_problems(suite, cells, plugins, read_data(suite, cells, plugins))
    if problems:
        raise SuiteError(problems)


def _all_problems(
    suite: Suite, cells: Sequence[Cell], plugins: Plugins, data: Data
) -> list[UserError]:
    """What is wrong with the data, and with comparisons as far as the data tells."""
    faults = list(data.faults)
    if data.evaluation and not data.problems:
        inputs = Inputs(task=data.task, train=data.train, evaluation=data.evaluation, models={})
        every = {use.name for use in suite.comparisons}
        faults += unfit_comparisons(suite, cells, plugins, inputs=inputs, left=every)
    return [*data.problems, *(fault.error for fault in faults)]


def _load(suite: Suite, task: Task, split: str) -> Sequence[Example]:
    try:
        with uncollected():
            examples = task.load(split)
    except UserError as error:
        problem = UserError(f"{suite.path}: task: {error.message}", error.hint)
        raise SuiteError([problem]) from error
    if not examples:
        raise SuiteError([DataError(f'{suite.path}: task: the split "{split}" is empty')])
    counts = Counter(example.id for example in examples)
    twins = [identity for identity, count in counts.items() if count > 1]
    if twins:
        what = f'{suite.path}: task: {len(twins)} ids of the split "{split}" are not unique'
        raise SuiteError([DataError(what, f"for instance {', '.join(twins[:5])}")])
    return examples


def check_answers(suite: Suite, task: Task, plugins: Plugins) -> None:
    """Check that every metric and comparison can read what the task's answers are.

    Raises:
        SuiteError: with each that cannot.
    """
    problems = _answer_problems(suite, task, plugins)
    if problems:
        raise SuiteError(problems)


def _answer_problems(suite: Suite, task: Task, plugins: Plugins) -> list[UserError]:
    problems = []
    for kind, key, uses in (
        ("metric", "metrics", suite.metrics),
        ("comparison", "comparisons", suite.comparisons),
    ):
        for index, use in enumerate(uses):
            reads = plugins.entry(kind, use.use).answers
            if reads and task.answer not in reads:
                fitting = [n for n in plugins.names(kind) if _fits(plugins, kind, n, task.answer)]
                problems.append(
                    UserError(
                        f'{suite.path}: {key}[{index}].use: "{use.use}" cannot read answers of '
                        f'kind "{task.answer}", only {", ".join(sorted(reads))}',
                        f"for {task.answer} there are: {', '.join(fitting) or 'none installed'}",
                    )
                )
    return problems


def _fits(plugins: Plugins, kind: str, name: str, answer: str) -> bool:
    answers = plugins.entry(kind, name).answers
    return not answers or answer in answers


def _resolve_all(
    suite: Suite, cells: Sequence[Cell], plugins: Plugins, notify: Notify
) -> tuple[dict[str, ResolvedModel], list[Fault]]:
    models: dict[str, ResolvedModel] = {}
    faults = []
    for index, use in enumerate(suite.models):
        users = frozenset(c.id for c in cells if use.name in _models_of(c, plugins))
        comparisons = frozenset(
            c.name for c in suite.comparisons if use.name in _referred(plugins, "comparison", c)
        )
        if not users and not comparisons:
            continue
        try:
            resolver = plugins.resolver(use.use)
            params = _params(plugins, "engine", use)
            models[use.name] = (
                resolver(use.name, params, notify)
                if resolver
                else ResolvedModel(name=use.name, engine=use.use, revision="")
            )
            if use.python is not None:
                form = {"engine": use.use, "params": dict(use.params), "python": use.python}
                form["resolved"] = resolved_to_json(models[use.name])
                check_place(place_of(plugins, form), where="python")
        except UserError as error:
            where = f"{suite.path}: models[{index}]: {error.message}"
            fault = UserError(where, error.hint)
            faults.append(Fault(error=fault, cells=users, comparisons=comparisons))
    return models, faults


def _models_of(cell: Cell, plugins: Plugins) -> set[str]:
    use = Use(name=cell.adapter, use=cell.use, params=cell.params)
    return {cell.model, *_referred(plugins, "adapter", use)}


def _referred(plugins: Plugins, kind: str, use: Use) -> Iterator[str]:
    for key, referred in plugins.params(kind, use.use).references().items():
        value = use.params.get(key)
        if referred == "model" and isinstance(value, str):
            yield value
        elif referred == "model" and isinstance(value, list):
            yield from (str(item) for item in value)


def _size_faults(suite: Suite, cells: Sequence[Cell], available: int) -> list[Fault]:
    faults = []
    for size in sorted({c.train_size for c in cells if c.train_size and c.train_size > available}):
        concerned = [c.id for c in cells if c.train_size == size]
        message = f"{suite.path}: train-size: {concerned[0]} needs {size} training examples"
        hint = f'the training split has {available}; ask for at most that, or for "all"'
        faults.append(Fault(error=DataError(message, hint), cells=frozenset(concerned)))
    return faults


def _ability_faults(
    suite: Suite,
    cells: Sequence[Cell],
    plugins: Plugins,
    models: dict[str, ResolvedModel],
    task: Task,
) -> Iterator[Fault]:
    """Cells whose model cannot do what their adapter or the task needs; likewise judges."""
    hint = (
        'use another engine, or limit the adapter to models that can: models = ["NAME"]; '
        "a task that need not force its answers takes constrain = false"
    )
    for cell in cells:
        requires = plugins.entry("adapter", cell.use).requires
        needs = {n for n in requires if n == "files" or n.startswith("weights:")}
        needs |= plugins.params("adapter", cell.use).from_form(cell.params).needs()
        for what, needed in (
            (f'"{cell.use}"', needs),
            ("the task", {"choices"} if task.choices else set()),
            ("the task", {"schema"} if task.schema else set()),
        ):
            lacks = _lacks(models.get(cell.model), needed)
            if lacks:
                error = UserError(f"{suite.path}: {cell.id}: {what} needs {lacks}", hint)
                yield Fault(error=error, cells=frozenset({cell.id}))
    for index, use in enumerate(suite.comparisons):
        judging = plugins.entry("comparison", use.use).requires
        judging |= plugins.params("comparison", use.use).from_form(use.params).needs()
        for name in _referred(plugins, "comparison", use):
            lacks = _lacks(models.get(name), judging)
            if lacks:
                where = f"{suite.path}: comparisons[{index}]"
                error = UserError(f'{where}: "{use.use}" needs {lacks}', "name another judge")
                yield Fault(error=error, comparisons=frozenset({use.name}))


def _lacks(model: ResolvedModel | None, needs: Set[str]) -> str:
    """The abilities that a model lacks, and what it has instead; empty if it lacks none."""
    if model is None:
        return ""
    lacking = sorted(need for need in needs if model.abilities.isdisjoint(need.split("|")))
    if not lacking:
        return ""
    offered = ", ".join(sorted(model.abilities)) or "nothing"
    wanted = ", ".join(lacking).replace("|", " or ")
    return f"{wanted}; for {model.name}, the engine {model.engine} offers {offered}"
