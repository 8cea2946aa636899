"""The reporter ``markdown``: a run in short, to be put into a pull request."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.compare.table import comparison_table
from evalkit.errors import UserError
from evalkit.interfaces import Reporter
from evalkit.manifest import read_manifest
from evalkit.records import Json
from evalkit.report.markdown import as_text, code_lines, table_lines
from evalkit.report.place import check_place
from evalkit.report.printable import printable
from evalkit.report.table import Table, expectation_rows, make_table
from evalkit.reporters.params import MarkdownParams
from evalkit.results import placeless
from evalkit.secrets import hide
from evalkit.store import write_atomically
from evalkit.wording import counted

Form = Mapping[str, Any]

_MOST_ROWS, _LONGEST = 100, 500
"""Rows and notes, and characters of each: GitHub takes 65,536 characters of a comment."""


class MarkdownReporter(Reporter):
    """Writes the verdict, the table, the expectations, and how to run it again."""

    params: MarkdownParams

    def report(self, results: Mapping[str, Json], folder: Path) -> Path:
        """Write the file."""
        path = folder / self.params.file
        check_place(path)
        write_atomically(path, in_markdown(results, folder))
        return path


def in_markdown(results: Form, folder: Path) -> str:
    """A run as GitHub's Markdown.

    Args:
        results: the content of ``results.json``; without an analysis the figures of the cells are
            shown, without intervals.
        folder: the run folder, whose manifest tells how to run it again.
    """
    analysis = results.get("analysis")
    table = make_table(results) if analysis is None else comparison_table(analysis)
    said = list(analysis["recommendation"]["sentences"]) if analysis else []
    notes = [note for note in table.notes if note not in said]
    parts = [
        [f"## {as_text(results['run']['suite'])}"],
        [f"> {' '.join(map(_short, said))}"] if said else [],
        [" · ".join(map(as_text, _facts(results, analysis)))],
        table_lines(_bounded(table)),
        _listed("", [note for note in notes if _is_plain(note)]),
        _listed("Expectations", [": ".join(row) for row in expectation_rows(results)]),
        _listed("Not done", list(_undone(results))),
        _folded("Notes", [note for note in notes if not _is_plain(note)]),
        _again(folder),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _facts(results: Form, analysis: Form | None) -> Iterator[str]:
    """What the figures stand on, in a few words each."""
    run, task = results["run"], results["task"]
    if run["finished"] is None:
        yield "this run is not finished"
    yield f"{counted(task['examples'], 'example')} of the split {task['split']}"
    if analysis is None:
        yield "the methods were not compared"
    else:
        metric, headline = analysis["metric"], analysis["headline"]
        figure = "" if headline == metric else f"{headline}, "
        yield f"{metric} ({figure}{analysis['direction']} is better) with its 95% interval"
    yield f"run {run['id']}"
    yield f"evalkit {run['evalkit']}"


def _undone(results: Form) -> Iterator[str]:
    """Cells and comparisons without a result, each with the reason."""
    for part in [*results["cells"], *results["comparisons"]]:
        failure = part["failure"]
        name = part.get("id", part.get("name"))
        if failure:
            yield f"{name}: {failure['reason']} {failure['hint']}".strip()
        elif part["status"] != "done":
            yield f"{name}: not run"


def _is_plain(note: str) -> bool:
    """Whether a note must be in plain sight: what marks in the table mean, what is not fair."""
    return note.startswith(("* ", "fairness: ")) or ": * " in note or ": ? " in note


def _bounded(table: Table) -> Table:
    """The table as far as it is shown."""
    rows = [tuple(cell[:_LONGEST] for cell in row) for row in table.rows[:_MOST_ROWS]]
    left = len(table.rows) - len(rows)
    if left:
        blank = ("",) * (len(table.columns) - 1)
        rows.append((f"{left} more in results.json", *blank))
    return replace(table, rows=tuple(rows))


def _short(text: str) -> str:
    return as_text(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def _listed(heading: str, texts: Sequence[str]) -> list[str]:
    """A list under its heading, if it has one; nothing if there is nothing to list."""
    if not texts:
        return []
    items = [f"- {_short(text)}" for text in texts[:_MOST_ROWS]]
    left = len(texts) - len(items)
    items += [f"- {left} more in results.json"] if left else []
    return [f"**{heading}**", "", *items] if heading else items


def _folded(heading: str, texts: Sequence[str]) -> list[str]:
    """A list that is opened by a click."""
    items = _listed("", texts)
    if not items:
        return []
    return [f"<details><summary>{heading}</summary>", "", *items, "", "</details>"]


def _again(folder: Path) -> list[str]:
    """The command that makes the same run, if it is known."""
    try:
        manifest = read_manifest(folder)
    except UserError:
        return []
    command = manifest.get("command")
    if not isinstance(command, list) or not command or not all(map(_is_text, command)):
        profile = ["--profile", manifest["profile"]] if manifest["profile"] else []
        command = ["run", Path(manifest["suite"]).name, *profile]
    words = ["evalkit", *map(placeless, command)]  # what is sent around names no folders
    text = " ".join(printable(hide(shlex.join(words))).split("\n"))
    return ["Run it again:", "", *code_lines(text, "sh")]


def _is_text(value: object) -> bool:
    return isinstance(value, str)
