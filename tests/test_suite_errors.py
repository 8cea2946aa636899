"""What a user reads who made a mistake in a suite: all faults, each with its place and a hint."""

import pytest


def error(message, *hints):
    return "\n".join([f"error: suite.toml: {message}", *(f"  {hint}" for hint in hints), ""])


def test_an_unknown_adapter_is_named_with_what_is_meant(lab):
    two = '[[adapters]]\nuse = "fake-adapter"\n[[adapters]]\nuse = "fake-bare"\n'
    lab.suite(adapters=two + '[[adapters]]\nuse = "fake-bear"\n')
    assert lab.errors() == error(
        'adapters[2].use: unknown adapter "fake-bear"',
        'did you mean "fake-bare"?  installed: fake-adapter, fake-bare',
        "list them: evalkit plugins --kind adapter",
    )


@pytest.mark.parametrize(
    ("tables", "where", "kind"),
    [
        ({"task": '[task]\nuse = "x"\n'}, "task.use", "task"),
        ({"models": '[[models]]\nengine = "x"\n'}, "models[0].engine", "engine"),
        ({"metrics": '[[metrics]]\nuse = "x"\n'}, "metrics[0].use", "metric"),
        ({"more": '[[comparisons]]\nuse = "x"\n'}, "comparisons[0].use", "comparison"),
        ({"more": '[executor]\nuse = "x"\n'}, "executor.use", "executor"),
    ],
)
def test_every_kind_of_plugin_is_looked_up(lab, tables, where, kind):
    lab.suite(**tables)
    first, installed, listing = lab.errors().splitlines()
    assert first == f'error: suite.toml: {where}: unknown {kind} "x"'
    assert installed.startswith("  installed: ")
    assert listing == f"  list them: evalkit plugins --kind {kind}"


def test_unknown_keys_are_named_with_what_is_allowed(lab):
    lab.suite(
        'nmae = "x"\n',
        adapters='[[adapters]]\nuse = "fake-bare"\nstep = 2\n',
        evaluate="[evaluate]\nlimt = 3\n",
    )
    assert lab.errors() == "".join(
        [
            error(
                "nmae: unknown key",
                'did you mean "name"?  allowed: adapters, analysis, comparisons, description, '
                "evaluate, executor, expect, max-cost, max-time, metrics, models, name, profiles, "
                "reporters, seeds, task",
            ),
            error(
                "evaluate.limt: unknown key",
                'did you mean "limit"?  allowed: limit, split',
            ),
            error(
                "adapters[0].step: unknown key",
                'did you mean "steps"?  allowed: ask, crash, fail, k, metric, models, name, '
                "steps, train-size, use, weights",
            ),
        ]
    )


def test_keys_are_written_with_hyphens(lab):
    lab.suite(models='[[models]]\nengine = "fake"\nfail_on = "x"\n')
    first, hint = lab.errors().splitlines()
    assert first == "error: suite.toml: models[0].fail_on: unknown key"
    assert hint.startswith('  did you mean "fail-on"?')


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {"adapters": '[[adapters]]\nuse = "fake-adapter"\nk = "two"\n'},
            'adapters[0].k: expected a whole number, found "two"',
        ),
        (
            {"adapters": '[[adapters]]\nuse = "fake-adapter"\nk = -1\n'},
            "adapters[0].k: input should be greater than or equal to 0, found -1",
        ),
        (
            {"adapters": '[[adapters]]\nuse = "fake-adapter"\nk = true\n'},
            "adapters[0].k: expected a whole number, found true",
        ),
        (
            {"models": '[[models]]\nengine = "fake"\ntext = 3\n'},
            "models[0].text: expected a text in quotes, found 3",
        ),
        (
            {"models": '[[models]]\nengine = "fake"\nanswer = "loud"\n'},
            "models[0].answer: input should be 'echo', 'upper', 'fixed' or 'recall', "
            'found "loud"',
        ),
        (
            {"models": "", "top": "models = 3\n"},
            "models: expected tables [[models]], found a whole number",
        ),
        (
            {"metrics": "", "top": 'metrics = "contains"\n'},
            "metrics: expected tables [[metrics]], found a text",
        ),
        ({"top": "description = 3\n"}, "description: expected a text, found a whole number"),
        ({"top": "name = true\n"}, "name: true is no name"),
        ({"top": 'name = "../up"\n'}, 'name: "../up" is no name'),
        ({"top": "task = 1.5\n", "task": ""}, "task: expected a table [task], found a number"),
        ({"top": "evaluate = []\n"}, "evaluate: expected a table [evaluate], found a list"),
        (
            {"evaluate": "[evaluate]\nlimit = 0\n"},
            'evaluate.limit: expected a number from 1 or "all", found 0',
        ),
        (
            {"evaluate": '[evaluate]\nlimit = "x"\n'},
            'evaluate.limit: expected a number from 1 or "all", found "x"',
        ),
        (
            {"evaluate": "[evaluate]\nsplit = 1\n"},
            "evaluate.split: expected a text, found a whole number",
        ),
        (
            {"metrics": "[[metrics]]\nuse = 1\n"},
            "metrics[0].use: expected the name of a plugin of kind metric, found a whole number",
        ),
        ({"metrics": '[[metrics]]\nname = "x"\n'}, 'metrics[0]: the key "use" is missing'),
        ({"adapters": "[[adapters]]\nk = 1\n"}, 'adapters[0]: the key "use" is missing'),
        ({"models": '[[models]]\nname = "x"\n'}, 'models[0]: the key "engine" is missing'),
        (
            {"models": '[[models]]\nengine = "fake"\nname = "a b"\n'},
            'models[0].name: "a b" is no name',
        ),
        ({"models": ""}, "models: at least one is needed"),
        ({"adapters": ""}, "adapters: at least one is needed"),
        ({"metrics": ""}, "metrics: at least one is needed"),
        ({"task": ""}, "task: this table is missing"),
        ({"top": "profiles = 3\n"}, "profiles: expected tables [profiles.NAME]"),
        ({"top": "profiles = {x = 3}\n"}, "profiles: expected tables [profiles.NAME]"),
        (
            {"adapters": '[[adapters]]\nuse = "fake-bare"\nmodels = "parrot"\n'},
            "adapters[0].models: expected a list of model names, found a text",
        ),
        (
            {"adapters": '[[adapters]]\nuse = "fake-bare"\nmodels = []\n'},
            "adapters[0].models: expected a list of model names, found a list",
        ),
    ],
)
def test_a_wrong_type_or_value_is_named_with_what_is_expected(lab, tables, message):
    lab.suite(**tables)
    lines = lab.errors().splitlines()
    assert lines[0] == f"error: suite.toml: {message}"
    assert sum(line.startswith("error: ") for line in lines) == 1, lines


