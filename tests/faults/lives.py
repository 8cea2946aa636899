"""Runs of one suite in folders of their own, and what is done to them."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.outcomes import outcome

ROOT = Path(__file__).parents[2]
MODULES = ("tests.faults.engines", "evalkit.testing.fakes")
LIGHT = (
    *MODULES,
    *("evalkit.cli.run", "evalkit.testing.fakes.adapter", "evalkit.testing.fakes.duel"),
    *("evalkit.testing.fakes.metric", "evalkit.compare.runs", "evalkit.report.junit"),
    "evalkit.report.terminal",
)
HEAVY = (*LIGHT, "evalkit_transformers.engine", "evalkit_lora.adapter", "evalkit_lora.weights")
APART = ("unshare", "--user", "--map-root-user", "--mount")


def seed():
    """The seed of all that is drawn; ``EVALKIT_FAULTS_SEED``, else 1."""
    return int(os.environ.get("EVALKIT_FAULTS_SEED") or 1)


def points(share):
    """How many kill points a suite gets.

    ``EVALKIT_FAULTS_POINTS`` says how many there are in all, 200 in the full set; `share` is the
    suite's share of those.
    """
    whole = int(os.environ.get("EVALKIT_FAULTS_POINTS") or 36)
    return max(1, round(share * whole / 200)) if share else 0


class Nursery:
    """The program whose forks are the lives; see `tests.faults.nursery`."""

    def __init__(self, *modules, apart=False):
        command = [sys.executable, "-m", "tests.faults.nursery", *modules]
        self._process = subprocess.Popen(
            [*(APART if apart else ()), *command],
            cwd=ROOT,
            env={**environment(), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout.readline() == "ready\n"

    def do(self, what, **order):
        self._process.stdin.write(json.dumps({"do": what, **order}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def environment():
    """What every process under test sees, but for the places of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EVALKIT_", "FAULTS_"))}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]),
        "EVALKIT_DISABLE_PLUGIN_AUTOLOAD": "1",
        "EVALKIT_DEFAULT_REPORTERS": "",  # what they write names the run folder
        "COLUMNS": "160",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        "HF_HUB_OFFLINE": "1",
    }


@dataclass
class Lab:
    """A folder in which one suite is run, again and again."""

    path: Path
    suite: str
    nursery: Nursery | None = None
    modules: tuple[str, ...] = MODULES
    more: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    output: Path | None = None

    def __post_init__(self):
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "suite.toml").write_text(self.suite, encoding="utf-8")
        self.runs = self.output or self.path / "runs"

    @property
    def environment(self):
        places = {
            "EVALKIT_CACHE": str(self.path / "cache"),
            "FAULTS_ASKED": str(self.path / "asked.jsonl"),
        }
        return {**environment(), **places, **self.env}

    def args(self, *more, suite="suite.toml"):
        plugins = [arg for name in self.modules for arg in ("-p", name)]
        out = ["--output-dir", str(self.runs), "--junitxml", "report.xml"]
        return ["run", suite, *plugins, *out, *self.more, *more]

    def live(self, *more, fault=None, kill_after=None, suite="suite.toml"):
        """One life as a fork of the nursery."""
        numbers = len(list(self.path.glob("*.err")))
        out, err = (str(self.path / f"{numbers}.{kind}") for kind in ("out", "err"))
        life = {"folder": str(self.path), "root": str(self.path), "env": self.environment}
        life |= {"args": self.args(*more, suite=suite), "out": out, "err": err}
        found = self.nursery.do("run", **life, fault=fault or {}, kill_after=kill_after)
        assert not found["late"], Path(err).read_text()
        return End(found["code"], found["seconds"], found["process"], *map(read, (out, err)))

    def start(self, *more, suite="suite.toml", **streams):
        """One life as a process of its own, in a process group of its own; it is not waited for."""
        usual = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(
            [sys.executable, "-m", "evalkit", *self.args(*more, suite=suite)],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
            **{**usual, **streams},
        )

    def spawn(self, *more, suite="suite.toml"):
        """The same, waited for."""
        process = self.start(*more, suite=suite)
        out, err = process.communicate(timeout=240)
        return End(process.returncode, 0.0, process.pid, out, err)

    @property
    def asked(self):
        """What the engine was asked, in all lives together."""
        path = self.path / "asked.jsonl"
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines()]

    def wait_for(self, questions):
        """Wait until so many were asked."""
        wait(lambda: len(self.asked) >= questions)

    def outcome(self):
        return outcome(self.runs)

    def left(self):
        """What is left of unfinished jobs, the locks of runs, and all that was not renamed."""
        drafts = (self.runs / "jobs" / ".unfinished").glob("*")
        runs = [path.parent for path in self.runs.glob("2*/manifest.json")]
        hidden = [*self.runs.glob(".*"), *(path for run in runs for path in run.glob(".*"))]
        return sorted(path.relative_to(self.runs).as_posix() for path in [*drafts, *hidden])


