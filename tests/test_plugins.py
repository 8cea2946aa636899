"""Discovery: what is found where, under which names, and how `evalkit plugins` shows it."""

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from evalkit.errors import PluginError
from evalkit.plugins import KINDS, build_manager, code_sha256

HEAD = "from evalkit import Entry, hookimpl\n"
METRIC = HEAD + '@hookimpl\ndef evalkit_metrics():\n    return [Entry(name="{}", target="x:Y")]\n'


def problems(plugins):
    return [problem for plugin in plugins.plugins for problem in plugin.problems]


def hooks(*lines):
    """The code of a module whose hook for metrics has this body."""
    body = "".join(f"    {line}\n" for line in lines)
    return f"{HEAD}import sys\n@hookimpl\ndef evalkit_metrics():\n{body}"


class TestInstalled:
    def test_an_entry_point_is_enough(self, site):
        site.install("acme-scores", {"scores": "acme_hooks"}, acme_hooks=METRIC.format("sharp"))
        found = build_manager().find("metric", "sharp")
        plugin = found.plugin
        assert (plugin.name, plugin.distribution, plugin.version) == (
            "scores",
            "acme-scores",
            "1.2",
        )
        assert found.qualified == "acme-scores:sharp"

    def test_without_it_there_is_nothing(self, site):
        info = site.install("acme-scores", {"s": "acme_hooks"}, acme_hooks=METRIC.format("sharp"))
        assert "sharp" in build_manager().names("metric")
        (info / "entry_points.txt").unlink()
        assert "sharp" not in build_manager().names("metric")

    def test_several_entry_points_of_one_distribution(self, site):
        site.install(
            "acme", {"b": "acme_b", "a": "acme_a"},
            acme_a=METRIC.format("one"), acme_b=METRIC.format("two"),
        )  # fmt: skip
        plugins = build_manager()
        assert plugins.names("metric") == ["one", "two"]
        assert [plugin.name for plugin in plugins.plugins] == ["builtins", "a", "b"]

    def test_a_distribution_that_lies_there_twice_counts_once(self, site, monkeypatch):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("one"))
        found = metadata.distributions() * 2
        monkeypatch.setattr("evalkit.plugins.metadata.distributions", lambda: found)
        plugins = build_manager()
        assert plugins.names("metric") == ["one"]
        assert problems(plugins) == []

    def test_the_core_alone_knows_its_own(self, site):
        plugins = build_manager()
        assert {kind: plugins.names(kind) for kind in KINDS} == {
            "task": ["declared"], "engine": [], "adapter": [], "metric": [], "comparison": [],
            "executor": ["local", "worker"], "reporter": ["junit", "markdown", "terminal"],
        }  # fmt: skip
        assert problems(plugins) == []

    def test_autoload_can_be_switched_off(self, site, monkeypatch):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("one"))
        monkeypatch.setenv("EVALKIT_DISABLE_PLUGIN_AUTOLOAD", "1")
        assert [plugin.name for plugin in build_manager().plugins] == ["builtins"]
        assert build_manager(["acme_hooks"]).names("metric") == ["one"]

    @pytest.mark.parametrize("name", ["acme", "point"])
    def test_one_can_be_switched_off(self, site, name):
        site.install("acme", {"point": "acme_hooks"}, acme_hooks=METRIC.format("one"))
        site.install("other", {"o": "other_hooks"}, other_hooks=METRIC.format("two"))
        assert build_manager([f"no:{name}"]).names("metric") == ["two"]


class TestNames:
    def twins(self, site):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("sharp"))
        site.install("other", {"o": "other_hooks"}, other_hooks=METRIC.format("sharp"))
        return build_manager()

    def test_a_taken_name_names_both_and_the_way_out(self, site):
        with pytest.raises(PluginError) as caught:
            self.twins(site).find("metric", "sharp")
        assert caught.value.message == 'metric "sharp" is offered by acme and other'
        assert caught.value.hint == 'say which: "acme:sharp" or "other:sharp"'

    def test_a_qualified_name_settles_it(self, site):
        found = self.twins(site).find("metric", "other:sharp")
        assert found.plugin.distribution == "other"

    def test_they_are_listed_qualified(self, site):
        assert self.twins(site).names("metric") == ["acme:sharp", "other:sharp"]

    def test_a_name_registered_twice_by_one_is_its_own_fault(self, site):
        code = hooks('e = Entry(name="a", target="x:Y")', "return [e, e]")
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=code)
        plugins = build_manager()
        assert plugins.names("metric") == ["a"]
        assert problems(plugins) == ['evalkit_metrics: "a" is registered twice']

    def test_an_unknown_name_shows_what_is_meant_and_what_is_broken(self, site):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("sharp"))
        site.install("bad", {"b": "no_such_module"})
        with pytest.raises(PluginError) as caught:
            build_manager().find("metric", "shrap")
        assert str(caught.value) == (
            'unknown metric "shrap"\n'
            '  did you mean "sharp"?  installed: sharp\n'
            "  broken: bad (evalkit plugins says why)\n"
            "  list them: evalkit plugins --kind metric"
        )


