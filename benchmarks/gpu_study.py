"""The study's matrix on a machine that is lent by the minute, cell by cell.

``--slice`` runs cells until its time is up, then stops: a cell that is not finished is interrupted,
as by Ctrl-C, and its finished jobs stay. What is to be kept lies in one folder, the state: for each
finished cell its results and predictions, and the output folder of the cell that was under way.
The same command goes on from there, also on another machine. ``--page`` writes the document.
"""

import argparse
import contextlib
import gzip
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import evalkit
from benchmarks import gpu_page
from benchmarks.harness import ROOT

SUITE = ROOT / "benchmarks" / "gpu-study.toml"
LEAST_S = 20.0
"""A cell is not begun with less time than this left."""
GRACE_S = 15.0
"""Seconds that an interrupted run gets to write down what it has."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a slice, a cell (as a child of a slice), or write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--state", type=Path, required=True, help="what is kept between slices")
    parser.add_argument("--suite", type=Path, default=SUITE)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--limit", type=int, help="at most so many evaluation examples")
    parser.add_argument("--again", action="store_true", help="try cells that failed once more")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--slice", type=float, metavar="SECONDS", help="run cells for so long")
    what.add_argument("--page", action="store_true", help="write docs/results.md")
    what.add_argument("--cell", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.cell:
        return run_cell(args)
    if args.page:
        gpu_page.write(finished(args.state), cells(args))
        return 0
    return run_slice(args)


def run_slice(args: argparse.Namespace) -> int:
    """Run cells until the time is up; 0 if none is left, 75 (try again) if some are."""
    end = time.monotonic() + args.slice
    args.state.mkdir(parents=True, exist_ok=True)
    if args.again:
        forget_failed(args.state)
    done = {one["id"] for one in finished(args.state)}
    todo = [name for name in cells(args) if name not in done]
    left = list(todo)
    for name in todo:
        remaining = end - time.monotonic() - GRACE_S
        if remaining < LEAST_S:
            break
        if not _run_child(args, name, remaining):
            print(f"  {name}: not finished, goes on next time", flush=True)
            break
        left.remove(name)
        shutil.rmtree(args.state / "runs", ignore_errors=True)  # weights are large
        print(f"  {name}: {_how_it_ended(args.state, name)}, {len(left)} left", flush=True)
    return 75 if left else 0


def _how_it_ended(state: Path, cell: str) -> str:
    (found,) = (one for one in finished(state) if one["id"] == cell)
    return "done" if found["status"] == "done" else f"failed: {found['failure']['reason']}"


def forget_failed(state: Path) -> None:
    """Drop cells that failed, so that they run once more."""
    for cell in finished(state):
        if cell["status"] != "done":
            shutil.rmtree(state / "cells" / cell["id"])


def _run_child(args: argparse.Namespace, cell: str, seconds: float) -> bool:
    """Run a cell for so long; whether it was finished.

    Raises:
        SystemExit: it failed, which more time would not mend.
    """
    given = ["--state", args.state, "--suite", args.suite, "--cell", cell]
    given += [word for one in args.set for word in ("--set", one)]
    given += ["--limit", args.limit] if args.limit else []
    command = [sys.executable, "-m", "benchmarks.gpu_study", *map(str, given)]
    child = subprocess.Popen(command, start_new_session=True)
    try:
        code = child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=GRACE_S)
        child.kill()
        child.wait()
        return False
    if code:
        raise SystemExit(f"{cell}: ended with exit code {code}")
    return True


def run_cell(args: argparse.Namespace) -> int:
    """Run one cell and keep what it found; 0 if it is done."""
    runs = args.state / "runs"
    try:
        view = evalkit.run(
            args.suite,
            overrides=args.set,
            limit=args.limit,
            matches=lambda text: text.split()[0] == args.cell.lower(),
            output_dir=runs,
        )
    except KeyboardInterrupt:
        return 130
    except evalkit.UserError as error:
        print(f"error: {error.message}\n{error.hint}", file=sys.stderr)
        return 2
    (cell,) = view.results["cells"]
    keep(args.state, cell, view)
    return 0


def keep(state: Path, cell: dict[str, Any], view: evalkit.RunView) -> None:
    """Keep a cell that is over, also one that failed: most would fail again."""
    folder = state / "cells" / cell["id"]
    folder.mkdir(parents=True, exist_ok=True)
    if cell["predictions"]:
        content = (view.folder / cell["predictions"]).read_bytes()
        (folder / "predictions.jsonl.gz").write_bytes(gzip.compress(content, mtime=0))
    form = {**cell, "models": view.results["models"], "task": view.results["task"]}
    draft = folder / ".cell.json"
    draft.write_text(json.dumps(form), encoding="utf-8")
    draft.rename(folder / "cell.json")  # last: it says that the cell is over


def finished(state: Path) -> list[dict[str, Any]]:
    """The cells that are over."""
    paths = sorted((state / "cells").glob("*/cell.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def cells(args: argparse.Namespace) -> list[str]:
    """The ids of all cells, in the order of the suite."""
    settings = [word for one in args.set for word in ("--set", one)]
    command = [sys.executable, "-m", "evalkit", "ls", str(args.suite), *settings]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
