"""What the example browser is handed: answers side by side, packed, of any number of examples."""

import base64
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from evalkit import RunView
from evalkit_report.examples import browser_data
from evalkit_report.model import CellView, Material

SCORE = {
    "headline": "f1",
    "direction": "higher",
    "range": [0.0, 1.0],
    "ratio": {"numerator": {"f1": 1}, "denominator": {}, "empty": None},
}


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "ascii")


def example(identity, *, target=(("a", "b", "c"),), **more):
    groups = {"domain": "x", "triples": str(len(target))}
    return {"id": identity, "sources": ["s"], "groups": groups, "input": "Text", **more} | {
        "target": target
    }


def answer(identity, value=(("a", "b", "c"),), **more):
    usage = {"requests": 1, "prompt_tokens": 5, "completion_tokens": 3, "cached_tokens": 0}
    plain = {"id": identity, "text": "a | b | c", "value": value, "outcome": "parsed"}
    return plain | {"usage": usage, "latency_s": 0.5} | more


def failed(identity):
    failure = {"reason": "the server is gone", "kind": "engine", "hint": ""}
    return answer(identity, None, text="", outcome=None, failure=failure)


def cell(name, *, seed=1, **more):
    return {
        "id": name,
        "method": name.removesuffix(f"-seed{seed}"),
        "seed": seed,
        "train_size": 0,
        "status": "done",
        "failure": None,
        "scores": {"exact": SCORE},
        "predictions": f"predictions/{name}.jsonl",
    } | more


class Folder:
    """A run folder with examples, and the same answers in each cell unless they are given."""

    def __init__(self, path, examples, *, data="hash"):
        self.path, self.ids, self.data = path, [row["id"] for row in examples], data
        self.cells, self.comparisons = [], []
        write(path / "examples.jsonl", examples)

    def add(self, name, answers=None, scores=None, **more):
        self.cells.append(cell(name, **more))
        answers = answers or [answer(identity) for identity in self.ids]
        write(self.path / "predictions" / f"{name}.jsonl", answers)
        done = [a["id"] for a in answers if "failure" not in a]
        write(
            self.path / "scores" / "exact" / f"{name}.jsonl",
            scores or [{"id": i, "values": {"f1": 0.5}} for i in done],
        )
        return self

    def judge(self, rows):
        self.comparisons = [{"name": "elo", "status": "done"}]
        write(self.path / "judgments.jsonl", rows)
        return self

    def view(self):
        results = {
            "run": {"id": self.path.name},
            "task": {"evaluation_sha256": self.data},
            "cells": self.cells,
            "comparisons": self.comparisons,
        }
        return RunView(self.path, results)


def material(*folders):
    runs = [folder.view() for folder in folders]
    cells = [
        CellView(key=f"{run.folder.name}/{form['id']}", method=form["method"], run=run, form=form)
        for run in runs
        for form in run.results["cells"]
    ]
    return Material(
        runs=tuple(runs),
        cells=tuple(cells),
        analysis={"metric": "exact"},
        slices=(),
        prompts={},
        manifest={},
        missing=(),
    )


def unpacked(data, kind):
    """The rows of all chunks of a kind, in the order of the draw."""
    chunks = [data.chunks[f"{kind}-{n}"] for n in range(data.meta["chunks"])]
    return [row for text in chunks for row in json.loads(gzip.decompress(base64.b64decode(text)))]


def shown(data):
    """Id -> row of the index and detail."""
    pairs = zip(unpacked(data, "index"), unpacked(data, "details"), strict=True)
    return {row[0]: (row, detail) for row, detail in pairs}


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "run", [example("one"), example("two")])


