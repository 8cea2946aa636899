"""Parquet: types, nulls, texts that UTF-8 cannot hold."""

import json
import os
import subprocess
import sys

import pytest

from evalkit import UserError, load_run
from evalkit_tables.as_parquet import ParquetReporter
from evalkit_tables.params import ParquetParams

pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def as_parquet():
    """Write the tables of a run folder as Parquet: name -> the table as it is read back."""

    def write(folder, **params):
        results = load_run(folder).results
        written = ParquetReporter(ParquetParams(**params)).report(results, folder)
        return {path.stem: pq.read_table(path) for path in written}

    return write


def test_columns_have_types(folder, as_parquet):
    cells = as_parquet(folder)["cells"]
    kinds = {field.name: str(field.type) for field in cells.schema}
    assert kinds["cell"] == "string"
    assert kinds["seed"] == kinds["predict_prompt_tokens"] == "int64"
    assert kinds["predict_cost"] == kinds["predict_seconds"] == "double"
    methods = as_parquet(folder)["methods"]
    assert str(methods.schema.field("baseline").type) == "bool"


def test_figures_are_read_back_as_they_were(folder, as_parquet):
    results = load_run(folder).results
    tables = as_parquet(folder)
    scores = tables["scores"].to_pylist()
    assert {(row["cell"], row["metric"], row["figure"]): row["value"] for row in scores} == {
        (cell["id"], metric, figure): value
        for cell in results["cells"]
        for metric, score in cell["scores"].items()
        for figure, value in score["values"].items()
    }
    for name in ("methods", "differences"):
        for row, form in zip(tables[name].to_pylist(), results["analysis"][name], strict=True):
            shared = row.keys() & form.keys() - {"outcomes", "baseline"}
            assert {key: row[key] for key in shared} == {key: form[key] for key in shared}


def test_both_reporters_write_the_same(folder, as_csv, as_parquet):
    texts, tables = as_csv(folder, formulas="kept"), as_parquet(folder)
    assert texts.keys() == tables.keys()
    for name, rows in texts.items():
        assert [[shown(v) for v in row.values()] for row in tables[name].to_pylist()] == [
            list(row.values()) for row in rows
        ]


def shown(value):
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_what_is_undefined_is_null_and_an_empty_text_is_none_such(folder, as_parquet, tell):
    def change(results):
        score = results["cells"][0]["scores"]["contains"]
        score["values"]["contains"] = None
        results["task"]["name"] = ""
        results["cells"][0]["model"] = ""

    tell(folder, change)
    row = as_parquet(folder)["scores"].to_pylist()[0]
    assert (row["value"], row["model"], row["undefined"]) == (None, "", None)


def test_a_table_without_rows_has_its_columns(folder, as_parquet, tell):
    tell(folder, lambda results: results.update(analysis=None))
    methods = as_parquet(folder)["methods"]
    assert (methods.num_rows, methods.schema.field("value").type) == (0, "double")


def test_texts_are_stored_as_they_are_but_for_lone_surrogates(folder, as_parquet):
    path = sorted((folder / "predictions").glob("*.jsonl"))[0]
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()]
    lines[0]["text"], lines[1]["text"] = "=1+1 \u202e \0", "a\udc80b"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")
    rows = as_parquet(folder)["predictions"].to_pylist()
    texts = [row["text"] for row in rows if row["cell"] == path.stem]
    assert texts[:2] == ["=1+1 \u202e \0", "a\\udc80b"]


def test_a_number_that_does_not_fit_is_told(folder, as_parquet, tell):
    tell(folder, lambda results: results["cells"][0].update(seed=2**70))
    with pytest.raises(UserError, match="not written: cells") as caught:
        as_parquet(folder)
    assert "column seed" in str(caught.value)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "none"])
def test_compressions(folder, as_parquet, compression):
    as_parquet(folder, compression=compression, tables=("cells",))
    column = pq.ParquetFile(folder / "tables" / "cells.parquet").metadata.row_group(0).column(0)
    assert column.compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())


def test_without_pyarrow_only_the_choice_of_it_fails(tmp_path):
    (tmp_path / "pyarrow.py").write_text("raise ImportError('no pyarrow here')\n")
    code = (
        "import evalkit_tables.hooks, evalkit_tables.params, evalkit_tables.as_csv\n"
        "try:\n    import evalkit_tables.as_parquet\n"
        "except Exception as error:\n    print(type(error).__name__, error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("UserError the reporter parquet needs pyarrow")
    assert 'pip install "evalkit-tables[parquet]"' in told.stdout
