"""A model folder runs no code of its own: neither its modules, its weights nor its template."""

import json
import shutil

import pytest

from evalkit import Failure, ModelError
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import resolve

from .tiny_llama import ask

CODE = """
import pathlib
pathlib.Path({mark!r}).touch()
from transformers import LlamaConfig as Evil, LlamaForCausalLM as EvilForCausalLM
"""


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "model")


def change(path, **keys):
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def find(folder):
    return resolve("mine", TransformersParams(model=str(folder)), print)


def test_modules_that_come_with_a_model_are_not_run(folder, make_engine, tmp_path):
    mark = tmp_path / "was-run"
    (folder / "evil.py").write_text(CODE.format(mark=str(mark)))
    auto_map = {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.EvilForCausalLM"}
    change(folder / "config.json", auto_map=auto_map)
    tokenizer_map = {"AutoTokenizer": ["evil.Evil", None]}
    change(folder / "tokenizer_config.json", auto_map=tokenizer_map)
    (answer,) = [found for _, found in make_engine(folder).generate([ask("The river flows")])]
    assert not isinstance(answer, Failure)  # transformers' own classes do
    assert not mark.exists()


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "model.ckpt"])
def test_pickled_weights_are_refused(folder, name):
    (folder / "model.safetensors").rename(folder / name)
    with pytest.raises(ModelError, match=f"the weights are pickled \\({name}\\)") as caught:
        find(folder)
    assert "safetensors" in caught.value.hint


def test_an_index_of_safetensors_may_not_name_a_pickled_file(folder):
    (folder / "model.safetensors").rename(folder / "part.bin")
    index = {"metadata": {}, "weight_map": {"lm_head.weight": "part.bin"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"the weights are pickled \(part\.bin\)"):
        find(folder)


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append.__globals__ }}",
        "{{ raise_exception.__globals__['os'].system('touch was-run') }}",
        "{% for m in messages %}{{ m.clear() }}{% endfor %}",
    ],
)
def test_a_chat_template_cannot_leave_its_sandbox(folder, make_engine, template):
    (folder / "chat_template.jinja").write_text(template)
    (answer,) = [found for _, found in make_engine(folder).generate([ask("Hello")])]
    assert isinstance(answer, Failure)
    assert "the chat template refuses" in answer.reason
