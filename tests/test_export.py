"""`evalkit export`: a cell of a finished run as a folder to ship."""

import hashlib
import json
import subprocess
import sys

import pytest
from huggingface_hub import ModelCard

from evalkit.store import Store

LOCAL = '''
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from evalkit import (
    AdaptationError, AdaptedModel, Adapter, Entry, HostedModel, MaybePath, Message, Prompt,
    SingleRequest, hookimpl,
)
from evalkit.testing.fakes import engine
from evalkit.testing.fakes.adapter import FakeAdapter
from evalkit.testing.fakes.metric import Contains
from evalkit.testing.fakes.params import FakeAdapterParams, FakeEngineParams


class HousedParams(FakeEngineParams):
    model: Annotated[str, MaybePath()] = "owner/small"


def resolve(name, params, notify):
    found = engine.resolve(name, params, notify)
    revision = Path("revision.txt")
    return replace(
        found,
        folder=str(Path("model").absolute()),
        revision=revision.read_text() if revision.exists() else found.revision,
    )


class Merging(FakeAdapter):
    def merge(self, adapted, model, folder):
        assert not any(folder.iterdir())
        weights = Path(adapted.weights.folder) / "adapter_model.safetensors"
        (folder / "model.safetensors").write_bytes(weights.read_bytes())
        (folder / "config.json").write_text('{"_name_or_path": "%s"}' % model.folder)
        if self.params.k == 3:
            raise AdaptationError("the weights do not fit", "train them again")
        if self.params.k == 4:
            raise OSError(28, "No space left on device")
        if self.params.k == 5:
            raise KeyboardInterrupt
        if self.params.k == 6:
            raise FileNotFoundError(2, "No such file or directory", "tokenizer.json")


class Hosted(FakeAdapter):
    def adapt(self, context):
        weights = HostedModel(provider="somebody", job_id="j-1", model_id="ft:small:7")
        return replace(super().adapt(context), weights=weights)


class Looks(Adapter):
    """Shows a training example that depends on the input, so that it has no chat beforehand."""

    def adapt(self, context):
        return AdaptedModel(prompt=Prompt(instruction="Look."), state={"k": 1})

    def program(self, adapted, context):
        return Nearest(adapted.prompt, context)


class Nearest(SingleRequest):
    def steps(self, example):
        shown = self._context.train[0].target
        completion = yield self._context.request(Prompt(instruction=f"Like {shown}."), example)
        return completion.text


class Framed(Looks):
    """Puts a frame around the input, and takes more tokens than the task."""

    def program(self, adapted, context):
        return Frame(adapted.prompt, context)


class Frame(SingleRequest):
    def steps(self, example):
        request = self._context.request(self._prompt, example)
        last = request.messages[-1].content
        turns = (Message("user", f"<<{last}>>"),)
        completion = yield replace(request, messages=turns, max_tokens=500, stop=("END",))
        return completion.text


class Slices(Looks):
    """Takes what training examples there are, as it thinks."""

    def program(self, adapted, context):
        return Slice(adapted.prompt, context)


class Slice(SingleRequest):
    def steps(self, example):
        shown = " ".join(str(near.target) for near in self._context.train[:2])
        prompt = Prompt(instruction=f"Like these: {shown}")
        completion = yield self._context.request(prompt, example)
        return completion.text


class Gets(Looks):
    """Makes a text of its own of a field, which it does not insist on."""

    def program(self, adapted, context):
        return Get(adapted.prompt, context)


class Get(SingleRequest):
    def steps(self, example):
        request = self._context.request(self._prompt, example)
        turns = (Message("user", f"Q: {example.fields.get('text', '')}"),)
        completion = yield replace(request, messages=turns)
        return completion.text


class Fixes(Looks):
    """Asks the same whatever the input is."""

    def program(self, adapted, context):
        return Fix(adapted.prompt, context)


class Fix(SingleRequest):
    def steps(self, example):
        request = self._context.request(self._prompt, example)
        completion = yield replace(request, messages=(Message("user", "Go on."),))
        return completion.text


class Picky(Contains):
    """The lower the better; cannot do with answers that are empty."""

    direction = "lower"

    def score(self, target, value):
        assert value
        return super().score(target, value)


PARAMS = "evalkit.testing.fakes.params:FakeAdapterParams"
NEEDS = frozenset({"train", "seed", "engine"})


@hookimpl
def evalkit_adapters():
    return [
        Entry(name="merging", target="evalkit_plugins:Merging", params=PARAMS, requires=NEEDS),
        Entry(name="hosted", target="evalkit_plugins:Hosted", params=PARAMS, requires=NEEDS),
        Entry(name="looks", target="evalkit_plugins:Looks", requires=frozenset({"train"})),
        Entry(name="framed", target="evalkit_plugins:Framed"),
        Entry(name="slices", target="evalkit_plugins:Slices", requires=frozenset({"train"})),
        Entry(name="gets", target="evalkit_plugins:Gets"),
        Entry(name="fixes", target="evalkit_plugins:Fixes"),
    ]


@hookimpl
def evalkit_metrics():
    params = "evalkit.testing.fakes.params:ContainsParams"
    return [Entry(name="picky", target="evalkit_plugins:Picky", params=params)]


@hookimpl
def evalkit_engines():
    return [
        Entry(
            name="housed",
            target="evalkit.testing.fakes.engine:RuledEngine",
            params="evalkit_plugins:HousedParams",
            resolver="evalkit_plugins:resolve",
        )
    ]
'''
MODELS = '[[models]]\nname = "parrot"\nengine = "housed"\nanswer = "recall"\n'
TRAINED = '[[adapters]]\nuse = "merging"\nk = 2\nweights = true\n'
BARE = '[[adapters]]\nuse = "fake-bare"\n'


