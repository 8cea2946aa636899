"""How long users wait for the answers of a method, where ``evalkit latency`` measured it.

Percentiles belong to one cell under one load. They are never averaged, over seeds or runs, and what
was measured under different loads is not compared without saying so.
"""

from collections.abc import Mapping, Sequence
from math import inf, isfinite
from typing import Any

from evalkit.compare.methods import Method
from evalkit.compare.sentences import ENDS, SHARES, flat_latency, seconds
from evalkit.errors import UserError
from evalkit.run_folder import latency_path
from evalkit.stats.latency import latency
from evalkit.store import read_object

Form = Mapping[str, Any]


def latencies(methods: Sequence[Method]) -> dict[str, list[dict[str, Any]]]:
    """Name of a method -> what was measured of each of its cells; most often of none.

    What was measured before a cell was predicted anew is of another method, and left out.

    Raises:
        UserError: a file is damaged.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for method in methods:
        read = [(cell, _read(method, cell)) for cell in method.cells]
        found[method.name] = [form for _, form in read if form is not None]
    return found


def _read(method: Method, cell: Form) -> dict[str, Any] | None:
    path = latency_path(method.folder, cell["id"])
    if not path.is_file():
        return None
    stored = read_object(path)
    try:
        current = stored["predict"] == (cell["jobs"] or {}).get("predict")
        return _figures(stored) if current else None
    except (KeyError, TypeError, ValueError, UserError) as error:
        what = f"{path}: damaged: {type(error).__name__}: {error}"
        raise UserError(what, "remove it, or measure again: evalkit latency") from None


def _figures(stored: Form) -> dict[str, Any]:
    times = [inf if time is None else float(time) for time in stored["times_s"]]
    return {
        "cell": stored["cell"],
        "seed": stored["seed"],
        "load": dict(stored["load"]),
        "requests": len(times),
        "timeouts": stored["timeouts"],
        "failures": stored["failures"],
        "late": stored["late"]["requests"],
        "latest_s": stored["late"]["most_s"],
        "under_way": stored["under_way"]["most"],
        "bound": stored["under_way"]["bound"],
        **{name: _percentile(times, share) for name, share in SHARES.items()},
    }


def _percentile(times: Sequence[float], share: float) -> dict[str, Any]:
    """A percentile as strict JSON; the warm-up is not among the times."""
    found = latency(times, share, warm_up=0)
    ends = {"value": found.value, "low": found.low, "high": found.high}
    return {
        **{key: end if end is not None and isfinite(end) else None for key, end in ends.items()},
        "infinite": [key for key, end in ends.items() if end == inf],
    }


def _in_words(value: float | None) -> str:
    unit = " s" if value is not None and isfinite(value) else ""
    return f"{seconds(value)}{unit}"


def latency_notes(found: Mapping[str, Sequence[Form]]) -> list[str]:
    """The loads, what was not answered, what was sent late, and seeds that are not averaged."""
    measured = [(name, one) for name, own in found.items() for one in own]
    if not measured:
        return []
    return [
        *_loads(measured),
        *(note for name, one in measured for note in _doubts(name, one)),
        *(_by_seed(name, own) for name, own in found.items() if len(own) > 1),
    ]


def _loads(measured: Sequence[tuple[str, Form]]) -> list[str]:
    about = "p50, p95: seconds from the moment a request was due to its whole answer"
    loads: dict[str, dict[str, None]] = {}
    for name, one in measured:
        loads.setdefault(_load_text(one["load"]), {})[name] = None
    if len(loads) == 1:
        return [f"{about}; {next(iter(loads))}"]
    told = "; ".join(f"{', '.join(names)}: {text}" for text, names in loads.items())
    return [about, f"latencies under different loads cannot be compared: {told}"]


def _load_text(load: Form) -> str:
    plural = "" if load["rate"] == 1 else "s"
    return (
        f"{load['rate']:g} request{plural} a second on average ({load['arrivals']} arrivals, "
        f"seed {load['seed']}), {load['requests']} measured after a warm-up of {load['warm_up']}, "
        f"time-out {load['timeout_s']:g} s"
    )


def _doubts(name: str, one: Form) -> list[str]:
    """What to know of the figures of a cell."""
    notes, where = [], f"{name}, seed {one['seed']}"
    if one["timeouts"] or one["failures"]:
        notes.append(
            f"{where}: of {one['requests']} requests {one['timeouts']} timed out and "
            f"{one['failures']} failed: they count as answered never"
        )
    if one["late"]:
        why = "this machine was too busy"
        if one["under_way"] > one["bound"]:
            why = f"{one['under_way']} were waited for at a time, and {one['bound']} could be sent"
        notes.append(
            f"{where}: {one['late']} requests were sent late, by {seconds(one['latest_s'])} s at "
            f"most, which their times include: {why}"
        )
    return notes


def _by_seed(name: str, own: Sequence[Form]) -> str:
    flat = [(one["seed"], flat_latency([one])) for one in own]
    told = "; ".join(
        f"seed {seed}: p50 {_in_words(row['p50'])}, p95 {_in_words(row['p95'])}"
        for seed, row in flat
    )
    return f"{name}: {told}; percentiles of several seeds have no mean, so the table shows none"


def describe(stored: Form) -> list[str]:
    """What was measured of a cell, in lines; `stored` as in ``latency/CELL.json``."""
    one = _figures(stored)
    told = [f"{name} {_with_interval(one[name])}" for name in SHARES]
    lines = [f"{one['cell']}: {', '.join(told)}; {_load_text(one['load'])}"]
    lines += [f"  {note}" for note in _doubts(one["cell"], one)]
    first = stored["first_failure"]
    if first is not None:
        hint = f" ({first['hint']})" if first["hint"] else ""
        lines.append(f"  the first failure: {first['reason']}{hint}")
    return lines


def _with_interval(found: Form) -> str:
    value, low, high = (inf if key in found["infinite"] else found[key] for key in ENDS)
    ends = ", ".join(seconds(end) or "unknown" for end in (low, high))
    return f"{_in_words(value)} [{ends}]"