class TestNamed:
    def test_a_module(self, site):
        (site.path / "mine.py").write_text(METRIC.format("own"))
        plugins = build_manager(["mine"])
        assert plugins.find("metric", "own").qualified == "mine:own"

    def test_one_that_cannot_be_imported(self, site):
        with pytest.raises(PluginError) as caught:
            build_manager(["no_such_module_here"])
        assert caught.value.message == (
            "-p no_such_module_here: cannot be imported: ModuleNotFoundError: "
            "No module named 'no_such_module_here'"
        )

    def test_one_that_is_loaded_already(self, site):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("one"))
        plugins = build_manager(["acme_hooks", "acme_hooks"])
        assert problems(plugins) == []
        assert plugins.find("metric", "one").plugin.distribution == "acme"


class TestSuites:
    def hook(self, path):
        return f"{HEAD}@hookimpl\ndef evalkit_suites():\n    return {{'bench': r'{path}'}}\n"

    def test_a_suite_runs_by_name(self, site, project):
        path = project.write(
            "far/away.toml",
            '[task]\nuse = "fake-task"\n[[models]]\nengine = "fake"\n'
            '[[adapters]]\nuse = "fake-bare"\n[[metrics]]\nuse = "contains"\n',
        )
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=self.hook(path))
        result = project.run("ls", "bench", "-p", "evalkit.testing.fakes", check=True)
        assert result.stdout.split()[0] == "fake-bare"
        assert "suites: bench" in project.run("plugins").stdout

    def test_an_unknown_one_shows_what_there_is(self, site, project):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=self.hook("x.toml"))
        result = project.run("ls", "bensh")
        assert result.exit_code == 2
        assert 'did you mean "bench"?  suites here: bench' in result.stderr

    def test_a_taken_name_stands_for_neither(self, site):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=self.hook("one.toml"))
        site.install("other", {"o": "other_hooks"}, other_hooks=self.hook("two.toml"))
        site.install("third", {"t": "third_hooks"}, third_hooks=self.hook("three.toml"))
        assert build_manager().suites == {
            "acme:bench": Path("one.toml"),
            "other:bench": Path("two.toml"),
            "third:bench": Path("three.toml"),
        }

    def test_a_registered_file_that_is_gone(self, site, project):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=self.hook("/nowhere/x.toml"))
        result = project.run("ls", "bench")
        assert result.stderr == (
            "error: /nowhere/x.toml: cannot be read: No such file or directory\n"
        )


LOCAL = METRIC.format("local-metric")


class TestLocal:
    def test_the_working_directory_is_loaded_and_says_so(self, lab):
        lab.suite(metrics='[[metrics]]\nuse = "contains"\n')
        lab.write("evalkit_plugins.py", LOCAL)
        assert "local-metric" in lab.project.run("plugins").stdout
        for command in ("ls", "validate", "run"):
            result = lab.do(command, "suite.toml")
            assert f"loading local plugins from {lab.path}/evalkit_plugins.py" in result.stderr

    def test_beside_the_suite_only_if_allowed(self, lab):
        lab.suite(name="sub/suite.toml", metrics='[[metrics]]\nuse = "local-metric"\n')
        lab.write("sub/evalkit_plugins.py", LOCAL)
        assert 'unknown metric "local-metric"' in lab.errors(suite="sub/suite.toml")
        result = lab.do("ls", "sub/suite.toml", "--allow-local-plugins")
        assert result.exit_code == 0, result.output

    def test_a_run_says_what_it_did_not_load(self, lab):
        lab.suite(name="sub/suite.toml")
        lab.write("sub/evalkit_plugins.py", LOCAL)
        path = f"{lab.path}/sub/evalkit_plugins.py"
        assert (
            f"not loading {path}: allow it with --allow-local-plugins"
            in lab.run(suite="sub/suite.toml").stderr
        )
        assert (
            f"loading local plugins from {path}"
            in lab.run("--allow-local-plugins", suite="sub/suite.toml").stderr
        )

    def test_two_of_them_cannot_both_be_loaded(self, lab):
        lab.suite(name="sub/suite.toml")
        lab.write("evalkit_plugins.py", METRIC.format("here"))
        lab.write("sub/evalkit_plugins.py", METRIC.format("there"))
        plugins_of = '[[metrics]]\nuse = "there"\n'
        lab.suite(name="sub/suite.toml", metrics=plugins_of)
        errors = lab.errors("--allow-local-plugins", suite="sub/suite.toml")
        assert "installed: contains, here" in errors
        assert "broken: local:sub" in errors

    def test_the_second_says_which_one_is_loaded(self, site, monkeypatch):
        monkeypatch.setattr(sys, "path", [*sys.path])
        for name in ("one", "two"):
            (site.path / name).mkdir()
            (site.path / name / "evalkit_plugins.py").write_text(METRIC.format(name))
        folders = [site.path / "one", site.path / "two"]
        plugins = build_manager(local_folders=folders)
        first, second = (folder / "evalkit_plugins.py" for folder in folders)
        assert problems(plugins) == [
            f"{second} is not loaded, because {first} is; rename one, use -p"
        ]

    def test_one_that_exits_does_not_end_the_program(self, lab):
        lab.suite()
        lab.write("evalkit_plugins.py", "import sys\nsys.exit(7)\n")
        assert lab.do("ls", "suite.toml").exit_code == 0
        result = lab.project.run("plugins")
        assert result.exit_code == 1
        assert "(evalkit_plugins): cannot be imported: SystemExit: 7" in result.stderr


