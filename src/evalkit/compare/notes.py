"""What stands below a comparison: how figures were made, and what is undefined. Pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.compare.methods import Method
from evalkit.stats.difference import Difference
from evalkit.stats.estimate import Estimate
from evalkit.suite import AnalysisKeys
from evalkit.wording import counted

Form = Mapping[str, Any]
Pair = tuple[Method, Method]
_UNDEFINED = "undefined, because"


def about_metric(metric: str, score: Form) -> list[str]:
    """What the metric is, and what it gives to perfect answers if that is not all it can."""
    params = (score.get("params") or {}).items()
    given = [f"{key} = {json.dumps(value)}" for key, value in params if value not in (None, "")]
    headline = "" if score["headline"] == metric else f"{score['headline']}, "
    told = f"{metric}: {headline}{score['direction']} is better"
    ceiling = score["values"].get(f"ceiling_{score['headline']}")
    best = [] if ceiling is None else [f"the targets themselves would get {ceiling:.3f}"]
    return [told + (f" ({', '.join(given)})" if given else ""), *best]


def about_numbers(
    methods: Sequence[Method], found: Sequence[Difference | str], keys: AnalysisKeys
) -> list[str]:
    """Baseline, seeds, replicates, size of the family, detectable difference."""
    notes = [_seeds(methods) + f"; {keys.replicates} replicates"]
    tests = sum(not isinstance(one, str) and one.significance is not None for one in found)
    if found:
        notes.insert(
            0, f"* baseline; differences below {keys.meaningful_difference:g} do not matter"
        )
        notes[-1] += f"; p adjusted over {counted(tests, 'test')}"
    known = [one.detectable for one in found if not isinstance(one, str) and one.detectable]
    if known:
        notes.append(f"a true difference of {max(known):.3f} would be found in 4 of 5 cases")
    return notes


def _seeds(methods: Sequence[Method]) -> str:
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for method in methods:
        by_seeds.setdefault(method.seeds, []).append(method.name)
    texts = {
        f"{'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, seeds))}": names
        for seeds, names in by_seeds.items()
    }
    if len(texts) == 1:
        return next(iter(texts))
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in texts.items())


def doubts(
    estimates: Mapping[str, Estimate | str],
    pairs: Sequence[Pair],
    found: Sequence[Difference | str],
) -> list[str]:
    """What is undefined and why, and what to know of the intervals."""
    said = dict.fromkeys(_of_estimates(estimates, alone=not pairs))
    remarks: dict[str, list[str]] = {}
    for (one, other), difference in zip(pairs, found, strict=True):
        if isinstance(estimates[one.name], str) or isinstance(estimates[other.name], str):
            continue  # the reason is said already
        for note in [difference] if isinstance(difference, str) else _notes(difference):
            remarks.setdefault(note, []).append(f"{other.name} against {one.name}")
    for note, names in remarks.items():
        of_all = len(names) == len(pairs)
        whose = "every difference" if of_all else ", ".join(names)
        said[note if of_all and _UNDEFINED not in note else f"{whose}: {note}"] = None
    return list(said)


def _notes(found: Estimate | Difference) -> Iterator[str]:
    """Its notes; where there is a figure, only its interval is undefined."""
    for note in found.notes:
        whole = not note.startswith(_UNDEFINED) or found.value is None
        yield note if whole else f"interval {note}"


def _of_estimates(estimates: Mapping[str, Estimate | str], *, alone: bool) -> Iterator[str]:
    for name, estimated in estimates.items():
        if isinstance(estimated, str):
            yield f"{name}: {estimated}"
        elif estimated.interval is None or alone:
            yield from (f"{name}: {note}" for note in _notes(estimated))
