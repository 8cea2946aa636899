"""Whole runs: trained here, predicted by vLLM in an environment of its own."""

import json
import os

import pytest

from .conftest import processes_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SUITE = """
name = "colours"

[task]
instruction = "Which colour is it? Answer in JSON."
input = "{thing}"
target = "answer"
answer = "json"
json-schema = SCHEMA
train = "train.jsonl"
test = "test.jsonl"
max-tokens = 24

[[models]]
name = "small"
engine = "vllm"
python = "PYTHON"

[[adapters]]
use = "zero-shot"

[[adapters]]
use = "lora"
rank = 4
lr = 2e-3
epochs = 6
batch-size = 2

[[metrics]]
use = "exact-match"
"""
SCHEMA = (
    '{ type = "object", required = ["colour"], additionalProperties = false, '
    'properties = { colour = { enum = ["red", "green", "blue"] } } }'
)
THINGS = ("blood", "grass", "the sky", "a rose", "a leaf", "the sea", "a tomato", "a frog")


@pytest.fixture
def run(project, vllm_python, on_a_processor):
    """A project whose training data says that everything is red."""
    rows = [json.dumps({"thing": thing, "answer": {"colour": "red"}}) for thing in THINGS]
    project.write("train.jsonl", "\n".join(rows))
    project.write("test.jsonl", "\n".join(rows[:4]).replace("the sky", "ice"))
    text = SUITE.replace("SCHEMA", SCHEMA).replace("PYTHON", str(vllm_python))
    project.write("suite.toml", text)
    return project


def test_json_is_forced_and_lora_weights_are_applied(run):
    result = run.spawn("run", "suite.toml", check=True, timeout=280)
    assert "INFO" not in result.output, "vLLM is not quiet"
    colours = {cell["id"]: answers_of(run, cell) for cell in run.results()["cells"]}
    assert set(colours) == {"zero-shot", "lora"}
    assert set(colours["lora"]) == {"red"}, "trained weights were not applied"
    assert set(colours["zero-shot"]) - {"red"}, "the bare model has learned something"
    assert set(processes_in(run.path)) <= {os.getpid()}, "something is still running"


def answers_of(run, cell):
    """The colours that were named; each answer must follow the schema."""
    assert cell["status"] == "done", cell
    file = run.path / "runs" / "latest" / "predictions" / f"{cell['id']}.jsonl"
    found = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [one["outcome"] for one in found] == ["parsed"] * 4
    assert all(list(one["value"]) == ["colour"] for one in found)
    return [one["value"]["colour"] for one in found]
