"""Row 7: the whole default suite a second time, with nothing changed.

The first run does the work, and is not timed. Each later one is a process of its own, timed from
its start to its end; it finds every job done, prints the table, and must not import torch.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.harness import ROOT, BenchmarkError, arguments
from benchmarks.outcome import Finding, Outcome
from benchmarks.serve import versions

LIMIT_S = 1.5
_RUN = """
import sys
from evalkit.cli import main
code = main(sys.argv[1:])
heavy = sorted({"torch", "transformers", "dspy"} & set(sys.modules))
sys.exit(code or (f"imported: {', '.join(heavy)}" if heavy else 0))
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=5, about=__doc__)
    parser.add_argument("--suite", default="suites/webnlg.toml", help="which suite")
    parser.add_argument("--profile", default="", help="one of its profiles")
    parser.add_argument("--output", type=Path, help="runs that are there already")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        command = ["run", args.suite, "--output-dir", str(args.output or folder)]
        command += ["--profile", args.profile] if args.profile else []
        first = run([sys.executable, "-m", "evalkit", *command])
        print(f"  the first run: {first:.1f} s", file=sys.stderr, flush=True)
        seconds = [run([sys.executable, "-c", _RUN, *command]) for _ in range(args.n)]
    Outcome(
        name="second-run",
        order=7,
        what=f"`evalkit run {args.suite}` again, nothing changed, no torch imported",
        settings={
            "suite": args.suite,
            "profile": args.profile,
            "seconds": [round(one, 3) for one in seconds],
            "first_run_s": round(first, 1),
            "versions": versions(("evalkit-core",)),
        },
        findings=[Finding(what="second run", value=median(seconds), target=LIMIT_S, unit="s")],
        notes=("from the start of the process to its end, interpreter and imports included",),
    ).write(args.results)


def run(command: Sequence[str]) -> float:
    """Seconds that a command takes.

    Raises:
        BenchmarkError: it failed, or imported what it must not.
    """
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    if done.returncode:
        raise BenchmarkError(f"evalkit run failed ({done.returncode}):\n{done.stderr[-2000:]}")
    return seconds


if __name__ == "__main__":
    main()
