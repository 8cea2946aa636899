"""Run folders of any size: a real run on an engine that answers at once, then more of the same.

Beyond so many, examples are repeated under ids and sources of their own: every line is one that
evalkit wrote. The figures of ``results.json`` stay those of the smaller run; the number of examples
is the larger one.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.harness import ROOT, BenchmarkError
from benchmarks.material import Material
from benchmarks.varied import DATA

PLUGINS = ("-p", "benchmarks.varied")
TRAINING = 100
_SUITE = """
name = "large"

[task]
use = "triples"
data = "jsonl"
path = "data"
id-column = "id"
source-column = "source"
domain-column = "domain"
clean = false

[evaluate]
limit = "all"

[[models]]
name = "varied"
engine = "varied"
prices = {{ input = 0.1, output = 0.4 }}

[[adapters]]
use = "few-shot"
k = {demos}

[[metrics]]
use = "exact-f1"

[[metrics]]
use = "fuzzy-f1"

[[comparisons]]
use = "judge-elo"
judge = "varied"
answer = "schema"
examples = {judged}
audit = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a run is.

    Attributes:
        methods: the cells; method number n shows n demos.
        examples: of each cell.
        judged: examples that the judge sees.
        unique: examples that the run itself has; the others repeat them.
    """

    methods: int
    examples: int
    judged: int = 50
    unique: int = 2_000


def make_run(folder: Path, size: Size) -> Path:
    """Make a run of this size in an empty folder; its run folder.

    Raises:
        BenchmarkError: the run failed.
    """
    unique = min(size.examples, size.unique)
    write_data(folder, unique)
    suite = _SUITE.format(demos=list(range(1, size.methods + 1)), judged=min(unique, size.judged))
    (folder / "suite.toml").write_text(suite, encoding="utf-8")
    evalkit(folder, "run", "suite.toml", "--no-cache", *PLUGINS)
    run = (folder / "runs" / "latest").resolve()
    if size.examples > unique:
        repeat(run, size.examples)
    return run


def evalkit(folder: Path, *arguments: str) -> None:
    """Run evalkit in a folder, without the reporters that there are by default.

    Raises:
        BenchmarkError: it failed.
    """
    places = (str(ROOT), os.environ.get("PYTHONPATH"))
    found = os.pathsep.join(place for place in places if place)
    done = subprocess.run(
        [sys.executable, "-m", "evalkit", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": found, "EVALKIT_DEFAULT_REPORTERS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"evalkit {arguments[0]} failed:\n{done.stderr[-2000:]}")


def write_data(folder: Path, examples: int) -> None:
    """Write the splits of the task: texts of the corpus that there is, over again if need be."""
    (folder / "data").mkdir()
    task = Material.find(max_new=128).task
    for path, split, count in (("data/train.jsonl", "train", TRAINING), (DATA, "test", examples)):
        with (folder / path).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in islice(rows(task.load(split)), count))


def rows(examples: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Rows without end; no two have the same id or text."""
    again = 0
    while True:
        mark = f" ({again + 1})" if again else ""
        for example in examples:
            yield {
                "id": example.id + mark,
                "source": "+".join(example.sources) + mark,
                "domain": example.groups.get("domain") or "none",
                "text": example.fields["text"] + mark,
                "triples": example.target,
            }
        again += 1


def repeat(run: Path, examples: int) -> None:
    """Let a run folder have so many examples, each line of its files again under other ids."""
    for path in (run / "examples.jsonl", *run.glob("predictions/*"), *run.glob("scores/*/*")):
        lines = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        with path.open("w", encoding="ascii") as file:
            file.writelines(islice(_repeated(lines), examples))
    path = run / "results.json"
    results = json.loads(path.read_text(encoding="utf-8"))
    for cell in results["cells"]:
        cell["examples"] = examples
    path.write_text(json.dumps(results), encoding="utf-8")


def _repeated(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines without end, by text alone: a JSON encoder would take minutes over a million."""
    parts = [_parts(line) for line in lines]
    again = 0
    while True:
        mark = f"~{again}" if again else ""
        for identity, sources, rest in parts:
            yield f'{{"id":"{identity}{mark}"{sources.replace("~", mark)}{rest}}}\n'
        again += 1


def _parts(line: dict[str, Any]) -> tuple[str, str, str]:
    """The id, the sources with ``~`` where their mark goes, and the rest."""
    rest = {key: value for key, value in line.items() if key not in ("id", "sources")}
    sources = _text([f"{one.replace('~', '-')}~" for one in line.get("sources", ())])
    return (
        _text(line["id"])[1:-1],
        f',"sources":{sources}' if "sources" in line else "",
        f",{_text(rest)[1:-1]}" if rest else "",
    )


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