@pytest.mark.parametrize("seeds", ["1", '["1"]', "[]", "[1, 1]", "[-1]", "[true]", "[1.0]"])
def test_seeds_are_different_whole_numbers(lab, seeds):
    lab.suite(f"seeds = {seeds}\n")
    assert lab.errors() == error(
        "seeds: expected a list of different whole numbers from 0, as [1, 2, 3]"
    )


@pytest.mark.parametrize("size", ["0", "-3", "1.5", '"most"', "true", "[4, 0]", '["all", "x"]'])
def test_a_training_size_is_a_number_or_all(lab, size):
    lab.suite(adapters=f'[[adapters]]\nuse = "fake-adapter"\ntrain-size = {size}\n')
    assert 'adapters[0].train-size: expected a number from 1 or "all", found ' in lab.errors()


def test_a_training_size_is_only_for_those_who_train(lab):
    lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\ntrain-size = [4, 8]\n')
    assert lab.errors() == error(
        'adapters[0].train-size: "fake-bare" uses no training examples', "leave the key out"
    )


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('[task]\nuse = "fake-task"\ntrain = 2024-05-01\n', "task.train"),
        ('[task]\nuse = "fake-task"\ntrain = 2024-05-01T10:00:00Z\n', "task.train"),
        ('[task]\nuse = "fake-task"\ntrain = 10:00:00\n', "task.train"),
    ],
)
def test_dates_are_told_from_texts(lab, table, key):
    lab.suite(task=table + 'test = "x"\n')
    assert lab.errors() == (
        error(f"{key}: dates and times are not allowed here", "write a text in quotes")
        + error('task.test: expected a whole number, found "x"')
    )


def test_a_date_where_the_core_reads_is_called_so(lab):
    lab.suite("description = 2024-05-01\n", evaluate="[evaluate]\nlimit = 2024-05-01\n")
    assert lab.errors() == (
        error("description: expected a text, found a date or time")
        + error('evaluate.limit: expected a number from 1 or "all", found "2024-05-01"')
    )


@pytest.mark.parametrize("number", ["inf", "-inf", "nan"])
def test_numbers_are_finite(lab, number):
    lab.suite(models=f'[[models]]\nengine = "fake"\ndelay = {number}\n')
    assert lab.errors() == error(
        "models[0].delay: inf and nan are not allowed here", "write a finite number"
    )


@pytest.mark.parametrize(
    ("tables", "key", "name"),
    [
        ({"adapters": '[[adapters]]\nuse = "fake-bare"\n' * 2}, "adapters", "fake-bare"),
        ({"metrics": '[[metrics]]\nuse = "contains"\n' * 2}, "metrics", "contains"),
        ({"models": '[[models]]\nengine = "fake"\n' * 2}, "models", "fake"),
        (
            {"models": '[[models]]\nname = "a"\nengine = "fake"\n' * 2},
            "models",
            "a",
        ),
        (
            {"metrics": '[[metrics]]\nuse = "contains"\n[[metrics]]\nuse = "evalkit:contains"\n'},
            "metrics",
            "contains",
        ),
    ],
)
def test_a_name_is_used_once(lab, tables, key, name):
    lab.suite(**tables)
    assert lab.errors() == error(
        f'{key}: the name "{name}" is used twice', 'give each its own: name = "..."'
    )