@dataclass(frozen=True)
class End:
    """How a life ended."""

    code: int
    seconds: float
    process: int
    out: str
    err: str

    @property
    def killed(self):
        return self.code == -signal.SIGKILL


def read(path):
    with contextlib.suppress(FileNotFoundError):
        return Path(path).read_text(encoding="utf-8", errors="replace")
    return ""


def wait(reached, seconds=120.0):
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "it never came to it"
        time.sleep(0.02)


def orphans(lab, process):
    """Processes that a life left behind: of its session, or with the folder in its environment."""
    mark = f"FAULTS_ASKED={lab.path / 'asked.jsonl'}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, group, session = (
                folder.joinpath("stat").read_text().rpartition(")")[2].split()[:4]
            )
            marked = mark in folder.joinpath("environ").read_bytes().split(b"\0")
            if state != "Z" and (process in (int(group), int(session)) or marked):
                found.append(folder.name)
    return found


@dataclass
class Killing:
    """Kills runs of one suite, at so many points, and compares what they end with.

    Attributes:
        make: makes a lab of its own, by name.
        number: of kills.
        rng: draws them.
        in_flight: the most requests that may be asked again after one kill.
        timed: the share of kills that come at a moment, not at a write.
        every: in the full set, kill at each kind of write, however many that makes.
    """

    make: Any
    number: int
    rng: random.Random
    in_flight: int = 1
    timed: float = 0.25
    every: bool = False
    done: int = 0
    chains: int = 0

    def run(self):
        """Kill until the number is reached; the names of all writes there are."""
        whole = self.make("whole")
        trace = whole.path / "trace"
        end = whole.live(fault={"kind": "trace", "log": str(trace)})
        assert end.code == 0, end.err
        self.whole, self.expected = whole, whole.outcome()
        self.distinct = {one["key"] for one in whole.asked}
        self.trace = trace.read_text().splitlines()
        self.duration = end.seconds
        names = list(dict.fromkeys(self.trace))
        self.queue = self.spread(names)
        self.every = self.every and points(200) >= 200
        while self.done < self.number or (self.every and self.queue):
            self.chain(self.queue.pop(0) if self.queue else self.drawn())
        print(f"{self.done} kills in {self.chains} runs, {len(names)} kinds of writes")
        return names

    def spread(self, names):
        """Every name once, in chains in which each one comes after those before."""
        chains = max(1, -(-len(names) // 6))
        found = [[self.at(name) for name in names[start::chains]] for start in range(chains)]
        self.rng.shuffle(found)
        return found

    def at(self, name, number=1):
        when = self.rng.choice(("before", "after", "half"))
        return {"fault": {"kind": "kill", "at": name, "number": number, "when": when}}

    def drawn(self):
        """A few kills, at moments and at writes."""
        kills = []
        for _ in range(self.rng.randint(1, 4)):
            if self.rng.random() < self.timed:
                kills.append({"kill_after": self.rng.uniform(0, self.duration)})
            else:
                place = self.rng.randrange(len(self.trace))
                number = self.trace[: place + 1].count(self.trace[place])
                kills.append(self.at(self.trace[place], number))
        return kills

    def chain(self, kills):
        """Kill a run, and the one that goes on with it, and so on; then let one end."""
        self.chains += 1
        lab = self.make(f"chain-{self.chains}")
        killed, end = 0, None
        for kill in kills if self.every else kills[: self.number - self.done]:
            end = lab.live(**kill)
            if not end.killed:
                break
            killed += 1
            wait(lambda process=end.process: not orphans(lab, process), 30)
        if end is None or end.killed:
            end = lab.live()
        told = f"seed {seed()}, chain {self.chains}: {kills}\n{end.err}"
        assert end.code == 0, told
        self.check(lab, killed, told)
        self.done += killed
        if rest := kills[max(killed, 1) :]:  # a fresh run comes there, this one had no need to
            self.queue.append(rest)

    def check(self, lab, killed, told):
        unequal = differences(self.expected, lab.outcome())
        assert unequal == {}, f"{unequal}\n{told}"
        asked = [one["key"] for one in lab.asked]
        assert set(asked) == self.distinct, told
        assert len(asked) <= len(self.distinct) + killed * self.in_flight, told
        assert lab.left() == [], told
        assert (lab.path / "report.xml").exists(), told


def differences(one, other):
    """Where two outcomes differ: file -> the first lines that do."""
    found = {}
    for name in sorted({*one, *other}):
        left, right = one.get(name, "(missing)"), other.get(name, "(missing)")
        if left != right:
            pairs = zip(left.splitlines(), right.splitlines(), strict=False)
            unequal = [pair for pair in pairs if pair[0] != pair[1]]
            found[name] = unequal[:3] or [(len(left), len(right))]
    return found