@pytest.fixture
def ran(lab):
    """Makes a run with the local plugins: of a prompt and of weights, if nothing else is said."""
    lab.write("evalkit_plugins.py", LOCAL)

    def run(adapters=TRAINED + BARE, code=0, models=MODELS, **tables):
        lab.suite(adapters=adapters, models=models, **tables)
        result = lab.run()
        assert result.exit_code == code, result.output
        return lab

    return run


def export(lab, cell, *options, target="out", run="runs/latest"):
    return lab.do("export", run, cell, target, *options)


def done(lab, cell, *options, **where):
    result = export(lab, cell, *options, **where)
    assert result.exit_code == 0, result.output
    return lab.path / where.get("target", "out")


def refused(lab, cell, *options, **where):
    """What the user is told; nothing is left where the folder was to be."""
    before = {path.name for path in lab.path.iterdir()}
    result = export(lab, cell, *options, **where)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert {path.name for path in lab.path.iterdir()} == before
    return result.stderr.removeprefix(f"loading local plugins from {lab.path}/evalkit_plugins.py\n")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def prompt_of(folder):
    return json.loads((folder / "prompt.json").read_text())


def card_of(folder):
    return ModelCard((folder / "README.md").read_text())


class TestPrompt:
    def test_what_is_printed_and_written(self, ran):
        lab = ran()
        result = export(lab, "fake-bare")
        run = lab.runs()[0]
        assert result.exit_code == 0, result.output
        assert result.stdout == (
            "out: a prompt for owner/small; there are no weights\n"
            f"  cell: fake-bare of {run}\n"
            "  scores: contains 0.000, on 4 examples\n"
            "  files: README.md, prompt.json\n"
        )
        assert names(lab.path / "out") == ["README.md", "prompt.json"]

    def test_it_is_the_chat_that_the_model_was_asked(self, ran, asked):
        lab = ran('[[adapters]]\nuse = "fake-adapter"\nk = 2\n')
        requests = {request.messages for request in asked}
        prompt = prompt_of(done(lab, "fake-adapter"))
        inputs = [f"ball {n} of the test is {c}" for n, c in enumerate(("red", "blue"))]
        for text in inputs:
            chat = [
                (turn["role"], turn["content"].replace(prompt["placeholder"], text))
                for turn in prompt["messages"]
            ]
            assert chat in [[(m.role, m.content) for m in messages] for messages in requests]
        assert [demo["target"] for demo in prompt["demos"]] == [
            prompt["messages"][2]["content"],
            prompt["messages"][4]["content"],
        ]

    def test_how_answers_were_asked_for(self, ran):
        task = '[task]\nuse = "fake-task"\nchoices = true\n'
        prompt = prompt_of(done(ran(BARE, task=task), "fake-bare"))
        assert prompt["request"] == {
            "max_tokens": 128,
            "temperature": 0.0,
            "stop": [],
            "schema": None,
            "choices": ["red", "blue", "green", "grey"],
        }

    def test_the_placeholder_stands_nowhere_else(self, ran, lab):
        lab.jsonl("test.jsonl", [{"a": "one", "b": "1"}])
        task = '[task]\ninstruction = "Fill {input}."\ninput = "{a}"\ntarget = "b"\n'
        prompt = prompt_of(done(ran(BARE, task=task + 'test = "test.jsonl"\n'), "fake-bare"))
        assert prompt["placeholder"] == "{{input}}"
        contents = [turn["content"] for turn in prompt["messages"]]
        assert contents == ["Fill {input}.", "{{input}}"]

    def test_a_program_of_its_own_is_named_and_its_request_shown(self, ran):
        folder = done(ran('[[adapters]]\nuse = "framed"\n'), "framed")
        prompt = prompt_of(folder)
        assert prompt["program"] == "evalkit_plugins:Frame"
        assert prompt["state"] == {"k": 1}
        assert prompt["messages"] == [{"role": "user", "content": "<<{input}>>"}]
        assert (prompt["request"]["max_tokens"], prompt["request"]["stop"]) == (500, ["END"])
        assert "asked 1 times for an answer" in card_of(folder).text

    def test_a_program_that_needs_the_input_has_no_chat(self, ran):
        folder = done(ran('[[adapters]]\nuse = "looks"\n'), "looks")
        prompt = prompt_of(folder)
        assert (prompt["messages"], prompt["instruction"]) == (None, "Look.")
        assert "decides for each input what to ask (`evalkit_plugins:Nearest`)" in str(
            card_of(folder).text
        )

    @pytest.mark.parametrize("method", ["slices", "gets", "fixes"])
    def test_a_chat_without_its_examples_or_its_input_is_not_shipped(self, ran, method):
        prompt = prompt_of(done(ran(f'[[adapters]]\nuse = "{method}"\n'), method))
        assert prompt["messages"] is None

    def test_weights_that_a_provider_keeps_are_named(self, ran):
        lab = ran('[[adapters]]\nuse = "hosted"\n')
        folder = done(lab, "hosted")
        assert names(folder) == ["README.md", "prompt.json"]
        assert "ft:small:7, which somebody keeps" in card_of(folder).text
        assert "no weights to merge" in refused(lab, "hosted", "--merged", target="out2")


