"""Quality against cost, against tokens, against latency."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from evalkit_report.charts.drafts import (
    Draft,
    Figure,
    about_hours,
    figures_of,
    looks_of,
    metric_of,
    without,
)
from evalkit_report.charts.front import Spot
from evalkit_report.charts.scatter import Plot, scatter
from evalkit_report.model import Form, Material

_BATCH = (
    "This is throughput: the time that predicting took, divided by the number of answers that it "
    "wrote in batches. It is no latency, which the command evalkit latency measures."
)


def tradeoff_charts(material: Material) -> list[Draft]:
    """Quality against all that is known of what the methods take."""
    drafts = [_of_cost(material), _of_tokens(material), _of_latency(material) or _of_time(material)]
    return [draft for draft in drafts if draft is not None]


def _of_cost(material: Material) -> Draft | None:
    analysis = material.analysis or {}
    found = {
        name: (one["serving"]["per_1000"], one["serving"]["undefined"] or "its cost is not known")
        for name, one in (analysis.get("costs") or {}).items()
    }
    if all(cost is None for cost, _ in found.values()):
        return None
    what = f"{analysis.get('currency') or 'cost'} per 1,000 answers"
    plot = Plot(
        name="quality-cost", title="Score against cost", what=what, notes=about_hours(material)
    )
    return _draft(material, plot, found)


def _of_tokens(material: Material) -> Draft | None:
    found = {name: _tokens(one) for name, one in _serving(material)}
    note = "Tokens of the prompt and of the answer together, on average."
    plot = Plot(
        name="quality-tokens",
        title="Score against tokens",
        what="tokens per answer",
        notes=(note,),
    )
    return _draft(material, plot, found)


def _tokens(serving: Form) -> tuple[float | None, str]:
    """Both kinds of tokens together, or why there are none."""
    prompt, completion = (serving.get(key) for key in ("prompt_tokens", "completion_tokens"))
    if prompt is None or completion is None:
        return None, "its tokens are not known"
    return prompt + completion or None, "it asks no engine"


def _of_time(material: Material) -> Draft | None:
    found = {
        name: (one.get("seconds"), "its time is not known") for name, one in _serving(material)
    }
    plot = Plot(
        name="quality-time",
        title="Score against time of predicting",
        what="seconds per answer, in batches",
        notes=(_BATCH,),
    )
    return _draft(material, plot, found)


def _of_latency(material: Material) -> Draft | None:
    """Each measured cell by itself: percentiles are never averaged."""
    figures = figures_of(material)
    measured = dict(_measured(material))
    spots, missing = [], {}
    for name, found in measured.items():
        for one in found:
            label = name if len(found) == 1 else f"{name}, seed {one['seed']}"
            high, middle = one["p95"]["value"], one["p50"]["value"]
            if high is None or figures[name].value is None:
                missing[label] = _why_none(one, figures[name])
            else:
                spots.append(
                    Spot(method=name, figure=figures[name], takes=high, least=middle, label=label)
                )
    unmeasured = {name: "its latency was not measured" for name in figures if name not in measured}
    notes = (_loads(measured), *without({**missing, **(unmeasured if measured else {})}))
    plot = Plot(
        name="quality-latency",
        title="Score against latency",
        what="seconds until the whole answer, p95",
        notes=notes,
        ranked=len(_rates(measured)) == 1,
    )
    return scatter(plot, spots, metric_of(material), looks_of(material))


def _measured(material: Material) -> Iterator[tuple[str, list[Form]]]:
    figures = figures_of(material)
    for one in (material.analysis or {}).get("methods") or ():
        found = list(one.get("latency") or ())
        if found and one["method"] in figures:
            yield one["method"], found


def _why_none(one: Form, figure: Figure) -> str:
    if figure.value is None:
        return figure.why or "it has no figure"
    if "value" in one["p95"].get("infinite", ()):
        return "more than 5% of the requests were never answered"
    return "its p95 is not known"


def _rates(measured: Mapping[str, list[Form]]) -> list[float]:
    """How many requests a second arrived where latency was measured, each rate once."""
    return sorted({one["load"]["rate"] for found in measured.values() for one in found})


def _loads(measured: Mapping[str, list[Form]]) -> str:
    """What the percentiles are, and whether all were measured under one load."""
    rates = _rates(measured)
    said = "The symbol stands at p95, the dashed bar begins at the median (p50)."
    load = f"Requests arrived at random, {' or '.join(f'{rate:g}' for rate in rates)} a second."
    differ = (
        " What was measured under different loads cannot be compared." if len(rates) > 1 else ""
    )
    return f"{said} {load}{differ}"


def _serving(material: Material) -> Iterator[tuple[str, Form]]:
    for name, one in ((material.analysis or {}).get("costs") or {}).items():
        yield name, one["serving"]


def _draft(
    material: Material, plot: Plot, found: Mapping[str, tuple[float | None, str]]
) -> Draft | None:
    """The chart of the methods of which both are known; the others are named."""
    figures = figures_of(material)
    spots, missing = [], {}
    for name, figure in figures.items():
        takes, why = found.get(name, (None, "nothing is known of it"))
        if figure.value is None or takes is None:
            missing[name] = why if takes is None else figure.why or "it has no figure"
        else:
            spots.append(Spot(method=name, figure=figure, takes=takes))
    partial = ("The Pareto front is that of the methods that are drawn.",) if missing else ()
    noted = replace(plot, notes=(*plot.notes, *partial, *without(missing)))
    return scatter(noted, spots, metric_of(material), looks_of(material))
