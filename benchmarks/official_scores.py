"""Row 9: the metric ``webnlg-official`` on 2,000 entries with up to 7 triples.

There are as many entries with 1 triple as with 2, ... and with 7, made of the triples of texts that
follow each other. Of an answer's triples about half are right; the others lack a word, have
subject and object exchanged, have another predicate, or are missing. Every run is a process of
its own, so that nothing is cached at its start.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias, cast

from benchmarks.harness import ROOT, BenchmarkError, arguments
from benchmarks.material import Material
from benchmarks.outcome import Finding, Outcome
from benchmarks.serve import versions

MOST = 7
LIMIT_S = 5.0
SEED = 89
NOTES = (
    "counted: Metric.score of every entry, the target against itself included, and the aggregate",
    "importing nltk and scipy is outside the clock",
)

Triples: TypeAlias = list[list[str]]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=5, about=__doc__)
    parser.add_argument("--entries", type=int, default=2_000, help="entries (2,000)")
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    pairs = make_pairs(material, args.entries)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.json"
        path.write_text(json.dumps(pairs), encoding="utf-8")
        runs = [run(path) for _ in range(args.n)]
    outcome(runs, pairs, material).write(args.results)


def make_pairs(material: Material, count: int) -> list[tuple[Triples, Triples]]:
    """Targets and answers, the same ones every time."""
    rng = random.Random(SEED)
    triples = all_triples(material)
    targets = [list(islice(triples, 1 + number % MOST)) for number in range(count)]
    return [(target, make_answer(target, rng)) for target in targets]


def all_triples(material: Material) -> Iterator[list[str]]:
    """The triples of the training entries, over and over."""
    by_entry = {one.source: cast("Triples", one.target) for one in material.task.load("train")}
    while True:
        for target in by_entry.values():
            yield from target


def make_answer(target: Triples, rng: random.Random) -> Triples:
    """An answer that is partly wrong, in another order."""
    answer = [
        changed for triple in target if (changed := change(triple, rng.random(), rng)) is not None
    ]
    return rng.sample(answer, len(answer))


def change(triple: list[str], chance: float, rng: random.Random) -> list[str] | None:
    """The triple as the model might have written it; None if it did not."""
    subject, predicate, object_ = triple
    if chance < 0.5:
        return triple
    if chance < 0.7:
        words = object_.split()
        return [subject, predicate, " ".join(words[: rng.randint(1, len(words))])]
    if chance < 0.8:
        return [object_, predicate, subject]
    return [subject, "is about", object_] if chance < 0.9 else None


def run(pairs: Path) -> dict[str, Any]:
    """Score in a process of its own.

    Raises:
        BenchmarkError: it failed.
    """
    command = [sys.executable, "-m", "benchmarks.sides.official", str(pairs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(f"scoring failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"  {found['seconds']:.2f} s", file=sys.stderr, flush=True)
    return found


def outcome(
    runs: Sequence[dict[str, Any]], pairs: Sequence[tuple[Triples, Triples]], material: Material
) -> Outcome:
    """The row."""
    figures = {name: round(value, 4) for name, value in runs[0]["figures"].items()}
    return Outcome(
        name="official-scores",
        order=9,
        what=f"`webnlg-official` on {len(pairs):,} entries with 1 to {MOST} triples",
        settings={
            "corpus": material.corpus,
            "triples": sum(len(target) for target, _ in pairs),
            "seconds": [round(one["seconds"], 3) for one in runs],
            "figures": {name: figures[name] for name in ("strict_f1", "ceiling_strict_f1")},
            "versions": versions(("evalkit-webnlg", "nltk", "scipy")),
        },
        findings=[
            Finding(
                what="scoring",
                value=median(one["seconds"] for one in runs),
                target=LIMIT_S,
                unit="s",
            ),
            Finding(what="memory", value=median(one["peak_mb"] for one in runs), unit="MB"),
        ],
        notes=NOTES,
    )


if __name__ == "__main__":
    main()
