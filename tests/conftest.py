"""A laboratory: a project with the fakes and nothing else installed, so that messages are exact."""

import json
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest

from evalkit.results import results_schema
from evalkit.testing import FakeEngine

pytest_plugins = ["evalkit.testing.plugin"]

FAKES = "evalkit.testing.fakes"
TABLES = {
    "task": '[task]\nuse = "fake-task"\n',
    "models": '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n',
    "adapters": '[[adapters]]\nuse = "fake-adapter"\nk = 2\n\n[[adapters]]\nuse = "fake-bare"\n',
    "metrics": '[[metrics]]\nuse = "contains"\n',
}


@cache
def results_validator():
    """Holds results.json to its schema, which is itself looked at only once."""
    schema = results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


class Lab:
    """A project folder whose commands know the fakes."""

    def __init__(self, project):
        self.project = project
        self.path = project.path

    def write(self, name, text):
        return self.project.write(name, text)

    def suite(self, top='name = "trial"\n', name="suite.toml", **tables):
        """Write a suite; each keyword replaces one of the usual tables, or adds one."""
        parts = {**TABLES, **tables}
        return self.write(name, "\n".join([top, *parts.values()]))

    def do(self, command, *args):
        """Run a command with the fakes."""
        return self.project.run(command, *args, "-p", FAKES)

    def run(self, *args, suite="suite.toml"):
        return self.do("run", suite, *args)

    def cells(self, *args, suite="suite.toml"):
        """Ids of the cells, as `evalkit ls` prints them."""
        result = self.do("ls", suite, *args)
        assert result.exit_code == 0, result.output
        return [line.split()[0] for line in result.stdout.splitlines()]

    def errors(self, *args, command="validate", suite="suite.toml"):
        """What a command complains about; it must be the user's fault."""
        result = self.do(command, suite, *args)
        assert result.exit_code == 2, result.output
        assert result.stdout == ""
        assert "Traceback" not in result.stderr
        return result.stderr

    def results(self, run="latest"):
        """The content of results.json, which must follow its schema."""
        results = self.project.results(run)
        results_validator().validate(results)
        return results

    def cell(self, name, run="latest"):
        return next(cell for cell in self.results(run)["cells"] if cell["id"] == name)

    def runs(self):
        return sorted(path.parent.name for path in self.path.glob("runs/2*/manifest.json"))

    def jobs(self, kind="*"):
        """Identity of each finished job -> when it was stored; analyses are no jobs of the plan."""
        paths = self.path.glob(f"runs/jobs/{kind}/*/job.json")
        stored = {f"{p.parent.parent.name}/{p.parent.name}": p.stat().st_mtime_ns for p in paths}
        return {job: when for job, when in stored.items() if not job.startswith("analysis/")}

    def jsonl(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def alone(monkeypatch):
    """No distribution is installed."""
    monkeypatch.setattr("evalkit.plugins._installed", lambda off: iter(()))


@pytest.fixture
def lab(project, alone):
    """A project with the fakes alone."""
    return Lab(project)


class Site:
    """A folder with installed distributions, the only ones that are found."""

    def __init__(self, path):
        self.path = path

    def install(self, name, points, **modules):
        """Install a distribution: entry points (name -> module), and modules by their code."""
        info = self.path / f"{name.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        lines = "".join(f"{point} = {module}\n" for point, module in points.items())
        (info / "entry_points.txt").write_text(f"[console_scripts]\nx = y:z\n\n[evalkit]\n{lines}")
        for module, code in modules.items():
            (self.path / f"{module}.py").write_text(code)
        return info


@pytest.fixture
def site(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    find = metadata.distributions
    monkeypatch.setattr(
        "evalkit.plugins.metadata.distributions", lambda: list(find(path=[str(folder)]))
    )
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield Site(folder)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def asked(monkeypatch):
    """Every request that any fake engine is asked."""
    requests = []
    remember = FakeEngine._remember
    monkeypatch.setattr(
        FakeEngine,
        "_remember",
        lambda self, batch: (requests.extend(batch), remember(self, batch))[1],
    )
    return requests


@pytest.fixture
def repository():
    """The root of this repository."""
    return Path(__file__).parents[1]
