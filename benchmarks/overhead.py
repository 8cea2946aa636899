"""Row 6: what the core itself takes, with an engine that answers at once.

The jobs predict and score (by exact and fuzzy F1) of one zero-shot cell: requests made, answers
read, predictions and scores written, hashed and sealed, and read again by each metric. Reading
the corpus is not part of these jobs where they run in the process that planned them; it is part of
the whole run, which is reported too. Every run is a process of its own.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import ROOT, BenchmarkError, arguments
from benchmarks.material import Material
from benchmarks.outcome import Finding, Outcome

FEW = 1_000
SUITE = """
name = "overhead"

[task]
use = "triples"
data = "jsonl"
path = "{folder}"

[evaluate]
limit = "all"

[[models]]
engine = "instant"

[[adapters]]
use = "zero-shot"

[[metrics]]
use = "exact-f1"

[[metrics]]
use = "fuzzy-f1"
"""
NOTES = (
    "counted: the jobs predict, score by exact-f1 and score by fuzzy-f1, as the runner times them",
    "the same run of 1,000 examples goes before the clock, so that nothing is imported within it",
    "memory: peak of the process, less that of one which runs 1,000 examples alone",
    "texts repeat but for a number, as no corpus has 100,000; a third of the answers is wrong",
    "the response cache is on, and empty at first",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=3, about=__doc__)
    parser.add_argument("--examples", type=int, default=100_000, help="examples (100,000)")
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        few, many = (write_suite(work, material, size) for size in (FEW, args.examples))
        small = [run(work, few) for _ in range(args.n)]
        large = [run(work, many, few) for _ in range(args.n)]
    outcome(small, large, material).write(args.results)


def write_suite(work: Path, material: Material, size: int) -> Path:
    """A suite over so many examples, made of the evaluation split over and over."""
    folder = work / str(size)
    folder.mkdir(exist_ok=True)
    examples = material.task.load("test")
    with (folder / "test.jsonl").open("w", encoding="utf-8") as file:
        for number in range(size):
            example = examples[number % len(examples)]
            text = f"{example.fields['text']} {number}"  # equal requests are asked once
            row = {"text": text, "triples": example.target}
            file.write(json.dumps(row) + "\n")
    suite = folder / "suite.toml"
    suite.write_text(SUITE.format(folder=folder), encoding="utf-8")
    return suite


def run(work: Path, *suites: Path) -> dict[str, Any]:
    """Run the first suite, after the second if there is one, in a process of its own.

    Raises:
        BenchmarkError: it failed.
    """
    suite, *first = suites
    command = [sys.executable, "-m", "benchmarks.sides.core", suite, work / "runs", *first]
    shutil.rmtree(work / "cache", ignore_errors=True)
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "EVALKIT_CACHE": str(work / "cache"), "EVALKIT_DEFAULT_REPORTERS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"the run failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    print(f"  {found['examples']} examples: {counted(found):.2f} s", file=sys.stderr, flush=True)
    return found


def counted(found: dict[str, Any]) -> float:
    """Seconds of the jobs that count."""
    return float(found["jobs_s"]["predict"] + found["jobs_s"]["score"])


def outcome(
    small: Sequence[dict[str, Any]], large: Sequence[dict[str, Any]], material: Material
) -> Outcome:
    """The row."""
    examples = large[0]["examples"]
    seconds = median(counted(found) for found in large)
    peaks = [median(found["peak_mb"] for found in runs) for runs in (large, small)]
    return Outcome(
        name="overhead",
        order=6,
        what=f"the core itself: {examples:,} examples of the triples task, an instant engine",
        settings={
            "corpus": material.corpus,
            "examples": examples,
            "scores": large[0]["scores"],
            "predict_s": [round(found["jobs_s"]["predict"], 3) for found in large],
            "score_s": [round(found["jobs_s"]["score"], 3) for found in large],
        },
        findings=[
            Finding(
                what="predict and score",
                value=examples / seconds,
                target=20_000,
                sense="at least",
                unit="examples/s",
            ),
            Finding(what="memory growth", value=peaks[0] - peaks[1], target=300, unit="MB"),
            Finding(what="whole run", value=median(f["whole_s"] for f in large), unit="s"),
        ],
        notes=NOTES,
    )


if __name__ == "__main__":
    main()
