"""The metadata of a model card, as hubs read them. Pure.

Source of the keys: https://github.com/huggingface/hub-docs/blob/main/modelcard.md. What is not
known is left out: language and licence among it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.export.shipped import Shipped


def front_matter(shipped: Shipped) -> str:
    """The metadata as YAML between two lines of hyphens."""
    return "\n".join(["---", *yaml_lines(metadata(shipped)), "---"])


def metadata(shipped: Shipped) -> dict[str, Any]:
    """Which model it was made from, with which library it loads, and its scores."""
    form: dict[str, Any] = {}
    if shipped.merged:
        form["library_name"] = "transformers"
    elif shipped.peft:
        form["library_name"] = "peft"
    if shipped.base.public:
        form["base_model"] = shipped.base.name
        if shipped.merged or shipped.peft:
            form["base_model_relation"] = "finetune" if shipped.merged else "adapter"
    form["pipeline_tag"] = _task_type(shipped)
    form["tags"] = list(dict.fromkeys(["evalkit", shipped.cell["use"], shipped.cell["task"]]))
    metrics = _metrics(shipped.cell)
    if metrics:
        result = {"task": _task(shipped), "dataset": _dataset(shipped), "metrics": metrics}
        form["model-index"] = [{"name": shipped.name, "results": [result]}]
    return form


def _task_type(shipped: Shipped) -> str:
    return "text-classification" if shipped.prompt["request"]["choices"] else "text-generation"


def _task(shipped: Shipped) -> dict[str, str]:
    return {"type": _task_type(shipped), "name": shipped.cell["task"]}


def _dataset(shipped: Shipped) -> dict[str, str]:
    task = shipped.results["task"]
    return {"type": task["use"], "name": task["name"], "split": task["split"]}


def _metrics(cell: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The headline of each metric; one that is undefined is left out."""
    return [
        {"type": name, "name": name, "value": score["value"]}
        for name, score in cell["scores"].items()
        if score["value"] is not None
    ]


def yaml_lines(table: Mapping[str, Any]) -> Iterator[str]:
    """The YAML of nested tables and lists, whose plain values are written as JSON."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield f"{key}:"
            yield from (f"  {line}" for line in yaml_lines(value))
        elif isinstance(value, list):
            yield f"{key}:"
            for item in value:
                first, *more = yaml_lines(item) if isinstance(item, Mapping) else [_scalar(item)]
                yield f"- {first}"
                yield from (f"  {line}" for line in more)
        else:
            yield f"{key}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
