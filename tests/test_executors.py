"""Where jobs run must not matter; a worker that dies costs its job and nothing else."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit import UserError, __version__, load_run
from evalkit.executor_params import WorkerParams
from evalkit.executors import WorkerExecutor
from evalkit.plugins import code_sha256

LOCAL = """
import os, signal, sys
from evalkit import Entry, hookimpl
from evalkit.testing.fakes.adapter import FakeAdapter

class Noisy(FakeAdapter):
    def adapt(self, context):
        print('{"ended": null}')
        os.write(1, b"from below\\\\n")
        sys.stdout.flush()
        context.progress(1, 2, "half")
        return super().adapt(context)

class Killed(FakeAdapter):
    def adapt(self, context):
        os.kill(os.getpid(), signal.SIGKILL)

class Gone(FakeAdapter):
    def adapt(self, context):
        os._exit(3)

@hookimpl
def evalkit_adapters():
    params = "evalkit.testing.fakes.params:FakeAdapterParams"
    return [
        Entry(name=n.lower(), target=f"evalkit_plugins:{n}", params=params)
        for n in ("Noisy", "Killed", "Gone")
    ]
"""
GOOD = '[[adapters]]\nuse = "noisy"\n[[adapters]]\nuse = "fake-adapter"\nask = 2\n'
BAD = '[[adapters]]\nuse = "killed"\n[[adapters]]\nuse = "gone"\n'


@pytest.fixture
def told(lab):
    """What the cells of a run found, but for times."""

    def tell(folder):
        results = json.loads((lab.path / folder / "latest" / "results.json").read_text())
        cells = {cell["id"]: cell for cell in results["cells"]}
        for cell in cells.values():
            del cell["seconds"]
        return cells

    return tell


def test_a_worker_finds_the_same_and_its_death_costs_one_job(lab, told):
    lab.write("evalkit_plugins.py", LOCAL)
    lab.suite(adapters=GOOD)
    assert lab.run("--output-dir", "here").exit_code == 0
    lab.suite(adapters=BAD + GOOD, more='[executor]\nuse = "worker"\n')
    result = lab.run("--output-dir", "there")
    assert result.exit_code == 1, result.output

    here, there = told("here"), told("there")
    assert {name: there[name] for name in here} == here
    for name in here:
        left, right = (
            [
                (p.example_id, p.text)
                for p in load_run(lab.path / folder / "latest").predictions(name)
            ]
            for folder in ("here", "there")
        )
        assert left == right

    hint = "what it printed stands above; a killed worker often means too little memory"
    assert there["killed"]["failure"] == {
        "reason": "the worker was killed by signal 9", "kind": "machine", "hint": hint
    }  # fmt: skip
    assert there["gone"]["failure"]["reason"] == "the worker ended with exit code 3"


def test_an_interpreter_that_cannot_be_started_is_the_users_fault(lab):
    lab.suite(more='[executor]\nuse = "worker"\npython = "no/such/python"\n')
    result = lab.run()
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-2:] == [
        f"error: executor.python: {lab.path}/no/such/python: No such file or directory",
        "  executor.python is an interpreter with the same evalkit and plugins installed",
    ]
    assert "nothing to fetch" not in result.stderr  # found before a model is looked for


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("echo evalkit 0.0", "evalkit 0.0"),
        ("echo 'No module named evalkit' >&2; exit 1", "No module named evalkit"),
        ("exit 1", "nothing"),
    ],
)
def test_an_interpreter_without_this_evalkit_is_refused(tmp_path, code, told):
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{code}\n")
    python.chmod(0o755)
    with pytest.raises(UserError) as caught:
        WorkerExecutor(WorkerParams(python=python)).check()
    assert caught.value.message.endswith(f"python has no evalkit {__version__}: {told}")


def test_an_interpreter_with_this_evalkit_is_fine():
    WorkerExecutor(WorkerParams(python=Path(sys.executable))).check()


def test_a_worker_with_other_code_than_was_planned_with_is_refused(lab, monkeypatch):
    lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\n', more='[executor]\nuse = "worker"\n')
    name = "evalkit.testing.fakes.metric"
    monkeypatch.setattr(
        "evalkit.plugins.code_sha256", lambda m: "new" if m == name else code_sha256(m)
    )
    assert lab.run().exit_code == 1
    reason = lab.cell("fake-bare")["failure"]["reason"]
    assert reason.startswith("metric contains is not the one that the run was planned with: ")
    assert lab.jobs() == {}


class TestProtocol:
    """The parent's side, against processes that misbehave."""

    def executor(self, monkeypatch, code):
        """An executor whose workers run this code."""
        popen = subprocess.Popen
        monkeypatch.setattr(
            "evalkit.child.subprocess.Popen",
            lambda args, **more: popen([sys.executable, "-c", code], **more),
        )
        return WorkerExecutor(WorkerParams())

    def test_events_come_through_until_the_end(self, monkeypatch):
        code = (
            'print(\'{"done": 1, "total": 2, "note": ""}\')\n'
            'print(\'{"ended": {"reason": "x", "kind": "adapter", "hint": ""}}\', flush=True)\n'
            "input()"
        )
        executor, events = self.executor(monkeypatch, code), []
        ended = executor.run({"kind": "adapt"}, events.append)
        assert ended == {"reason": "x", "kind": "adapter", "hint": ""}
        assert events == [{"done": 1, "total": 2, "note": ""}]
        executor.close()

    def test_one_that_ends_at_once_is_replaced(self, monkeypatch):
        executor = self.executor(monkeypatch, "import sys; sys.exit(4)")
        for _ in range(2):
            ended = executor.run({}, print)
            assert ended["reason"] == "the worker ended with exit code 4"
            assert ended["kind"] == "machine"
        executor.close()

    def test_one_that_is_killed_in_the_middle_of_a_line(self, monkeypatch):
        code = "import os, sys\nprint('{\"do', end='', flush=True)\nos.kill(os.getpid(), 9)"
        executor = self.executor(monkeypatch, code)
        ended = executor.run({}, print)
        assert ended["kind"] == "machine"
        assert ended["reason"] == "the worker was killed by signal 9"
        executor.close()

    def test_what_a_start_up_file_prints_is_passed_over(self, monkeypatch):
        executor = self.executor(
            monkeypatch, "print('welcome')\nprint('{\"ended\": null}', flush=True)\ninput()"
        )
        assert executor.run({}, print) is None
        executor.close()

    def test_without_a_job_no_worker_is_started(self, monkeypatch):
        monkeypatch.setattr("evalkit.child.subprocess.Popen", None)
        WorkerExecutor(WorkerParams()).close()

    def test_a_missing_interpreter(self, tmp_path):
        with pytest.raises(UserError, match="cannot be started"):
            WorkerExecutor(WorkerParams(python=tmp_path / "nothing")).run({}, print)


def test_a_worker_without_jobs_ends_well(project):
    assert project.spawn("worker").exit_code == 0
