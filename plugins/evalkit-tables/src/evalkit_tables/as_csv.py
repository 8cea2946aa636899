"""The reporter ``csv``: RFC 4180, UTF-8, texts in quotes, and no formulas.

Source: https://www.rfc-editor.org/rfc/rfc4180; which texts spreadsheets take for formulas:
https://owasp.org/www-community/attacks/CSV_Injection
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import IO

from evalkit_tables.params import CsvParams
from evalkit_tables.reporter import TablesReporter
from evalkit_tables.table import Kind, Table, Value

_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How formulas begin: tabs and line ends are skipped, the wide signs are read as the narrow."""

_GUARDED = _FORMULA | {"'"}
"""The apostrophe too, so that one at the beginning was always put there, and can be taken off."""

_ROWS = 1_000


class CsvReporter(TablesReporter):
    """Tables as CSV files."""

    params: CsvParams
    suffix = "csv"

    def write(self, table: Table, file: IO[bytes]) -> None:
        """Write a table, its header first."""
        guarded = self.params.formulas == "guarded"
        text = _guarded if guarded else _quoted
        formats: dict[Kind, Callable[[Value], str]] = {
            "text": text,
            "int": _number,
            "float": _number,
            "bool": _truth,
        }
        if self.params.byte_order_mark:
            file.write("\ufeff".encode())
        file.write(_lines([tuple(table.columns)], [text] * len(table.columns)))
        rows, columns = iter(table.rows), [formats[kind] for kind in table.columns.values()]
        while block := list(islice(rows, _ROWS)):
            file.write(_lines(block, columns))


def _lines(rows: Iterable[tuple[Value, ...]], formats: list[Callable[[Value], str]]) -> bytes:
    """Rows as lines; a lone surrogate, which UTF-8 cannot hold, is escaped."""
    lines = [
        ",".join([show(value) for show, value in zip(formats, row, strict=True)]) + "\r\n"
        for row in rows
    ]
    return "".join(lines).encode("utf-8", "backslashreplace")


def _quoted(value: Value) -> str:
    """A text in quotes; nothing at all for None, which differs from an empty text."""
    if value is None:
        return ""
    text = str(value)
    if '"' in text:
        text = text.replace('"', '""')
    if "\0" in text:  # many readers end there
        text = text.replace("\0", "\\x00")
    return f'"{text}"'


def _guarded(value: Value) -> str:
    if isinstance(value, str) and value[:1] in _GUARDED:
        return _quoted("'" + value)
    return _quoted(value)


def _number(value: Value) -> str:
    """The shortest digits from which the same number is read back."""
    return "" if value is None else repr(value)


def _truth(value: Value) -> str:
    return "" if value is None else str(value).lower()
