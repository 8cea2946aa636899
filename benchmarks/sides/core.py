"""One run of a suite on an engine that answers at once: what the core itself takes.

``python -m benchmarks.sides.core SUITE OUTPUT [FIRST]`` runs FIRST, a smaller suite, before the
clock starts, so that everything is imported; then SUITE. It prints one JSON object.
"""

import json
import platform
import resource
import sys
import time
from typing import Any

import evalkit
from evalkit.api import Silence

MODULES = ("benchmarks.instant",)


class Watch(Silence):
    """Keeps the seconds of each kind of job, as the runner takes them."""

    def __init__(self) -> None:
        """Nothing has run."""
        self.seconds: dict[str, float] = {}

    def job_end(self, job: Any, seconds: float, failure: Any) -> None:
        """Add up; a job that failed would make the figure wrong."""
        if failure is not None:
            raise RuntimeError(failure.reason)
        self.seconds[job.kind] = self.seconds.get(job.kind, 0.0) + seconds


def main(suite: str, output: str, first: str = "") -> None:
    """Run, and say how it went."""
    if first:
        evalkit.run(first, modules=MODULES, output_dir=output, fresh=True)
    watch = Watch()
    started = time.perf_counter()
    run = evalkit.run(suite, modules=MODULES, output_dir=output, fresh=True, observer=watch)
    seconds = time.perf_counter() - started
    (cell,) = run.results["cells"]
    found = {
        "examples": cell["examples"],
        "scores": {name: score["value"] for name, score in cell["scores"].items()},
        "jobs_s": watch.seconds,
        "whole_s": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        "python": platform.python_version(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
