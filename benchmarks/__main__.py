"""``python -m benchmarks [NAME [ARGUMENT...]]``: one row, or all of them, and then the tables."""

import sys
from collections.abc import Sequence
from importlib import import_module

from benchmarks import report
from benchmarks.harness import BenchmarkError

NAMES = (
    "generation",
    "vllm_direct",
    "training",
    "dspy_compile",
    "overhead",
    "second_run",
    "official_scores",
    "ratings_bootstrap",
    "statistics_intervals",
    "memory",
    "html_report",
)


def main(argv: Sequence[str]) -> int:
    """Run the benchmark that is named with the arguments that follow, or every one."""
    name, *rest = argv or [""]
    if name and name not in NAMES:
        print(f"error: unknown benchmark {name!r}\n  there are: {', '.join(NAMES)}")
        return 2
    failed = False
    for chosen in [name] if name else NAMES:
        print(f"== {chosen}", file=sys.stderr, flush=True)
        try:
            import_module(f"benchmarks.{chosen}").main(rest)
        except BenchmarkError as error:
            print(f"error: {chosen}: {error}", file=sys.stderr)
            failed = True
    report.main()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
