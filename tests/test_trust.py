"""Suites and run folders that somebody else wrote: they run none of their own code."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SPY = "#!/bin/sh\ntouch {mark}\nexit 1\n"
FAKES = "evalkit.testing.fakes"
TUNED = '[[adapters]]\nuse = "fake-adapter"\nk = 2\nweights = true\n'


@pytest.fixture
def foreign(lab, monkeypatch):
    """A suite in a folder of its own, with an interpreter that leaves a mark when it is run."""
    lab.mark = lab.path / "was-run"
    spy = lab.write("foreign/bin/python", SPY.format(mark=lab.mark))
    spy.chmod(0o755)
    return lab


def models(python):
    return f'[[models]]\nname = "parrot"\nengine = "fake"\npython = "{python}"\n'


def test_the_tests_that_the_security_page_names_are_there():
    named = re.findall(r"`(?:tests/)?(test_\w+\.py)`", (ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 8
    for name in named:
        assert [*ROOT.glob(f"tests/{name}"), *ROOT.glob(f"plugins/*/tests/{name}")], name


class TestInterpreters:
    @pytest.mark.parametrize("python", ["bin/python", "./bin/python", "../foreign/bin/python"])
    @pytest.mark.parametrize("key", ["models[0]", "executor"])
    @pytest.mark.parametrize("command", ["validate", "ls", "run"])
    def test_one_that_came_with_the_suite_is_not_run(self, foreign, python, key, command):
        executor = f'[executor]\nuse = "worker"\npython = "{python}"\n'
        tables = {"executor": executor} if key == "executor" else {"models": models(python)}
        foreign.suite(name="foreign/suite.toml", **tables)
        errors = foreign.errors(command=command, suite="foreign/suite.toml")
        told = f"foreign/suite.toml: {key}.python: {foreign.path}/foreign/bin/python came with"
        assert told in errors
        assert "--allow-local-plugins" in errors
        assert not foreign.mark.exists()

    def test_one_beside_the_suites_folder_came_with_it(self, foreign):
        foreign.suite(name="foreign/suites/suite.toml", models=models("../bin/python"))
        assert "came with the suite" in foreign.errors(suite="foreign/suites/suite.toml")
        assert not foreign.mark.exists()

    def test_in_a_profile_it_is_found_too(self, foreign):
        profile = "[profiles.fast.executor]\nuse = 'worker'\npython = 'bin/python'\n"
        foreign.suite(name="foreign/suite.toml", executor=profile)
        errors = foreign.errors("--profile", "fast", suite="foreign/suite.toml")
        assert "executor.python" in errors

    def test_if_it_is_allowed_it_is_run(self, foreign):
        foreign.suite(name="foreign/suite.toml", models=models("bin/python"))
        result = foreign.run("--allow-local-plugins", suite="foreign/suite.toml")
        assert result.exit_code == 2, result.output
        assert "came with" not in result.stderr
        assert foreign.mark.exists()

    @pytest.mark.parametrize("suite", ["suite.toml", "suites/suite.toml"])
    def test_the_current_projects_own_are_run(self, foreign, suite):
        up = "../" * suite.count("/")
        foreign.suite(name=suite, models=models(f"{up}foreign/bin/python"))
        assert foreign.run(suite=suite).exit_code == 2
        assert foreign.mark.exists()

    def test_one_of_the_machine_is_run(self, foreign):
        foreign.suite(name="foreign/suite.toml", models=models(sys.executable))
        assert foreign.do("validate", "foreign/suite.toml").exit_code == 0

    def test_a_link_to_it_is_it(self, foreign):
        (foreign.path / "python").symlink_to("foreign/bin/python")
        foreign.suite(name="foreign/suite.toml", models=models("../python"))
        assert "came with the suite" in foreign.errors(suite="foreign/suite.toml")


STYLED = """
from evalkit import AdaptedModel, Adapter, Entry, Params, Prompt, hookimpl


class Style(Params):
    style: str = "plain"


