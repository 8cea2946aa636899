"""Turns the rows of a table (JSONL, CSV, hub) into records, and names every bad one."""

import json
from collections.abc import Iterable, Mapping, Sequence

from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.records import Record, refuse_faults

ROW_HINT = (
    "a row needs a text and its triples: a list of lists of three strings, a list of\n"
    "'subject | predicate | object' strings, or such strings one a line. Other column names:\n"
    "text-column, triples-column, id-column, source-column, domain-column"
)

Row = Mapping[str, object]
"""A row as it was read: column -> value."""


class _Fault(Exception):
    """Something is wrong with a row: the field, and what."""


def to_records(
    rows: Iterable[tuple[str, Row | str]], params: TriplesParams, *, where: str, split: str
) -> list[Record]:
    """All rows as records.

    Args:
        rows: the place of each row (``line 3``), and the row or what is wrong with it.
        params: the names of the columns.
        where: the file or data set, for the error.
        split: what the split is called in the data; part of the ids that are made up.

    Raises:
        DataError: a row cannot be used, or there are none; names the first bad ones.
    """
    records: list[Record] = []
    faults: list[str] = []
    places: dict[str, str] = {}
    for number, (place, row) in enumerate(rows, start=1):
        try:
            record = _record(row, params, made_up=f"{split}/{number}")
            if record.id in places:
                raise _Fault(f"{params.id_column}: {record.id!r} is taken by {places[record.id]}")
        except _Fault as fault:
            faults.append(f"{place}: {fault}")
        else:
            places[record.id] = place
            records.append(record)
    refuse_faults(where, faults, ROW_HINT)
    refuse_faults(where, [] if records else ["no rows"], "a split needs one text at least")
    return records


def _record(row: Row | str, params: TriplesParams, *, made_up: str) -> Record:
    if isinstance(row, str):
        raise _Fault(row)
    identity = _text(row, params.id_column) if params.id_column else made_up
    return Record(
        id=identity,
        entry=_text(row, params.source_column) if params.source_column else identity,
        text=_text(row, params.text_column),
        triples=_triples(row, params.triples_column),
        domain=_text(row, params.domain_column) if params.domain_column else "",
    )


def _text(row: Row, column: str) -> str:
    """A field that must hold a text (or, for ids, a number)."""
    value = _value(row, column)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Fault(f"{column}: a text is needed, not {type(value).__name__}")
    if not str(value).strip():
        raise _Fault(f"{column}: empty")
    return _whole(str(value), column).strip()


def _whole(text: str, where: str) -> str:
    """The text, if it can be written as UTF-8; JSON escapes can make one that cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Fault(f"{where}: holds half of a surrogate pair") from None
    return text


def _value(row: Row, column: str) -> object:
    if row.get(column) is None:
        raise _Fault(f"{column}: missing (columns: {', '.join(map(str, row)) or 'none'})")
    return row[column]


def _triples(row: Row, column: str) -> tuple[tuple[str, str, str], ...]:
    value = _value(row, column)
    if isinstance(value, str):
        value = _from_text(value, column)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise _Fault(f"{column}: a list is needed, not {type(value).__name__}")
    return tuple(_triple(one, f"{column}: triple {place}") for place, one in enumerate(value, 1))


def _from_text(value: str, column: str) -> object:
    """A list in JSON, or the lines."""
    if not value.strip():
        raise _Fault(f"{column}: empty")
    if not value.lstrip().startswith("["):
        return [line for line in value.split("\n") if line.strip()]
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise _Fault(f"{column}: no valid JSON list: {error}") from error


def _triple(value: object, where: str) -> tuple[str, str, str]:
    parts = value.split("|") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise _Fault(f"{where}: a text or a list of texts is needed")
    if len(parts) != 3:
        raise _Fault(f"{where}: three parts are needed, not {len(parts)}")
    subject, relation, object_ = (" ".join(_whole(part, where).split()) for part in parts)
    if not (subject and relation and object_):
        raise _Fault(f"{where}: a part is empty")
    if "|" in subject + relation + object_:
        raise _Fault(f"{where}: a part holds a |, which separates the parts of an answer")
    return subject, relation, object_
