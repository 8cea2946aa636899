"""From what the user asked for to a checked suite, its plugins and its cells."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evalkit.errors import SuiteError, UserError
from evalkit.plan import check_selectors, make_cells, select
from evalkit.plugins import LOCAL_MODULE, Plugins, build_manager, local_folders
from evalkit.records import Cell
from evalkit.reporting import default_reporters
from evalkit.suite import RawSuite, Suite, check_suite, read_suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to run, and with which plugins.

    Attributes:
        source: path of a suite, or the name of a registered one.
        profile: name of a profile; empty for none.
        overrides: texts ``key.path=value``.
        modules: as given to ``-p``.
        allow_local: run code from the suite's folder: its ``evalkit_plugins.py``, interpreters.
        limit: at most so many evaluation examples; None leaves it to the suite.
        seeds: these seeds instead of the suite's; empty leaves it to the suite.
        matches: which cells to run; None means all.
    """

    source: str
    profile: str = ""
    overrides: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    allow_local: bool = False
    limit: int | None = None
    seeds: tuple[int, ...] = ()
    matches: Callable[[str], bool] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A suite that was read and checked, and the cells that were selected.

    Attributes:
        raw: the tables.
        suite: the checked suite.
        plugins: everything that was discovered.
        cells: the cells to run.
        local: folders whose local plugins were loaded.
        notices: what the user should know about the plugins.
    """

    raw: RawSuite
    suite: Suite
    plugins: Plugins
    cells: tuple[Cell, ...]
    local: tuple[Path, ...]
    notices: tuple[str, ...] = ()


def prepare(choice: Choice) -> Prepared:
    """Discover plugins, read and check a suite, expand and select its cells.

    Raises:
        SuiteError: faults of the suite, all of them; or it would run an interpreter of its own.
        PluginError: a module of ``-p`` cannot be imported.
        UserError: the environment names default reporters that there are not.
    """
    local, notices = _local_folders(choice)
    plugins = build_manager(choice.modules, local_folders=local)
    raw = read_suite(
        choice.source,
        profile=choice.profile,
        overrides=choice.overrides,
        registered=plugins.suites,
    )
    evaluate = raw.tables.get("evaluate", {})
    if choice.limit is not None and isinstance(evaluate, dict):
        raw = replace(raw, tables={**raw.tables, "evaluate": {**evaluate, "limit": choice.limit}})
    if choice.seeds:
        raw = replace(raw, tables={**raw.tables, "seeds": list(choice.seeds)})
    suite = check_suite(raw, plugins)
    if "reporters" not in raw.tables:
        suite = replace(suite, reporters=default_reporters(plugins))
    cells = make_cells(suite, plugins)
    check_selectors(suite, cells)
    if not choice.allow_local:
        _check_interpreters(suite)
    if choice.matches is not None:
        cells = select(cells, choice.matches)
    return Prepared(
        raw=raw, suite=suite, plugins=plugins, cells=cells, local=local, notices=notices
    )


def _local_folders(choice: Choice) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Folders to load local plugins from: the working directory; the suite's if allowed."""
    folders = list(local_folders())
    beside = Path(choice.source).resolve().parent
    notices = list(_notices(folders))
    if beside != Path.cwd() and (beside / f"{LOCAL_MODULE}.py").is_file():
        path = f"{beside}/{LOCAL_MODULE}.py"
        if choice.allow_local:
            folders.append(beside)
            notices += _notices([beside])
        else:
            notices.append(f"not loading {path}: allow it with --allow-local-plugins")
    return tuple(folders), tuple(notices)


def _notices(folders: Sequence[Path]) -> tuple[str, ...]:
    """Code that nobody installed is loaded, and says so."""
    return tuple(f"loading local plugins from {folder}/{LOCAL_MODULE}.py" for folder in folders)


def _check_interpreters(suite: Suite) -> None:
    """See that no interpreter would be run that came with a suite of somebody else's.

    Raises:
        SuiteError: one came with the suite.
    """
    named: dict[str, object] = {
        f"models[{i}].python": model.python for i, model in enumerate(suite.models)
    }
    named["executor.python"] = suite.executor.params.get("python")
    problems = [
        UserError(
            f"{suite.path}: {where}: {python} came with the suite, and would be run",
            "if you trust it, allow it with --allow-local-plugins",
        )
        for where, python in named.items()
        if isinstance(python, str) and _came_with(suite.path, Path(python).absolute())
    ]
    if problems:
        raise SuiteError(problems)


def _came_with(suite: Path, python: Path) -> bool:
    """Whether a suite and an interpreter share a folder that is not around the current project.

    The project is the working directory. An interpreter runs what lies beside it, so that both
    the place of a link and that of the program itself count.
    """
    base, here = suite.resolve().parent, Path.cwd()
    shared = (os.path.commonpath([base, place]) for place in (python, python.resolve()))
    return not all(here.is_relative_to(folder) for folder in shared)