class TestCommand:
    def test_a_broken_plugin_is_shown_with_exit_code_1(self, site, project):
        site.install("bad", {"b": "bad_hooks"}, bad_hooks="1 / 0\n")
        result = project.run("plugins")
        assert result.exit_code == 1
        assert result.stderr == (
            "broken: bad (b): cannot be imported: ZeroDivisionError: division by zero\n"
        )
        assert "declared" in result.stdout

    def test_it_harms_no_suite_that_does_without_it(self, site, lab):
        lab.suite(more='[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n')
        site.install("bad", {"b": "bad_hooks"}, bad_hooks="1 / 0\n")
        assert lab.run().exit_code == 0
        assert lab.do("validate", "suite.toml").exit_code == 0

    def test_twins_are_listed_by_qualified_names(self, site, project):
        TestNames().twins(site)
        lines = project.run("plugins", "--kind", "metric").stdout.splitlines()
        assert [line.split()[0] for line in lines] == ["metrics:", "acme:sharp", "other:sharp"]

    def test_json_tells_everything(self, site, project):
        site.install("acme", {"a": "acme_hooks"}, acme_hooks=METRIC.format("sharp"))
        listed = json.loads(project.run("plugins", "--json", check=True).stdout)
        assert listed[-1] == {
            "plugin": "a",
            "distribution": "acme",
            "version": "1.2",
            "problems": [],
            "entries": [{"kind": "metric", "name": "sharp", "summary": ""}],
        }

    def test_a_module_can_be_named(self, alone, project):
        result = project.run("plugins", "-p", "evalkit.testing.fakes", "--kind", "adapter")
        assert result.stdout.splitlines()[1].startswith("  fake-adapter  shows k training")
        assert project.run("plugins", "-p", "no_such_module").exit_code == 2


class TestCodeHash:
    @pytest.fixture
    def package(self, site):
        for name, code in {"__init__": "", "impl": "x = 1\n", "sub/deep": "y = 1\n"}.items():
            path = site.path / "acme_package" / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(code)
        return site.path / "acme_package"

    @pytest.mark.parametrize("module", ["acme_package", "acme_package.impl", "acme_package.no"])
    def test_it_covers_the_whole_package(self, package, module):
        before = code_sha256(module)
        (package / "sub" / "deep.py").write_text("y = 2\n")
        changed = code_sha256(module)
        assert changed != before
        (package / "sub" / "deep.py").rename(package / "sub" / "deeper.py")
        assert code_sha256(module) not in (before, changed)

    def test_it_does_not_depend_on_the_place(self, package, site, monkeypatch):
        before = code_sha256("acme_package.impl")
        elsewhere = site.path.parent / "elsewhere"
        elsewhere.mkdir()
        package.rename(elsewhere / "acme_package")
        monkeypatch.syspath_prepend(elsewhere)
        assert code_sha256("acme_package.impl") == before

    def test_of_a_single_module_it_is_the_file(self, site):
        (site.path / "acme_single.py").write_text("x = 1\n")
        before = code_sha256("acme_single")
        (site.path / "acme_single.py").write_text("x = 2\n")
        assert code_sha256("acme_single") != before

    def test_the_core_is_hashed_module_by_module(self):
        assert code_sha256("evalkit.declared.task") != code_sha256("evalkit.executors")

    def test_what_is_not_there_has_none(self):
        assert code_sha256("no_such_module_here") == ""


def test_a_plugin_of_a_later_interface_is_refused(tmp_path, monkeypatch):
    (tmp_path / "from_tomorrow.py").write_text(
        "from evalkit import Entry, Metric, hookimpl\n"
        "class Later(Metric):\n"
        "    api_version = 2\n"
        "@hookimpl\n"
        "def evalkit_metrics():\n"
        '    return [Entry(name="later", target="from_tomorrow:Later")]\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = build_manager(["from_tomorrow"])
    with pytest.raises(PluginError, match="needs version 2"):
        plugins.load("metric", "later")