def test_an_example_with_the_answers_of_all_methods(folder):
    two = [["a", "b", "d"], ["x"], ["x"]]
    matches = [{"id": i, "values": {"f1": 0.5}, "matches": [[0, 0, 0.99999]]} for i in folder.ids]
    folder.add("plain").add("fuzzy", [answer(i, two) for i in folder.ids], matches)
    data = browser_data(material(folder), 2000)
    row, detail = shown(data)["one"]
    assert row == ["one", "Text", 4, [0, 0], [0, 0], [[0.5], [0.5]], False, 0]
    assert detail["input"] == "Text"
    assert detail["gold"] == [["a", "b", "c"]]
    assert detail["groups"] == {"domain": "x", "triples": "1"}
    plain, fuzzy = detail["answers"]
    assert (plain["by"], plain["rows"]) == (None, [[0, None, 1.0, 1]])
    assert fuzzy["by"] == "exact"
    assert fuzzy["rows"] == [[0, ["a", "b", "d"], 0.9999, 1], [-1, ["x"], None, 2]]
    assert plain["text"] == "a | b | c"
    assert plain["usage"] == [5, 3, 0.5]
    assert (data.notes, data.missing) == ((), ())
    assert data.meta["groups"] == {"domain": ["x"], "triples": ["1"]}
    assert data.meta["methods"] == ["plain", "fuzzy"]
    assert json.loads(json.dumps(data.meta)) == data.meta


def test_the_same_run_gives_the_same_bytes(folder):
    folder.add("plain")
    assert browser_data(material(folder), 1) == browser_data(material(folder), 1)


def test_a_failed_answer_has_a_reason_and_no_score(folder):
    folder.add("plain", [failed("one"), answer("two", [], text="", outcome="empty")])
    found = shown(browser_data(material(folder), 2000))
    outcomes = browser_data(material(folder), 2000).meta["outcomes"]
    row, detail = found["one"]
    assert (outcomes[row[4][0]], row[5]) == ("failed", [[None]])
    assert detail["answers"] == [{"failure": "the server is gone"}]
    row, detail = found["two"]
    assert (outcomes[row[4][0]], row[5]) == ("empty", [[0.5]])
    assert detail["answers"][0]["rows"] == [[0, None, None, 0]]


def test_a_cell_that_failed_says_why_and_nothing_is_missing(folder):
    folder.add("plain")
    failure = {"reason": "out of memory", "kind": "adapter", "hint": ""}
    folder.cells.append(
        cell("trained", status="failed", failure=failure, predictions=None, scores={})
    )
    data = browser_data(material(folder), 2000)
    assert [one["absent"] for one in data.meta["cells"]] == [None, "out of memory"]
    assert shown(data)["one"][1]["answers"][1] is None
    assert data.missing == ()


HOSTILE = [
    "</script><script>alert(1)</script>",
    "\u202eright to left",
    "half \ud800 of a pair",
    "nul \x00, \u200b, %, #, &amp;",
    "line\nend",
    "../../etc/passwd",
    "\U0001f600" * 50,
    "",
]


def test_hostile_ids_and_texts_come_out_as_they_went_in(tmp_path):
    folder = Folder(tmp_path / "run", [example(text, target=[[text] * 3]) for text in HOSTILE])
    folder.add("plain", [answer(text, [[text] * 3], text=text) for text in HOSTILE])
    found = shown(browser_data(material(folder), 2000))
    assert list(found) != []
    for text in HOSTILE:
        detail = found[text][1]
        assert detail["gold"] == [[text] * 3]
        assert detail["answers"][0]["text"] == text


def test_chunks_are_letters_that_need_no_escape(tmp_path):
    folder = Folder(tmp_path / "run", [example(text) for text in HOSTILE]).add("plain")
    for text in browser_data(material(folder), 2000).chunks.values():
        assert text.replace("+", "").replace("/", "").replace("=", "").isalnum()


def test_long_texts_and_long_lists_are_cut(tmp_path):
    many = [[str(i)] for i in range(500)]
    folder = Folder(tmp_path / "run", [example("one")])
    folder.add("plain", [answer("one", many, text="x" * 50_000)])
    detail = shown(browser_data(material(folder), 2000))["one"][1]["answers"][0]
    assert detail["text"]["left"] == 30_000
    assert (len(detail["rows"]), detail["left"]) == (300, 201)


def test_a_sample_is_drawn_and_said(tmp_path):
    folder = Folder(tmp_path / "run", [example(str(i)) for i in range(1_200)]).add("plain")
    data = browser_data(material(folder), 1_000)
    assert data.notes[0].startswith("Shows 1,000 of 1,200 examples, drawn in proportion by domain")
    assert "all figures and charts count all of them" in data.notes[0]
    assert (data.meta["shown"], data.meta["total"], len(shown(data))) == (1_000, 1_200, 1_000)
    assert data.meta["chunks"] == 8


