"""Row 12: memory over a million predictions, and over twenty resumes.

The core with an engine that answers at once. First ten cells of 100,000 predictions each in one
process, whose resident memory is read as each cell ends. Then one such cell that is killed by
SIGKILL twenty times on its way; the peak of every attempt counts, beside that of a run which was
left alone.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import ROOT, BenchmarkError, arguments
from benchmarks.outcome import Finding, Outcome
from benchmarks.serve import versions

CELLS, RESUMES = 10, 20
PLUGINS = ("-p", "evalkit.testing.fakes", "-p", "benchmarks.echo")
LIMIT = 1.1
_SUITE = """
name = "memory"

[task]
use = "fake-task"
test = {examples}

[evaluate]
limit = "all"

[[models]]
name = "parrot"
engine = "echo"

[[adapters]]
use = "fake-bare"
k = {variants}

[[metrics]]
use = "contains"
"""
_BYTES_OF_AN_ANSWER = 220
_POLL_S = 0.005
NOTES = (
    "resident memory: VmRSS as the job predict of a cell ends; peak: ru_maxrss of the process",
    "the answers that an attempt finds in the journal are read from it as they are needed; an "
    "index of them is in memory, as it is in a run that was never killed",
    "without the response cache, which would answer nine of ten cells",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended.

    Attributes:
        code: its exit code; below 0 the signal that ended it.
        peak_mb: the most memory that it held.
    """

    code: int
    peak_mb: float


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=1, about=__doc__)
    parser.add_argument("--examples", type=int, default=100_000, help="of each cell (100,000)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        resident = list(of_cells(Path(folder), args.examples))
        alone, attempts = of_resumes(Path(folder), args.examples)
    second, last = resident[1], resident[-1]
    peak = max(attempts)
    Outcome(
        name="memory",
        order=12,
        what=f"memory over {CELLS * args.examples:,} predictions in {CELLS} cells, "
        f"and over {RESUMES} resumes of a cell",
        settings={
            "examples": args.examples,
            "resident_mb": [round(one) for one in resident],
            "left_alone_mb": round(alone),
            "attempts_mb": [round(one) for one in attempts],
            "versions": versions(("evalkit-core",)),
        },
        findings=[
            Finding(what="resident, last cell / second cell", value=last / second, target=LIMIT),
            Finding(what="peak of an attempt / of a run left alone", value=peak / alone,
                    target=LIMIT),
            Finding(what="resident after the last cell", value=last, unit="MB"),
        ],
        notes=NOTES,
    ).write(args.results)  # fmt: skip


def of_cells(folder: Path, examples: int) -> Iterator[float]:
    """Resident memory in MB as each of the cells was predicted."""
    process = start(folder / "cells", examples, cells=CELLS)
    assert process.stderr is not None
    for line in process.stderr:
        if re.match(r"\[\d+/\d+\] predict ", line):
            yield resident_mb(process.pid)
            print(f"  {line.strip()}", file=sys.stderr, flush=True)
    if process.wait():
        raise BenchmarkError(f"evalkit run failed ({process.returncode})")


def of_resumes(folder: Path, examples: int) -> tuple[float, list[float]]:
    """Peaks in MB: of a run that was left alone, and of each attempt at one that was killed."""
    alone = ended(start(folder / "alone", examples))
    share = examples * _BYTES_OF_AN_ANSWER // (RESUMES + 1)
    attempts = []
    for _ in range(RESUMES):
        process = start(folder / "resumed", examples)
        wait_for_growth(process, folder / "resumed", share)
        process.kill()
        attempts.append(ended(process))
    attempts.append(ended(start(folder / "resumed", examples)))
    if alone.code or attempts[-1].code or any(one.code >= 0 for one in attempts[:-1]):
        raise BenchmarkError(f"not killed as meant: {alone}, {attempts}")
    return alone.peak_mb, [one.peak_mb for one in attempts]


def start(folder: Path, examples: int, *, cells: int = 1) -> subprocess.Popen[str]:
    """Start a run of so many cells."""
    folder.mkdir(exist_ok=True)
    places = (str(ROOT), os.environ.get("PYTHONPATH"))
    suite = _SUITE.format(examples=examples, variants=list(range(1, cells + 1)))
    (folder / "suite.toml").write_text(suite, encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "evalkit", "run", "suite.toml", "--no-cache", *PLUGINS],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in places if path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE if cells > 1 else subprocess.DEVNULL,
        text=True,
    )


def wait_for_growth(process: subprocess.Popen[str], folder: Path, share: int) -> None:
    """Wait until the journal of the predictions is longer by so many bytes."""
    first = size = journal_bytes(folder)
    while size < first + share and process.poll() is None:
        time.sleep(_POLL_S)
        size = journal_bytes(folder)


def journal_bytes(folder: Path) -> int:
    """How long the journal of the predictions is by now."""
    found = folder.glob("runs/jobs/.unfinished/predict-*.journal")
    return sum(path.stat().st_size for path in found)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for a process; how it ended."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    print(f"  peak: {usage.ru_maxrss / 1024:.0f} MB", file=sys.stderr, flush=True)
    return Ended(process.returncode, usage.ru_maxrss / 1024)


def resident_mb(process: int) -> float:
    """Memory that a process holds now."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    main()
