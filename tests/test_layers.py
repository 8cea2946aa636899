"""The layers of the core, and what the core and each plugin may import.

Every import counts: those in function bodies and under TYPE_CHECKING, and `import_module("name")`.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path

import pytest

import evalkit
import evalkit.testing

ROOT = Path(__file__).parents[1]
CORE = ROOT / "src"
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = [ROOT, *PLUGINS]

# The parts of the core: a part imports those in the rows above its own, never one in its row.
LAYERS = """
errors machine strict wording
confined records locks log secrets signals
chat params provenance serialization sampling stats tables
portable prices lines collector keys cache
interfaces
hookspecs executor_params influence
child
plugins suite store journal cache declared builtins predict coalesce remote
contexts plan asking
workshop fairness contests
preflight jobs manifest results
run_folder agenda ledger forecast options
budget readiness estimate run_files tracking reporting
executors serving runner
prepare rescore schemas report
export compare
latency run_view
reporters
api
cli
__main__ testing
"""
ROW_OF = {part: row for row, line in enumerate(LAYERS.split("\n")) for part in line.split()}
LIBRARIES_OF_THE_CORE = {
    *("click", "datasketch", "numpy", "pluggy", "pydantic", "pydantic_core"),
    *("rich", "scipy", "tomli"),
}
TOOLS_OF_THE_KIT = {"pytest"}

# The one module of a plugin that imports another plugin, docs/decisions/0007.
SHARED = {"evalkit_vllm.resolve": "evalkit_transformers"}


@dataclass(frozen=True)
class Import:
    """``from module import name``, or ``import module`` where the name is empty."""

    file: Path
    line: int
    module: str
    name: str = ""

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]

    @property
    def target(self) -> str:
        """The module that is meant: the name may be a module too."""
        inner = f"{self.module}.{self.name}"
        return inner if inner in modules() else self.module

    def __str__(self) -> str:
        name = f" import {self.name}" if self.name else ""
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.module}{name}"


@cache
def modules() -> dict[str, Path]:
    """Our modules by name."""
    found = {}
    for folder in [home / "src" for home in DISTRIBUTIONS]:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    return tuple(
        Import(path, node.lineno, *found)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for found in imported_by(node)
    )


def imported_by(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            yield from ((alias.name, "") for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            yield from (("." * level + (module or ""), alias.name) for alias in names)
        case ast.Call(func=ast.Name("import_module") | ast.Attribute(attr="import_module")):
            if node.args and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), ""


def imports_in(folder: Path) -> list[Import]:
    return [found for path in sorted(folder.rglob("*.py")) for found in imports_of(path)]


def is_foreign(found: Import) -> bool:
    return found.root not in sys.stdlib_module_names and not found.root.startswith("evalkit")


def module_of(file: Path) -> str:
    return next(name for name, path in modules().items() if path == file)


def part_of(module: str) -> str:
    return module.removeprefix("evalkit").removeprefix(".").partition(".")[0]


def show(found: list[Import]) -> str:
    return "\n".join(map(str, found))


def test_every_part_of_the_core_has_a_layer_and_every_layer_exists():
    parts = {part_of(name) for name in modules() if name.partition(".")[0] == "evalkit"}
    assert parts - {""} == set(ROW_OF)


@pytest.mark.parametrize("part", ROW_OF)
def test_a_part_imports_only_from_layers_before_its_own(part):
    wrong = [
        found
        for name, path in modules().items()
        if name.startswith("evalkit.") and part_of(name) == part
        for found in imports_of(path)
        if found.root == "evalkit" and not may_import(part, found)
    ]
    assert not wrong, show(wrong)


def may_import(part: str, found: Import) -> bool:
    target = part_of(found.target)
    if not target:  # the package itself imports everything, so that only its version is free
        return found.name == "__version__"
    return target == part or ROW_OF.get(target, len(LAYERS)) < ROW_OF[part]


@pytest.mark.parametrize(
    ("part", "module", "name", "allowed"),
    [
        ("plan", "evalkit.records", "Cell", True),
        ("plan", "evalkit.runner", "run", False),
        ("store", "evalkit.suite", "Suite", False),
        ("suite", "evalkit.suite.model", "Suite", True),
        ("store", "evalkit", "suite", False),
        ("store", "evalkit", "Example", False),
        ("store", "evalkit", "__version__", True),
    ],
)
def test_the_table_decides_what_a_part_may_import(part, module, name, allowed):
    assert may_import(part, Import(Path(), 1, module, name)) is allowed


@pytest.mark.parametrize(
    "code",
    [
        "import torch.nn as nn",
        "def run():\n    from torch import nn",
        "if TYPE_CHECKING:\n    from torch.nn import Module",
        "torch = importlib.import_module('torch')",
    ],
)
def test_an_import_is_seen_wherever_it_stands(code):
    found = [module for node in ast.walk(ast.parse(code)) for module, _ in imported_by(node)]
    assert [module.partition(".")[0] for module in found] == ["torch"]


def test_no_module_imports_itself_in_a_circle():
    graph = {
        name: {found.target for found in imports_of(path)} - {"evalkit"}
        for name, path in modules().items()
        if name != "evalkit"
    }
    TopologicalSorter(graph).prepare()


def test_imports_are_absolute():
    relative = [found for home in DISTRIBUTIONS for found in imports_in(home / "src")]
    relative = [found for found in relative if found.module.startswith(".")]
    assert not relative, show(relative)


def test_the_core_imports_no_plugin_and_no_model_library():
    wrong = []
    for found in imports_in(CORE):
        in_kit = found.file.is_relative_to(CORE / "evalkit/testing")
        allowed = LIBRARIES_OF_THE_CORE | (TOOLS_OF_THE_KIT if in_kit else set())
        if found.root not in sys.stdlib_module_names | allowed | {"evalkit"}:
            wrong.append(found)
    assert not wrong, show(wrong)


def test_no_part_of_the_core_loads_what_a_plugin_needs():
    parts = [name for name in modules() if name.partition(".")[0] == "evalkit"]
    parts.remove("evalkit.__main__")
    needed = {found.root for home in PLUGINS for found in imports_in(home / "src")}
    needed -= LIBRARIES_OF_THE_CORE | sys.stdlib_module_names | {"evalkit"}
    assert {"torch", "evalkit_lora"} <= needed
    code = f"import sys, {', '.join(parts)}; print(*sorted({needed} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (run.stdout.split(), run.stderr) == ([], "")


@pytest.mark.parametrize("home", PLUGINS, ids=lambda home: home.name)
class TestPlugin:
    def test_imports_only_what_evalkit_exports(self, home):
        own = home.name.replace("-", "_")
        wrong = [
            found
            for found in imports_in(home / "src")
            if found.root.startswith("evalkit")
            and found.root != own
            and not (found.module == "evalkit" and found.name in evalkit.__all__)
            and found.root != SHARED.get(module_of(found.file))
        ]
        assert not wrong, show(wrong)

    def test_tests_need_only_what_evalkit_and_its_kit_export(self, home):
        exported = {"evalkit": evalkit.__all__, "evalkit.testing": evalkit.testing.__all__}
        wrong = [
            found
            for found in imports_in(home / "tests")
            if found.root == "evalkit" and found.name not in exported.get(found.module, ())
        ]
        assert not wrong, show(wrong)


@pytest.mark.parametrize("home", DISTRIBUTIONS, ids=lambda home: home.name)
def test_a_distribution_declares_what_it_imports(home):
    project = tomllib.loads((home / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    declared = {package(line) for line in sum(extras, project["dependencies"])}
    wrong = [
        found
        for found in imports_in(home / "src")
        if is_foreign(found) and not declared & providers(found.root)
    ]
    assert not wrong, show(wrong)


def providers(name: str) -> set[str]:
    """The installed distributions that have an importable name; the name itself if none has."""
    return {package(found) for found in distributions().get(name, [name])}


@cache
def distributions() -> Mapping[str, list[str]]:
    return metadata.packages_distributions()


def package(requirement: str) -> str:
    """The name in a requirement, as indexes compare names."""
    name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()
