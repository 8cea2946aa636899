"""What the report is of: suite, task, models, size, time. It stands above the verdict."""

from dataclasses import dataclass

from evalkit_report.figures import counted
from evalkit_report.forms import inner, number_of, rows_of, text_of
from evalkit_report.model import Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What the report is of.

    Attributes:
        title: name of the suite.
        description: what the suite says of itself.
        runs: ids of the runs, the reported one first.
        pairs: name and value of what else to know at a glance.
    """

    title: str
    description: str
    runs: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


def summary_of(material: Material) -> Summary:
    """What the report is of."""
    results = material.run.results
    run, task = results.get("run"), results.get("task")
    known = (model for one in material.runs for model in rows_of(one.results.get("models")))
    models = list(dict.fromkeys(text_of(model.get("name")) for model in known))
    examples = number_of(inner(task, "examples"))
    finished = text_of(inner(run, "finished")) or text_of(inner(run, "started"))
    pairs = (
        ("task", text_of(inner(task, "name"))),
        ("model" if len(models) == 1 else "models", ", ".join(models)),
        ("methods", str(len(material.methods))),
        ("evaluated", counted(int(examples), "example") if examples is not None else ""),
        ("finished", finished.replace("T", " ").removesuffix("Z") + " UTC" if finished else ""),
    )
    return Summary(
        title=text_of(inner(run, "suite")) or material.run.folder.name,
        description=text_of(inner(run, "description")),
        runs=tuple(
            text_of(inner(one.results, "run", "id")) or one.folder.name for one in material.runs
        ),
        pairs=tuple((name, value) for name, value in pairs if value),
    )
