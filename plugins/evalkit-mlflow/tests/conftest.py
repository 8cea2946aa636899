"""A real tracking server, a look at it through its own REST interface, and runs to show there."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from evalkit import load_run
from evalkit import run as run_suite
from evalkit_mlflow.params import MlflowParams
from evalkit_mlflow.reporter import MlflowReporter
from evalkit_mlflow.server import PYTHON

SUITE = """
name = "tracked"
description = "Which way is best?"

[task]
use = "fake-task"
test = 60

[[models]]
name = "parrot"
engine = "fake"
answer = "recall"

[[adapters]]
use = "fake-adapter"
k = [2, 4]

[[adapters]]
name = "broken"
use = "fake-adapter"
fail = "it gave up"

[[metrics]]
use = "contains"

[[comparisons]]
use = "fake-duel"
judge = "parrot"
"""


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path_factory):
    """Let no setting of the user's reach the tests, but for the interpreter."""
    forget_settings(monkeypatch, tmp_path_factory)


def forget_settings(monkeypatch, tmp_path_factory):
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "nobody"))


@pytest.fixture
def credentials_file(monkeypatch, tmp_path):
    """The file of a user who has logged in with it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / ".mlflow" / "credentials"
    path.parent.mkdir()
    path.write_text("[mlflow]\nmlflow_tracking_username = cassim\nmlflow_tracking_password = 50%\n")
    return path


@pytest.fixture(scope="session")
def mlflow_python() -> str:
    """The interpreter of an environment with MLflow's server."""
    named = os.environ.get(PYTHON)
    if not named:
        pytest.skip("no environment with MLflow, which `make test-mlflow` makes")
    return named


@dataclass(frozen=True)
class Server:
    """A tracking server; `artifacts` is where it keeps them."""

    uri: str
    artifacts: Path

    def ask(self, call, **body):
        """Call its REST interface; `body` makes it a POST."""
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(f"{self.uri}/api/2.0/mlflow/{call}", data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def experiment(self, name):
        return self.ask(f"experiments/get-by-name?experiment_name={quote(name)}")["experiment"]

    def runs(self, experiment, view="ACTIVE_ONLY"):
        """The runs of an experiment: name -> run, its params, metrics and tags as mappings."""
        number = self.experiment(experiment)["experiment_id"]
        found = self.ask("runs/search", experiment_ids=[number], run_view_type=view).get("runs", [])
        for run in found:
            for part in ("params", "metrics", "tags"):
                run[part] = {one["key"]: one["value"] for one in run["data"].get(part, [])}
        assert (
            len({run["info"]["run_name"] for run in found}) == len(found) or view != "ACTIVE_ONLY"
        )
        return {run["info"]["run_name"]: run for run in found}

    def history(self, run, metric):
        """All points of a metric: (step, value)."""
        call = f"metrics/get-history?run_id={run['info']['run_id']}&metric_key={quote(metric)}"
        return [(one["step"], one["value"]) for one in self.ask(call)["metrics"]]

    def artifact(self, run, path):
        """The content of an artefact."""
        call = f"{self.uri}/get-artifact?path={quote(path)}&run_id={run['info']['run_id']}"
        with urllib.request.urlopen(call, timeout=60) as answer:
            return answer.read()


@pytest.fixture(scope="session")
def server(mlflow_python, tmp_path_factory):
    """A server of its own on the loopback, with SQLite and a folder, ended with the tests."""
    folder = tmp_path_factory.mktemp("server")
    place = f"127.0.0.1:{free_port()}"
    command = [mlflow_python, "-P", "-m", "mlflow", "server", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", place.partition(":")[2]]
    command += ["--backend-store-uri", f"sqlite:///{folder}/runs.sqlite"]
    command += ["--artifacts-destination", (folder / "artifacts").as_uri()]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **quiet},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        wait_for(f"http://{place}/health", process, folder / "log")
        yield Server(f"http://{place}", folder / "artifacts")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def wait_for(url, process, log, seconds=240):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the tracking server does not answer:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A run folder with a failed cell and a comparison; not to be written to."""
    folder = tmp_path_factory.mktemp("tracked")
    suite = folder / "tracked.toml"
    suite.write_text(SUITE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVALKIT_DEFAULT_REPORTERS", "")
        modules = ["evalkit.testing.fakes"]
        run = run_suite(suite, modules=modules, output_dir=folder / "runs", cache="off")
    return run.folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of the run folder, to change at will."""
    return shutil.copytree(finished, tmp_path / finished.name)


@pytest.fixture
def results(folder):
    """What is reported; to change at will."""
    return load_run(folder).results


@pytest.fixture(scope="session")
def tracked(server, finished, tmp_path_factory):
    """The runs of one report, for tests that only look at them."""
    with pytest.MonkeyPatch.context() as patch:
        forget_settings(patch, tmp_path_factory)
        params = MlflowParams(tracking_uri=server.uri, tags={"team": "a"})
        MlflowReporter(params).report(load_run(finished).results, finished)
    return server.runs("tracked")


@pytest.fixture
def track(server, folder, results, request, monkeypatch):
    """Report the results under an experiment of the test's own; its runs."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

    def track(**params):
        given = {"tracking_uri": server.uri, "experiment": request.node.name, **params}
        MlflowReporter(MlflowParams(**given)).report(results, folder)
        return server.runs(given["experiment"])

    return track
