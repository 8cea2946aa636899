"""What is wrong is found before the first job, with exit code 2."""

import pytest

DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'


class TestPreflight:
    """What is wrong is found before the first job, with exit code 2."""

    def refused(self, lab, *args):
        result = lab.run(*args)
        assert result.exit_code == 2, result.output
        assert lab.jobs() == {}
        assert lab.runs() == []
        return result.stderr

    GONE = '[[models]]\nname = "gone"\nengine = "fake"\nmissing = true\n'

    def test_a_model_that_cannot_be_had(self, lab):
        lab.suite(models=self.GONE)
        assert self.refused(lab) == (
            'error: suite.toml: models[0]: models: "gone" is missing\n'
            "  take `missing = true` out of the suite\n"
        )

    def test_keep_going_runs_the_cells_that_are_not_concerned(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n' + self.GONE
        lab.suite(models=models, more=DUEL)
        result = lab.run("--keep-going")
        assert result.exit_code == 1, result.output
        results = lab.results()
        assert {c["id"]: c["status"] for c in results["cells"]} == {
            "fake-adapter-parrot": "done", "fake-bare-parrot": "done",
            "fake-adapter-gone": "failed", "fake-bare-gone": "failed",
        }  # fmt: skip
        failed = next(c for c in results["cells"] if c["id"] == "fake-bare-gone")
        assert failed["jobs"] is None
        assert failed["failure"]["kind"] == "preflight"
        assert [model["name"] for model in results["models"]] == ["parrot"]
        assert results["comparisons"][0]["status"] == "done"

    def test_keep_going_with_a_judge_that_cannot_be_had(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n' + self.GONE
        adapters = '[[adapters]]\nuse = "fake-bare"\nmodels = ["parrot"]\nsteps = [1, 2]\n'
        more = DUEL.replace("parrot", "gone")
        lab.suite(models=models, adapters=adapters, more=more)
        assert "models[1]" in self.refused(lab)
        assert lab.run("--keep-going").exit_code == 1
        results = lab.results()
        assert [cell["status"] for cell in results["cells"]] == ["done", "done"]
        assert results["comparisons"][0]["failure"]["kind"] == "preflight"

    def test_a_model_that_nobody_uses_is_not_looked_for(self, lab):
        models = '[[models]]\nname = "parrot"\nengine = "fake"\n' + self.GONE
        adapters = '[[adapters]]\nuse = "fake-bare"\nmodels = ["parrot"]\n'
        lab.suite(models=models, adapters=adapters)
        assert lab.run().exit_code == 0

    def test_faults_of_the_data_are_told_at_once_before_any_model_is_looked_for(self, lab):
        adapters = '[[adapters]]\nuse = "fake-adapter"\ntrain-size = [9, 8, 100]\n'
        lab.suite(models=self.GONE, adapters=adapters)
        errors = self.refused(lab).splitlines()
        assert [line for line in errors if line.startswith("error")] == [
            "error: suite.toml: train-size: fake-adapter-9 needs 9 training examples",
            "error: suite.toml: train-size: fake-adapter-100 needs 100 training examples",
        ]
        assert '  the training split has 8; ask for at most that, or for "all"' in errors

    def test_too_large_a_size_costs_its_own_cells_only(self, lab):
        lab.suite(adapters='[[adapters]]\nuse = "fake-adapter"\ntrain-size = [4, 9]\n')
        assert lab.run("--keep-going").exit_code == 1
        assert lab.cell("fake-adapter-4")["status"] == "done"
        assert lab.cell("fake-adapter-9")["status"] == "failed"

    @pytest.mark.parametrize("split", ["test", "train"])
    def test_an_empty_split(self, lab, split):
        lab.suite(task=f'[task]\nuse = "fake-task"\n{split} = 0\n')
        assert self.refused(lab) == f'error: suite.toml: task: the split "{split}" is empty\n'

    def test_an_unknown_split(self, lab):
        lab.suite(evaluate='[evaluate]\nsplit = "dev"\n')
        assert self.refused(lab) == (
            'error: suite.toml: task: there is no split "dev"\n  splits: train, test\n'
        )

    def test_without_training_data_the_others_can_run(self, lab):
        lab.suite(task='[task]\nuse = "fake-task"\ntrain = 0\n')
        result = lab.run("--keep-going")
        assert result.exit_code == 1
        assert lab.cell("fake-adapter")["status"] == "failed"
        assert lab.cell("fake-bare")["status"] == "done"

    def test_without_test_data_nothing_can_run(self, lab):
        lab.suite(task='[task]\nuse = "fake-task"\ntest = 0\ntrain = 0\n')
        errors = self.refused(lab, "--keep-going")
        assert 'the split "test" is empty' in errors
        assert 'the split "train" is empty' in errors

    def test_training_data_that_nobody_uses_is_not_read(self, lab):
        lab.suite(
            task='[task]\nuse = "fake-task"\ntrain = 0\n',
            adapters='[[adapters]]\nuse = "fake-bare"\n',
        )
        assert lab.run().exit_code == 0
        assert lab.results()["task"]["train_examples"] == 0

    def test_what_a_method_needs_of_a_model(self, lab):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import Entry, hookimpl\n@hookimpl\ndef evalkit_adapters():\n"
            "    needs = frozenset({'files', 'weights:lora'})\n"
            "    return [Entry(name='tuned', target='x:Y', requires=needs)]\n",
        )
        lab.suite(adapters='[[adapters]]\nuse = "tuned"\n[[adapters]]\nuse = "fake-bare"\n')
        assert self.refused(lab).splitlines()[-2:] == [
            'error: suite.toml: tuned: "tuned" needs files, weights:lora; for parrot, the engine '
            "fake offers choices, generate, independent",
            '  use another engine, or limit the adapter to models that can: models = ["NAME"]; '
            "a task that need not force its answers takes constrain = false",
        ]

    def test_a_schema_that_nobody_enforces(self, lab):
        lab.jsonl("data.jsonl", [{"a": "x", "b": {"colour": "red"}}])
        task = (
            '[task]\ninstruction = "i"\ninput = "{a}"\ntarget = "b"\ntest = "data.jsonl"\n'
            'answer = "json"\njson-schema = {type = "object"}\n'
        )
        bare = '[[adapters]]\nuse = "fake-bare"\n'
        lab.suite(task=task, adapters=bare)
        needs = "error: suite.toml: fake-bare: the task needs schema; for parrot, the engine fake"
        error, hint = self.refused(lab).splitlines()[-2:]
        assert error.startswith(needs)
        assert hint.endswith("a task that need not force its answers takes constrain = false")
        lab.suite(task=task + "constrain = false\n", adapters=bare)
        assert lab.run().exit_code == 0

    @pytest.mark.parametrize("split", ["test", "train"])
    def test_ids_that_are_not_unique(self, lab, split):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import Entry, Example, hookimpl\n"
            "from evalkit.testing import ListTask\n"
            "class Twins(ListTask):\n"
            "    def __init__(self, params):\n"
            "        names = ('one', 'two', 'one')\n"
            "        rows = [Example(id=n, source=n, fields={}, target='red') for n in names]\n"
            f"        super().__init__({split}=rows)\n"
            "@hookimpl\ndef evalkit_tasks():\n"
            "    return [Entry(name='twins', target='evalkit_plugins:Twins')]\n",
        )
        lab.suite(task='[task]\nuse = "twins"\n')
        assert self.refused(lab, "--limit", "1").endswith(
            f'error: suite.toml: task: 1 ids of the split "{split}" are not unique\n'
            "  for instance one\n"
        )

    def test_evaluation_on_what_a_method_learns_from(self, lab):
        lab.suite(evaluate='[evaluate]\nsplit = "train"\n')
        assert self.refused(lab) == (
            'error: suite.toml: evaluate.split: "fake-adapter" learns from the split "train"\n'
            "  evaluate on another split\n"
        )
        assert lab.run("-k", "bare").exit_code == 0  # it does not learn

    def test_what_a_task_or_a_judge_needs_of_a_model(self, lab):
        lab.suite(
            task='[task]\nuse = "fake-task"\nchoices = true\n',
            models='[[models]]\nname = "parrot"\nengine = "fake"\nabilities = ["generate"]\n',
            adapters='[[adapters]]\nuse = "fake-bare"\n',
            more=DUEL,
        )
        offer = "needs choices; for parrot, the engine fake offers generate"
        assert [line for line in self.refused(lab).splitlines() if line.startswith("error")] == [
            f"error: suite.toml: fake-bare: the task {offer}",
            f'error: suite.toml: comparisons[0]: "fake-duel" {offer}',
        ]

    def test_a_metric_that_cannot_read_the_answers(self, lab):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import Entry, hookimpl\n@hookimpl\ndef evalkit_metrics():\n"
            "    reads = frozenset({'label', 'json'})\n"
            "    return [Entry(name='picky', target='x:Y', answers=reads)]\n",
        )
        lab.suite(metrics='[[metrics]]\nuse = "contains"\n[[metrics]]\nuse = "picky"\n')
        message = (
            'error: suite.toml: metrics[1].use: "picky" cannot read answers of kind "text", only '
            "json, label\n  for text there are: contains\n"
        )
        assert self.refused(lab).endswith(message)
        assert lab.errors().endswith(message)

    def test_an_output_folder_that_cannot_be_written(self, lab, asked):
        lab.suite()
        lab.write("taken", "a file")
        result = lab.run("--output-dir", "taken")
        assert result.exit_code == 2
        assert result.stderr == (
            f"error: {lab.path}/taken: the output folder cannot be written: File exists\n"
            "  choose another with --output-dir\n"
        )
        assert asked == []

    def test_a_target_of_the_task_that_cannot_be_loaded(self, lab):
        lab.write(
            "evalkit_plugins.py",
            "from evalkit import Entry, hookimpl\n@hookimpl\ndef evalkit_tasks():\n"
            "    return [Entry(name='lost', target='no_such_module:Y')]\n",
        )
        lab.suite(task='[task]\nuse = "lost"\n', adapters='[[adapters]]\nuse = "fake-bare"\n')
        assert (
            f'task "lost" of local:{lab.path.name} cannot be loaded from no_such_module:Y: '
            "ModuleNotFoundError" in self.refused(lab)
        )
