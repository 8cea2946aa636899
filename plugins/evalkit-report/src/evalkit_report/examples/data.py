"""Gathers what the browser shows: one pass over all files side by side, in bounded memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from evalkit_report.examples.chunks import BUDGET, Shelf, pack
from evalkit_report.examples.columns import (
    close_columns,
    contestants,
    form_of,
    joined,
    metrics_of,
    open_columns,
    run_id,
)
from evalkit_report.examples.cursor import Cursor, Line, Tell, told
from evalkit_report.examples.draw import Name, draw, strata
from evalkit_report.examples.judged import judged_ids, verdicts_of
from evalkit_report.examples.record import answer_of, detail_of, gold_of, index_of
from evalkit_report.examples.text import as_text
from evalkit_report.model import CellView, Material

Form: TypeAlias = dict[str, Any]

_OUTCOMES = ("parsed", "malformed", "empty", "truncated", "refused", "failed", "absent")
_MOST_VERDICTS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserData:
    """All that the example browser shows.

    Attributes:
        meta: cells, methods, metrics, groups, and how many chunks there are; fit for JSON.
        chunks: name -> gzip in base64.
        notes: sentences, such as that a sample is shown.
        missing: a sentence for each thing that should be there and is not, or is damaged.
    """

    meta: Mapping[str, Any]
    chunks: Mapping[str, str]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


def browser_data(material: Material, most: int, *, budget: int = BUDGET) -> BrowserData:
    """The answers of all cells to at most `most` examples.

    Args:
        material: the runs; nothing of them is changed.
        most: examples, at least 1.
        budget: bytes of base64 that all chunks together may have.
    """
    missing: dict[str, None] = {}  # each sentence once, in the order in which they come
    tell: Tell = missing.setdefault
    cells = joined(material, tell)
    names = _names(material, cells, tell)
    shelf, meta = _gathered(material, cells, names, most=most, tell=tell)
    chunks, shown = pack(shelf.in_order(), budget)
    drawn = min(len({name.id for name in names}), most)
    notes = _notes(shown, drawn=drawn, total=len(names), groups=list(meta["groups"]))
    meta |= {
        "chunks": len(chunks) // 2,
        "shown": shown,
        "total": len(names),
        "notes": list(notes),
    }
    return BrowserData(meta=meta, chunks=chunks, notes=notes, missing=tuple(missing))


def _gathered(
    material: Material, cells: Sequence[CellView], names: Sequence[Name], *, most: int, tell: Tell
) -> tuple[Shelf, Form]:
    groups = strata(names)
    judged = frozenset(judged_ids(told(material.run.judgments, lambda _: None)))
    drawn = draw(names, most, groups=groups.keys(), judged=judged)
    order = {name.id: i for i, name in reversed(list(enumerate(names)))}
    verdicts = _verdicts(cells, frozenset(names[p].id for p in drawn), tell)
    meta = _meta(material, cells, groups)
    examples = Cursor(
        material.run.examples, order, f"{run_id(material.run)}/examples.jsonl", tell=lambda _: None
    )
    columns = open_columns(cells, order, tell=tell)
    shelf = Shelf()
    for rank, p in sorted(enumerate(drawn), key=lambda pair: pair[1]):
        example: Line = examples.at(p) or {}
        gold = gold_of(example)
        found = [answer_of(column, p, gold) for column in columns]
        scores = [[own.get(metric["name"]) for metric in meta["metrics"]] for _, _, own in found]
        outcomes = [_number(outcome, meta["outcomes"]) for outcome, _, _ in found]
        pairs = verdicts.get(names[p].id, [])
        row = [*index_of(names[p].id, example, groups), outcomes, scores, bool(pairs), p]
        answers = {"answers": [answer for _, answer, _ in found], "verdicts": pairs}
        shelf.put(rank, row, detail_of(example, gold) | answers)
    close_columns(columns)
    return shelf, meta


def _names(material: Material, cells: Sequence[CellView], tell: Tell) -> list[Name]:
    """All examples, from a cell's answers where the file of examples cannot tell."""
    names, known, damage = [], {}, []
    for line in told(material.run.examples, damage.append):
        identity, groups = line.get("id"), line.get("groups")
        if isinstance(identity, str):
            pairs = groups.items() if isinstance(groups, dict) else ()
            own = tuple((str(group), as_text(value)) for group, value in pairs)
            names.append(Name(identity, known.setdefault(own, own)))
    for sentence in damage:
        tell(sentence)
    return names + (_answered(cells, {name.id for name in names}) if damage else [])


def _answered(cells: Sequence[CellView], known: set[str]) -> list[Name]:
    """Further examples that the first cell with answers has answered."""
    for cell in cells:
        if cell.form.get("predictions"):
            lines = told(partial(cell.run.answers, str(cell.form["id"])), lambda _: None)
            ids = [line["id"] for line in lines if isinstance(line.get("id"), str)]
            if ids:
                return [Name(identity) for identity in ids if identity not in known]
    return []


def _verdicts(
    cells: Sequence[CellView], shown: frozenset[str], tell: Tell
) -> dict[str, list[Form]]:
    """Example -> what judges of all runs said, the contestants as numbers of cells."""
    found: dict[str, list[Form]] = {}
    numbers = contestants(cells)
    for run in {run_id(cell.run): cell.run for cell in cells}.values():
        if not run.results.get("comparisons"):
            continue
        made = verdicts_of(told(run.judgments, tell), shown, _MOST_VERDICTS)
        for example, pairs in made.items():
            for pair in pairs:
                pair["cells"] = [numbers.get((run_id(run), pair[side])) for side in ("a", "b")]
            found.setdefault(example, []).extend(pairs)
    return found


def _meta(
    material: Material, cells: Sequence[CellView], groups: Mapping[str, Sequence[str]]
) -> Form:
    methods = list(material.methods)
    return {
        "methods": methods,
        "cells": [form_of(cell, method=methods.index(cell.method)) for cell in cells],
        "metrics": [
            {"name": name} | {key: form.get(key) for key in ("headline", "direction", "range")}
            for name, form in metrics_of(cells).items()
        ],
        "primary": (material.analysis or {}).get("metric"),
        "groups": {group: list(values) for group, values in groups.items()},
        "outcomes": list(_OUTCOMES),
    }


def _number(outcome: str, known: list[str]) -> int:
    """Which outcome it is; one that this version does not know is added."""
    if outcome not in known:
        known.append(outcome)
    return known.index(outcome)


def _notes(shown: int, *, drawn: int, total: int, groups: Sequence[str]) -> tuple[str, ...]:
    if not total:
        return ("No examples are known, so there are no answers to look at.",)
    notes = []
    if shown < total:
        how = f" by {', '.join(groups)}" if groups else ""
        notes.append(
            f"Shows {shown:,} of {total:,} examples, drawn in proportion{how} so that every kind is "
            "there; all figures and charts count all of them."
        )
    if shown < drawn:
        notes.append(
            f"{drawn:,} would be shown, but their answers are too long to fit into this file."
        )
    return tuple(notes)