class TestWeights:
    def test_files_are_those_of_the_job(self, ran):
        lab = ran()
        folder = done(lab, "merging")
        assert names(folder) == [
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "prompt.json",
        ]
        (job,) = lab.path.glob("runs/jobs/adapt/*/weights")
        for name in ("adapter_model.safetensors",):
            assert (folder / name).read_bytes() == (job / name).read_bytes()
        config = json.loads((folder / "adapter_config.json").read_text())
        assert config == {
            "kind": "fake",
            "base_model_name_or_path": "owner/small",
            "revision": "1",
        }

    def test_the_base_model_may_have_a_public_name_that_the_suite_does_not_tell(self, ran):
        models = '[[models]]\nname = "parrot"\nengine = "housed"\nmodel = "./model"\n'
        lab = ran(models=models)
        shown = export(lab, "merging").stdout
        assert shown.splitlines()[-1] == (
            "  if parrot has a public name, say it: --base OWNER/NAME"
        )
        assert json.loads((lab.path / "out" / "adapter_config.json").read_text()) == {
            "kind": "fake",
            "base_model_name_or_path": "parrot",
        }
        assert "base_model" not in card_of(lab.path / "out").data.to_dict()
        folder = done(lab, "merging", "--base", "owner/large", target="named")
        named = json.loads((folder / "adapter_config.json").read_text())
        assert named["base_model_name_or_path"] == "owner/large"
        assert "revision" not in named
        card = card_of(folder)
        assert card.data.base_model == "owner/large"
        assert "evalkit has not checked" in card.text
        message = refused(lab, "merging", "--base", "/data/large", target="other")
        assert message.startswith("error: --base /data/large: no public name of a model\n")


