"""The reporter ``parquet``: typed columns, null for what is undefined.

Source: https://arrow.apache.org/docs/python/parquet.html
"""

from collections.abc import Iterator, Sequence
from typing import IO, Any

from evalkit import UserError
from evalkit_tables.params import ParquetParams
from evalkit_tables.reporter import TablesReporter
from evalkit_tables.table import Kind, Table, Value

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    raise UserError(
        f"the reporter parquet needs pyarrow: {error}", 'pip install "evalkit-tables[parquet]"'
    ) from None

_TYPES: dict[Kind, Any] = {
    "text": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}
_ROWS, _CHARACTERS = 20_000, 16_000_000
"""Of a row group: so much is in memory at a time, but that a row stays whole."""


class ParquetReporter(TablesReporter):
    """Tables as Parquet files."""

    params: ParquetParams
    suffix = "parquet"

    def write(self, table: Table, file: IO[bytes]) -> None:
        """Write a table, one group of rows after another."""
        schema = pa.schema([(name, _TYPES[kind]) for name, kind in table.columns.items()])
        with pq.ParquetWriter(file, schema, compression=self.params.compression) as writer:
            for rows in _groups(table):
                columns = zip(schema, zip(*rows, strict=True), strict=True)
                arrays = [_array(field, values) for field, values in columns]
                writer.write_batch(pa.record_batch(arrays, schema=schema))


def _groups(table: Table) -> Iterator[list[tuple[Value, ...]]]:
    rows: list[tuple[Value, ...]] = []
    size = 0
    for row in table.rows:
        rows.append(row)
        size += sum(len(value) for value in row if isinstance(value, str))
        if len(rows) >= _ROWS or size >= _CHARACTERS:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _array(field: Any, values: Sequence[Value]) -> Any:
    """A column of a group.

    Raises:
        UserError: a whole number has more than 64 bits.
    """
    try:
        return pa.array(values, field.type)
    except UnicodeEncodeError:  # a lone surrogate
        return pa.array(list(map(_encodable, values)), field.type)
    except (OverflowError, pa.ArrowInvalid):
        raise UserError(
            f"Parquet has no whole numbers as large as one of the column {field.name}",
            "write the tables as CSV",
        ) from None


def _encodable(value: Value) -> Value:
    """The value; a lone surrogate in it, which UTF-8 cannot hold, is escaped."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
