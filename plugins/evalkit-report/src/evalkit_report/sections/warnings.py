"""What a reader must not overlook: said beside the verdict, not at the end of the page."""

from collections.abc import Iterator

from evalkit_report.figures import counted, names, percent
from evalkit_report.forms import form_of, inner, number_of, reason_of, rows_of, text_of
from evalkit_report.model import Form, Material


def warnings_of(material: Material) -> tuple[str, ...]:
    """Sentences about what weakens the verdict, the gravest first."""
    analysis = material.analysis or {}
    found = [
        *_unfinished(material),
        *_without_figure(analysis),
        *_unlevel(analysis),
        *_near_duplicates(analysis),
        *(sentence for run in material.runs for sentence in judge_warnings(run.results)),
        *_failed_comparisons(material),
    ]
    return tuple(dict.fromkeys(found))


def _unfinished(material: Material) -> Iterator[str]:
    for run in material.runs:
        stopped = text_of(inner(run.results, "run", "stopped"))
        if stopped:
            yield f"The run was stopped before its end: {stopped}."
    total = counted(len(material.cells), "cell")
    for status, said in (("failed", "failed"), ("pending", "did not run")):
        cells = [cell.key for cell in material.cells if cell.form.get("status") == status]
        if cells:
            yield f"{len(cells)} of {total} {said}: {names(cells)}."


def _without_figure(analysis: Form) -> Iterator[str]:
    for row in rows_of(analysis.get("methods")):
        if number_of(row.get("value")) is None:
            why = reason_of(row.get("undefined")) or "the reason is not known"
            yield f"{text_of(row.get('method'))} is not compared: {why}."


def _unlevel(analysis: Form) -> Iterator[str]:
    checks = rows_of(analysis.get("checks"))
    found = [text_of(row.get("name")) for row in checks if row.get("status") == "differs"]
    if found:
        quoted = names([f"\u201c{name}\u201d" for name in found], most=6)
        noun, verb = ("check", "does") if len(found) == 1 else ("checks", "do")
        yield f"The fairness {noun} {quoted} {verb} not hold."


def _near_duplicates(analysis: Form) -> Iterator[str]:
    found = []
    for row in rows_of(analysis.get("methods")):
        share = number_of(inner(row, "near_duplicates", "examples"))
        carried = number_of(inner(row, "near_duplicates", "score"))
        if share and carried is not None:
            method = text_of(row.get("method"))
            found.append(f"{method} has {percent(share)}, with {percent(carried)} of its score")
    if found:
        yield f"Evaluated examples nearly repeat training examples: {names(found, most=6)}."


def judge_warnings(results: Form) -> Iterator[str]:
    """Comparisons whose judge is not shown to be fit for the task."""
    for comparison in rows_of(results.get("comparisons")):
        state, name = validation_of(comparison), text_of(comparison.get("name"))
        if state == "failed":
            yield (
                f"The judge of {name} is not validated for this task: its audit failed. "
                "Do not decide by these ratings."
            )
        elif state == "open":
            yield f"Whether the judge of {name} can be trusted is open: no audit settled it."


def validation_of(comparison: Form) -> str:
    """``passed``, ``failed`` or ``open``; empty where a comparison knows no audit."""
    found = {
        form_of(row.get("values")).get("validated", "unknown")
        for row in rows_of(comparison.get("standings"))
        if "validated" in form_of(row.get("values"))
    }
    if not found:
        return ""
    return "failed" if 0 in found else "open" if None in found else "passed"


def _failed_comparisons(material: Material) -> Iterator[str]:
    for run in material.runs:
        for comparison in rows_of(run.results.get("comparisons")):
            reason = text_of(inner(comparison, "failure", "reason"))
            if reason:
                yield f"The comparison {text_of(comparison.get('name'))} failed: {reason}."
