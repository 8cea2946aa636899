"""What jobs need is seen before the first of them; with nothing left to do nothing is looked at."""

import pytest
from tests.metering import BARE, attempts, metered

from evalkit.errors import UserError
from evalkit.readiness import check_space

SILENT = '[[models]]\nname = "mute"\nengine = "fake"\nsilent = true\n'
PARROT = '[[models]]\nname = "parrot"\nengine = "fake"\nanswer = "recall"\n'
DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "{}"\n'


def refused(lab, *args):
    """What a run says that does not even begin."""
    before = lab.jobs(), lab.runs()
    result = lab.run(*args)
    assert result.exit_code == 2, result.output
    assert (lab.jobs(), lab.runs()) == before
    return result.stderr


class TestSpace:
    def test_too_little_of_it_names_the_folder_and_the_amounts(self, tmp_path):
        with pytest.raises(UserError) as caught:
            check_space(tmp_path, 10**18)
        assert caught.value.message.startswith(f"{tmp_path}: ")
        assert "MB are free, at least 1,000,000,000,000 MB are needed" in caught.value.message
        assert "--output-dir" in caught.value.hint

    def test_enough_of_it(self, tmp_path):
        check_space(tmp_path, 1)


class TestSignsOfLife:
    MUTE = 'error: suite.toml: models[0]: "mute" does not answer\n  take `silent = true` out\n'

    def test_a_model_that_does_not_answer_ends_the_run_before_its_first_job(self, lab):
        lab.suite(models=SILENT)
        assert refused(lab).endswith(self.MUTE)

    def test_with_keep_going_only_its_cells_fail(self, lab):
        lab.suite(models=SILENT + PARROT, adapters=BARE, more=DUEL.format("parrot"))
        result = lab.run("--keep-going")
        assert result.exit_code == 1, result.output
        results = lab.results()
        assert {c["id"]: c["status"] for c in results["cells"]} == {
            "fake-bare-mute": "failed",
            "fake-bare-parrot": "done",
        }
        failure = next(c["failure"] for c in results["cells"] if c["failure"])
        assert failure["kind"] == "preflight"
        assert failure["hint"] == "take `silent = true` out"

    def test_a_judge_that_does_not_answer_concerns_its_comparison_only(self, lab):
        adapters = '[[adapters]]\nuse = "fake-bare"\nmodels = ["parrot"]\nsteps = [1, 2]\n'
        lab.suite(models=PARROT + SILENT, adapters=adapters, more=DUEL.format("mute"))
        assert '"mute" does not answer' in refused(lab)
        assert lab.run("--keep-going").exit_code == 1
        results = lab.results()
        assert [cell["status"] for cell in results["cells"]] == ["done", "done"]
        assert results["comparisons"][0]["failure"]["kind"] == "preflight"

    def test_a_model_that_has_nothing_to_do_is_left_alone(self, lab):
        lab.suite(models=PARROT, adapters=BARE)
        lab.run()
        silent = PARROT + "silent = true\n"
        lab.suite(models=silent, adapters=BARE)
        assert "does not answer" in refused(lab)  # another parameter, hence other jobs
        metered(lab)
        lab.run()
        count = len(attempts(lab))
        assert count == 5
        assert lab.run().exit_code == 0
        assert lab.results()["ledger"]["models"] == {}

    def test_a_score_asks_nobody(self, lab):
        metered(lab)
        lab.run()
        metered(lab, metrics='[[metrics]]\nuse = "contains"\nignore-case = true\n')
        assert lab.run().exit_code == 0
        assert lab.results()["ledger"]["models"] == {}

    def test_an_engine_with_a_bug_is_named_with_its_distribution(self, lab):
        metered(lab)
        code = (lab.path / "evalkit_plugins.py").read_text()
        lab.write("evalkit_plugins.py", code.replace("def check(self):", "def check(self, x):"))
        errors = refused(lab)
        assert f'models[0]: "meter" of local:{lab.path.name}: TypeError' in errors

    def test_jobs_elsewhere_are_not_tried_here(self, lab):
        lab.suite(models=SILENT, adapters=BARE, more='[executor]\nuse = "worker"\n')
        assert lab.run().exit_code == 0


class TestPlugins:
    LOST = (
        "from evalkit import Entry, hookimpl\n@hookimpl\ndef evalkit_{kind}s():\n"
        "    return [Entry(name='lost', target='no_such_module:Y')]\n"
    )

    @pytest.mark.parametrize("kind", ["adapter", "metric", "engine"])
    def test_one_that_cannot_be_imported_is_named_with_its_distribution(self, lab, kind):
        lab.write("evalkit_plugins.py", self.LOST.format(kind=kind))
        tables = {
            "adapter": {"adapters": '[[adapters]]\nuse = "lost"\n' + BARE},
            "metric": {"metrics": '[[metrics]]\nuse = "lost"\n'},
            "engine": {"models": '[[models]]\nname = "m"\nengine = "lost"\n'},
        }
        lab.suite(**tables[kind])
        errors = refused(lab)
        where = f'suite.toml: {kind} "lost" of local:{lab.path.name} cannot be loaded from'
        assert f"{where} no_such_module:Y: ModuleNotFoundError" in errors

    def test_all_of_them_are_told_at_once(self, lab):
        code = self.LOST.format(kind="adapter") + self.LOST.format(kind="metric")
        lab.write("evalkit_plugins.py", code)
        lab.suite(adapters='[[adapters]]\nuse = "lost"\n', metrics='[[metrics]]\nuse = "lost"\n')
        assert refused(lab).count("cannot be loaded") == 2

    def test_with_keep_going_an_adapter_costs_its_own_cells(self, lab):
        lab.write("evalkit_plugins.py", self.LOST.format(kind="adapter"))
        lab.suite(adapters='[[adapters]]\nuse = "lost"\n' + BARE)
        assert lab.run("--keep-going").exit_code == 1
        assert lab.cell("lost")["status"] == "failed"
        assert lab.cell("fake-bare")["status"] == "done"

    def test_with_keep_going_a_metric_leaves_the_others_their_scores(self, lab):
        lab.write("evalkit_plugins.py", self.LOST.format(kind="metric"))
        metrics = '[[metrics]]\nuse = "contains"\n[[metrics]]\nuse = "lost"\n'
        lab.suite(adapters=BARE, metrics=metrics)
        assert lab.run("--keep-going").exit_code == 1
        assert lab.cell("fake-bare")["scores"].keys() == {"contains"}

    def test_with_nothing_left_to_do_nothing_is_imported(self, lab):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import Entry, hookimpl\n@hookimpl\ndef evalkit_metrics():\n"
            "    return [Entry(name='own', target='own_metric:Own')]\n",
        )
        lab.write(
            "own_metric.py",
            "from pathlib import Path\nfrom evalkit.testing.fakes.metric import Contains\n"
            "with Path('imported').open('a') as file: file.write('.')\n"
            "class Own(Contains):\n    def __init__(self, params): pass\n"
            "    def score(self, target, value): return {'contains': 1.0}\n",
        )
        lab.suite(adapters=BARE, metrics='[[metrics]]\nuse = "own"\n')
        assert lab.run().exit_code == 0
        assert (lab.path / "imported").read_text() == "."
        (lab.path / "imported").unlink()
        assert lab.run().exit_code == 0
        assert not (lab.path / "imported").exists()