class TestMerged:
    def test_the_adapter_makes_a_model(self, ran):
        lab = ran()
        result = export(lab, "merging", "--merged")
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(
            "out: a complete model: owner/small with the trained weights merged in\n"
        )
        assert result.stderr.splitlines()[-1] == "merging the weights into parrot"
        folder = lab.path / "out"
        assert names(folder) == ["README.md", "config.json", "model.safetensors", "prompt.json"]
        assert json.loads((folder / "config.json").read_text()) == {"_name_or_path": "owner/small"}

    def test_of_a_prompt_there_is_nothing_to_merge(self, ran):
        message = refused(ran(), "fake-bare", "--merged")
        assert message.splitlines()[0].endswith('cell "fake-bare" has no weights to merge')

    def test_a_method_that_cannot_merge_says_so(self, ran):
        lab = ran('[[adapters]]\nuse = "fake-adapter"\nweights = true\n')
        assert refused(lab, "fake-adapter", "--merged").splitlines()[-2:] == [
            "error: FakeAdapter cannot merge its weights into the model",
            "  export the weights as they are: leave --merged out",
        ]

    def test_a_model_without_files_here_cannot_be_merged_into(self, ran):
        lab = ran(models='[[models]]\nname = "parrot"\nengine = "fake"\n')
        assert "the engine fake keeps no files of it" in refused(lab, "merging", "--merged")

    def test_a_model_that_changed_since_the_run_is_refused(self, ran):
        lab = ran()
        lab.write("revision.txt", "2")
        assert "its files are not those of the run" in refused(lab, "merging", "--merged")

    @pytest.mark.parametrize(
        ("k", "message"),
        [
            (3, "error: merging: the weights do not fit\n  train them again\n"),
            (4, "error: merging: cannot be exported: [Errno 28] No space left on device\n"),
            (
                6,
                "error: merging: cannot be exported: "
                "[Errno 2] No such file or directory: 'tokenizer.json'\n",
            ),
        ],
    )
    def test_what_goes_wrong_leaves_nothing(self, ran, k, message):
        lab = ran(f'[[adapters]]\nuse = "merging"\nk = {k}\nweights = true\n')
        assert refused(lab, "merging", "--merged").endswith(message)

    def test_an_interruption_leaves_nothing(self, ran):
        lab = ran('[[adapters]]\nuse = "merging"\nk = 5\nweights = true\n')
        before = names(lab.path)
        assert export(lab, "merging", "--merged").exit_code == 130
        assert names(lab.path) == before


class TestCell:
    def test_the_best_one_by_the_first_metric(self, ran):
        lab = ran()
        assert "  cell: merging of " in export(lab, "best").stdout

    def test_the_first_metric_is_the_suites_even_where_it_failed_for_the_first_cell(self, ran):
        metrics = '[[metrics]]\nuse = "picky"\n\n[[metrics]]\nuse = "contains"\n'
        more = '[[adapters]]\nuse = "fake-adapter"\nk = 8\n'
        lab = ran(BARE + more + TRAINED, code=1, metrics=metrics)
        assert list(lab.cell("fake-bare")["scores"]) == ["contains"]
        worse, better = (lab.cell(name)["scores"]["picky"] for name in ("fake-adapter", "merging"))
        assert worse["value"] > better["value"]
        assert "  cell: merging of " in export(lab, "best").stdout

    def test_a_cell_may_be_called_best(self, ran):
        lab = ran(TRAINED + '[[adapters]]\nname = "best"\nuse = "fake-bare"\n')
        assert "  cell: best of " in export(lab, "best").stdout

    def test_lower_may_be_better(self, ran, monkeypatch):
        monkeypatch.setattr("evalkit.testing.fakes.metric.Contains.direction", "lower")
        assert "  cell: fake-bare of " in export(ran(), "best").stdout

    def test_a_typing_error_shows_what_is_there(self, ran):
        lab = ran()
        assert refused(lab, "mergign").split("\n", 1)[1] == (
            '  did you mean "merging"?  cells: merging, fake-bare\n'
            "  the one with the best score: best\n"
        )

    def test_one_that_failed(self, ran):
        lab = ran('[[adapters]]\nuse = "fake-bare"\nfail = "no"\n', code=1)
        first, second = refused(lab, "fake-bare").splitlines()
        assert first.endswith('cell "fake-bare" failed: no')
        assert second == "  see `fail`"
        assert "no cell has a score" in refused(lab, "best")

    def test_one_that_was_not_run(self, ran, lab):
        lab.write("evalkit_plugins.py", LOCAL)
        lab.suite(adapters='[[adapters]]\nuse = "fake-bare"\nfail = "no"\n' + TRAINED)
        assert lab.run("-x").exit_code == 1
        assert 'cell "merging" was not run to its end' in refused(lab, "merging")


