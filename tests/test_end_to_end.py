"""The whole way on the embedded model: LoRA training, DSPy optimisation, judge, reuse.

One small suite is run once for all tests here; the model is fetched and converted the first time
on a machine.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

import evalkit
from evalkit.results import results_schema

ROOT = Path(__file__).parents[1]
SUITE = """
name = "small"

[task]
use = "triples"
data = "sample"
max-tokens = 32

[evaluate]
limit = 4

[[models]]
engine = "transformers"
model = "smollm2-135m"

[[adapters]]
use = "zero-shot"

[[adapters]]
use = "few-shot"
k = 2

[[adapters]]
use = "dspy"
optimizer = "bootstrap-random-search"
demos = 2
candidates = 1
validation = 2
train-size = 4

[[adapters]]
use = "lora"
train-size = 8
rank = 4
lr = 1e-3
epochs = 1

[[metrics]]
use = "exact-f1"

[[metrics]]
use = "fuzzy-f1"

[[comparisons]]
use = "judge-elo"
judge = "smollm2-135m"
answer = "choices"
examples = 1
"""
IN_ONE_PROCESS = """
import sys
from evalkit.cli import main
code = main(sys.argv[1:])
print("torch" in sys.modules, "dspy" in sys.modules, file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the suite, run once."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "suite.toml").write_text(SUITE)
    first = run(folder, "run", "suite.toml")
    assert first.returncode == 0, first.stderr
    return folder


def run(folder, *args):
    command = [sys.executable, "-c", IN_ONE_PROCESS, *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)


@pytest.fixture(scope="module")
def results(folder):
    return json.loads((folder / "runs/latest/results.json").read_text())


@pytest.fixture(scope="module")
def cells(results):
    return {cell["id"]: cell for cell in results["cells"]}


def test_results_follow_the_schema(results):
    jsonschema.validate(results, results_schema())


def test_every_cell_is_done_and_scored(cells):
    for name in ("zero-shot", "few-shot", "dspy", "lora"):
        assert cells[name]["status"] == "done", cells[name]["failure"]
        assert cells[name]["outcomes"]["failed"] == 0
        assert 0 <= cells[name]["scores"]["exact-f1"]["value"] <= 1
        usage = cells[name]["usage"]["predict"]
        assert usage["requests"] == 4
        assert usage["prompt_tokens"] > usage["cached_tokens"] >= 0
        assert 0 < usage["completion_tokens"] <= 4 * 32


def test_lora_was_trained_and_is_applied(cells, folder):
    report = cells["lora"]["report"]
    assert report["steps"] == 1
    assert all(loss > 0 for _, loss in report["loss"])
    weights = folder / "runs/jobs/adapt" / cells["lora"]["jobs"]["adapt"] / "weights"
    assert (weights / "adapter_model.safetensors").is_file()
    assert not [path for path in weights.rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]
    texts = {name: predictions(folder, name) for name in ("zero-shot", "lora")}
    assert texts["zero-shot"] != texts["lora"]


def predictions(folder, cell):
    return [p.text for p in evalkit.load_run(folder / "runs/latest").predictions(cell)]


def test_dspy_asked_the_model_and_chose_demos_of_its_training_examples(cells, folder):
    cell = cells["dspy"]
    assert cell["usage"]["adapt"]["requests"] > 0
    path = folder / "runs/jobs/adapt" / cell["jobs"]["adapt"] / "adapted.json"
    demos = json.loads(path.read_text())["prompt"]["demos"]
    assert len(demos) == cell["report"]["demos"] <= 2
    assert all(demo["id"] for demo in demos)


def test_the_judge_rated_every_cell_and_the_gold_answers(results):
    (comparison,) = results["comparisons"]
    assert comparison["status"] == "done"
    rated = {standing["contestant"] for standing in comparison["standings"]}
    assert rated == {"zero-shot", "few-shot", "dspy", "lora", "gold"}
    assert any("gold" in note for note in comparison["notes"])
    assert comparison["counts"].get("parse_error", 0) == 0  # choices cannot be misread


def test_the_second_time_nothing_is_computed_and_no_model_library_loaded(folder):
    again = run(folder, "run", "suite.toml")
    assert again.returncode == 0, again.stderr
    assert again.stderr.splitlines()[-1] == "False False"


def test_another_metric_needs_no_model(folder):
    scored = run(folder, "score", "runs/latest", "--metric", "exact-match")
    assert scored.returncode == 0, scored.stderr
    assert scored.stderr.splitlines()[-1] == "False False"
    rows = evalkit.load_run(folder / "runs/latest").cells()
    assert all("exact-match" in row for row in rows)


def test_labels_are_chosen_by_their_probability(tmp_path):
    suite = str(ROOT / "suites/job-family.toml")
    finished = run(tmp_path, "run", suite, "--profile", "smoke", "-k", "zero-shot")
    assert finished.returncode == 0, finished.stderr
    outcomes = evalkit.load_run(tmp_path / "runs/latest").results["cells"][0]["outcomes"]
    assert outcomes["parsed"] == sum(outcomes.values())


def test_a_small_model_proposes_instructions_when_it_is_kept_to_their_form(tmp_path):
    (tmp_path / "suite.toml").write_text(SUITE)
    dspy = "adapters.dspy."
    keys = ["optimizer=miprov2", "demos=0", "candidates=2", "validation=2", "train-size=4"]
    sets = [part for key in keys for part in ("--set", dspy + key)]
    finished = run(tmp_path, "run", "suite.toml", *sets, "-k", "dspy")
    assert finished.returncode == 0, finished.stderr
    (cell,) = evalkit.load_run(tmp_path / "runs/latest").results["cells"]
    assert cell["report"]["optimizer"] == "MIPROv2"
    assert any("instruction" in tried for tried in cell["report"]["candidates"])


EXTRACTION = """
name = "products"

[task]
use = "declared"
instruction = "Extract the name and the price of the product as JSON."
input = "{offer}"
target = "product"
answer = "json"
max-tokens = 48
train = "offers.jsonl"
test = "offers.jsonl"

[task.json-schema]
type = "object"
required = ["name", "price", "tags"]
additionalProperties = false

[task.json-schema.properties]
name = { type = "string", maxLength = 20 }
price = { type = "number", minimum = 0, maximum = 1000 }
tags = { type = "array", items = { enum = ["new", "used"] }, maxItems = 1 }

[[models]]
engine = "transformers"
model = "smollm2-135m"

[[adapters]]
use = "zero-shot"

[[metrics]]
use = "exact-match"
"""


def test_answers_follow_the_schema_of_a_declared_task(tmp_path):
    offers = {"A used kettle for 12.50 euros.": "kettle", "Ein neues Büro-Öl 🗼, 3 €": "Öl"}
    rows = [
        {"offer": offer, "product": {"name": name, "price": 3, "tags": []}}
        for offer, name in offers.items()
    ]
    (tmp_path / "offers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "suite.toml").write_text(EXTRACTION)
    finished = run(tmp_path, "run", "suite.toml")
    assert finished.returncode == 0, finished.stderr
    schema = tomllib.loads(EXTRACTION)["task"]["json-schema"]
    (predictions,) = tmp_path.glob("runs/2*/predictions/*.jsonl")
    found = [json.loads(line) for line in predictions.read_text().splitlines()]
    assert len(found) == len(offers)
    for prediction in found:
        assert prediction["outcome"] == "parsed"
        jsonschema.validate(json.loads(prediction["text"]), schema)


@pytest.mark.slow
def test_the_smoke_profile_of_the_study_runs(tmp_path):
    suite = str(ROOT / "suites/webnlg.toml")
    finished = run(tmp_path, "run", suite, "--profile", "smoke")
    assert finished.returncode == 0, finished.stderr
    assert "gold answers" in finished.stdout
