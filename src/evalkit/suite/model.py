"""What a suite says, after it was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalkit.prices import Prices
from evalkit.records import Json
from evalkit.suite.keys import AnalysisKeys, ExpectKeys, LimitKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A plugin, with parameters, under a name of its own.

    Attributes:
        name: how the suite and the results refer to it.
        use: name of the plugin.
        params: effective parameters in the suite's spelling, defaults included.
    """

    name: str
    use: str
    params: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse(Use):
    """A model, by the engine that serves it (``use``).

    Attributes:
        python: interpreter in whose environment the engine runs; None is evalkit's own.
        prices: what its answers cost; None if the suite does not say.
    """

    python: str | None = None
    prices: Prices | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One point of an adapter's sweep.

    Attributes:
        label: the swept values, for the cell's id; empty if nothing is swept.
        params: effective parameters.
        train_size: training examples in reach; None means all of them.
    """

    label: str
    params: Mapping[str, Json]
    train_size: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterUse:
    """An adapter with all variants of its sweep.

    Attributes:
        name: how the suite and the results refer to it.
        use: name of the plugin.
        variants: at least one.
        models: names of the models that it is tried with; None means all.
    """

    name: str
    use: str
    variants: tuple[Variant, ...]
    models: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Which examples are evaluated.

    Attributes:
        split: name of the split.
        limit: at most this many, a sample that does not depend on the seeds; None means all.
    """

    split: str = "test"
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A checked suite.

    Attributes:
        name: name of the suite.
        description: one or more sentences for people.
        path: the file it was read from.
        profile: name of the profile that was laid over it; empty if none.
        seeds: each makes cells of its own.
        task: the task.
        evaluation: which examples are evaluated.
        models: the models; at least one.
        adapters: the methods to compare; at least one.
        metrics: how answers are scored; the first is the primary one.
        comparisons: metrics over several cells at once.
        reporters: what is made of the results, beside the table on the terminal.
        executor: where jobs run.
        analysis: how methods are compared.
        expect: what must hold, or the run fails.
        limits: what a run may take.
    """

    name: str
    description: str
    path: Path
    profile: str
    seeds: tuple[int, ...]
    task: Use
    evaluation: Evaluation
    models: tuple[ModelUse, ...]
    adapters: tuple[AdapterUse, ...]
    metrics: tuple[Use, ...]
    comparisons: tuple[Use, ...]
    reporters: tuple[Use, ...]
    executor: Use
    analysis: AnalysisKeys = field(default_factory=AnalysisKeys)
    expect: tuple[ExpectKeys, ...] = ()
    limits: LimitKeys = field(default_factory=LimitKeys)
