"""Latency in a comparison: percentiles of one cell under one load, and what is said of them."""

import csv
import io
import json
from types import SimpleNamespace

import pytest

from evalkit.compare.latency import latencies, latency_notes
from evalkit.compare.sentences import flat_latency, seconds
from evalkit.compare.table import comparison_table, to_csv
from evalkit.errors import UserError
from evalkit.report.markdown import to_markdown

from .test_compare_table import analysis, cells, row

LOAD = {
    "arrivals": "poisson", "rate": 5.0, "requests": 200, "warm_up": 20, "timeout_s": 60.0,
    "seed": 0,
}  # fmt: skip


@pytest.fixture
def method(tmp_path):
    """Makes a method of a run folder: seed -> times of its cell."""

    def make(name="few", **times):
        found = []
        for index, (seed, own) in enumerate(times.items()):
            cell = {"id": f"{name}-{seed}", "seed": index, "jobs": {"predict": "now"}}
            found.append(cell)
            if own is not None:
                path = tmp_path / "latency" / f"{cell['id']}.json"
                path.parent.mkdir(exist_ok=True)
                path.write_text(json.dumps(stored(cell, own)))
        return SimpleNamespace(name=name, folder=tmp_path, cells=tuple(found))

    return make


def stored(cell, times, load=LOAD, late=0, **more):
    return {
        "cell": cell["id"], "seed": cell["seed"], "predict": "now", "load": load,
        "times_s": times, "timeouts": times.count(None), "failures": 0,
        "late": {"requests": late, "most_s": 0.25}, "under_way": {"most": 700, "bound": 512},
        **more,
    }  # fmt: skip


def measured(method, **times):
    return latencies([method(**times)])["few"]


HUNDREDTHS = [n / 100 for n in range(1, 201)]


class TestFigures:
    def test_order_statistics(self, method):
        (one,) = measured(method, seed1=HUNDREDTHS)
        assert one["p50"] == {"value": 1.0, "low": 0.86, "high": 1.15, "infinite": []}
        assert one["p95"] == {"value": 1.9, "low": 1.84, "high": 1.97, "infinite": []}

    def test_what_was_not_answered_took_for_ever(self, method):
        (one,) = measured(method, seed1=[*HUNDREDTHS[:185], *[None] * 15])
        assert one["p95"] == {"value": None, "low": 1.84, "high": None,
                              "infinite": ["value", "high"]}  # fmt: skip
        assert one["timeouts"] == 15

    def test_too_few_requests_have_no_end(self, method):
        (one,) = measured(method, seed1=[0.1, 0.2, 0.3])
        assert (one["p95"]["value"], one["p95"]["high"], one["p95"]["infinite"]) == (0.3, None, [])

    def test_cells_that_were_not_measured(self, method):
        assert measured(method, seed1=None) == []

    def test_what_was_measured_before_a_cell_was_predicted_anew(self, method, tmp_path):
        made = method(seed1=HUNDREDTHS)
        path = tmp_path / "latency" / "few-seed1.json"
        path.write_text(path.read_text().replace('"now"', '"before"'))
        assert latencies([made]) == {"few": []}

    @pytest.mark.parametrize("times", [[], [-1.0], ["soon"], 3])
    def test_a_damaged_file(self, method, tmp_path, times):
        made = method(seed1=HUNDREDTHS)
        path = tmp_path / "latency" / "few-seed1.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "times_s": times}))
        with pytest.raises(UserError, match="damaged"):
            latencies([made])

    def test_seconds(self):
        found = [seconds(value) for value in (None, 0.0123456, 0.5, 12.0, 123.4, float("inf"))]
        assert found == ["", "0.0123", "0.500", "12.0", "123", "never"]


class TestTable:
    def test_columns_and_footer(self, method):
        found = latencies([method(seed1=HUNDREDTHS)])
        made = analysis(row("base"), row("few", latency=found["few"]), notes=latency_notes(found))
        table = comparison_table(made)
        assert cells(table, "p50 s") == ["–", "1.00"]  # noqa: RUF001
        assert cells(table, "p95 s") == ["–", "1.90"]  # noqa: RUF001
        assert any("5 requests a second" in note for note in table.notes)
        assert "| p50 s | p95 s |" in to_markdown(table)

    def test_csv_has_the_intervals(self, method):
        found = latencies([method(seed1=[*HUNDREDTHS[:185], *[None] * 15])])
        (read,) = csv.DictReader(io.StringIO(to_csv(analysis(row("few", latency=found["few"])))))
        figures = [read[key] for key in ("latency_rate", "p95_low", "p95", "p95_high")]
        assert figures == ["5.0", "1.84", "inf", "inf"]

    def test_methods_without_latency_have_no_columns(self):
        assert "p50 s" not in comparison_table(analysis(row("few"))).columns


class TestNotes:
    def test_seeds_are_shown_each_and_never_averaged(self, method):
        found = latencies([method(seed1=HUNDREDTHS, seed2=[2 * t for t in HUNDREDTHS])])
        assert flat_latency(found["few"])["p50"] is None
        (note,) = [note for note in latency_notes(found) if "no mean" in note]
        assert "seed 0: p50 1.00 s, p95 1.90 s; seed 1: p50 2.00 s, p95 3.80 s" in note

    def test_different_loads_are_not_compared_in_silence(self, method):
        found = latencies([method(seed1=HUNDREDTHS), method(name="zero", seed1=HUNDREDTHS)])
        assert not any("cannot be compared" in note for note in latency_notes(found))
        found["zero"][0]["load"] = {**LOAD, "rate": 10.0}
        (note,) = [note for note in latency_notes(found) if "cannot be compared" in note]
        assert "few: 5 requests a second" in note
        assert "zero: 10 requests a second" in note

    def test_unanswered_and_late_requests(self, method):
        found = latencies([method(seed1=[*HUNDREDTHS, None])])
        found["few"][0] |= {"late": 7, "failures": 2}
        notes = " ".join(latency_notes(found))
        assert "of 201 requests 1 timed out and 2 failed" in notes
        assert "7 requests were sent late, by 0.250 s at most" in notes
        assert "700 were waited for at a time, and 512 could be sent" in notes

    def test_nothing_is_said_of_nothing(self):
        assert latency_notes({"few": []}) == []
