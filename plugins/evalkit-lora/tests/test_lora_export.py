"""What `evalkit export` makes of trained weights works with peft and transformers alone."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from evalkit import AdaptationError, AdaptedModel, LocalWeights, ResolvedModel
from evalkit.testing import FakeContext, Project
from evalkit_lora import merge as merge_module
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.params import LoraParams

Scene = Callable[..., FakeContext]
# peft 0.21 asks transformers 5 for a flag by its former name.
pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")

SUITE = """
name = "colours"

[task]
instruction = "Answer with the colour."
input = "{{thing}}"
target = "colour"
max-tokens = 8
train = "train.jsonl"
test = "test.jsonl"

[[models]]
name = "tiny"
engine = "transformers"
model = "{model}"
dtype = "float32"
device = "cpu"

[[adapters]]
use = "{adapter}"
{params}

[[metrics]]
use = "exact-match"
"""
TRAINED = "rank = 4\nlr = 0.05\nepochs = 8\nbatch-size = 4"
ROWS = [("grass", "green"), ("sky", "blue"), ("snow", "white"), ("coal", "black")]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Project:
    """A finished run: a tiny model that was trained, its weights exported in both forms."""
    project = Project(tmp_path_factory.mktemp("colours"))
    rows = [json.dumps({"thing": thing, "colour": colour}) for thing, colour in ROWS]
    project.write("train.jsonl", "\n".join(rows))
    project.write(
        "test.jsonl", "\n".join(row.replace('"thing": "', '"thing": "a ') for row in rows)
    )
    write_suite(project, model=model_folder, adapter="lora", params=TRAINED)
    project.run("run", "suite.toml", check=True)
    project.run("export", "runs/latest", "lora", "weights", check=True)
    project.run("export", "runs/latest", "lora", "merged", "--merged", check=True)
    return project


def write_suite(project: Project, **given: object) -> None:
    project.write("suite.toml", SUITE.format(**given))


def answers(project: Project) -> list[str]:
    (path,) = (project.path / "runs" / "latest" / "predictions").iterdir()
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def code_of(folder: Path) -> str:
    return (folder / "README.md").read_text().partition("```python\n")[2].partition("```")[0]


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(torch.arange(3, 40).unsqueeze(0)).logits
    return found


def test_peft_loads_the_weights_and_they_act_as_the_trained_ones(
    project: Project, model_folder: Path
) -> None:
    (trained,) = project.path.glob("runs/jobs/adapt/*/weights")
    base = logits(AutoModelForCausalLM.from_pretrained(model_folder))
    found, expected = (
        logits(PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model_folder), place))
        for place in (project.path / "weights", trained)
    )
    assert torch.equal(found, expected)
    assert (found - base).abs().max() > 0.1


def test_the_merged_model_acts_as_model_and_weights_do(
    project: Project, model_folder: Path
) -> None:
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    together = logits(PeftModel.from_pretrained(base, project.path / "weights"))
    merged = AutoModelForCausalLM.from_pretrained(project.path / "merged")
    assert not [name for name, _ in merged.named_parameters() if "lora" in name]
    assert torch.allclose(logits(merged), together, atol=1e-3)
    with safe_open(project.path / "merged" / "model.safetensors", "pt") as file:
        assert file.keys()


def test_the_card_of_the_merged_model_answers_as_the_run_did(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.path / "merged")
    names: dict[str, object] = {}
    exec(code_of(project.path / "merged"), names)  # our own card
    answer = names["answer"]
    assert callable(answer)
    found = [answer(f"a {thing}") for thing, _ in ROWS]
    assert found == answers(project)


def test_the_card_of_the_weights_answers_as_the_run_did(
    project: Project, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = code_of(project.path / "weights")
    assert 'base = "tiny"  # put in where you have this model' in code
    monkeypatch.chdir(project.path / "weights")
    names: dict[str, object] = {}
    exec(code.replace('"tiny"', repr(str(model_folder))), names)  # our own card
    answer = names["answer"]
    assert callable(answer)
    assert [answer(f"a {thing}") for thing, _ in ROWS] == answers(project)


def test_the_merged_model_can_be_evaluated_like_any_other(project: Project) -> None:
    trained = answers(project)
    params = 'instruction = "Answer with the colour."'
    write_suite(project, model=project.path / "merged", adapter="zero-shot", params=params)
    project.run("validate", "suite.toml", check=True)
    project.run("run", "suite.toml", check=True)
    assert answers(project) == trained


def test_nothing_of_this_machine_is_shipped(project: Project, model_folder: Path) -> None:
    places = [str(place).encode() for place in (project.path, model_folder, Path.home())]
    for path in [*(project.path / "weights").iterdir(), *(project.path / "merged").iterdir()]:
        content = path.read_bytes()
        assert not [place for place in places if place in content], path.name


def test_the_merged_folder_is_complete(project: Project, model_folder: Path) -> None:
    names = {path.name for path in (project.path / "merged").iterdir()}
    assert names >= {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"}
    assert "adapter_config.json" not in names
    there, here = (
        AutoTokenizer.from_pretrained(place) for place in (model_folder, project.path / "merged")
    )
    assert there.chat_template == here.chat_template


@pytest.fixture(scope="module")
def adapter() -> LoraAdapter:
    return LoraAdapter(LoraParams(method="dora", rank=4, lr=1e-2, epochs=2, batch_size=4))


def test_weights_that_are_more_than_lora_are_merged_too(
    scene: Scene, resolved: ResolvedModel, adapter: LoraAdapter, model_folder: Path, tmp_path: Path
) -> None:
    adapted = adapter.adapt(scene())
    (tmp_path / "dora").mkdir()
    adapter.merge(adapted, resolved, tmp_path / "dora")
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    together = logits(PeftModel.from_pretrained(base, weights_of(adapted)))
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "dora")
    assert torch.allclose(logits(merged), together, atol=1e-3)


@pytest.fixture
def trained_base(model_folder: Path, tmp_path: Path) -> Path:
    """A base as its training left it: without how it generates, with how it came about."""
    base = tmp_path / "base"
    shutil.copytree(model_folder, base)
    (base / "generation_config.json").unlink()
    (base / "trainer_state.json").write_text(json.dumps({"best": str(tmp_path)}))
    (base / "requirements.txt").write_text("torch")
    return base


def test_of_a_base_its_ends_are_kept_and_its_history_is_not(
    scene: Scene, resolved: ResolvedModel, adapter: LoraAdapter, trained_base: Path, tmp_path: Path
) -> None:
    model = replace(resolved, folder=str(trained_base))
    folder = tmp_path / "merged"
    folder.mkdir()
    adapter.merge(adapter.adapt(scene(model)), model, folder)
    there, here = (AutoModelForCausalLM.from_pretrained(place) for place in (trained_base, folder))
    assert here.generation_config.eos_token_id == there.generation_config.eos_token_id == 2
    names = {path.name for path in folder.iterdir()}
    assert names <= {path.name for path in trained_base.iterdir()}
    assert not names & {"generation_config.json", "trainer_state.json", "requirements.txt"}


def test_a_merged_model_that_acts_otherwise_is_refused(
    scene: Scene,
    resolved: ResolvedModel,
    adapter: LoraAdapter,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adapted = adapter.adapt(scene())
    (tmp_path / "bare").mkdir()
    merged = merge_module._merged

    def forgets_to_merge(base: Path, weights: Path, dtype: torch.dtype) -> object:
        return AutoModelForCausalLM.from_pretrained(base), merged(base, weights, dtype)[1]

    monkeypatch.setattr(merge_module, "_merged", forgets_to_merge)
    with pytest.raises(AdaptationError, match="does not act as the model with the weights"):
        adapter.merge(adapted, resolved, tmp_path / "bare")


def weights_of(adapted: AdaptedModel) -> str:
    assert isinstance(adapted.weights, LocalWeights)
    return adapted.weights.folder