def test_what_does_not_fit_into_the_file_is_left_out_and_said(tmp_path):
    folder = Folder(tmp_path / "run", [example(str(i)) for i in range(400)])
    folder.add("plain", [answer(str(i), text=f"{i} " * 3_000) for i in range(400)])
    whole = browser_data(material(folder), 300)
    budget = sum(map(len, whole.chunks.values())) // 2
    data = browser_data(material(folder), 300, budget=budget)
    assert sum(map(len, data.chunks.values())) <= budget
    assert 0 < data.meta["shown"] < 300
    assert data.notes[0].startswith(f"Shows {data.meta['shown']:,} of 400 examples")
    assert data.notes[1].startswith("300 were drawn")
    assert set(shown(data)) < set(shown(whole))


def test_missing_scores_are_named_and_the_rest_is_shown(folder):
    folder.add("plain").add("other")
    (folder.path / "scores" / "exact" / "plain.jsonl").unlink()
    data = browser_data(material(folder), 2000)
    assert len(data.missing) == 1
    assert "scores/exact/plain.jsonl" in data.missing[0]
    assert shown(data)["two"][0][5] == [[None], [0.5]]


def test_a_damaged_line_is_named_and_what_stands_before_it_is_shown(folder):
    folder.add("plain").add("other")
    path = folder.path / "predictions" / "plain.jsonl"
    path.write_text(path.read_text().splitlines()[0] + '\n{"id": "tw')
    data = browser_data(material(folder), 2000)
    assert len(data.missing) == 1
    assert "run/predictions/plain.jsonl" in data.missing[0]
    assert "2" in data.missing[0]
    assert str(folder.path) not in data.missing[0]
    found = shown(data)
    assert found["one"][1]["answers"][0] is not None
    assert found["two"][1]["answers"][0] is None
    assert found["two"][1]["answers"][1] is not None


def test_without_the_examples_the_answers_are_shown(folder):
    folder.add("plain")
    (folder.path / "examples.jsonl").unlink()
    data = browser_data(material(folder), 2000)
    assert len(data.missing) == 1
    assert "examples.jsonl" in data.missing[0]
    row, detail = shown(data)["two"]
    assert (row[2], detail["input"], detail["gold"]) == (None, None, None)
    assert detail["answers"][0]["rows"] == [[-1, ["a", "b", "c"], None, 1]]


def test_nothing_is_known(tmp_path):
    folder = Folder(tmp_path / "run", [])
    (folder.path / "examples.jsonl").unlink()
    data = browser_data(material(folder), 2000)
    assert data.chunks == {}
    assert data.notes == ("No examples are known, so there are no answers to look at.",)


def test_lines_out_of_their_place_are_counted(folder):
    folder.add("plain", [answer("two"), answer("one"), answer("three")])
    data = browser_data(material(folder), 2000)
    assert data.missing == (
        "run/predictions/plain.jsonl: 2 lines belong to no example, or out of order.",
        "run/scores/exact/plain.jsonl: 2 lines belong to no example, or out of order.",
    )
    assert shown(data)["one"][1]["answers"] == [None]


def test_other_runs_join_if_they_answered_the_same_examples(tmp_path):
    examples = [example("one")]
    first = Folder(tmp_path / "first", examples).add("plain")
    same = Folder(tmp_path / "same", examples).add("taught")
    other = Folder(tmp_path / "other", examples, data="another").add("strange")
    data = browser_data(material(first, same, other), 2000)
    assert [one["key"] for one in data.meta["cells"]] == ["first/plain", "same/taught"]
    assert len(data.missing) == 1
    assert data.missing[0].startswith("other: its answers do not stand beside those of first")
    assert data.meta["methods"] == ["plain", "taught", "strange"]


def judgment(order, verdict, **more):
    form = {"judge": "owl", "example": "one", "a": "plain", "b": "gold", "order": order, "vote": 0}
    form |= {"status": "ok", "verdict": verdict, "score": 0.5} | more
    return {"comparison": "elo", "seed": 2, "id": order, "verdict": form}