class Styled(Adapter):
    def adapt(self, context):
        return AdaptedModel(prompt=Prompt(instruction=self.params.style))


@hookimpl
def evalkit_adapters():
    home = "evalkit_plugins"
    return [Entry(name="styled", target=f"{home}:Styled", params=f"{home}:Style")]
"""


class TestNames:
    @pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "a\\u0000b", "a" * 101, "é", ""])
    @pytest.mark.parametrize("table", ["adapters", "models", "metrics"])
    def test_odd_ones_are_refused(self, lab, table, name):
        tables = {
            "adapters": f'[[adapters]]\nuse = "fake-bare"\nname = "{name}"\n',
            "models": f'[[models]]\nengine = "fake"\nname = "{name}"\n',
            "metrics": f'[[metrics]]\nuse = "contains"\nname = "{name}"\n',
        }
        lab.suite(**{table: tables[table]})
        assert f"suite.toml: {table}[0].name: " in lab.errors()
        assert not (lab.path / "runs").exists()

    def test_a_suite_of_an_odd_name(self, lab):
        lab.suite(top='name = "../../x"\n')
        assert "suite.toml: name: " in lab.errors(command="run")

    @pytest.mark.parametrize("table", ["adapters", "metrics"])
    def test_names_that_differ_in_case_alone(self, lab, table):
        use = {"adapters": "fake-bare", "metrics": "contains"}[table]
        twins = "".join(f'[[{table}]]\nuse = "{use}"\nname = "{n}"\n\n' for n in ("One", "one"))
        lab.suite(**{table: twins})
        assert "is used twice" in lab.errors()

    def test_cells_that_differ_in_case_alone(self, lab):
        lab.write("evalkit_plugins.py", STYLED)
        two = '[[adapters]]\nuse = "styled"\nname = "{}"\nstyle = ["{}", "z"]\n\n'
        lab.suite(adapters=two.format("a-b", "c") + two.format("a", "B-c"))
        errors = lab.errors()
        assert "several cells are called alike but for case: a-B-c, a-b-c" in errors

    @pytest.mark.parametrize(
        "value", ["../../x", "/etc/x", "..", "a\\u0000b", "\\u0430", "x" * 500]
    )
    def test_swept_texts_make_safe_files(self, lab, value):
        lab.write("evalkit_plugins.py", STYLED)
        lab.suite(adapters=f'[[adapters]]\nuse = "styled"\nstyle = ["{value}", "other"]\n')
        assert lab.run().exit_code == 0
        names = [path.name for path in (lab.path / "runs" / "latest" / "predictions").iterdir()]
        assert len(names) == 2
        assert all(name.startswith("styled-") and name.isascii() for name in names)
        assert not (lab.path.parent / "x").exists()

    def test_a_cell_that_no_file_can_be_called_by(self, lab):
        name = "n" * 100
        bare = f'[[adapters]]\nuse = "fake-bare"\nname = "{name}"\n'
        two = "".join(f'[[models]]\nengine = "fake"\nname = "{c * 100}"\n\n' for c in "ab")
        lab.suite(adapters=bare, models=two)
        errors = lab.errors()
        assert "no file can be called by the cell nnn" in errors
        assert "shorter names" in errors


@pytest.fixture
def run(lab):
    """A finished run of somebody else's."""
    lab.suite(adapters=TUNED)
    result = lab.run()
    assert result.exit_code == 0, result.output
    lab.folder = (lab.path / "runs" / "latest").resolve()
    return lab


COMMANDS = [
    ("compare", "RUN"),
    ("score", "RUN", "--metric", "contains"),
    ("export", "RUN", "best", "shipped"),
    ("latency", "RUN", "--rate", "1"),
]


def attempt(lab, command):
    words = [str(lab.folder) if word == "RUN" else word for word in command]
    return lab.project.run(*words, *([] if command[0] == "compare" else ["-p", FAKES]))


