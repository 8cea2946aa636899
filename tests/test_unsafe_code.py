"""Nothing in the project runs code that it reads: no pickle, no eval, no shell, no remote code.

Searched are the syntax trees of all files here, and of the plugins of this project as installed.
"""

import ast
from collections.abc import Iterator
from importlib import metadata, util
from pathlib import Path

import pytest
from tests.test_house import ROOT, files

# They run what a file tells them to when they read it.
MODULES = {
    *("pickle", "_pickle", "cloudpickle", "dill", "joblib", "jsonpickle", "marshal", "shelve"),
    *("pickletools", "imp", "code", "codeop"),
}
CALLS = {
    *("torch.load", "torch.save", "torch.hub.load", "os.system", "os.popen", "jinja2.Template"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "dspy.load", "numpy.loads"),
    *("jinja2.Environment", "subprocess.getoutput", "subprocess.getstatusoutput"),
}
METHODS = {"read_pickle", "to_pickle", "torch_load", "unsafe_load"}
BUILTINS = {"eval", "exec", "__import__"}
# Allowed with the value False only.
KEYWORDS = {
    *("trust_remote_code", "allow_pickle", "shell", "save_program", "use_pickle"),
    "allow_unsafe_lm_state",
}
FOR_TESTS = {"eval", "exec"}
"""The tests run the code of our own pages and cards."""


def sources() -> list[Path]:
    return files(".py")


def installed() -> Iterator[Path]:
    """The files of our distributions wherever they are imported from."""
    names = {d.metadata["Name"] for d in metadata.distributions()}
    ours = {path.parent.name for path in ROOT.glob("plugins/*/pyproject.toml")}
    packages = ["evalkit", *(name.replace("-", "_") for name in sorted(ours & names))]
    for package in packages:
        spec = util.find_spec(package)
        assert spec is not None
        for folder in spec.submodule_search_locations or ():
            yield from Path(folder).rglob("*.py")


def found_in(path: Path) -> Iterator[str]:
    allowed = FOR_TESTS if "tests" in path.parts else set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        for what in unsafe(node):
            if what not in allowed:
                yield f"{path}:{getattr(node, 'lineno', '?')}: {what}"


def unsafe(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names if is_unsafe(alias.name))
        case ast.ImportFrom(module=str(module), names=names):
            if is_unsafe(module):
                yield module
            full = [f"{module}.{alias.name}" for alias in names]
            yield from (name for name in full if name in CALLS)
        case ast.Call(func=ast.Name(id=name)) if name in BUILTINS:
            yield name
        case ast.Attribute(attr=name) if name in METHODS or dotted(node) in CALLS:
            yield dotted(node) or name
        case ast.keyword(arg=str(arg), value=value) if arg in KEYWORDS:
            if not (isinstance(value, ast.Constant) and value.value is False):
                yield arg
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            yield from (key for pair in pairs if (key := switched_on(*pair)))


def is_unsafe(module: str) -> bool:
    return module.partition(".")[0] in MODULES


def dotted(node: ast.AST) -> str:
    """``a.b.c`` as it is written; empty if it is anything else."""
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return {"np": "numpy"}.get(node.id, node.id) if isinstance(node, ast.Name) else ""


def switched_on(key: ast.AST | None, value: ast.AST) -> str:
    """The key of keyword arguments kept in a dict."""
    name = key.value if isinstance(key, ast.Constant) else None
    off = isinstance(value, ast.Constant) and value.value is False
    return str(name) if name in KEYWORDS and not off else ""


def test_nothing_here_runs_what_it_reads():
    found = [what for path in sources() for what in found_in(path)]
    assert not found, "\n".join(found)


def test_nothing_in_our_installed_plugins_runs_what_it_reads():
    paths = list(installed())
    assert len({path.parent for path in paths}) > 10
    found = [what for path in paths for what in found_in(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "import os, shelve",
        "from joblib import load",
        "import marshal",
        "from torch import load",
        "torch.load('weights.bin')",
        "torch.save(model, 'weights.bin')",
        "numpy.load('a.npy', allow_pickle=True)",
        "load(name, trust_remote_code=trusted)",
        "load(name, **{'trust_remote_code': True})",
        "pandas.read_pickle('a')",
        "frame.to_pickle('a')",
        "program.save('a', save_program=True)",
        "dspy.load('a')",
        "yaml.load(text)",
        "from yaml import load",
        "eval('1')",
        "exec(text)",
        "__import__(name)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "jinja2.Template(text)",
    ],
)
def test_code_that_could_run_what_it_reads_is_seen(code):
    assert any(name for node in ast.walk(ast.parse(code)) for name in unsafe(node))


@pytest.mark.parametrize(
    "code",
    [
        "model.eval()",
        "json.load(file)",
        "load(name, trust_remote_code=False)",
        "load(name, **{'trust_remote_code': False})",
        "subprocess.run(['a'])",
    ],
)
def test_code_that_could_not_is_left_alone(code):
    assert not [name for node in ast.walk(ast.parse(code)) for name in unsafe(node)]
