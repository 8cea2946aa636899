"""Whole runs: trained here, predicted by vLLM in an environment of its own."""

import json
import os

import pytest

from .conftest import processes_in

pytestmark = pytest.mark.slow

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
lr = 1e-3
epochs = 4

[[metrics]]
use = "exact-match"
"""
SCHEMA = (
    '{ type = "object", required = ["colour"], additionalProperties = false, '
    'properties = { colour = { enum = ["red", "green", "blue"] } } }'
)
THINGS = {
    "red": ("blood", "a tomato", "a rose", "a fire engine"),
    "green": ("grass", "a leaf", "a frog", "a cucumber"),
    "blue": ("the sky", "the sea", "a sapphire", "a cornflower"),
}


@pytest.fixture
def run(project, vllm_python, on_a_processor):
    rows = [
        json.dumps({"thing": thing, "answer": {"colour": colour}})
        for at in range(4)
        for colour, things in THINGS.items()
        for thing in [things[at]]
    ]
    project.write("train.jsonl", "\n".join(rows[:8]))
    project.write("test.jsonl", "\n".join(rows[8:]))
    text = SUITE.replace("SCHEMA", SCHEMA).replace("PYTHON", str(vllm_python))
    project.write("suite.toml", text)
    return project


def test_json_is_forced_and_lora_weights_are_applied(run):
    result = run.spawn("run", "suite.toml", check=True, timeout=280)
    assert "vllm" not in result.stdout.lower().replace(str(run.path), "")
    cells = {cell["adapter"]: cell for cell in run.results()["cells"]}
    assert set(cells) == {"zero-shot", "lora"}
    texts = {}
    for name, cell in cells.items():
        assert cell["state"] == "done"
        (file,) = run.path.glob(f"runs/latest/predictions/{cell['id']}.jsonl")
        found = [json.loads(line) for line in file.read_text().splitlines()]
        assert [one["outcome"] for one in found] == ["parsed"] * 4
        assert all(set(one["value"]) == {"colour"} for one in found)
        texts[name] = [one["text"] for one in found]
    assert texts["lora"] != texts["zero-shot"], "trained weights change nothing"
    assert set(processes_in(run.path)) <= {os.getpid()}, "something is still running"
