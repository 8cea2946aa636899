"""The machine and the libraries in a manifest."""

import json
import re
from importlib import metadata

import pytest

from evalkit import machine
from evalkit.machine import this_machine, versions_of_libraries


def test_libraries_are_those_that_are_asked_for_and_installed():
    found = versions_of_libraries(["evalkit-core", "evalkit-f1"])
    assert found["rapidfuzz"] == metadata.version("rapidfuzz")
    assert found["pydantic"] == metadata.version("pydantic")
    assert list(found) == sorted(found)
    assert not any(re.search(r"[<>=\[;]", name) for name in found)


@pytest.mark.parametrize("name", ["no-such-distribution", "", "evalkit_plugins"])
def test_what_is_no_distribution_asks_for_nothing(name):
    assert versions_of_libraries([name]) == {}


def test_the_machine():
    found = this_machine()
    assert set(found) == {"processor", "memory_gb", "gpus"}
    assert found["memory_gb"] is None or found["memory_gb"] > 0


def test_gpus_are_named_by_their_driver(tmp_path, monkeypatch):
    for number, name in enumerate(["NVIDIA H200", "NVIDIA L4"]):
        folder = tmp_path / f"0000:0{number}:00.0"
        folder.mkdir()
        (folder / "information").write_text(f"Model: \t\t {name}\nIRQ:   1\n")
    monkeypatch.setattr(machine, "_GPUS", tmp_path)
    assert this_machine()["gpus"] == ["NVIDIA H200", "NVIDIA L4"]


def test_a_system_that_tells_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_GPUS", tmp_path / "none")
    monkeypatch.setattr(machine, "_PROCESSORS", tmp_path / "none")
    assert this_machine()["gpus"] == []
    assert isinstance(this_machine()["processor"], str)


def test_manifests_have_both(lab):
    lab.suite()
    lab.run()
    manifest = json.loads((lab.path / "runs" / "latest" / "manifest.json").read_text())
    assert "pydantic" in manifest["libraries"]
    assert set(manifest["machine"]) == {"processor", "memory_gb", "gpus"}
