"""The model card of what was exported, ``README.md``: metadata for hubs, then prose. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.export.metadata import front_matter
from evalkit.export.shipped import Shipped
from evalkit.export.usage import usage
from evalkit.report.table import UNDEFINED, make_table
from evalkit.wording import counted

CARD = "README.md"


def model_card(shipped: Shipped) -> str:
    """The text of the card."""
    task, cell = shipped.results["task"], shipped.cell
    made = f"It was made for the task `{task['name']}` by the method `{cell['adapter']}`"
    parts = [
        front_matter(shipped),
        f"# {shipped.name}",
        f"This folder holds {shipped.content}. {made}, and scored, with evalkit.",
        "## How it was made",
        _table(("", ""), _origin(shipped)),
        *_optional("Parameters of the method:", cell["params"].items()),
        *_optional("What the adaptation reports:", _reported(cell["report"])),
        "The instruction:",
        _quoted(shipped.prompt["instruction"]),
        "## Scores",
        _table(("metric", "figure", "value"), _figures(cell)),
        _outcomes(cell),
        _about_comparison(shipped.results),
        _comparison(shipped.results),
        "## How to use it",
        usage(shipped),
        "## Limits",
        "\n".join(f"- {limit}" for limit in _limits(shipped)),
    ]
    return "\n\n".join(parts) + "\n"


def _origin(shipped: Shipped) -> Iterator[tuple[str, str]]:
    run, cell, base = shipped.results["run"], shipped.cell, shipped.base
    yield "method", f"{_code(cell['adapter'])}, {_plugin(shipped, 'adapter', cell['use'])}"
    yield "base model", f"{_code(base.name)}, revision {_code(base.revision)}"
    yield (
        "run by",
        f"{_plugin(shipped, 'engine', base.engine)}, in {base.dtype or 'its own format'}",
    )
    yield (
        "task",
        f"{_code(cell['task'])}, {_plugin(shipped, 'task', shipped.results['task']['use'])}",
    )
    yield "training examples", str(cell["train_size"])
    yield "demos in the prompt", str(len(shipped.prompt["demos"]))
    yield "seed", str(cell["seed"])
    profile = f", profile {_code(run['profile'])}" if run["profile"] else ""
    yield "suite", f"{_code(run['suite'])}{profile}"
    yield "run", f"{_code(run['id'])}, begun {run['started']}"
    yield "evalkit", run["evalkit"]


def _plugin(shipped: Shipped, kind: str, name: str) -> str:
    """A plugin with the distribution that it came from."""
    for plugin in shipped.plugins:
        if (plugin["kind"], plugin["qualified"]) == (kind, name):
            return f"{kind} {_code(name)} of {plugin['distribution']} {plugin['version']}".rstrip()
    return f"{kind} {_code(name)}"


def _reported(report: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Plain values, and the ends of curves."""
    for key, value in report.items():
        if isinstance(value, list) and len(value) > 1 and all(_is_point(item) for item in value):
            (first, start), (last, end) = value[0], value[-1]
            yield f"{key} at {first}", start
            yield f"{key} at {last}", end
        elif value is None or isinstance(value, bool | int | float | str):
            yield key, value


def _is_point(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _figures(cell: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, score in cell["scores"].items():
        for figure, value in score["values"].items():
            shown = UNDEFINED if value is None else f"{value:.4f}"
            strong = f"**{shown}**" if figure == score["headline"] else shown
            yield _code(name), _code(figure), strong


def _outcomes(cell: Mapping[str, Any]) -> str:
    found = [f"{count} {kind}" for kind, count in cell["outcomes"].items() if count]
    return f"The {counted(cell['examples'], 'answer')}: {', '.join(found)}."


def _about_comparison(results: Mapping[str, Any]) -> str:
    seeds = sorted({cell["seed"] for cell in results["cells"]})
    means = f" (means over the seeds {', '.join(map(str, seeds))})" if len(seeds) > 1 else ""
    return f"All methods of the same run{means}:"


def _comparison(results: Mapping[str, Any]) -> str:
    table = make_table(results)
    return _table(table.columns, table.rows, table.numeric)


def _limits(shipped: Shipped) -> Iterator[str]:
    task, cell, base = shipped.results["task"], shipped.cell, shipped.base
    examples = counted(cell["examples"], "example")
    yield (
        f"The scores are those of {examples} of the split `{task['split']}` "
        f"(SHA-256 over them: `{task['evaluation_sha256']}`), answered greedily. They say nothing "
        "about other inputs, another prompt or another way of generating."
    )
    if cell["outcomes"]["failed"]:
        failed = counted(cell["outcomes"]["failed"], "example")
        yield f"{failed} got no answer, and no score."
    if len(shipped.results["cells"]) > 1:
        yield (
            f"{len(shipped.results['cells'])} cells were compared on the same examples. One that "
            "was picked because it came out best looks better than it is."
        )
    if base.public and not base.commit:
        yield (
            f"It was adapted to the files with the revision above. Whether those of `{base.name}` "
            "on a hub are the same, evalkit has not checked."
        )
    if shipped.merged:
        yield "Merging rounds: answers may differ in places from those that were scored."


def _optional(words: str, rows: Any) -> list[str]:
    """A table with the sentence before it, if it has rows."""
    listed = [(_code(key), _code(json.dumps(value, ensure_ascii=False))) for key, value in rows]
    return [words, _table(("", ""), listed)] if listed else []


def _table(heads: Sequence[str], rows: Any, numeric: Sequence[bool] = ()) -> str:
    rules = ["---:" if right else "---" for right in numeric] or ["---"] * len(heads)
    safe = [[text.replace("|", "\\|") for text in row] for row in [heads, rules, *rows]]
    return "\n".join(f"| {' | '.join(row)} |" for row in safe)


def _code(text: Any) -> str:
    """A text as code, on one line."""
    plain = " ".join(str(text).replace("`", "'").split())
    return f"`{plain}`" if plain else ""


def _quoted(text: str) -> str:
    """A text as a block that shows it as it is."""
    return "\n".join(f"    {line}" for line in text.splitlines()) or "    (none)"