def test_tables_without_any_name_are_not_called_twins(lab):
    lab.suite(adapters="[[adapters]]\nk = 1\n[[adapters]]\nk = 2\n")
    assert [line for line in lab.errors().splitlines() if line.startswith("error")] == [
        'error: suite.toml: adapters[0]: the key "use" is missing',
        'error: suite.toml: adapters[1]: the key "use" is missing',
    ]


def test_cells_of_one_name_are_refused(lab):
    lab.suite(
        adapters='[[adapters]]\nname = "a"\nuse = "fake-bare"\nfail = ["b-c", "x"]\n'
        '[[adapters]]\nname = "a-b"\nuse = "fake-bare"\nfail = ["c", "y"]\n'
    )
    assert lab.errors() == error(
        "adapters: several cells are called a-b-c",
        'give the adapters names of their own: name = "..."',
    )


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ("k = []", "k: an empty list leaves no cell"),
        ("k = [2, 3, 2]", "k: 2 is in the list twice"),
        ("train-size = []", "train-size: an empty list leaves no cell"),
        ('train-size = ["all", "all"]', 'train-size: "all" is in the list twice'),
    ],
)
def test_a_bad_sweep_is_refused(lab, sweep, message):
    lab.suite(adapters=f'[[adapters]]\nuse = "fake-adapter"\n{sweep}\n')
    assert lab.errors() == error(
        f"adapters[0].{message}", "a list here is a sweep: a cell for each value"
    )


def test_a_fault_in_a_sweep_is_told_once(lab):
    lab.suite(
        adapters='[[adapters]]\nuse = "fake-adapter"\nk = [1, "x"]\nsteps = [1, 2, 3]\nkk = 1\n'
    )
    lines = [line for line in lab.errors().splitlines() if line.startswith("error")]
    assert lines == [
        "error: suite.toml: adapters[0].kk: unknown key",
        'error: suite.toml: adapters[0].k: expected a whole number, found "x"',
    ]


@pytest.mark.parametrize(
    ("tables", "where"),
    [
        ({"more": '[[comparisons]]\nuse = "fake-duel"\njudge = "parot"\n'}, "comparisons[0].judge"),
        (
            {"adapters": '[[adapters]]\nuse = "fake-bare"\nmodels = ["parot"]\n'},
            "adapters[0].models",
        ),
    ],
)
def test_references_to_models_are_checked(lab, tables, where):
    lab.suite(**tables)
    assert lab.errors() == error(
        f'{where}: unknown model "parot"', 'did you mean "parrot"?  in this suite: parrot'
    )


def test_references_to_plugins_are_checked(lab):
    lab.suite(adapters='[[adapters]]\nuse = "fake-adapter"\nmetric = "contain"\n')
    assert lab.errors() == error(
        'adapters[0].metric: unknown metric "contain"',
        'did you mean "contains"?  installed: contains',
        "list them: evalkit plugins --kind metric",
    )


def test_a_model_with_a_fault_is_still_known_to_others(lab):
    lab.suite(
        models='[[models]]\nname = "parrot"\nengine = "fake"\ndelay = -1\n',
        more='[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n',
    )
    assert lab.errors() == error(
        "models[0].delay: input should be greater than or equal to 0, found -1"
    )


def test_all_faults_are_told_at_once(lab):
    lab.suite(
        "seeds = 1\ndescripton = 1\n",
        task='[task]\nuse = "fake-task"\ntest = "x"\n',
        models='[[models]]\nengine = "fak"\n',
        adapters='[[adapters]]\nuse = "fake-adapter"\nk = "x"\nsteps = 0\n',
        metrics='[[metrics]]\nuse = "contains"\nignore-cases = true\n',
        more='[[comparisons]]\nuse = "fake-duel"\n[executor]\nuse = "remote"\n',
    )
    places = [line.split(": ")[2] for line in lab.errors().splitlines() if line[0] == "e"]
    assert places == [
        "descripton", "seeds", "task.test", "models[0].engine", "adapters[0].k",
        "adapters[0].steps", "metrics[0].ignore-cases", "comparisons[0].judge", "executor.use",
    ]  # fmt: skip


def test_control_characters_of_a_file_do_not_reach_the_terminal(lab):
    lab.suite(adapters='[[adapters]]\nuse = "\\u001b[2J\\u009bx"\n')
    assert 'unknown adapter "\\x1b[2J\\x9bx"' in lab.errors()
