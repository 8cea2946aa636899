"""The files of a run as rows: what is there is streamed, what is damaged is named."""

import json
import shutil

import pytest

import evalkit
from evalkit import RunView, UserError, compare_runs, load_run
from evalkit.testing import Project

from .conftest import Lab

CELL, METRIC = "fake-bare", "contains"
DUEL = '[[comparisons]]\nuse = "fake-duel"\njudge = "parrot"\n'
STEP = {
    "messages": [{"role": "user", "content": "say"}],
    "max_tokens": 5,
    "temperature": 0.0,
    "stop": [],
    "choices": None,
    "schema": None,
    "answer": "red",
}
PROMPT = {
    "schema": "evalkit-prompt/1",
    "cell": CELL,
    "instruction": "say it",
    "demos": [{"input": "a", "target": "b", "id": ""}],
    "weights": None,
    "sent": [{"example": "test-0", "steps": [STEP]}],
}
READERS = {
    "examples.jsonl": lambda view: view.examples(),
    f"predictions/{CELL}.jsonl": lambda view: view.answers(CELL),
    f"scores/{METRIC}/{CELL}.jsonl": lambda view: view.scored(CELL, METRIC),
    "judgments.jsonl": lambda view: view.judgments(),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run folder, which no test may change."""
    lab = Lab(Project(tmp_path_factory.mktemp("made")))
    lab.suite(comparisons=DUEL)
    result = lab.run("--no-cache")
    assert result.exit_code == 0, result.output
    return (lab.path / "runs" / "latest").resolve()


@pytest.fixture
def view(made, tmp_path):
    return load_run(shutil.copytree(made, tmp_path / "runs" / made.name))


def change(view, name, edit, line=2):
    """Change the row on a line of a file."""
    path = view.folder / name
    lines = path.read_text().splitlines()
    row = json.loads(lines[line - 1])
    edit(row)
    lines[line - 1] = json.dumps(row)
    path.write_text("".join(f"{text}\n" for text in lines))
    return path


class TestRows:
    def test_examples_answers_and_scores_are_in_step(self, view):
        examples, answers = list(view.examples()), list(view.answers(CELL))
        scored = list(view.scored(CELL, METRIC))
        assert len(examples) == view.results["task"]["examples"]
        assert [row["id"] for row in examples] == [row["id"] for row in answers]
        assert [row["id"] for row in examples] == [row["id"] for row in scored]
        assert set(examples[0]) == {"id", "sources", "groups", "input", "target"}
        assert [row["text"] for row in answers] == [p.text for p in view.predictions(CELL)]

    def test_judgments_name_their_comparison(self, view):
        assert {(row["comparison"], row["seed"]) for row in view.judgments()} == {("fake-duel", 1)}

    def test_a_run_without_comparisons_has_no_judgments(self, lab):
        lab.suite()
        assert lab.run().exit_code == 0
        assert list(load_run(lab.path / "runs" / "latest").judgments()) == []

    def test_answers_that_failed_have_a_failure_and_no_score(self, lab):
        lab.suite(models='[[models]]\nname = "m"\nengine = "fake"\nfail-on = "green"\n')
        lab.run()
        view = load_run(lab.path / "runs" / "latest")
        failed = [row["id"] for row in view.answers(CELL) if "failure" in row]
        scored = {row["id"] for row in view.scored(CELL, METRIC)}
        assert failed
        assert scored.isdisjoint(failed)

    def test_the_manifest(self, view):
        assert view.manifest()["suite"] == "suite.toml"

    def test_a_reporter_can_make_one(self, view):
        again = RunView(folder=view.folder, results=view.results)
        assert list(again.examples()) == list(view.examples())


class TestUnknown:
    @pytest.mark.parametrize("read", [RunView.answers, RunView.prompt, RunView.predictions])
    def test_a_cell(self, view, read):
        with pytest.raises(UserError, match='"nobody"') as caught:
            read(view, "nobody")
        assert caught.value.hint == "cells: fake-adapter, fake-bare"

    def test_a_score(self, view):
        with pytest.raises(UserError, match=f'cell {CELL} has no score by "f1"') as caught:
            view.scored(CELL, "f1")
        assert caught.value.hint == f"scores: {METRIC}"

    def test_a_cell_without_answers(self, lab):
        lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no"\n')
        lab.run()
        with pytest.raises(UserError, match="no predictions") as caught:
            load_run(lab.path / "runs" / "latest").answers(CELL)
        assert caught.value.hint == "cells: none"


@pytest.mark.parametrize("name", READERS)
class TestDamage:
    def test_a_missing_file(self, view, name):
        (view.folder / name).unlink()
        with pytest.raises(UserError) as caught:
            next(READERS[name](view))
        assert caught.value.message == (
            f"{view.folder / name}: cannot be read: No such file or directory"
        )
        assert "run the suite again" in caught.value.hint

    @pytest.mark.parametrize(
        "line",
        [
            "", "{", "[]", "null", "{} {}", '{"id": 1e999}', '{"id": NaN}', "\u00fc", "{},{}",
            '{"id": ' + "9" * 400 + "}", '{"id": ' + "[" * 300 + "]" * 300 + "}",
            '{"id": ' + "[" * 100_000 + "]" * 100_000 + "}",
        ],
    )  # fmt: skip
    def test_a_line_that_is_no_object(self, view, name, line):
        path = view.folder / name
        first = path.read_text().splitlines()[0]
        path.write_text(f"{first}\n{line}\n{first}\n")
        with pytest.raises(UserError) as caught:
            list(READERS[name](view))
        assert caught.value.message == f"{path}: damaged: line 2 is no JSON object"
        assert "run the suite again" in caught.value.hint

    def test_a_row_without_its_id(self, view, name):
        path = change(view, name, lambda row: row.pop("id"))
        with pytest.raises(UserError, match="damaged: line 2: id: missing") as caught:
            list(READERS[name](view))
        assert caught.value.message.startswith(f"{path}: ")

    def test_what_stands_before_it_is_read(self, view, name):
        change(view, name, lambda row: row.update(id=7))
        rows = READERS[name](view)
        assert type(next(rows)["id"]) is str
        with pytest.raises(UserError, match="line 2: id: expected a text"):
            next(rows)


@pytest.mark.parametrize(
    ("name", "key", "value", "expected"),
    [
        ("examples.jsonl", "groups", {"domain": 3}, "an object of texts"),
        ("examples.jsonl", "sources", "one", "a list of texts"),
        ("examples.jsonl", "input", None, "a text"),
        (f"predictions/{CELL}.jsonl", "text", 3, "a text or null"),
        (f"predictions/{CELL}.jsonl", "usage", {"requests": True}, "an object of whole numbers"),
        (f"predictions/{CELL}.jsonl", "latency_s", "fast", "a number"),
        (f"predictions/{CELL}.jsonl", "failure", {"reason": None}, "an object of texts"),
        (f"scores/{METRIC}/{CELL}.jsonl", "values", {"f1": "1"}, "an object of numbers"),
        (f"scores/{METRIC}/{CELL}.jsonl", "matches", [[0, 0]], "a list of [item"),
        (f"scores/{METRIC}/{CELL}.jsonl", "matches", [[0, -1, 1.0]], "a list of [item"),
        (f"scores/{METRIC}/{CELL}.jsonl", "matches", [[0, 0, 1.1]], "a list of [item"),
        (f"scores/{METRIC}/{CELL}.jsonl", "matches", [[True, 0, 1]], "a list of [item"),
        ("judgments.jsonl", "seed", "1", "a whole number"),
        ("judgments.jsonl", "verdict", [], "an object"),
    ],
)
def test_what_readers_rely_on_is_checked(view, name, key, value, expected):
    path = change(view, name, lambda row: row.update({key: value}))
    with pytest.raises(UserError) as caught:
        list(READERS[name](view))
    assert caught.value.message.startswith(f"{path}: damaged: line 2: {key}: expected {expected}")


@pytest.mark.parametrize("matches", [None, [], [[0, 1, 1], [2, 0, 0.85]]])
def test_matches_are_handed_on(view, matches):
    change(view, f"scores/{METRIC}/{CELL}.jsonl", lambda row: row.update(matches=matches))
    assert list(view.scored(CELL, METRIC))[1]["matches"] == matches


class TestPrompt:
    def write(self, view, content):
        path = view.folder / "prompts" / f"{CELL}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def test_what_was_taught_and_sent(self, view):
        self.write(view, PROMPT)
        assert view.prompt(CELL) == PROMPT

    def test_runs_of_older_versions_have_none(self, view):
        (path := self.write(view, PROMPT)).unlink()
        with pytest.raises(UserError, match="cannot be read") as caught:
            view.prompt(CELL)
        assert caught.value.message.startswith(f"{path}: ")
        assert "of an older version: run the suite again" in caught.value.hint

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ("[]", "damaged: no JSON object"),
            ("{", "damaged: "),
            ({"schema": "evalkit-prompt/2"}, "expected evalkit-prompt/1, found evalkit-prompt/2"),
            ({"demos": [{"input": 3}]}, "damaged: demos[0].target: missing"),
            ({"sent": [{"example": "x", "steps": [{}]}]}, "damaged: sent[0].steps[0].messages"),
            ({"instruction": None}, "damaged: instruction: expected string"),
        ],
    )
    def test_damage_is_named(self, view, change, what):
        content = change if isinstance(change, str) else {**PROMPT, **change}
        path = self.write(view, content)
        with pytest.raises(UserError) as caught:
            view.prompt(CELL)
        assert caught.value.message.startswith(f"{path}: {what}")
        assert caught.value.hint


class TestElsewhere:
    """Names in results may be anybody's."""

    @pytest.mark.parametrize("name", ["../../secret", "/etc/hostname", "a\0b"])
    def test_names_do_not_lead_out(self, view, name):
        cell = {**view.results["cells"][0], "id": f"../{name}", "predictions": name}
        odd = RunView(view.folder, {**view.results, "cells": [cell]})
        for read in (odd.answers, odd.predictions):
            with pytest.raises(UserError, match="leads out of this folder"):
                read(cell["id"])

    def test_nor_do_those_of_prompts_and_scores(self, view):
        cell = {**view.results["cells"][0], "id": "../../../x"}
        odd = RunView(view.folder, {**view.results, "cells": [cell]})
        with pytest.raises(UserError, match="leads out of this folder"):
            odd.prompt("../../../x")
        with pytest.raises(UserError, match="leads out of this folder"):
            odd.scored("../../../x", METRIC)

    def test_nor_do_links(self, view, tmp_path):
        outside = tmp_path / "outside.jsonl"
        outside.write_text("{}\n")
        path = view.folder / f"predictions/{CELL}.jsonl"
        path.unlink()
        path.symlink_to(outside)
        with pytest.raises(UserError, match="leads out of this folder"):
            view.answers(CELL)


class TestCompareRuns:
    def test_it_is_what_the_command_prints(self, view, lab):
        printed = lab.project.run("compare", view.folder, "--format", "json", check=True).stdout
        assert compare_runs(view.folder) == json.loads(printed)
        assert compare_runs(view) == view.results["analysis"]

    def test_several_runs_stand_side_by_side(self, view, lab):
        lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nname = "other"\n')
        assert lab.run().exit_code == 0
        other = str(lab.path / "runs" / "latest")
        methods = [row["method"] for row in compare_runs(view, other, view.folder)["methods"]]
        assert methods == ["fake-adapter", "fake-bare", "other"]

    def test_none_is_the_users_fault(self):
        with pytest.raises(UserError, match="no run to compare"):
            compare_runs()

    def test_it_is_exported(self):
        assert evalkit.compare_runs is compare_runs
