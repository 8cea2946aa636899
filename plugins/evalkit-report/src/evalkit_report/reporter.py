"""The reporter ``html``: gathers, renders, and writes one file."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from evalkit import Json, Reporter, RunView, UserError
from evalkit_report.material import gather
from evalkit_report.page import render
from evalkit_report.params import HtmlParams


class HtmlReporter(Reporter):
    """Writes the report of a run as one HTML file."""

    def report(self, results: Mapping[str, Json], folder: Path) -> Path:
        """Write the report.

        Returns:
            The file.

        Raises:
            UserError: it cannot be written.
        """
        params = cast(HtmlParams, self.params)
        material = gather(RunView(folder, dict(results)), params.runs)
        path = folder / params.file
        _write(path, render(material, params.examples))
        return path


def _write(path: Path, text: str) -> None:
    """Put the file in its place as a whole: who opens it never sees half of one."""
    new = path.parent / f".{path.name}.{os.getpid()}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # All texts had their lone surrogates shown; a stray one must not cost the whole report.
        new.write_bytes(text.encode("utf-8", "backslashreplace"))
        new.replace(path)
    except OSError as error:
        what = f"{path}: cannot be written: {error.strerror}"
        raise UserError(what, "name another file: evalkit report RUN -o FILE") from None
    finally:
        with suppress(OSError):  # it is in its place, or there is no such folder
            new.unlink()
