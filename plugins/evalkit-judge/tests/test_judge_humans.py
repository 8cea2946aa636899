"""Verdicts of people: the file, and agreement with a judge."""

import pytest

from evalkit import DataError
from evalkit.testing import judge_with
from evalkit_judge.humans import read_opinions

from .judging import asked, comparison, contest, perfect, right, wrong

HEADER = "example,a,b,verdict,rater\n"


@pytest.fixture
def labels(tmp_path):
    def write(text, name="labels.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def faults(path):
    with pytest.raises(DataError) as fault:
        read_opinions(path, ["e0", "e1"], ["x", "y", "gold"])
    return f"{fault.value.message}\n{fault.value.hint}"


def test_a_file_is_read(labels):
    path = labels(HEADER + "e0,x,gold,B,ann\ne1,gold,x,TIE,bob\n")
    first, second = read_opinions(path, ["e0", "e1"], ["x", "gold"])
    assert (first.example, first.a, first.b, first.score, first.rater) == (
        "e0", "x", "gold", 0.0, "ann",
    )  # fmt: skip
    assert (second.verdict, second.score) == ("TIE", 0.5)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("e9,x,y,A,ann", 'line 3: example: unknown id "e9"'),
        ("e1,z,y,A,ann", 'line 3: a: unknown contestant "z"'),
        ("e1,x,,A,ann", 'line 3: b: unknown contestant ""'),
        ("e1,x,x,A,ann", "line 3: b: the same contestant as a"),
        ("e1,x,y,DRAW,ann", 'line 3: verdict: unknown verdict "DRAW"'),
        ("e1,x,y,a,ann", 'line 3: verdict: unknown verdict "a"'),
        ("e1,x,y,,ann", 'line 3: verdict: unknown verdict ""'),
        ("e1,x,y,A,", "line 3: rater: empty"),
        ("e0,y,x,A,ann", "line 3: rater: has judged this pair in line 2 already"),
        ("e1,x,y,A", "line 3: 4 cells, but the header has 5"),
    ],
)
def test_bad_rows_are_named_by_their_lines(labels, row, what):
    found = faults(labels(f"{HEADER}e0,x,y,A,ann\n{row}\n"))
    assert what in found
    assert "verdicts: A, B, TIE; contestants: x, y, gold" in found


def test_all_bad_rows_are_named_at_once(labels):
    found = faults(labels(HEADER + "e9,x,y,A,ann\ne0,x,y,WIN,ann\n"))
    assert "2 faults" in found
    assert "line 2" in found
    assert "line 3" in found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("example,a,b,rater\ne0,x,y,ann\n", "no column verdict"),
        (HEADER, "no verdicts"),
        ("", "no verdicts"),
    ],
)
def test_files_without_columns_or_rows(labels, text, what):
    found = faults(labels(text))
    assert what in found
    assert "example, a, b, verdict, rater" in found


def test_a_file_as_other_programs_write_it(labels, tmp_path):
    text = "\ufeff" + HEADER + "\n" + ' e0 , x ,gold,"B", ann \n\n'
    (only,) = read_opinions(labels(text.replace("\n", "\r\n")), ["e0"], ["x", "gold"])
    assert (only.example, only.a, only.verdict, only.rater) == ("e0", "x", "B", "ann")
    path = tmp_path / "labels.csv"
    path.write_bytes((HEADER + "e0,x,gold,B,Zo\u00eb\n").encode("latin-1"))
    assert "line 2: not UTF-8 (byte 0xeb)" in faults(path)
    path.write_bytes((HEADER + "e0,x,gold,B,ann\n").encode("utf-16"))
    assert "line 1: not UTF-8" in faults(path)


def test_a_file_that_is_far_too_large_is_not_read(labels):
    path = labels(HEADER)
    with path.open("ab") as file:
        file.truncate(100_000_000)
    assert "more than 10 MB" in faults(path)


def test_other_files_and_missing_ones(labels, tmp_path):
    assert ".csv" in faults(labels("{}", "labels.jsonl"))
    assert "cannot be read" in faults(tmp_path / "none.csv")


CELLS = {"x": wrong("old"), "y": right}


def rows(*raters, count=8, verdicts=("B",)):
    return "".join(
        f"e{i},x,gold,{verdicts[i % len(verdicts)]},{rater}\n"
        for i in range(count)
        for rater in raters
    )


def test_a_judge_that_agrees_with_people(labels):
    path = labels(HEADER + rows("ann", "bob") + rows("ann", verdicts=("TIE",)).replace("x", "y"))
    how = comparison(humans=path)
    result = judge_with(how, contest(examples=8, **CELLS), perfect)
    found = result.details["humans"]["j"]
    assert (found["units"], found["raters"], found["unused"]) == (16, 2, 0)
    assert found["judge"]["observed"] == found["judge"]["kappa"] == found["humans"]["observed"] == 1
    assert found["humans"]["kappa"] is None  # only ever B
    (note, few) = (note for note in result.notes if note.startswith("people"))
    assert note.startswith("people: the judge agrees with them on 100.0% of 24, kappa 1.00")
    assert "they with each other on 100.0% of 8, kappa undefined" in note
    assert few == "people: 16 units by 2 raters are few; 100 by 2 are needed"


def test_the_order_of_columns_a_and_b_does_not_matter(labels):
    turned = rows("ann").replace("x,gold,B", "gold,x,A")
    for text in (rows("ann"), turned):
        how = comparison(humans=labels(HEADER + text))
        result = judge_with(how, contest(examples=8, **CELLS), perfect)
        assert result.details["humans"]["j"]["judge"]["observed"] == 1


def test_people_may_disagree_with_the_judge_and_each_other(labels):
    path = labels(HEADER + rows("ann") + rows("bob", verdicts=("A", "B")))
    result = judge_with(comparison(humans=path), contest(examples=8, **CELLS), perfect)
    found = result.details["humans"]["j"]
    assert found["judge"]["observed"] == 0.75
    assert found["humans"]["observed"] == 0.5


def test_verdicts_on_what_was_not_asked_are_counted(labels):
    how = comparison(humans=labels(HEADER + rows("ann")), examples=3)
    result = judge_with(how, contest(examples=8, **CELLS), perfect)
    found = result.details["humans"]["j"]
    assert (found["units"], found["unused"]) == (3, 5)
    assert any("5 verdicts" in note for note in result.notes)


def test_people_who_judged_something_else(labels):
    how = comparison(humans=labels(HEADER + "e0,x,y,A,ann\n"), examples=1)
    for seed in range(20):
        meeting = contest(examples=8, seed=seed, **CELLS)
        result = judge_with(how, meeting, perfect)
        if "e0" not in result.details["sample"]:
            break
    assert result.details["humans"]["j"]["judge"] is None
    assert any("none of their verdicts" in note for note in result.notes)


def test_a_bad_file_is_an_error_before_anything_is_asked(labels):
    how = comparison(humans=labels(HEADER + "e0,x,z,A,ann\n"))
    with pytest.raises(DataError, match="1 fault"):
        asked(how, contest(**CELLS))
