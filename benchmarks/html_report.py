"""Row 13: the report of a large run: how long it takes to build and to open, and how large it is.

Run folders come from a real run on an engine that answers at once. The report is built by
``evalkit report`` in a process of its own, timed from its start to its end, and opened in Chromium
from the disk.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.harness import ROOT, BenchmarkError, arguments
from benchmarks.material import Material
from benchmarks.memory import ended
from benchmarks.outcome import Finding, Outcome
from benchmarks.run_folders import Size, make_run
from benchmarks.serve import versions

USUAL = Size(methods=7, examples=2_000)
LARGE = Size(methods=10, examples=100_000)
BUILD_S, OPEN_S, SEARCH_S, FILE_MB, MEMORY_MB = 10.0, 1.0, 1.0, 25.0, 1000.0
WORD = "was"  # in many texts, and not in all
READY = "() => document.querySelector('#browser-list a')?.checkVisibility()"
ANSWERED = "() => /^([0-9,]+|None) of /.test(document.getElementById('browser-hits').textContent)"
NOTES = (
    "build: from the start of `evalkit report` to its end, imports included",
    "open: from asking Chromium for the file until the list of examples is there and can be "
    "searched; a new profile each time, the file in the system's cache",
    "search: the first one, right after that, from the word in the field until the results are "
    "shown; 120 ms of it wait whether more is typed",
    "memory: peak resident memory of the process that builds",
    "with 100,000 examples the browser has a sample, and the report says so",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """How a report was built.

    Attributes:
        path: the file.
        seconds: how long that took.
        peak_mb: the most memory that the process held.
    """

    path: Path
    seconds: float
    peak_mb: float

    @property
    def size_mb(self) -> float:
        """Of the file."""
        return self.path.stat().st_size / 1e6


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=5, about=__doc__)
    parser.add_argument("--examples", type=int, default=LARGE.examples, help="of the large run")
    args = parser.parse_args(argv)
    large = Size(methods=LARGE.methods, examples=args.examples)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "usual").mkdir()
        (folder / "large").mkdir()
        usual_run = make_run(folder / "usual", USUAL)
        builds = [build(usual_run, folder / "usual.html") for _ in range(args.n)]
        big = build(make_run(folder / "large", large), folder / "large.html")
        looks = {path.stem: list(look(path, args.n)) for path in (builds[0].path, big.path)}
        if not is_sampled(big.path):
            what = f"the report of {large.examples:,} examples does not say it is sampled"
            raise BenchmarkError(what)
        found = outcome(builds, big, looks, large)
    found.write(args.results)


def outcome(
    builds: Sequence[Built], big: Built, looks: dict[str, list[tuple[float, float]]], large: Size
) -> Outcome:
    """The row; `looks` has pairs of seconds, to open and to search, for ``usual`` and ``large``."""
    opened, searched = (median(times) for times in zip(*looks["usual"], strict=True))
    big_opened, big_searched = (median(times) for times in zip(*looks["large"], strict=True))
    named = f"{large.methods} x {large.examples:,}"
    return Outcome(
        name="html-report",
        order=13,
        what=f"the report of {USUAL.methods} methods x {USUAL.examples:,} examples, and of {named}",
        settings={
            "corpus": Material.find(max_new=128).corpus,
            "builds_s": [round(one.seconds, 2) for one in builds],
            "opened_and_searched_s": {
                name: [[round(one, 3) for one in pair] for pair in pairs]
                for name, pairs in looks.items()
            },
            "chromium": chromium_version(),
            "versions": versions(("evalkit-core", "evalkit-report", "vl-convert-python")),
        },
        findings=[
            limit("build", median(one.seconds for one in builds), BUILD_S, "s"),
            limit("size", builds[0].size_mb, FILE_MB, "MB"),
            limit("open", opened, OPEN_S, "s"),
            limit("search", searched, SEARCH_S, "s"),
            limit(f"memory, {named}", big.peak_mb, MEMORY_MB, "MB"),
            limit(f"build, {named}", big.seconds, None, "s"),
            limit(f"size, {named}", big.size_mb, FILE_MB, "MB"),
            limit(f"open, {named}", big_opened, OPEN_S, "s"),
            limit(f"search, {named}", big_searched, SEARCH_S, "s"),
        ],
        notes=NOTES,
    )


def limit(what: str, value: float, target: float | None, unit: str) -> Finding:
    """A figure that is to stay below a limit."""
    return Finding(what=what, value=value, target=target, unit=unit)


def build(run: Path, report: Path) -> Built:
    """Build the report of a run.

    Raises:
        BenchmarkError: that failed.
    """
    report.unlink(missing_ok=True)
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "evalkit", "report", str(run), "-o", str(report)],
        cwd=run,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    end = ended(process)
    seconds = time.perf_counter() - begun
    if end.code or not report.exists():
        raise BenchmarkError(f"evalkit report failed ({end.code})")
    print(f"  built in {seconds:.2f} s", file=sys.stderr, flush=True)
    return Built(path=report, seconds=seconds, peak_mb=end.peak_mb)


def look(report: Path, times: int) -> Iterator[tuple[float, float]]:
    """Seconds until a report can be used, and until a search in it is answered."""
    for _ in range(times):
        with opened() as page:
            begun = time.perf_counter()
            page.goto(report.as_uri(), wait_until="commit")
            page.wait_for_function(READY)
            found = time.perf_counter() - begun, search(page)
        print(f"  opened in {found[0]:.3f} s, searched in {found[1]:.3f} s", file=sys.stderr)
        yield found


def search(page: Page) -> float:
    """Seconds until a search is answered."""
    begun = time.perf_counter()
    page.locator("#browser-search").fill(WORD)
    page.wait_for_function(ANSWERED)
    return time.perf_counter() - begun


def is_sampled(report: Path) -> bool:
    """Whether a report says that it shows some of the examples only."""
    with opened() as page:
        page.goto(report.as_uri())
        page.wait_for_function(READY)
        said = page.locator("#browser-hits").inner_text()
    return "drawn from" in said


@contextmanager
def opened() -> Iterator[Page]:
    """A page in Chromium, with a profile of its own."""
    with sync_playwright() as playwright:
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--disable-gpu", *root], chromium_sandbox=not root
        )
        try:
            yield browser.new_page()
        finally:
            browser.close()


def chromium() -> str:
    """The browser, as `make test-browser` finds it.

    Raises:
        BenchmarkError: there is none.
    """
    done = subprocess.run(
        [str(ROOT / "tools" / "setup-browser.sh")], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(done.stderr.strip())
    return done.stdout.strip()


def chromium_version() -> str:
    """Which browser it is."""
    done: Any = subprocess.run(
        [chromium(), "--version"], capture_output=True, text=True, check=True
    )
    return str(done.stdout).strip()


if __name__ == "__main__":
    main()