class TestRunFolders:
    def change(self, lab, alter):
        path = lab.folder / "results.json"
        results = json.loads(path.read_text())
        alter(results)
        path.write_text(json.dumps(results))

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    @pytest.mark.parametrize("name", ["../../x", "/etc/passwd", "a\0b"])
    @pytest.mark.parametrize("key", ["id", "predictions", "metric", "job"])
    def test_names_in_its_results_lead_nowhere(self, run, command, key, name):
        def alter(results):
            cell = results["cells"][0]
            if key == "metric":
                cell["scores"][name] = cell["scores"]["contains"]
            elif key == "job":
                cell["jobs"]["adapt"] = cell["jobs"]["predict"] = name
            else:
                cell[key] = name

        self.change(run, alter)
        before = sorted(run.path.parent.rglob("*"))
        result = attempt(run, command)
        assert result.exit_code == 2, result.output
        assert "is no name of a file in the run folder" in result.stderr
        assert sorted(run.path.parent.rglob("*")) == before

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_links_that_leave_it_are_not_followed(self, run, command):
        shutil.rmtree(run.folder / "scores")
        (run.folder / "scores").symlink_to(run.path)
        result = attempt(run, command)
        assert result.exit_code == 2, result.output
        assert f"{run.folder}/scores: a link that leaves its folder" in result.stderr

    def test_export_takes_no_file_from_elsewhere(self, run):
        (weights,) = run.path.glob("runs/jobs/adapt/*/weights")
        secret = run.write("secret.txt", "private")
        (weights / "notes.txt").symlink_to(secret)
        result = attempt(run, ("export", "RUN", "best", "shipped"))
        assert result.exit_code == 2, result.output
        assert "a link that leaves its folder" in result.stderr
        assert not (run.path / "shipped").exists()

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_code_in_it_is_not_run(self, run, command, monkeypatch):
        mark = run.path / "was-run"
        code = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
        for name in ("evalkit_plugins.py", "sitecustomize.py", "conftest.py", "numpy.py"):
            (run.folder / name).write_text(code)
        attempt(run, command)
        assert not mark.exists()

    def test_a_local_plugin_of_the_working_directory_says_that_it_is_loaded(self, run):
        run.write("evalkit_plugins.py", "")
        for command in COMMANDS[1:]:
            told = f"loading local plugins from {run.path}/evalkit_plugins.py"
            assert told in attempt(run, command).stderr
        assert told in run.project.run("plugins").stderr


@pytest.mark.parametrize(
    "template",
    ["{text.__class__}", "{0}", "{text!r}", "{text:>99999999}", "{{ 7 * 7 }}", "{text[0]}"],
)
def test_a_declared_template_names_fields_and_evaluates_nothing(lab, template):
    lab.jsonl("test.jsonl", [{"text": "a", "answer": "b"}])
    task = f"""[task]
instruction = "{{text.__class__}} %s"
input = "{template}"
target = "answer"
test = "test.jsonl"
"""
    lab.suite(task=task, adapters='[[adapters]]\nuse = "fake-bare"\n')
    assert "missing; the row has text, answer" in lab.errors()


class TestTerminal:
    def test_what_a_suite_or_a_model_wrote_steers_no_terminal(self, lab):
        answer = "\\u001b[2J\\u001b]0;owned\\u0007\\u202eevil"
        engine = f'[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "{answer}"\n'
        lab.suite(top=f'name = "trial"\ndescription = "{answer}"\n', models=engine)
        outputs = [lab.do(command, "suite.toml").output for command in ("validate", "ls", "run")]
        outputs.append(lab.project.run("compare", "runs/latest").output)
        for output in outputs:
            assert "\x1b" not in output
            assert "\x07" not in output
            assert "\u202e" not in output

    def test_nor_does_the_name_of_its_folder(self, lab):
        odd = "o\x1b[2Jdd"
        lab.suite(name=f"{odd}/suite.toml")
        lab.write(f"{odd}/evalkit_plugins.py", "")
        for command in ("validate", "ls", "run"):
            result = lab.do(command, f"{odd}/suite.toml")
            assert result.exit_code == 0, result.output
            assert "\x1b" not in result.output
