"""Measures sides against each other in one run: A B A B ..., one working while the others idle.

A side is a child process under its own interpreter, which loads its model once. Nobody's threads
spin while they wait, and everybody works once before it counts.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NoReturn

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
IDLE = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "DO_NOT_TRACK": "1"}
_GRACE_S = 60.0
_SHORT_GRACE_S = 2.0


class BenchmarkError(Exception):
    """A measurement cannot be made, or would not compare like with like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of those that are compared.

    Attributes:
        name: as the table calls it.
        module: what its process runs, for instance ``benchmarks.sides.ours``.
        setup: what that is told before it loads.
        python: its interpreter.
        environment: more environment variables.
    """

    name: str
    module: str
    setup: Mapping[str, Any]
    python: Path = Path(sys.executable)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Measured:
    """What a side took.

    Attributes:
        side: who.
        versions: its libraries.
        facts: what it told when it had loaded.
        runs: what it told each time that counted; ``seconds`` is the time.
    """

    side: Side
    versions: Mapping[str, str]
    facts: Mapping[str, Any]
    runs: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def seconds(self) -> list[float]:
        """Every single time."""
        return [run["seconds"] for run in self.runs]

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)


class _Process:
    """The child process of a side."""

    def __init__(self, side: Side, log: Path) -> None:
        self._side = side
        self._log = log
        with log.open("wb") as errors:
            self._child = subprocess.Popen(
                [str(side.python), "-m", side.module],
                cwd=ROOT,
                env={**os.environ, **OFFLINE, **IDLE, **side.environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )

    def ask(self, line: str) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(line + "\n")
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            said = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise BenchmarkError("\n".join([f"{self._side.name} ended early:", *said[-25:]]))
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let it end by itself, at leisure unless there was an error; end whatever is left."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._child.stdin.close()
            self._child.wait(timeout=_SHORT_GRACE_S if kind else _GRACE_S)
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child.stdout.close()


class Bench:
    """Sides that are up, and can be told to work by turns."""

    def __init__(self, processes: Mapping[str, _Process], up: Sequence[Measured]) -> None:
        """Use `up` for what was told at the start."""
        self._processes = processes
        self._up = up

    @property
    def facts(self) -> list[Mapping[str, Any]]:
        """What each side told when it had loaded."""
        return [measured.facts for measured in self._up]

    def alternate(
        self, orders: Sequence[Mapping[str, Any]], *, warm_up: Mapping[str, Any] | None
    ) -> list[Measured]:
        """Let the sides work by turns, once for each order, after a warm-up that does not count."""
        found = [Measured(side=up.side, versions=up.versions, facts=up.facts) for up in self._up]
        if warm_up is not None:
            for measured in found:
                self._run(measured, warm_up, "warm-up")
        for number, order in enumerate(orders, start=1):
            for measured in found:
                run = self._run(measured, order, f"{number} of {len(orders)}")
                measured.runs.append(run)
        return found

    def _run(self, measured: Measured, order: Mapping[str, Any], what: str) -> Mapping[str, Any]:
        name = measured.side.name
        run = self._processes[name].ask(f"go {json.dumps(order)}")
        print(f"  {name}, {what}: {run['seconds']:.2f} s", file=sys.stderr, flush=True)
        return run


@contextmanager
def started(*sides: Side) -> Iterator[Bench]:
    """Start sides one after another, each loading alone; end them all afterwards.

    Raises:
        BenchmarkError: one of them ended early.
    """
    with ExitStack() as stack:
        usual = signal.signal(signal.SIGTERM, _end)
        stack.callback(signal.signal, signal.SIGTERM, usual)
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes, up = {}, []
        for number, side in enumerate(sides):
            process = _Process(side, logs / f"{number}.log")
            stack.push(process.close)
            print(f"  {side.name} loads", file=sys.stderr, flush=True)
            told = process.ask(json.dumps(side.setup))
            processes[side.name] = process
            up.append(Measured(side=side, versions=told["versions"], facts=told["facts"]))
        yield Bench(processes, up)


def _end(number: int, _: object) -> NoReturn:
    """Take a signal for an error, so that the sides are ended too."""
    sys.exit(128 + number)


def agreed(facts: Sequence[Mapping[str, Any]], *keys: str) -> dict[str, Any]:
    """What all sides told alike.

    Raises:
        BenchmarkError: they differ, so that a comparison would mean nothing.
    """
    for key in keys:
        if any(one[key] != facts[0][key] for one in facts):
            raise BenchmarkError(f"the sides differ in {key}: {[one[key] for one in facts]}")
    return {key: facts[0][key] for key in keys}


def arguments(*, n: int, about: str | None) -> argparse.ArgumentParser:
    """The arguments that all benchmarks take."""
    parser = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    parser.add_argument("--n", type=int, default=n, help=f"timed runs of each side ({n})")
    parser.add_argument("--texts", type=int, default=50, help="texts to answer (50)")
    parser.add_argument("--max-new", type=int, default=128, help="most tokens of an answer (128)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the result goes")
    return parser


def interpreter(variable: str, environment: str) -> Path:
    """The interpreter that a variable names, else that of an environment in the project's folder.

    Raises:
        BenchmarkError: there is none.
    """
    named = os.environ.get(variable)
    path = Path(named) if named else ROOT / environment / "bin" / "python"
    if not path.exists():
        raise BenchmarkError(f"{path} is missing: make bench makes it, or name one in {variable}")
    return path