def test_what_judges_said_is_seen_from_the_contestants(folder):
    folder.add("plain-seed1").add("plain-seed2", seed=2)
    folder.judge(
        [
            judgment(
                "ab", "A", rationale="Better.", probabilities={"A": 0.7, "B": 0.2, "TIE": 0.1}
            ),
            judgment("ba", "A", probabilities={"A": 0.6, "B": 0.4}),
            judgment("ba", None, status="truncated", text="The first"),
            {"comparison": "elo", "seed": 2, "id": "x", "failure": {"reason": "gone"}},
            judgment("ab", "B") | {"seed": 1, "verdict": {"example": "one", "verdict": "B"}},
        ]
    )
    data = browser_data(material(folder), 2000)
    found = shown(data)
    assert [found[i][0][6] for i in ("one", "two")] == [True, False]
    [pair] = found["one"][1]["verdicts"]
    assert {key: pair[key] for key in ("comparison", "judge", "seed", "a", "b", "cells")} == {
        "comparison": "elo",
        "judge": "owl",
        "seed": "2",
        "a": "plain",
        "b": "gold",
        "cells": [1, None],
    }
    first, second, third = pair["said"]
    assert (first["winner"], first["reason"]) == ("a", "Better.")
    assert first["shares"] == {"a": 0.7, "b": 0.2, "tie": 0.1}
    assert (second["winner"], second["shares"]) == ("b", {"a": 0.4, "b": 0.6})
    assert (third["winner"], third["status"], third["reason"]) == (None, "truncated", "The first")


RATIO = {"numerator": {"tp": 2}, "denominator": {"said": 1, "there": 1}, "empty": 1.0}


@pytest.mark.parametrize(
    ("values", "form", "expected"),
    [
        ({"tp": 1, "said": 2, "there": 1}, {"ratio": RATIO}, 0.6667),
        ({"tp": 0, "said": 0, "there": 0}, {"ratio": RATIO}, 1.0),
        ({"tp": 0, "said": 0, "there": 0}, {"ratio": RATIO | {"empty": None}}, None),
        ({"tp": 1}, {"ratio": RATIO}, None),
        ({"f1": 0.25, "other": 1}, {"ratio": None, "headline": "f1"}, 0.25),
        ({"only": 3}, {"ratio": None, "headline": "bleu"}, 3.0),
        ({"hits": 3, "length": 4}, {"ratio": None, "headline": "bleu"}, None),
        (None, {"ratio": RATIO}, None),
    ],
)
def test_the_figure_of_one_example(folder, values, form, expected):
    folder.add("plain", scores=[{"id": "one", "values": values}])
    folder.cells[0]["scores"] = {"exact": SCORE | form}
    if values is None:
        write(folder.path / "scores" / "exact" / "plain.jsonl", [{"id": "two", "values": {}}])
    assert shown(browser_data(material(folder), 2000))["one"][0][5] == [[expected]]


MEASURED = r"""
import re, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_report_examples import Folder, material
from evalkit_report.examples import browser_data

folder = Folder.__new__(Folder)
folder.path, folder.data, folder.comparisons = Path({path!r}), "hash", []
folder.cells = {cells!r}
data = browser_data(material(folder), 2000)
assert data.meta["shown"] == 2000, data.notes
assert data.meta["total"] == 100_000
assert not data.missing, data.missing
# ru_maxrss would count what the parent held when it started this process
print(int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.slow
def test_ten_cells_of_100_000_examples_need_little_memory(tmp_path):
    ids = [f"example {i}" for i in range(100_000)]
    groups = [{"domain": str(i % 15), "triples": str(i % 7)} for i in range(105)]
    folder = Folder(
        tmp_path / "run", [example(i) | {"groups": groups[n % 105]} for n, i in enumerate(ids)]
    )
    folder.add("cell0", [answer(i, text=f"{i} says much. " * 20) for i in ids])
    for n in range(1, 10):
        folder.cells.append(cell(f"cell{n}"))
        for part in ("predictions", "scores/exact"):
            (folder.path / part / f"cell{n}.jsonl").symlink_to(folder.path / part / "cell0.jsonl")
    code = MEASURED.format(
        tests=str(Path(__file__).parent), path=str(folder.path), cells=folder.cells
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 300  # MB; all lines of one cell alone would take more
