"""A whole run against an endpoint, from the suite to the results."""

import json
import re

import pytest

from .endpoints import Server, closed_port, error
from .fake_model import FakeModel

pytest_plugins = ["evalkit.testing.plugin"]

SUITE = """
name = "served"

[task]
instruction = "Say something."
input = "{{text}}"
target = "answer"
max-tokens = 6
test = "test.jsonl"

[[models]]
name = "served"
engine = "openai"
model = "model"
base-url = "{url}"
api-key-env = "{variable}"
{more}

[[adapters]]
use = "zero-shot"

[[metrics]]
use = "exact-match"
"""


@pytest.fixture
def write(project):
    rows = "\n".join(f'{{"text": "Number {n}.", "answer": "x"}}' for n in range(20))
    project.write("test.jsonl", rows)

    def write(url, more="", variable=""):
        project.write("suite.toml", SUITE.format(url=url, more=more, variable=variable))

    return write


@pytest.fixture
def server(serve):
    return serve(FakeModel())


def asked(server):
    """The questions of the task, without the one that is asked before a run."""
    return [body for body in server.seen if body["messages"][-1]["content"] != "Hi."]


def test_a_suite_runs_and_the_second_time_nothing_is_asked(project, write, server):
    write(server.url)
    project.run("run", "suite.toml", check=True)
    (cell,) = project.results()["cells"]
    assert cell["status"] == "done"
    usage = cell["usage"]["predict"]
    assert (usage["requests"], usage["completion_tokens"]) == (20, 120)
    assert len(asked(server)) == 20
    project.run("run", "suite.toml", check=True)
    assert len(asked(server)) == 20


def test_a_run_in_which_nothing_is_left_to_do_needs_no_endpoint(project, write):
    with Server(FakeModel()) as server:
        write(server.url)
        project.run("run", "suite.toml", check=True)
        (first,) = project.results()["cells"]
    project.run("run", "suite.toml", check=True)
    (again,) = project.results()["cells"]
    assert len(again["jobs"]["reused"]) == 3
    assert again["scores"] == first["scores"]


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ("max-connections = 2\ntimeout = 7\ntotal-timeout = 9\nattempts = 2", 0),
        ("retries = 5", 0),
        ('retries = "unlimited"', 0),
        ('headers-env = { X-Org = "PATH" }', 0),
        ('revision = "b"', 20),
        ("extra-body = { top_p = 0.9 }", 20),
        ('max-tokens-key = "max_tokens"\nomit = ["seed"]', 20),
    ],
)
def test_what_changes_no_answer_is_no_part_of_the_identity(project, write, server, more, count):
    write(server.url)
    project.run("run", "suite.toml", check=True)
    before = len(asked(server))
    write(server.url, more)
    project.run("run", "suite.toml", check=True)
    assert len(asked(server)) - before == count


def test_another_endpoint_is_asked_anew(project, write, server, serve):
    write(server.url)
    project.run("run", "suite.toml", check=True)
    other = serve(FakeModel())
    write(other.url)
    project.run("run", "suite.toml", check=True)
    assert len(asked(other)) == 20


def test_neither_validate_nor_ls_need_the_endpoint(project, write):
    with closed_port() as url:
        write(url, variable="NO_SUCH_KEY")
        project.run("validate", "suite.toml", check=True)
        project.run("ls", "suite.toml", check=True)


def test_an_endpoint_that_is_not_there_is_told_before_anything_runs(project, write):
    with closed_port() as url:
        write(url)
        result = project.run("run", "suite.toml")
    assert result.exit_code == 2
    assert "models[0]: " in result.stderr
    assert "no endpoint answers" in result.stderr
    assert "base-url" in result.stderr


def test_an_unknown_model_is_told_before_anything_runs(project, write):
    with Server(FakeModel(("other",)), models=("other",)) as server:
        write(server.url)
        result = project.run("run", "suite.toml")
    assert result.exit_code == 2
    assert re.search(r'models\[0\]: .*no model "model"', result.stderr)
    assert "other" in result.stderr


def test_requests_that_fail_leave_the_others_alone(project, write, serve):
    model = FakeModel()

    def behave(exchange):
        if "Number 7." in str(exchange.body):
            exchange.json(400, error("no sevens"))
        else:
            model(exchange)

    server = serve(behave)
    write(server.url)
    project.run("run", "suite.toml")
    folder = project.path / "runs" / "latest" / "predictions"
    (path,) = folder.glob("*.jsonl")
    predictions = [json.loads(line) for line in path.read_text().splitlines()]
    failed = {one["id"]: one["failure"] for one in predictions if one.get("failure")}
    assert list(failed) == ["test-8"]
    assert failed["test-8"]["reason"] == "status 400: no sevens"
    assert len(predictions) == len(asked(server)) == 20
