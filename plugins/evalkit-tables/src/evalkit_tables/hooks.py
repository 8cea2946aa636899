"""Registers the reporters ``csv`` and ``parquet``."""

from collections.abc import Iterable

from evalkit import Entry, hookimpl


@hookimpl
def evalkit_reporters() -> Iterable[Entry]:
    """The reporters of this distribution."""
    return [
        Entry(
            name="csv",
            target="evalkit_tables.as_csv:CsvReporter",
            params="evalkit_tables.params:CsvParams",
            summary="the run as tables, CSV files in its folder",
        ),
        Entry(
            name="parquet",
            target="evalkit_tables.as_parquet:ParquetReporter",
            params="evalkit_tables.params:ParquetParams",
            summary="the run as tables, Parquet files in its folder",
        ),
    ]
