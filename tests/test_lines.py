"""Lines of JSONL: in order, strict, read back unchanged; scores as an aggregate sees them."""

import gc
import io
import json
import math

import pytest

from evalkit import Failure, Prediction, Usage
from evalkit.collector import at_rest, uncollected
from evalkit.lines import (
    InOrder,
    Pace,
    Rows,
    Tally,
    as_line,
    prediction_line,
    storable,
)
from evalkit.serialization import line, prediction_from_json, prediction_to_json, read_lines

ANSWER = Prediction(example_id="1", text="x", value=[["a"]], outcome="parsed", latency_s=0.25)


class TestInOrder:
    @pytest.mark.parametrize("came", ["abc", "cba", "bca", "acb"])
    def test_the_order_is_that_of_the_keys(self, came):
        file = io.BytesIO()
        ordered = InOrder(file, "abc")
        for key in came:
            ordered.write(key, key.encode())
        assert file.getvalue() == b"abc"

    def test_what_can_be_written_is_written_at_once(self):
        file = io.BytesIO()
        ordered = InOrder(file, "abc")
        ordered.write("a", b"a")
        ordered.write("c", b"c")
        assert file.getvalue() == b"a"


class TestLines:
    @pytest.mark.parametrize("text", ["plain", "Köln \U0001f600", "lone \ud800", '"\\\n\x00', ""])
    def test_are_strict_json_in_ascii_and_read_back_unchanged(self, tmp_path, text):
        prediction = Prediction(example_id=text, text=text, value=[text, 1, 0.1, None, True])
        written = prediction_line(prediction)
        assert written.isascii()
        assert written.count(b"\n") == 1
        (tmp_path / "lines").write_bytes(written * 3)
        assert [prediction_from_json(form) for form in read_lines(tmp_path / "lines")] == (
            [prediction] * 3
        )

    def test_hold_what_the_serializer_of_the_core_writes(self):
        failure = Failure(reason="r", kind="engine", hint="h")
        failed = Prediction(example_id="2", failure=failure, usage=Usage(requests=1))
        for prediction in (ANSWER, failed):
            form = prediction_to_json(prediction)
            assert json.loads(prediction_line(prediction)) == json.loads(line(form))

    def test_many_are_read(self, tmp_path):
        (tmp_path / "lines").write_bytes(b"".join(as_line({"n": n}) for n in range(1234)))
        assert [form["n"] for form in read_lines(tmp_path / "lines")] == list(range(1234))

    def test_of_an_empty_file_there_are_none(self, tmp_path):
        (tmp_path / "lines").touch()
        assert list(read_lines(tmp_path / "lines")) == []


class TestStorable:
    def test_json_stays_as_it_is(self):
        value = [["a", 1], {"b": None}]
        assert storable(value) is value

    @pytest.mark.parametrize(
        ("value", "stored"), [([math.nan], [None]), ({"b", "a"}, ["a", "b"]), (math.inf, None)]
    )
    def test_what_has_a_json_form_gets_it(self, value, stored):
        assert storable(value) == stored

    def test_what_has_none_is_refused(self):
        with pytest.raises(TypeError, match="no JSON form"):
            storable([object()])


def test_rows_are_the_mappings_that_were_added():
    scores = [{"a": 1, "b": 0.5}, {"a": 2}, {}, {"b": 0.25, "a": 3}]
    rows = Rows()
    for score in scores:
        rows.append(score)
    assert list(rows) == scores == [rows[i] for i in range(4)]
    assert (len(rows), rows[-1], rows[1:3]) == (4, scores[-1], scores[1:3])
    assert [type(value) for value in rows[0].values()] == [int, float]


def test_a_tally_counts_outcomes_and_usage():
    tally = Tally()
    failures = [Failure(reason=reason, kind="engine") for reason in ("first", "second")]
    tally.add(Prediction(example_id="0", outcome="empty", usage=Usage(requests=2, cached_tokens=3)))
    for failure in failures:
        tally.add(Prediction(example_id="1", failure=failure, usage=Usage(prompt_tokens=5)))
    assert {name: n for name, n in tally.outcomes.items() if n} == {"empty": 1, "failed": 2}
    assert tally.first == failures[0]
    assert tally.usage == Usage(requests=2, prompt_tokens=10, cached_tokens=3)


def test_progress_is_told_seldom_but_at_last():
    events = []
    pace = Pace(events.append, 5000)
    for _ in range(5000):
        pace.step()
    assert events[0]["done"] == 1
    assert events[-1] == {"done": 5000, "total": 5000, "note": ""}
    assert len(events) < 5000


@pytest.fixture
def nothing_rests():
    """The processes of the tests keep what is loaded at rest, for the time that it saves."""
    gc.unfreeze()
    yield
    gc.collect()
    gc.freeze()


class TestCollector:
    def test_is_off_while_data_is_read(self):
        with uncollected():
            assert not gc.isenabled()
        assert gc.isenabled()

    def test_stays_off_where_it_was_off(self):
        gc.disable()
        try:
            with uncollected():
                pass
            assert not gc.isenabled()
        finally:
            gc.enable()

    def test_does_not_visit_what_rests(self, nothing_rests):
        before = gc.get_threshold()
        with at_rest():
            assert gc.get_freeze_count() > 0
            with at_rest():
                pass
            assert gc.get_freeze_count() > 0
        assert gc.get_freeze_count() == 0
        assert gc.get_threshold() == before
