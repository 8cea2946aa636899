"""Row 10: paired intervals and tests of all pairs of methods, beside scipy's of one pair.

Ours is everything that a comparison reports: for each pair the difference of micro F1 with its
95% and 90% intervals by the bootstrap, the randomisation test, and the verdict; for each method
its figure with an interval. scipy's is one interval of one pair, as it knows no ratio of sums and
resamples each pair anew.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.harness import Measured, Side, arguments, started
from benchmarks.outcome import Finding, Outcome, ratio

LIMIT_S = 5.0
LIMIT_MB = 1000.0
MODULE = "benchmarks.sides.intervals"
_SEED = 21
_TRIPLES = 3
NOTES = (
    "evalkit: all pairs, two intervals and a test of each, and an interval of each method",
    "scipy: `scipy.stats.bootstrap`, paired, BCa, one interval of one pair, in batches of 100",
    "memory: peak of the process, its libraries included",
    "`low` and `high` are the ends of the 95% interval of the first pair, by either",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=3, about=__doc__)
    parser.add_argument("--methods", type=int, default=10, help="methods (10)")
    parser.add_argument("--examples", type=int, default=2_000, help="examples (2,000)")
    parser.add_argument("--replicates", type=int, default=9_999, help="replicates (9,999)")
    args = parser.parse_args(argv)
    with TemporaryDirectory() as folder:
        data = Path(folder) / "counts.npz"
        write_counts(data, args.methods, args.examples)
        setup = {"data": str(data), "replicates": args.replicates}
        ours, theirs = (
            Side(name=name, module=MODULE, setup={**setup, "by": name})
            for name in ("evalkit", "scipy")
        )
        with started(ours, theirs) as bench:
            measured = bench.alternate([{}] * args.n, warm_up={})
    outcome(measured, args.methods, args.examples, args.replicates).write(args.results)


def write_counts(path: Path, methods: int, examples: int) -> None:
    """Counts of triples for methods of different quality, of which examples are a part.

    Arrays of shape (methods, examples): twice the right ones, and those given and wanted.
    """
    random = np.random.default_rng(_SEED)
    wanted = 1 + random.poisson(_TRIPLES, size=examples)
    ease = random.normal(size=examples)
    skill = np.linspace(-0.5, 0.5, methods)[:, None]
    right = random.binomial(wanted, 1 / (1 + np.exp(-skill - ease)))
    given = right + random.binomial(wanted, 0.2, size=right.shape)
    np.savez(path, above=2.0 * right, below=(given + wanted).astype(float))


def outcome(measured: Sequence[Measured], methods: int, examples: int, replicates: int) -> Outcome:
    """The row."""
    ours, theirs = measured
    pairs = methods * (methods - 1) // 2
    ends = [np.array([one.runs[0]["low"], one.runs[0]["high"]]) for one in measured]
    return Outcome(
        name="statistics-intervals",
        order=10,
        what=f"paired intervals and tests, {methods} methods, {examples:,} examples, "
        f"{replicates:,} replicates",
        settings={
            "pairs": pairs,
            "largest_difference_of_ends": f"{np.abs(ends[0] - ends[1]).max():.1g}",
        },
        findings=[
            Finding(what=f"all {pairs} pairs", value=ours.median, target=LIMIT_S, unit="s"),
            Finding(
                what="memory",
                value=max(run["peak_mb"] for run in ours.runs),
                target=LIMIT_MB,
                unit="MB",
            ),
            ratio(ours, theirs, target=None),
        ],
        measured=measured,
        notes=NOTES,
    )


if __name__ == "__main__":
    main()
