"""Small files that can stand for gigabytes or hours, and their readers, in a process of its own.

``python -m tests.bombs FOLDER`` reads each with little memory to spare and prints, as JSON, what
the reader said of it.
"""

import json
import resource
import sys
from pathlib import Path

from evalkit.declared.params import DeclaredParams
from evalkit.declared.task import DeclaredTask
from evalkit.errors import UserError
from evalkit.journal import FileJournal
from evalkit.plugins import build_manager
from evalkit.results import read_results
from evalkit.serialization import read_lines
from evalkit.suite import check_suite, read_suite
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask

ROOT = Path(__file__).parents[1]
SPARE = 512 * 2**20
DEEP = 1_000_000
LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
SWEEP = (
    f'[[adapters]]\nuse = "fake-adapter"\nk = {list(range(1000))}\nsteps = {list(range(1000))}\n'
)
SEEDS = f"seeds = {list(range(1000))}\n"
MANY = "".join(f'[[models]]\nname = "m{n}"\nengine = "fake"\n' for n in range(200))
KNOWN = '[task]\nuse = "fake-task"\n[[metrics]]\nuse = "contains"\n'
ONE = '[[models]]\nengine = "fake"\n[[adapters]]\nuse = "fake-bare"\n'

XML = {
    "laughs": f'<!DOCTYPE b [<!ENTITY l0 "ha">{LAUGHS}]><benchmark>&l9;</benchmark>',
    "quadratic": f'<!DOCTYPE b [<!ENTITY a "{"a" * 10**5}">]><b>{"&a;" * 10**5}</b>',
    "external": '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><benchmark>&a;</benchmark>',
    "parameter": '<!DOCTYPE b SYSTEM "http://127.0.0.1:9/x.dtd"><benchmark/>',
    "deep": "<a>" * DEEP + "</a>" * DEEP,
    "wide": "<benchmark" + "".join(f" a{n}='x'" for n in range(DEEP // 10)) + "/>",
}
SUITES = {
    "lists": "x = " + "[" * DEEP,
    "tables": "x = " + "{a=" * DEEP,
    "dots": "a." * DEEP + "a = 1\n",
    "header": f"[{'a.' * DEEP}a]\n",
    "keys": "".join(f"k{n}.a.b = 1\n" for n in range(10_000)),
    "deeper": "a." * 900 + "a = 1\n",
    "digits": "seeds = [" + "9" * DEEP + "]\n",
    "hex": KNOWN + ONE.replace('"fake"\n', '"fake"\ndelay = 0x' + "f" * 10_000 + "\n"),
    "sweep": KNOWN + SWEEP + ONE,
    "cells": SEEDS + KNOWN + MANY + SWEEP.partition("steps")[0],
    "date": "seeds = 99999-99-99\n",
    "path": KNOWN.replace('use = "fake-task"', 'test = "' + "x/" * DEEP + '"') + ONE,
    "nul": KNOWN.replace('use = "fake-task"', 'test = "\\u0000"') + ONE,
    "nobody": KNOWN.replace('use = "fake-task"', 'test = "~nobody-here/x"') + ONE,
    "span": 'max-time = "' + "9" * 400 + 'd"\n' + KNOWN + ONE,
}
DATA = {
    "deep.jsonl": "[" * DEEP,
    "deeper.jsonl": '{"a":' * DEEP,
    "borne.jsonl": '{"x": "a", "y": "b", "z": ' + "[" * 400 + "]" * 400 + "}",
    "digits.jsonl": '{"x": ' + "9" * DEEP + "}",
    "infinite.jsonl": '{"x": 1e999, "y": "b"}',
    "field.csv": 'x,y\n"' + "a" * 20 * DEEP + '",b\n',
    "open.csv": 'x,y\n"' + "a\n" * DEEP,
    "columns.csv": "x," * DEEP + "\n" + "y,z\n" * 1000,
    "nul.csv": "x,y\n\0",
    "half.jsonl": '{"x": "\\ud800", "y": "b"}',
    "faults.jsonl": "{}\n" * (DEEP // 4),
}
RUNS = {
    "results": "[" * DEEP,
    "digits": '{"schema": ' + "9" * DEEP + "}",
    "borne": '{"schema": "evalkit-results/1", "cells": ' + "[" * 400 + "]" * 400 + "}",
}


def said(path, content, read):
    """What a reader says of a file; it may say nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    try:
        read(path)
    except UserError as error:
        return str(error)
    return ""


def triples(path):
    TriplesTask(TriplesParams(data="webnlg-xml", path=path.parents[2])).load("train")


def table(path):
    form = {"instruction": "i", "input": "{x}", "target": "y", "test": str(path)}
    DeclaredTask(DeclaredParams.from_form(form)).load("test")


def main(folder):
    plugins = build_manager(["evalkit.testing.fakes"])
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + SPARE, used + SPARE))

    def suite(path):
        check_suite(read_suite(str(path)), plugins)

    def journal(path):
        told = []
        FileJournal(path, told.append).close()
        raise UserError(f"{told}")

    found = {}
    for name, text in XML.items():
        path = folder / name / "train/1triples/bomb.xml"
        found[f"xml {name}"] = said(path, text, triples)
    for name, text in SUITES.items():
        found[f"suite {name}"] = said(folder / f"{name}.toml", text, suite)
    for name, text in DATA.items():
        found[f"data {name}"] = said(folder / name, text, table)
    for name, text in RUNS.items():
        path = folder / name / "results.json"
        found[f"run {name}"] = said(path, text, lambda path: read_results(path.parent))
    for name, text in {"deep": "[" * DEEP, "long": "9" * DEEP, "two": "{},{}\n"}.items():
        found[f"lines {name}"] = said(
            folder / name / "x.jsonl", text, lambda p: list(read_lines(p))
        )
        found[f"journal {name}"] = said(folder / name / "x.journal", text, journal)
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