class TestFolder:
    def test_an_empty_one_is_taken(self, ran):
        lab = ran()
        (lab.path / "out").mkdir()
        assert "prompt.json" in names(done(lab, "fake-bare"))

    def test_folders_above_it_are_made(self, ran):
        assert "prompt.json" in names(done(ran(), "fake-bare", target="a/b/out"))

    def test_a_link_to_an_empty_one_is_followed(self, ran):
        lab = ran()
        (lab.path / "real").mkdir()
        (lab.path / "out").symlink_to("real")
        card = card_of(done(lab, "fake-bare"))
        assert (lab.path / "out").is_symlink()
        assert names(lab.path / "real") == ["README.md", "prompt.json"]
        assert card.data.model_name == "real"

    def test_a_mount_point_cannot_be_replaced(self, ran):
        message = refused(ran(), "fake-bare", target="/")
        assert message == "error: /: this is a mount point\n  name a folder below it\n"

    def test_one_with_something_in_it_is_left_alone(self, ran):
        lab = ran()
        lab.write("out/mine.txt", "x")
        message = refused(lab, "fake-bare")
        assert message.startswith("error: out: this folder is not empty\n")
        assert names(lab.path / "out") == ["mine.txt"]

    def test_a_file_is_left_alone(self, ran):
        lab = ran()
        lab.write("out", "x")
        assert "this is no folder" in refused(lab, "fake-bare")

    def test_one_below_a_file_cannot_be_made(self, ran):
        lab = ran()
        lab.write("file", "x")
        assert "cannot be written: Not a directory" in refused(lab, "fake-bare", target="file/out")


class TestRun:
    def test_one_that_was_moved_away_alone_has_nothing_to_export(self, ran):
        lab = ran()
        (lab.path / "archive").mkdir()
        (lab.path / "runs" / lab.runs()[0]).rename(lab.path / "archive" / "mine")
        message = refused(lab, "merging", run="archive/mine")
        assert "is not in" in message
        assert "export from where it was made" in message

    def test_damaged_weights_are_not_shipped(self, ran):
        lab = ran()
        (path,) = lab.path.glob("runs/jobs/adapt/*/weights/adapter_model.safetensors")
        path.write_bytes(b"x")
        assert "or is damaged" in refused(lab, "merging")

    def test_damage_of_equal_size_is_not_shipped_either(self, ran):
        lab = ran()
        (path,) = lab.path.glob("runs/jobs/adapt/*/weights/adapter_model.safetensors")
        path.write_bytes(b"x" * path.stat().st_size)
        assert "or is damaged" in refused(lab, "merging")
        assert "prompt.json" in names(done(lab, "fake-bare"))

    def test_a_damaged_prompt_is_not_shipped(self, ran):
        lab = ran(BARE)
        (path,) = lab.path.glob("runs/jobs/adapt/*/adapted.json")
        path.write_text(path.read_text().replace("Name the colour", "Tell the colour"))
        assert "or is damaged" in refused(lab, "fake-bare")

    def test_what_was_made_anew_since_has_not_these_scores(self, ran):
        lab = ran(BARE)
        first = lab.runs()[0]
        lab.suite(adapters=BARE, models=MODELS.replace("recall", "upper"))
        assert lab.run("--fresh").exit_code == 0
        (adapt,) = lab.path.glob("runs/jobs/adapt/*")
        text = (adapt / "adapted.json").read_text().replace('"report": {', '"report": {"x": 1, ')
        note = json.loads((adapt / "job.json").read_text())
        note["content"] = hashlib.sha256(text.encode()).hexdigest()
        store = Store(lab.path / "runs")
        (store.stage("adapt", adapt.name) / "adapted.json").write_text(text)
        store.seal(store.unfinished("adapt", adapt.name), "adapt", adapt.name, note)
        assert "was adapted anew since this run" in refused(lab, "fake-bare", run=f"runs/{first}")

    def test_one_of_before_there_was_an_export(self, ran):
        lab = ran()
        path = lab.path / "runs" / lab.runs()[0] / "manifest.json"
        manifest = json.loads(path.read_text())
        del manifest["methods"]
        path.write_text(json.dumps(manifest))
        assert "was made before evalkit could export" in refused(lab, "merging")

    def test_a_changed_plugin_is_told_of(self, ran):
        lab = ran()
        lab.write("evalkit_plugins.py", LOCAL + "\n# changed\n")
        result = export(lab, "merging")
        assert result.exit_code == 0, result.output
        assert "note: adapter merging was changed since the run" in result.stderr


