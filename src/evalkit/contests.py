"""What can be found wrong with a suite's comparisons before any cell has run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from evalkit.contexts import TaskView
from evalkit.errors import PluginError, UserError
from evalkit.interfaces import Comparison, Preview, Task
from evalkit.params import Params
from evalkit.plan import contestant
from evalkit.plugins import Plugins
from evalkit.records import Cell, Example, Json, ResolvedModel
from evalkit.suite import Suite, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known before any cell has run.

    Attributes:
        task: the task.
        examples: the examples to evaluate.
        models: name -> the model, for those that were looked for and found.
    """

    task: Task
    examples: Sequence[Example]
    models: Mapping[str, ResolvedModel]


def comparison_faults(
    suite: Suite, cells: Sequence[Cell], plugins: Plugins, *, known: Known, left: Set[str]
) -> list[tuple[str, UserError]]:
    """Name of a comparison and what is wrong with it, for every fault.

    Args:
        suite: the suite.
        cells: the cells to run.
        plugins: everything that was discovered.
        known: what the comparisons may look at.
        left: names of the comparisons to look at.
    """
    found: dict[tuple[str, str], tuple[str, UserError]] = {}
    for index, use in enumerate(suite.comparisons):
        for seed in suite.seeds:
            names = [contestant(cell, suite) for cell in cells if cell.seed == seed]
            if len(names) < 2 or use.name not in left:  # no comparison is held
                continue
            for fault in _faults_of(use, plugins, known, contestants=names, seed=seed):
                error = UserError(
                    f"{suite.path}: comparisons[{index}]: {fault.message}", fault.hint
                )
                found.setdefault((use.name, str(error)), (use.name, error))  # seeds share most
    return list(found.values())


def _faults_of(
    use: Use, plugins: Plugins, known: Known, *, contestants: Sequence[str], seed: int
) -> list[UserError]:
    try:
        comparison, preview = _beforehand(use, plugins, known, contestants=contestants, seed=seed)
        return _checked(comparison.check(preview))
    except UserError as error:
        return [error]
    except (Exception, SystemExit) as error:
        # A plugin's bug must not end what runs without it, nor look like one of ours.
        distribution = plugins.provenance("comparison", use.use)["distribution"]
        what = f'"{use.use}" of {distribution}: check raised {type(error).__name__}: {error}'
        return [PluginError(what, "report this to its authors, or leave the comparison out")]


def most_requests(
    use: Use, plugins: Plugins, known: Known, *, contestants: Sequence[str], seed: int
) -> Mapping[str, int] | None:
    """How many requests each judge of a comparison gets at most; None if that cannot be told."""
    try:
        comparison, preview = _beforehand(use, plugins, known, contestants=contestants, seed=seed)
        return comparison.most_requests(preview)
    except Exception:  # an estimate that a plugin cannot make ends no run
        return None


def _beforehand(
    use: Use, plugins: Plugins, known: Known, *, contestants: Sequence[str], seed: int
) -> tuple[Comparison, Preview]:
    params = plugins.params("comparison", use.use).from_form(use.params)
    judges = {n: known.models[n] for n in _models(params, use.params) if n in known.models}
    cls = plugins.load("comparison", use.use)
    comparison: Comparison = cls(params, next(iter(judges.values()), None))
    preview = Preview(
        task=TaskView(known.task),
        examples=known.examples,
        contestants=tuple(contestants),
        seed=seed,
        judges=judges,
    )
    return comparison, preview


def _models(params: Params, form: Mapping[str, Json]) -> Iterator[str]:
    """The models that the parameters refer to."""
    for key, kind in params.references().items():
        value = form.get(key)
        for name in value if isinstance(value, list) else [value]:
            if kind == "model" and isinstance(name, str):
                yield name


def _checked(faults: Iterable[UserError]) -> list[UserError]:
    """The faults as a list.

    Raises:
        TypeError: the plugin returned something else.
    """
    found = list(faults)
    for fault in found:
        if not isinstance(fault, UserError):
            raise TypeError(f"a {type(fault).__name__} is no evalkit.UserError")
    return found
