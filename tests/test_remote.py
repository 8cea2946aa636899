"""An engine in another process answers as it would here, and is gone when it should be."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit import (
    Completion,
    EngineError,
    Failure,
    HostedModel,
    JobError,
    Journal,
    LocalWeights,
    Message,
    Params,
    Request,
    ResolvedModel,
)
from evalkit.child import Child
from evalkit.remote import Place, RemoteEngine
from evalkit.serialization import (
    answer_from_json,
    answer_to_json,
    line,
    request_from_json,
    request_to_json,
)

ENGINES = """
import os, signal, subprocess, sys
from evalkit import Completion, Engine, Entry, Failure, hookimpl

class Odd(Engine):
    def generate(self, requests):
        for index, request in enumerate(requests):
            text = request.messages[-1].content
            if text == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if text == "forked death":
                if os.fork() == 0:
                    signal.sigwait([signal.SIGUSR1])
                os.kill(os.getpid(), signal.SIGKILL)
            if text == "exit":
                sys.exit(3)
            if text == "bug":
                raise RuntimeError("it has a bug")
            if text == "child":
                text = str(subprocess.Popen(["sleep", "600"]).pid)
            if text == "pid":
                text = str(os.getpid())
            if text == "journal":
                self.seen = {*getattr(self, "seen", ()), id(self.journal)}
                self.kept = [*getattr(self, "kept", ()), self.journal]
                text = str(len(self.seen))
            if text == "budget":
                known = self.journal.recall("budget")
                if known is None:
                    self.journal.record("budget", 7)
                    self.journal.notice("seven it is")
                text = f"{known} then {self.journal.recall('budget')}"
            print("noise", flush=True)
            yield index, Completion(text=text, finish_reason="stop")

@hookimpl
def evalkit_engines():
    return [Entry(name="odd", target="odd_plugin:Odd")]
