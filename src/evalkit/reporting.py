"""Reporters: which a suite gets that names none, and how one is called."""

import os
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evalkit.errors import PluginError, UserError
from evalkit.interfaces import Reporter
from evalkit.plugins import Plugins
from evalkit.run_folder import refuse_own
from evalkit.suite import Use

DEFAULT_REPORTERS = "EVALKIT_DEFAULT_REPORTERS"
_USUAL = ("html", "markdown")


def default_reporters(plugins: Plugins) -> tuple[Use, ...]:
    """The reporters of a suite that names none.

    Those that the environment names, separated by commas, must be there. Of the usual ones those
    that are not installed, cannot be loaded or need parameters are left out.

    Raises:
        UserError: the environment names one that there is not, or that needs parameters.
    """
    asked = os.environ.get(DEFAULT_REPORTERS)
    if asked is None:
        installed = plugins.names("reporter")
        return tuple(
            use
            for name in _USUAL
            if name in installed and (use := _usable(plugins, name)) is not None
        )
    names = dict.fromkeys(name.strip() for name in asked.split(",") if name.strip())
    return tuple(_named(plugins, name) for name in names)


def _usable(plugins: Plugins, name: str) -> Use | None:
    try:
        return _use(plugins, name)
    except (PluginError, ValidationError):
        return None


def _named(plugins: Plugins, name: str) -> Use:
    try:
        return _use(plugins, name)
    except ValidationError:
        what = f'{DEFAULT_REPORTERS}: reporter "{name}" needs parameters'
        raise UserError(what, "name it in the suite instead, in a table [[reporters]]") from None
    except PluginError as error:
        raise UserError(f"{DEFAULT_REPORTERS}: {error.message}", error.hint) from None


def _use(plugins: Plugins, name: str) -> Use:
    params = plugins.params("reporter", name)().suite_form()
    return Use(name=plugins.entry("reporter", name).name, use=name, params=params)


def make_report(
    use: Use, plugins: Plugins, results: Mapping[str, Any], folder: Path
) -> tuple[Path, ...]:
    """Have a reporter show or write the results of a run.

    Returns:
        The files that it says it wrote.

    Raises:
        UserError: it cannot, answers what no reporter should, or is to write to a file of a run.
        Exception: whatever else it raises is a bug of its own.
    """
    file = use.params.get("file")
    if isinstance(file, str):
        refuse_own(folder / file)
    params = plugins.params("reporter", use.use).from_form(use.params)
    reporter: Reporter = plugins.load("reporter", use.use)(params)
    written: Any = reporter.report(deepcopy(dict(results)), folder)  # others get them, too
    paths = _as_paths(written)
    if paths is None:
        what = f'reporter "{use.use}" returned {written!r:.80}'
        raise PluginError(what, "a path, several of them or None is expected: tell its authors")
    return paths


def _as_paths(written: Any) -> tuple[Path, ...] | None:
    if written is None:
        return ()
    several = written if isinstance(written, Sequence) else [written]
    if isinstance(written, str) or not all(isinstance(path, Path) for path in several):
        return None
    return tuple(several)
