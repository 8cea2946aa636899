"""The docs are true: suites validate, code runs, commands parse, links resolve."""

import json
import re
import shlex
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import tomli

import evalkit
from evalkit import hookspecs
from evalkit.cli import cli
from evalkit.plugins import build_manager
from evalkit.results import results_schema
from evalkit.suite import RawSuite, check_suite, read_suite
from evalkit.suite.check import _TOP
from evalkit.suite.read import merge
from evalkit.testing import FakeContext, ListTask, predict_with

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("plugins/*/README.md")),
]
SUITES = sorted(ROOT.glob("suites/*.toml"))
FAKES = "evalkit.testing.fakes"
FENCE = re.compile(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"`([\w./-]+)`:\n\n\Z")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
MINIMAL = """
[task]
use = "fake-task"

[[models]]
name = "small"
engine = "fake"

[[adapters]]
use = "fake-bare"

[[metrics]]
use = "contains"
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    file: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page):
    content = page.read_text(encoding="utf-8")
    for fence in FENCE.finditer(content):
        indent, language, text = fence.groups()
        before = content[: fence.start()]
        named = FILE_NAME.search(before)
        yield Block(
            page=page,
            line=before.count("\n") + 1,
            language=language,
            text=re.sub(rf"^{indent}", "", text, flags=re.MULTILINE),
            file=named[1] if named else "",
        )


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def in_languages(*languages):
    return [block for block in BLOCKS if block.language in languages]


@cache
def plugins():
    return build_manager([FAKES])


def check_all_profiles(tables, path, registry=None):
    """Check the tables, and once more with each profile over them."""
    profiles = tables.pop("profiles", {})
    for over in [{}, *profiles.values()]:
        raw = RawSuite(path=path, profile="", tables=merge(tables, over), profiles=())
        check_suite(raw, registry or plugins())


@pytest.fixture
def importable(tmp_path, monkeypatch):
    """A folder whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        origin = getattr(sys.modules[name], "__file__", None)
        if origin and Path(origin).is_relative_to(tmp_path):
            del sys.modules[name]


def plugins_with(page, folder):
    """All plugins, and those that the page itself has the reader write."""
    own = [
        b for b in blocks_of(page) if b.language == "python" and b.file and "@hookimpl" in b.text
    ]
    for block in own:
        (folder / block.file).write_text(block.text, encoding="utf-8")
    return build_manager([FAKES, *(Path(block.file).stem for block in own)]) if own else plugins()


@pytest.mark.parametrize("block", in_languages("toml"), ids=str)
def test_suites_of_the_docs_validate(block, importable):
    tables = tomli.loads(block.text)
    if "project" in tables:
        assert block.file == "pyproject.toml"
        return
    registry = plugins_with(block.page, importable)
    check_all_profiles({**tomli.loads(MINIMAL), **tables}, importable / "suite.toml", registry)


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_suites_validate_with_all_profiles(path):
    base = read_suite(str(path))
    for profile in ("", *base.profiles):
        check_suite(read_suite(str(path), profile=profile), plugins())


def test_a_wrong_suite_would_be_noticed(tmp_path):
    tables = tomli.loads(MINIMAL + "[profiles.odd]\nsedes = [1]\n")
    with pytest.raises(evalkit.SuiteError, match="sedes"):
        check_all_profiles(tables, tmp_path / "suite.toml")


@pytest.fixture
def workplace(project, importable, monkeypatch):
    """A folder with the starter suite on a fake model, in which the code of a page runs."""
    project.run("init", "tickets", check=True)
    suite = project.path / "tickets" / "suite.toml"
    text = suite.read_text(encoding="utf-8")
    text = text.replace('"transformers"', '"fake"').replace('model = "smollm2-135m"', "")
    suite.write_text(text, encoding="utf-8")
    project.write("evalkit_plugins.py", f"from {FAKES} import *  # noqa\n")
    monkeypatch.chdir(project.path)
    return project


PYTHON_PAGES = sorted({block.page for block in in_languages("python")})


