"""Checks over the compared cells, each with a sentence that names cells and values. Pure.

Some ask whether all cells were treated alike, the others look at each cell by itself.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from evalkit.fairness.rows import Compared, Form, Row, named, rows_of
from evalkit.wording import counted

Status: TypeAlias = Literal["ok", "differs", "unknown", "does not apply"]
Finding: TypeAlias = tuple[Status, str]
"""Whether all is well with a cell, and what there is to say of it."""

_SHOWN = 12
_NOTHING = "no cell has predictions"
_OLD: Final[Finding] = (
    "unknown",
    "predicted by a version that noted nothing (run it with --fresh)",
)
_DIRECT: Final[Finding] = ("does not apply", "answers by itself, without an engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One condition of a fair comparison, and whether it holds.

    Attributes:
        name: what is checked, for instance ``same decoding``.
        status: ``ok``; ``differs`` if it does not hold; ``unknown`` if nothing speaks against it
            but not all is known; ``does not apply`` if it concerns none of the cells.
        detail: a sentence that names cells and values.
    """

    name: str
    status: Status
    detail: str


def check(methods: Sequence[Compared]) -> list[Check]:
    """All checks over all cells of the methods that have predictions."""
    rows = rows_of(methods)
    return [
        _same_template(rows),
        *(_alike(name, rows, look) for name, look in _ALIKE.items()),
        *(_one_by_one(name, rows, look) for name, look in _EACH.items()),
    ]


def _alike(name: str, rows: Sequence[Row], look: Callable[[Row, Form], Finding]) -> Check:
    """Whether what is found is the same for all cells to which it applies."""
    found = [(row, _look(look, row)) for row in rows]
    several = len({text for _, (status, text) in found if status == "ok"}) > 1
    status: Status = "differs" if several else _worst(status for _, (status, _) in found)
    return Check(name=name, status=status, detail=_sentence(found, rows, "ok"))


def _one_by_one(name: str, rows: Sequence[Row], look: Callable[[Row, Form], Finding]) -> Check:
    """Whether all is well with each cell by itself."""
    found = [(row, _look(look, row)) for row in rows]
    status = _worst(status for _, (status, _) in found)
    shown: Status = "differs" if status == "differs" else "ok"
    return Check(name=name, status=status, detail=_sentence(found, rows, shown))


def _same_template(rows: Sequence[Row]) -> Check:
    """Whether each model has one chat template, whichever method or run it answers for."""
    models = dict.fromkeys(row.model for row in rows)
    parts = [
        (model, _alike("same template", [row for row in rows if row.model == model], _template))
        for model in models
    ]
    return Check(
        name="same template",
        status=_worst(part.status for _, part in parts),
        detail="; ".join(f"model {model}: {part.detail}" for model, part in parts) or _NOTHING,
    )


def _look(look: Callable[[Row, Form], Finding], row: Row) -> Finding:
    return _OLD if row.facts is None else look(row, row.facts)


def _worst(statuses: Iterable[Status]) -> Status:
    order: tuple[Status, ...] = ("differs", "unknown", "ok")
    found = set(statuses)
    return next((status for status in order if status in found), "does not apply")


def _sentence(found: Sequence[tuple[Row, Finding]], rows: Sequence[Row], shown: Status) -> str:
    """What there is to say of cells with the status `shown`, and of those that are left out."""
    leads: dict[Status, str] = {
        shown: "",
        "unknown": "not known of ",
        "does not apply": "does not apply to ",
    }
    said = []
    for status, lead in leads.items():
        for text in dict.fromkeys(text for _, (own, text) in found if own == status):
            those = [row for row, finding in found if finding == (status, text)]
            said.append(f"{lead}{named(those, rows)}: {text}")
    return "; ".join(said) or _NOTHING


def _split(row: Row, facts: Form) -> Finding:
    data = f"{row.data[:8]}/{facts['examples_sha256'][:8]}"
    return "ok", f"{counted(row.examples, 'example')} of {facts['split']} ({data})"


def _template(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    if facts["template_sha256"] is None:
        return "unknown", f"the engine of {row.model} does not tell its chat template"
    return "ok", facts["template_sha256"][:8]


def _decoding(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    return "ok", " and ".join(dict.fromkeys(map(_setting, facts["decoding"])))


def _setting(form: Form) -> str:
    if form["choices"]:
        return "the likeliest of the choices"
    parts = [f"at most {form['max_tokens']} tokens"]
    if form["temperature"]:
        parts.append(f"temperature {form['temperature']:g}")
        parts.append("seeded" if form["seeded"] else "without a seed")
    else:
        parts.append("greedy")
    return ", ".join([*parts, *(["held to a schema"] if form["schema"] else [])])


def _stop(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    texts = (" ".join(map(repr, texts)) or "no stop texts" for texts in facts["stop"])
    return "ok", " and ".join(texts)


def _parser(row: Row, facts: Form) -> Finding:
    return "ok", facts["parser"][:8]


def _weights(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    found = facts["weights"]
    if found is None:
        return "does not apply", "has no trained weights"
    if found["without"]:
        missing = f"{found['without']} of {found['requests']} requests"
        return "differs", f"{missing} went without the {found['kind']} weights"
    if found["changed"] is False:
        return "differs", f"the {found['kind']} weights change nothing that the model computes"
    if found["changed"] is None:
        return "unknown", "the adapter does not tell whether its weights change anything"
    return "ok", "all requests carried weights that change what the model computes"


def _demos_apart(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    demos = facts["demos"]
    if demos["most"] is None:
        return "unknown", "its program writes requests of its own"
    if not demos["evaluated"]:
        return "ok", "no evaluated example is shown" if demos["most"] else "no demos"
    return "differs", f"evaluated examples shown as demos: {_listed(demos['evaluated'])}"


def _demos_requested(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    wanted, least, most = (facts["demos"][key] for key in ("requested", "least", "most"))
    if most is None:
        return "unknown", "its program writes requests of its own"
    shown = f"{least}" if least == most else f"{least} to {most}"
    if wanted is None:
        if not most:
            return "does not apply", "shows no demos"
        return "unknown", f"{shown} shown, the adapter does not tell how many were asked for"
    if (least, most) == (wanted, wanted):
        return "ok", f"{shown} as asked for"
    return "differs", f"{shown} shown, {wanted} asked for"


def _fits(row: Row, facts: Form) -> Finding:
    if facts["direct"]:
        return _DIRECT
    if not facts["too_long"]:
        return "ok", "every prompt fits"
    return "differs", f"{facts['too_long']} of {row.examples} prompts are too long for the model"


def _near_duplicates(row: Row, facts: Form) -> Finding:
    found = facts["near_duplicates"]
    if found is None:
        return "does not apply", "sees no training examples"
    if not found["number"]:
        return "ok", "none"
    return "differs", (
        f"{found['number']} of {row.examples} evaluated examples ({found['share']:.1%}) nearly "
        f"repeat a training example (similarity {found['threshold']:g} or more)"
    )


def _listed(names: Sequence[Any]) -> str:
    more = [f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    return ", ".join([*map(str, names[:_SHOWN]), *more])


_ALIKE = {
    "same split": _split,
    "same decoding": _decoding,
    "same stop rules": _stop,
    "same parser": _parser,
}
_EACH = {
    "weights applied": _weights,
    "demos not evaluated": _demos_apart,
    "demos as requested": _demos_requested,
    "prompts fit": _fits,
    "no near-duplicates": _near_duplicates,
}
