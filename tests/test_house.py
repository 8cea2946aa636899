"""House rules that neither the linter nor the type checker knows."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = ("src", "plugins", "tests", "suites", "docs", "tools", "benchmarks", ".ci")
TOP = [path for path in ROOT.iterdir() if path.is_file() and path.name != "LICENSE"]
NEVER_OURS = {"__pycache__", "runs"}
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60

MARKS = re.compile(r"\b(TO[D]O|FIX[M]E|XX[X]|HAC[K])\b")
# Absolute paths that only one machine has, and hosts that pip's own configuration should name.
PLACES = re.compile(
    r"(?<![\w.])/(?:root|home|Users|work)/\w|/tmp/ve[n]v|\b(?:py[p]i\.org|python[h]osted|download\.py[t]orch)"
)


def files(*suffixes: str) -> list[Path]:
    inside = [path for folder in OURS for path in (ROOT / folder).rglob("*") if path.is_file()]
    ours = [path for path in [*inside, *TOP] if not belongs_to_others(path)]
    return sorted(path for path in ours if not suffixes or path.suffix in suffixes)


def belongs_to_others(path: Path) -> bool:
    folders = path.relative_to(ROOT).parts[:-1]
    return any(name in NEVER_OURS or name.endswith("_cache") for name in folders)


def sources() -> list[Path]:
    roots = [ROOT / "src", *ROOT.glob("plugins/*/src")]
    found = [path for path in files(".py") if any(path.is_relative_to(root) for root in roots)]
    assert found
    return found


def where(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    """The text of a file; of a file that is no text, nothing."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


def lines_that_match(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{where(path)}:{number}: {line.strip()}"
        for path in files()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if pattern.search(line)
    ]


def test_files_are_short_enough_to_read():
    lengths = {where(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {path: n for path, n in lengths.items() if n > LINES_OF_A_FILE} == {}


def test_functions_are_short_enough_to_read():
    lengths = {
        f"{where(path)}:{node.lineno} {node.name}": length(node)
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: n for name, n in lengths.items() if n > LINES_OF_A_FUNCTION} == {}


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = min([function.lineno, *(line.lineno for line in function.decorator_list)])
    return (function.end_lineno or first) - first + 1


def test_nothing_is_left_to_do_later():
    found = lines_that_match(MARKS)
    assert not found, "\n".join(found)


def test_nothing_is_tied_to_one_machine_or_one_registry():
    found = lines_that_match(PLACES)
    assert not found, "\n".join(found)


def test_test_files_have_names_of_their_own():
    names = [path.name for path in files(".py") if path.name.startswith("test_")]
    assert len(names) == len(set(names)), sorted(n for n in set(names) if names.count(n) > 1)