@pytest.mark.parametrize("page", PYTHON_PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_of_the_docs_runs(page, workplace):
    """The blocks of a page run one after another, as a reader would run them."""
    names = {"__name__": "page"}
    for block in blocks_of(page):
        if block.language != "python":
            continue
        if block.file:
            workplace.write(block.file, block.text)
        exec(compile(block.text, str(block), "exec"), names)  # our own pages
    for cls in [value for value in names.values() if isinstance(value, type)]:
        if issubclass(cls, evalkit.Adapter) and cls is not evalkit.Adapter:
            check_adapter(cls, workplace.path / "adapted")
        if issubclass(cls, evalkit.Metric) and cls is not evalkit.Metric:
            check_metric(cls)


def check_adapter(cls, folder):
    """An adapter of the docs adapts, and its model answers."""
    adapter, context = cls(evalkit.Params()), FakeContext(folder=folder, task=ListTask())
    predictions = predict_with(adapter, adapter.adapt(context), context, ListTask().load("test"))
    assert [prediction.outcome for prediction in predictions] == ["parsed"] * 3


def check_metric(cls):
    """A metric of the docs tells right from wrong."""
    metric = cls(evalkit.Params())
    right, wrong = metric.score("red", "red"), metric.score("red", "yellow")
    assert metric.aggregate([right])[metric.headline] == 1
    assert metric.aggregate([right, wrong])[metric.headline] < 1


def commands_of(block):
    """The command lines of a block: after the prompt in a console, every line of a script."""
    joined = block.text.replace("\\\n", " ")
    for line in joined.splitlines():
        if block.language == "console" and not line.startswith("$ "):
            continue
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words:
            yield words


COMMANDS = [
    pytest.param(words, id=f"{block}: {' '.join(words)}")
    for block in in_languages("console", "sh", "bash")
    for words in commands_of(block)
]


def parse(arguments):
    """Let click parse a command line of evalkit without running it."""
    context = click.Context(cli, info_name="evalkit")
    first = arguments[0] if arguments else ""
    try:
        if first.startswith("-"):
            cli.make_context("evalkit", list(arguments))
        else:
            name, command, rest = cli.resolve_command(context, list(arguments))
            command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        pass  # --help and --version end the parsing


@pytest.mark.parametrize("words", COMMANDS)
def test_commands_of_the_docs_parse(words):
    program, *arguments = words
    if program == "evalkit":
        parse(arguments)
    elif program == "make":
        targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert {word for word in arguments if "=" not in word} <= targets
    else:
        assert program in {"pip", "pytest", "source", "git", "python", "cd", "export"}


@pytest.mark.parametrize("words", ["rum suite.toml", "run suite.toml --nope", "run", "--nope"])
def test_a_wrong_command_would_be_noticed(words):
    with pytest.raises(click.UsageError):
        parse(words.split())


def anchors_of(page):
    """The anchors of a page's headings, as they are made where the repository is shown."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for heading in re.findall(r"^#+ +(.*)$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.strip().lower())
        yield plain.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    lost = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        known = target.exists() and (not anchor or anchor in set(anchors_of(target)))
        lost += [] if known else [link]
    assert not lost


def test_every_page_is_reached_from_the_index():
    """Beginning at the index of the docs; the pages of plugins and decisions have lists."""
    seen, left = set(), [ROOT / "docs" / "index.md"]
    while left:
        page = left.pop()
        seen.add(page)
        for link in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            target = (page.parent / unquote(link).partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file() and target not in seen:
                left.append(target)
    pages = {page for page in PAGES if "decisions" not in page.parts}
    assert not {str(page.relative_to(ROOT)) for page in pages - seen}


def page_text(name):
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def missing(names, text):
    """The names that stand nowhere in the text as a word of code."""
    code = " ".join(re.findall(r"`[^`\n]+`|^ *```.*?^ *```", text, re.MULTILINE | re.DOTALL))
    return [name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", code)]


def properties_of(schema):
    """Every property name of a JSON schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for part in schema.values():
            yield from properties_of(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from properties_of(part)


def test_every_field_of_the_results_is_documented():
    names = set(properties_of(results_schema())) | {"parsed", "failed", "pending"}
    assert len(names) > 50
    assert not missing(sorted(names), page_text("results-json.md"))


def test_every_hook_and_every_exported_name_is_documented():
    hooks = [name for name in vars(hookspecs) if name.startswith("evalkit_")]
    assert hooks
    assert not missing([*hooks, *evalkit.__all__], page_text("plugins.md"))


@pytest.mark.parametrize("cls", [evalkit.Entry, evalkit.Request, evalkit.ResolvedModel])
def test_every_field_of_what_plugins_build_is_documented(cls):
    assert not missing(list(cls.__dataclass_fields__), page_text("plugins.md"))


def test_every_name_of_the_testing_kit_is_documented():
    from evalkit import testing

    assert not missing(testing.__all__, page_text("plugins.md"))


def test_every_key_of_a_suite_is_documented():
    core = [*_TOP, "profiles", "split", "limit", "use", "name", "engine", "models", "train-size"]
    assert not missing(core, page_text("suite.md"))


def test_every_parameter_of_the_cores_own_plugins_is_documented():
    registry = plugins()
    for kind, name in (("task", "declared"), ("executor", "worker")):
        keys = registry.params(kind, name).model_json_schema(by_alias=True)["properties"]
        assert not missing(keys, page_text("suite.md"))


def test_every_command_and_option_is_documented():
    text = page_text("cli.md")
    for name in cli.list_commands(click.Context(cli)):
        command = cli.get_command(click.Context(cli), name)
        section = re.search(rf"^## `evalkit {name}`$(.*?)(?=^## |\Z)", text, re.M | re.S)
        assert section, f"no section for evalkit {name}"
        options = [o for p in command.params if isinstance(p, click.Option) for o in p.opts]
        shared = re.search(r"^### Which cells$(.*?)(?=^##)", text, re.M | re.S)
        assert shared
        allowed = section[1] + (shared[1] if "Which cells" in section[1] else "")
        assert not missing(options, allowed), f"evalkit {name}"


def test_every_exit_code_is_documented():
    from evalkit import cli as command_line

    codes = [value for name, value in vars(command_line).items() if name.startswith("EXIT_")]
    assert not missing([str(code) for code in [0, *codes]], page_text("cli.md"))


def test_every_part_of_the_core_is_in_the_reading_order():
    core = ROOT / "src" / "evalkit"
    parts = {path.stem for path in core.glob("*.py")} - {"__init__", "__main__"}
    parts |= {f"{path.parent.name}/" for path in core.glob("*/__init__.py")}
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert not [part for part in sorted(parts) if f"`{part}`" not in text]


def test_every_distribution_is_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    names = [path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")]
    assert names
    assert not missing(names, text)


def test_the_published_example_of_results_follows_the_schema():
    import jsonschema

    (block,) = [b for b in in_languages("json") if b.page.name == "results-json.md"]
    jsonschema.validate(json.loads(block.text), results_schema())


def test_no_block_is_left_untested():
    """A language that no test looks at would hide a mistake."""
    known = {"toml", "python", "console", "sh", "bash", "text", "json", ""}
    assert not {str(block) for block in BLOCKS if block.language not in known}


def test_a_missing_name_would_be_noticed():
    assert missing(["id", "name", "k"], "`id`, name, `few-shot-k` and `k2`") == ["name", "k"]
