"""--lf: the cells that the newest run of the suite lacks."""

ADAPTERS = '[[adapters]]\nuse = "fake-bare"\n\n[[adapters]]\nname = "odd"\nuse = "fake-bare"\n'


def cells(lab):
    return [cell["id"] for cell in lab.results()["cells"]]


def test_only_failed_cells_run_again(lab):
    lab.suite(adapters=ADAPTERS + 'fail = "not today"\n')
    assert lab.run().exit_code == 1
    lab.suite(adapters=ADAPTERS + "k = 1\n")
    result = lab.run("--lf")
    assert result.exit_code == 0, result.output
    assert cells(lab) == ["odd"]
    result = lab.run("--lf")
    assert result.exit_code == 4
    assert result.stderr.startswith("runs: no cell of the last run of trial failed\n")


def test_cells_that_were_not_reached_count_as_failed(lab):
    lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no"\n' + ADAPTERS[30:])
    assert lab.run("-x").exit_code == 1
    lab.run("--lf")
    assert cells(lab) == ["fake-bare", "odd"]


def test_answers_that_could_not_be_had_count_too(lab):
    models = '[[models]]\nname = "parrot"\nengine = "fake"\nfail-on = "green"\n'
    lab.suite(models=models)
    assert lab.run().exit_code == 1
    assert lab.run("--lf").exit_code == 1
    assert cells(lab) == ["fake-adapter", "fake-bare"]


def test_without_a_run_there_is_nothing_to_repeat(lab):
    lab.suite()
    result = lab.run("--lf")
    assert result.exit_code == 4
    assert result.stderr.startswith("runs: there is no run of trial yet\n")


def test_runs_of_other_suites_do_not_count(lab):
    lab.suite(adapters=ADAPTERS + 'fail = "not today"\n')
    lab.run()
    lab.suite('name = "other"\n', name="other.toml")
    lab.run(suite="other.toml")
    lab.run("--lf")
    assert cells(lab) == ["odd"]


def test_it_can_be_narrowed_further(lab):
    lab.suite(adapters=ADAPTERS.replace("\n\n", '\nfail = "no"\n\n') + 'fail = "no"\n')
    lab.run()
    lab.run("--lf", "-k", "odd")
    assert cells(lab) == ["odd"]
