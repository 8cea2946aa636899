r"""Texts and tables as GitHub's Markdown, in which nothing but our own marks means anything.

Methods, metrics and notes may be called whatever a plugin or a data set likes. Their texts become
no link, no HTML, no formatting, and mention nobody. A backslash takes the meaning of most marks.
Mentions, references and bare links are looked for in what was rendered, where no backslash is left:
they are broken by a space of no width.
Source: https://github.github.com/gfm/, and "Autolinked references and URLs" in GitHub's docs.
"""

import re
from collections.abc import Sequence

from evalkit.report.table import Table

_BREAK = "&#8203;"
_SPECIAL = re.compile(
    r"(?P<broken>@|#(?=\w)|\bGH-(?=\d)|:(?=//)|:(?=[\w+-]+:)|\bwww(?=\.))"
    r"|(?P<mark>"
    r"[\\`|~$]"  # wherever they stand: escape, code, cell, struck out, formula
    r"|<(?=[A-Za-z/!?])"  # a tag
    r"|&(?=[#\w])"  # a character by its name
    r"|\](?=[(\[:])"  # a link, or what one refers to
    r"|\*(?=\S)|(?<![^\W_])_|_(?![^\W_])"  # emphasis, which within a word has no lines
    r"|^[#>\[]|^[*+=-](?=[\s=-]|$)|^\d{1,9}[.)](?=\s|$)"  # what makes a line something else
    r")",
    re.IGNORECASE,
)


def as_text(text: str) -> str:
    """A text on one line, escaped so that it is shown as it is.

    Characters that cannot be seen, or that turn text around, become marks such as ``U+202E``.
    """
    line = " ".join(text.split())
    seen = "".join(c if c.isprintable() else f"U+{ord(c):04X}" for c in line)
    return _SPECIAL.sub(_escaped, seen)


def _escaped(found: re.Match[str]) -> str:
    text = found[0]
    if found["mark"]:
        return f"{text[:-1]}\\{text[-1]}"
    return ("\\#" if text == "#" else text) + _BREAK


def to_markdown(table: Table) -> str:
    """The table, the notes as a list below it."""
    notes = [f"- {as_text(note)}" for note in table.notes]
    return "\n".join([*table_lines(table), *([""] if notes else []), *notes]) + "\n"


def table_lines(table: Table) -> list[str]:
    """The table without its notes, line by line."""
    rule = ["---:" if numeric else "---" for numeric in table.numeric]
    rows = [list(map(as_text, row)) for row in (table.columns, *table.rows)]
    return [_row(cells) for cells in (rows[0], rule, *rows[1:])]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code_lines(text: str, language: str = "") -> list[str]:
    """A text as a block of code, whatever fences it holds itself."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *text.splitlines(), fence]
