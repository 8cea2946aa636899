"""Names and links of others do not lead out of a folder."""

import os

import pytest

from evalkit import LocalWeights, UserError
from evalkit.confined import LONGEST, check_content, check_names, inside, is_part, same_file
from evalkit.records import AdaptedModel, Prompt
from evalkit.serialization import adapted_from_json, adapted_to_json

ODD = [
    *("../../x", "/etc/x", "..", ".", "", " ", "a/b", "a\\b", "a\x00b", "a\nb", "a\x1b[2Jb"),
    *("a" * (LONGEST + 1), "é" * LONGEST, "a:b", "\u202ea", "\ud800", 7, None),
]


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_part_of_a_path(name):
    assert not is_part(name)


@pytest.mark.parametrize("name", ["lora-16", "few-shot-k4", "a.b", "..a", "é", "a" * LONGEST])
def test_what_is_one(name, tmp_path):
    assert is_part(name)
    (tmp_path / name).write_text("")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("pair", [("LoRA", "lora"), ("\u212b", "\xe5"), ("\ufb01t", "fit")])
def test_names_that_some_file_systems_take_for_one(pair):
    assert same_file(pair[0]) == same_file(pair[1])


def test_others_are_told_apart():
    assert same_file("lora-16") != same_file("lora-160")


class TestInside:
    def test_a_file_below(self, tmp_path):
        assert inside(tmp_path, "a/b") == tmp_path.resolve() / "a" / "b"

    @pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a\0b"])
    def test_what_leads_out_is_refused(self, tmp_path, name):
        with pytest.raises(UserError, match="leads out of this folder"):
            inside(tmp_path, name)

    def test_a_link_leads_out_too(self, tmp_path):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "link").symlink_to(tmp_path)
        with pytest.raises(UserError, match="leads out"):
            inside(tmp_path / "run", "link/x")


class TestContent:
    def test_links_within_the_folder_are_fine(self, tmp_path):
        (tmp_path / "a").write_text("")
        (tmp_path / "b").symlink_to("a")
        check_content(tmp_path)

    @pytest.mark.parametrize("target", ["/etc/passwd", "../..", "../../gone"])
    def test_links_that_leave_it_are_not(self, tmp_path, target):
        (tmp_path / "run" / "deep").mkdir(parents=True)
        (tmp_path / "run" / "deep" / "b").symlink_to(target)
        with pytest.raises(UserError, match="a link that leaves its folder"):
            check_content(tmp_path / "run")

    def test_a_pipe_would_be_waited_for_without_end(self, tmp_path):
        os.mkfifo(tmp_path / "predictions.jsonl")
        with pytest.raises(UserError, match="neither a file nor a folder"):
            check_content(tmp_path)


def cell(**changes):
    jobs = {"adapt": "a" * 24, "predict": "b" * 24, "score": {"f1": "c" * 24}}
    whole = {"id": "lora", "scores": {"f1": {}}, "predictions": "predictions/lora.jsonl"}
    return {**whole, "jobs": jobs, **changes}


class TestNames:
    def test_those_of_a_run(self, tmp_path):
        check_names(tmp_path, {"cells": [cell(), cell(predictions=None, jobs=None, scores={})]})

    @pytest.mark.parametrize("name", [name for name in ODD if name not in (None, "")])
    @pytest.mark.parametrize("place", ["id", "metric", "predict", "score"])
    def test_odd_ones_are_refused(self, tmp_path, place, name):
        jobs = cell()["jobs"]
        odd = {
            "id": {"id": name},
            "metric": {"scores": {name: {}}},
            "predict": {"jobs": {**jobs, "predict": name}},
            "score": {"jobs": {**jobs, "score": {"f1": name}}},
        }
        with pytest.raises(UserError, match="is no name of a file in the run folder") as caught:
            check_names(tmp_path, {"cells": [cell(), cell(**odd[place])]})
        assert len(caught.value.message) < 500

    @pytest.mark.parametrize("path", ["/etc/passwd", "../x", "predictions/../../x", "a\0b"])
    def test_predictions_lie_in_the_run_folder(self, tmp_path, path):
        with pytest.raises(UserError, match="is no name of a file"):
            check_names(tmp_path, {"cells": [cell(predictions=path)]})

    @pytest.mark.parametrize("results", [{}, {"cells": [{}]}, {"cells": [7]}, {"cells": None}])
    def test_what_is_no_results_is_said_to_be_damaged(self, tmp_path, results):
        with pytest.raises(UserError, match="damaged"):
            check_names(tmp_path, results)


@pytest.mark.parametrize("place", ["../weights", "weights/../../other"])
def test_weights_lie_in_the_folder_of_their_job(tmp_path, place):
    weights = LocalWeights(folder=str(tmp_path / "job" / place), kind="lora", sha256="0")
    adapted = AdaptedModel(prompt=Prompt(instruction="Say."), weights=weights)
    with pytest.raises((UserError, ValueError)):
        adapted_to_json(adapted, tmp_path / "job")
    good = AdaptedModel(
        prompt=Prompt(instruction="Say."),
        weights=LocalWeights(folder=str(tmp_path / "job" / "w"), kind="lora", sha256="0"),
    )
    form = adapted_to_json(good, tmp_path / "job")
    form["weights"]["local"]["folder"] = place
    with pytest.raises(UserError, match="leads out"):
        adapted_from_json(form, tmp_path / "job")