class TestNothingOfThisMachine:
    @pytest.mark.parametrize("merged", [[], ["--merged"]], ids=["weights", "merged"])
    def test_no_path_is_shipped(self, ran, lab, merged):
        lab.jsonl("test.jsonl", [{"a": "one", "b": "1"}])
        lab.jsonl("train.jsonl", [{"a": str(n), "b": str(n)} for n in range(4)])
        task = '[task]\ninstruction = "i"\ninput = "{a}"\ntarget = "b"\n'
        task += 'test = "test.jsonl"\ntrain = "train.jsonl"\n'
        failed = f'[[adapters]]\nuse = "fake-bare"\nfail = "{lab.path} is full"\n'
        models = '[[models]]\nname = "parrot"\nengine = "housed"\nmodel = "./model"\n'
        ran(TRAINED + failed, code=1, task=task, models=models)
        folder = done(lab, "merging", *merged)
        for path in folder.iterdir():
            assert str(lab.path).encode() not in path.read_bytes(), path.name


class TestCard:
    def test_its_metadata_are_what_a_hub_reads(self, ran):
        card = card_of(done(ran(), "merging", target="my-colours"))
        assert card.data.library_name == "peft"
        assert card.data.base_model == "owner/small"
        assert card.data.tags == ["evalkit", "merging", "fake-task"]
        assert (card.data.language, card.data.license) == (None, None)
        assert card.data.model_name == "my-colours"
        (result,) = card.data.eval_results
        assert (result.task_type, result.task_name) == ("text-generation", "fake-task")
        assert (result.dataset_type, result.dataset_split) == ("fake-task", "test")
        assert (result.metric_type, result.metric_value) == ("contains", 0.5)
        assert card.data.to_dict()["base_model_relation"] == "adapter"

    def test_a_merged_model_is_one_of_transformers(self, ran):
        card = card_of(done(ran(), "merging", "--merged"))
        assert card.data.library_name == "transformers"
        assert card.data.to_dict()["base_model_relation"] == "finetune"

    def test_a_prompt_needs_no_library(self, ran):
        card = card_of(done(ran(), "fake-bare"))
        assert card.data.library_name is None
        assert "base_model_relation" not in card.data.to_dict()

    def test_it_tells_how_it_was_made_and_what_else_was_tried(self, ran):
        lab = ran()
        text = str(card_of(done(lab, "merging")).text)
        for row in (
            "| method | `merging`, adapter `merging` of ",
            "| base model | `owner/small`, revision `1` |",
            "| training examples | 2 |",
            "| seed | 1 |",
            f"| run | `{lab.runs()[0]}`, begun ",
            "| `k` | `2` |",
            "| `contains` | `contains` | **0.5000** |",
            "| merging | 2 | 2 | fake | 0.500 |",
            "| fake-bare | 0 | 0 | fake | 0.000 |",
            "    Name the colour. Answer with one word.",
            "The 4 answers: 4 parsed.",
            "4 examples of the split `test`",
            "2 cells were compared on the same examples.",
        ):
            assert row in text

    @pytest.mark.parametrize(
        ("cell", "options"),
        [("merging", []), ("merging", ["--merged"]), ("fake-bare", [])],
        ids=["weights", "merged", "prompt"],
    )
    def test_its_python_compiles(self, ran, cell, options):
        text = str(card_of(done(ran(), cell, *options)).text)
        code = text.partition("```python\n")[2].partition("```")[0]
        compile(code, "card", "exec")

    def test_the_chat_of_its_python_is_that_of_the_prompt(self, ran, monkeypatch):
        folder = done(ran(), "fake-bare")
        code = str(card_of(folder).text).partition("```python\n")[2].partition("```")[0]
        monkeypatch.chdir(folder)
        names = {}
        exec(code, names)  # our own card
        assert names["messages"]("a red ball")[-1] == {"role": "user", "content": "a red ball"}


def test_no_model_library_is_needed_for_a_prompt(ran):
    lab = ran(BARE)
    code = (
        "import sys; from evalkit.cli import main; main(sys.argv[1:]); "
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, "export", "runs/latest", "fake-bare", "out"]
    command += ["-p", "evalkit.testing.fakes"]
    done = subprocess.run(command, cwd=lab.path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
