"""Row 8: ratings with bootstrap intervals, against arena-rank.

Both get the same verdicts as arrays; both gather them, fit Bradley-Terry and draw replicates.
"""

import tempfile
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from benchmarks.harness import Measured, Side, agreed, arguments, interpreter, started
from benchmarks.outcome import Finding, Outcome, ratio

LIMIT_S = 2.0
_SEED = 20
_SCORES = np.array([0.0, 0.5, 1.0])
NOTES = (
    "both start from arrays of contestants and scores, with their libraries imported and warm",
    "evalkit draws examples, of which each has a verdict on every pair; arena-rank draws single "
    "verdicts, for it knows no examples, and searches in one new process for each core",
    "arena-rank compiles its search anew for each replicate, so that it is asked for fewer: "
    "`replicates` tells how many each side drew, and the ratio of times favours it by as much",
    "`sandwich_s` is the time in which arena-rank makes its other kind of interval, without "
    "replicates",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=3, about=__doc__)
    parser.add_argument("--verdicts", type=int, default=100_000, help="verdicts (100,000)")
    parser.add_argument("--contestants", type=int, default=10, help="contestants (10)")
    parser.add_argument("--replicates", type=int, default=1000, help="of evalkit (1,000)")
    parser.add_argument("--peer-replicates", type=int, default=20, help="of arena-rank (20)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "verdicts.npz"
        np.savez(data, **verdicts(args.verdicts, args.contestants))
        ours = Side(
            name="evalkit",
            module="benchmarks.sides.ratings",
            setup={"data": str(data), "replicates": args.replicates},
        )
        theirs = Side(
            name="arena-rank",
            module="benchmarks.sides.arena_rank",
            setup={"data": str(data), "replicates": args.peer_replicates},
            python=interpreter("EVALKIT_PEERS_PYTHON", ".venv-peers"),
        )
        with started(ours, theirs) as bench:
            facts = agreed(bench.facts, "verdicts", "contestants")
            measured = bench.alternate([{}] * args.n, warm_up={})
    outcome(facts, measured).write(args.results)


def verdicts(count: int, contestants: int) -> dict[str, Any]:
    """Verdicts of contestants of known strength, example by example, all pairs on each."""
    random = np.random.default_rng(_SEED)
    pairs = np.array(list(combinations(range(contestants), 2)))
    pair = np.arange(count) % len(pairs)
    a, b = pairs[pair].T
    theta = np.linspace(1, -1, contestants)
    win = expit(theta[a] - theta[b])
    # A fifth of the verdicts are ties.
    chance = np.stack([0.8 * (1 - win), np.full(count, 0.2), 0.8 * win], axis=1)
    kind = (random.random((count, 1)) > chance.cumsum(axis=1)[:, :2]).sum(axis=1)
    cluster = np.arange(count) // len(pairs)
    return {"a": a, "b": b, "score": _SCORES[kind], "cluster": cluster, "contestants": contestants}


def outcome(facts: dict[str, Any], measured: Sequence[Measured]) -> Outcome:
    """The row."""
    ours, theirs = measured
    replicates = [one.facts["replicates"] for one in measured]
    apart = np.abs(np.subtract(*(centred(one.runs[0]["answers"]) for one in measured))).max()
    sandwich = min(run["sandwich_s"] for run in theirs.runs)
    return Outcome(
        name="ratings-bootstrap",
        order=8,
        what=f"ratings of {facts['contestants']} contestants from {facts['verdicts']:,} verdicts, "
        f"{replicates[0]:,} replicates ({theirs.side.name}: {replicates[1]:,})",
        settings={**facts, "replicates": replicates, "largest_difference_elo": f"{apart:.1g}"},
        findings=[
            Finding(what="ratings with intervals", value=ours.median, target=LIMIT_S, unit="s"),
            ratio(ours, theirs, target=1.0),
            Finding(
                what=f"time of {ours.side.name} / time of {theirs.side.name} without replicates",
                value=ours.median / sandwich,
            ),
        ],
        measured=measured,
        notes=NOTES,
    )


def centred(elo: Sequence[float]) -> Any:
    """Ratings with mean 0."""
    return np.asarray(elo) - np.mean(elo)


if __name__ == "__main__":
    main()