"""
MODELS = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n'


def ask(text):
    return Request(messages=(Message("user", text),), max_tokens=4)


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """Makes engines that run the plugin above in a child process."""
    (tmp_path / "odd_plugin.py").write_text(ENGINES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = []

    def make():
        resolved = ResolvedModel(name="m", engine="odd", revision="1")
        form = {"name": "m", "engine": "odd", "revision": "1", "dtype": "", "folder": None}
        form |= {"template_sha256": "", "context_length": 0, "abilities": [], "device": ""}
        place = Place(
            python=Path(sys.executable),
            model={"engine": "odd", "params": {}, "resolved": form},
            plugins={"modules": ["odd_plugin"], "local": []},
            provenance=[],
        )
        made.append(RemoteEngine(resolved, Params(), place))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def texts(engine, *asked):
    found = dict(engine.generate([ask(text) for text in asked]))
    return [found[index].text for index in range(len(asked))]


def gone(process):
    """Whether a process ends within half a minute; a zombie has ended."""
    for _ in range(300):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_run_finds_the_same_wherever_its_engine_is(lab):
    lab.suite()
    assert lab.run("--output-dir", "here").exit_code == 0
    lab.suite(models=MODELS + f'python = "{sys.executable}"\n')
    result = lab.run("--output-dir", "there")
    assert result.exit_code == 0, result.output
    for name in ("fake-adapter", "fake-bare"):
        here, there = (
            (lab.path / folder / "latest" / "predictions" / f"{name}.jsonl").read_text()
            for folder in ("here", "there")
        )
        assert [json.loads(text)["text"] for text in here.splitlines()] == [
            json.loads(text)["text"] for text in there.splitlines()
        ]


def test_where_an_engine_runs_is_no_part_of_a_jobs_identity(lab):
    lab.suite()
    lab.run()
    before = lab.jobs()
    lab.suite(models=MODELS + f'python = "{sys.executable}"\n')
    assert lab.run().exit_code == 0
    assert lab.jobs() == before


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("no/such/python", "No such file or directory"),
        ("false", "has no evalkit"),
    ],
)
def test_an_interpreter_that_will_not_do_is_named_before_anything_runs(lab, python, told):
    if python == "false":
        (lab.path / "false").symlink_to("/bin/false")
    lab.suite(models=MODELS + f'python = "{python}"\n')
    errors = lab.errors(command="run")
    assert f"models[0]: python: {lab.path}/{python}" in errors
    assert told in errors
    assert "python is an interpreter with the same evalkit and plugins installed" in errors


def test_the_key_is_checked_like_any_other(lab):
    lab.suite(models=MODELS + "python = 3\n")
    assert "models[0].python: expected" in lab.errors()
    lab.suite(models=MODELS + 'pyton = "x"\n')
    assert 'models[0].pyton: unknown key\n  did you mean "python"?' in lab.errors()


def test_the_engine_stays_between_calls_and_ends_with_close(odd):
    engine = odd()
    (first,) = texts(engine, "pid")
    assert texts(engine, "pid", "x") == [first, "x"]
    assert int(first) != os.getpid()
    engine.close()
    assert gone(first)
    (second,) = texts(engine, "pid")
    assert second != first
    engine.close()
    engine.close()


def test_what_the_engine_started_ends_with_it(odd):
    engine = odd()
    grandchild, child = texts(engine, "child", "pid")
    assert os.getpgid(int(child)) == int(child) != os.getpgrp()
    engine.close()
    assert gone(child)
    assert gone(grandchild)


def test_a_death_costs_the_questions_that_were_open(odd):
    engine = odd()
    told = engine.generate([ask("one"), ask("die"), ask("three")])
    assert next(told)[1].text == "one"
    with pytest.raises(EngineError, match="its process was killed by signal 9"):
        next(told)
    assert texts(engine, "again") == ["again"]


def test_a_death_is_noticed_though_what_it_forked_lives_on(odd):
    with pytest.raises(EngineError, match="its process was killed by signal 9"):
        texts(odd(), "forked death")


def test_an_engine_that_exits_is_told_as_what_it_did(odd):
    engine = odd()
    with pytest.raises(JobError, match="model m: SystemExit: 3"):
        texts(engine, "exit")
    assert texts(engine, "again") == ["again"]


def test_an_engine_that_is_missing_there_is_named_before_anything_runs(lab, tmp_path):
    missing = tmp_path / "site"
    missing.mkdir()
    (missing / "sitecustomize.py").write_text(
        "import sys\nsys.modules['evalkit.testing.fakes'] = None\n"
    )
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={missing} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    lab.suite(models=MODELS + f'python = "{python}"\n')
    errors = lab.errors(command="run")
    assert f"models[0]: python: {python}: -p evalkit.testing.fakes: cannot be imported" in errors
    assert "install the plugin of the engine fake in that environment, in this version" in errors
    assert lab.jobs() == {}


def test_modules_of_the_working_folder_are_not_taken_for_others(lab):
    lab.write("random.py", "raise RuntimeError('not this one')\n")
    lab.suite(models=MODELS + f'python = "{sys.executable}"\n')
    assert lab.do("run", "suite.toml").exit_code == 0


def test_a_bug_of_the_engine_is_told_with_its_traceback(odd):
    with pytest.raises(JobError, match="model m: RuntimeError: it has a bug") as caught:
        texts(odd(), "bug")
    assert "in generate" in caught.value.__notes__[0]


def test_a_bug_of_the_engine_reaches_the_log_of_the_run(lab):
    more = f'crash-on = "a"\npython = "{sys.executable}"\n'
    lab.suite(models=MODELS + more)
    assert lab.run().exit_code == 1
    failure = lab.cell("fake-bare")["failure"]
    assert "RuntimeError: the engine has a bug" in failure["reason"]
    assert failure["hint"] == "see errors.log in the run"
    assert "in _answer" in (lab.path / "runs" / "latest" / "errors.log").read_text()


def test_answers_that_nobody_waited_for_are_not_taken_for_others(odd):
    engine = odd()
    for index, answer in engine.generate([ask("one"), ask("two"), ask("three")]):
        assert (index, answer.text) == (0, "one")
        break
    assert texts(engine, "four") == ["four"]


def test_what_the_engine_decides_is_kept_by_its_parent(odd):
    class Heard(Journal):
        notices: tuple[str, ...] = ()

        def notice(self, text):
            self.notices = (*self.notices, text)

    journal = Heard()
    first, second = odd(), odd()
    first.journal = second.journal = journal
    assert texts(first, "budget") == ["None then 7"]
    assert list(journal.records.values()) == [7]
    assert journal.notices == ("seven it is",)
    first.close()
    assert texts(second, "budget") == ["7 then 7"]


def test_an_engine_sees_one_journal_a_job_however_often_it_is_asked(odd):
    engine = odd()
    assert texts(engine, "journal") == texts(engine, "journal") == ["1"]
    engine.journal = Journal()
    assert texts(engine, "journal") == texts(engine, "journal") == ["2"]


def test_an_engine_ends_when_its_parent_is_killed(odd, tmp_path):
    engine = odd()
    (worker,) = texts(engine, "pid")
    parent = os.fork()
    if parent == 0:  # a process of its own, with an engine of its own
        try:
            orphan = odd()
            pids = texts(orphan, "pid", "child")
            (tmp_path / "pids.part").write_text(" ".join(pids))
            (tmp_path / "pids.part").rename(tmp_path / "pids")
            time.sleep(600)
        finally:
            os._exit(1)
    for _ in range(600):
        if (tmp_path / "pids").exists():
            break
        time.sleep(0.1)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    for process in (tmp_path / "pids").read_text().split():
        assert gone(process)
    assert texts(engine, "pid") == [worker]


def test_a_worker_whose_parent_died_while_it_started_does_nothing(tmp_path):
    gate, started, told = tmp_path / "gate", tmp_path / "started", tmp_path / "told"
    os.mkfifo(gate)
    slow = tmp_path / "python"
    slow.write_text(
        f'#!/bin/sh\necho $$ > {started}\nread -r go < {gate}\nexec {sys.executable} "$@"\n'
    )
    slow.chmod(0o755)
    parent = os.fork()
    if parent == 0:
        try:
            os.dup2(os.open(tmp_path / "errors", os.O_WRONLY | os.O_CREAT), 2)
            Child(slow, where="here").tell({"kind": "no job"})
            told.touch()
            time.sleep(600)
        finally:
            os._exit(1)
    for _ in range(600):
        if told.exists() and started.exists() and started.read_text():
            break
        time.sleep(0.1)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    gate.write_text("go\n")
    assert gone(int(started.read_text()))
    assert (tmp_path / "errors").read_text() == (
        f"error: process {parent} is not, or not any more, the parent of this worker\n"
        "  a `python` must be the interpreter itself, or be replaced by it\n"
    )


anything = st.text(st.characters(), max_size=8)


@given(
    texts=st.lists(anything, min_size=1, max_size=3),
    schema=st.none() | st.dictionaries(anything, st.integers() | anything, max_size=2),
    choices=st.none() | st.lists(anything, max_size=3).map(tuple),
    weights=st.sampled_from(
        [
            None,
            LocalWeights(folder="/a b", kind="lora", sha256="0"),
            HostedModel(provider="p", job_id="j", model_id="m"),
        ]
    ),
    seed=st.none() | st.integers(0, 9),
)
def test_a_request_crosses_unchanged(texts, schema, choices, weights, seed):
    request = Request(
        messages=tuple(Message("user", text) for text in texts),
        max_tokens=3,
        temperature=0.5,
        stop=tuple(texts),
        seed=seed,
        schema=schema,
        choices=choices,
        weights=weights,
    )
    assert request_from_json(json.loads(line(request_to_json(request)))) == request


@given(text=anything, logprobs=st.none() | st.lists(st.floats(max_value=0, allow_nan=False)))
def test_an_answer_crosses_unchanged(text, logprobs):
    given = None if logprobs is None else tuple(logprobs)
    answer = Completion(text=text, finish_reason="choice", prompt_tokens=3, logprobs=given)
    assert answer_from_json(json.loads(line(answer_to_json(answer)))) == answer
    failure = Failure(reason=text, kind="engine", hint="h")
    assert answer_from_json(json.loads(line(answer_to_json(failure)))) == failure
