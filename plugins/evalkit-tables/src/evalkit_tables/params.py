"""What a suite may say about the tables."""

from pathlib import PurePosixPath
from typing import Literal, get_args

from pydantic import Field, field_validator

from evalkit import Params

TableName = Literal[
    "cells",
    "scores",
    "losses",
    "standings",
    "methods",
    "differences",
    "rating_differences",
    "slices",
    "predictions",
    "judgments",
]


class TablesParams(Params):
    """Parameters of both reporters."""

    folder: str = Field(
        default="tables", min_length=1, description="Where in the run folder the files go."
    )
    tables: tuple[TableName, ...] = Field(
        default=get_args(TableName), min_length=1, description="Which tables are written."
    )

    @field_validator("folder")
    @classmethod
    def _inside(cls, folder: str) -> str:
        path = PurePosixPath(folder)
        if path.is_absolute() or ".." in path.parts or "\0" in folder or "\\" in folder:
            raise ValueError('expected a folder within the run folder, as "tables"')
        return folder


class CsvParams(TablesParams):
    """Parameters of ``csv``."""

    formulas: Literal["guarded", "kept"] = Field(
        default="guarded",
        description=(
            "guarded: a text that a spreadsheet could take for a formula gets an apostrophe in "
            "front. kept: texts are written as they are."
        ),
    )
    byte_order_mark: bool = Field(
        default=False,
        description="Whether the files begin with the mark by which Excel knows UTF-8.",
    )


class ParquetParams(TablesParams):
    """Parameters of ``parquet``."""

    compression: Literal["zstd", "snappy", "gzip", "none"] = Field(
        default="zstd", description="How columns are compressed."
    )
