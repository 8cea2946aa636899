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
from evalkit_report.examples.cursor import Cursor, Tell, told
from evalkit_report.examples.draw import Name, draw, strata
from evalkit_report.examples.judged import judged_ids, verdicts_of
from evalkit_report.examples.record import answers_of, detail_of, gold_of, index_of, read
from evalkit_report.examples.text import as_text
from evalkit_report.model import CellView, Material
from evalkit_report.symbols import colour_of, shape_of

Form: TypeAlias = dict[str, Any]

_OUTCOMES = ("parsed", "malformed", "empty", "truncated", "refused", "failed", "absent")
_MOST_VERDICTS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserData:
    """All that the example browser shows.

    Attributes:
        meta: cells, methods with their symbols, metrics, groups, the number of chunks; plain JSON.
        chunks: name -> gzip in base64.
        notes: sentences, such as that a sample is shown.
        missing: a sentence for each thing that should be there and is not, or is damaged.
    """

    meta: Mapping[str, Any]
    chunks: Mapping[str, str]
    notes: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Data:
    """What is shown, and whom to tell what is missing.

    Attributes:
        material: the runs.
        cells: those that answered the same examples.
        names: all examples, in the order of the evaluation split.
        groups: what sorts them into kinds: name -> values.
        tell: told what is missing.
    """

    material: Material
    cells: Sequence[CellView]
    names: Sequence[Name]
    groups: Mapping[str, Sequence[str]]
    tell: Tell


def browser_data(material: Material, most: int, *, budget: int = BUDGET) -> BrowserData:
    """The answers of all cells to at most `most` examples.

    Args:
        material: the runs.
        most: examples, at least 1.
        budget: bytes of base64 that all chunks together may have.
    """
    missing: list[str] = []
    cells = joined(material, missing.append)
    names = _names(material, cells, missing.append)
    data = _Data(
        material=material, cells=cells, names=names, groups=strata(names), tell=missing.append
    )
    meta = _meta(data)
    drawn = _drawn(data, most)
    chunks, shown = pack(_gathered(data, drawn, meta).in_order(), budget)
    notes = _notes(shown, drawn=len(drawn), total=len(names), groups=list(data.groups))
    meta |= {"chunks": len(chunks) // 2, "shown": shown, "total": len(names)}
    named = tuple(dict.fromkeys(_without_places(sentence, material) for sentence in missing))
    return BrowserData(meta=meta, chunks=chunks, notes=notes, missing=named)


def _names(material: Material, cells: Sequence[CellView], tell: Tell) -> list[Name]:
    """All examples, from a cell's answers where the file of examples cannot tell."""
    names: list[Name] = []
    groups_of: dict[Any, Any] = {}  # equal groups are kept once
    damage: list[str] = []
    for line in told(material.run.examples, damage.append):
        identity, groups = line.get("id"), line.get("groups")
        if isinstance(identity, str):
            pairs = groups.items() if isinstance(groups, dict) else ()
            own = tuple((str(group), as_text(value)) for group, value in pairs)
            names.append(Name(identity, groups_of.setdefault(own, own)))
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


def _drawn(data: _Data, most: int) -> list[int]:
    run = data.material.run
    judged = told(run.judgments, lambda _: None) if run.results.get("comparisons") else ()
    return draw(data.names, most, groups=data.groups.keys(), judged=frozenset(judged_ids(judged)))


def _gathered(data: _Data, drawn: Sequence[int], meta: Form) -> Shelf:
    """All that is known of the examples that were drawn, each with its rank in the draw."""
    order = {name.id: i for i, name in reversed(list(enumerate(data.names)))}
    verdicts = _verdicts(data, frozenset(data.names[p].id for p in drawn))
    name = f"{run_id(data.material.run)}/examples.jsonl"
    # What of this file cannot be read was told when the names were read.
    examples = Cursor(data.material.run.examples, order, name, tell=lambda _: None)
    columns = open_columns(data.cells, order, tell=data.tell)
    shelf = Shelf()
    for position, rank in sorted((position, rank) for rank, position in enumerate(drawn)):
        identity = data.names[position].id
        example = examples.at(position) or {}
        gold = gold_of(example)
        answers = answers_of(read(columns, position), gold)
        pairs = verdicts.get(identity, [])
        row = [
            *index_of(identity, example, data.groups),
            [_number(answer.outcome, meta["outcomes"]) for answer in answers],
            [[answer.scores.get(one["name"]) for one in meta["metrics"]] for answer in answers],
            bool(pairs),
            position,
        ]
        detail = {"answers": [answer.detail for answer in answers], "verdicts": pairs}
        shelf.put(rank, row, detail_of(example, gold) | detail)
    close_columns(columns)
    return shelf


def _verdicts(data: _Data, shown: frozenset[str]) -> dict[str, list[Form]]:
    """Example -> what judges of all runs said, the contestants as numbers of cells too."""
    found: dict[str, list[Form]] = {}
    numbers = contestants(data.cells)
    for folder, run in {cell.run.folder: cell.run for cell in data.cells}.items():
        if not run.results.get("comparisons"):
            continue
        made = verdicts_of(told(run.judgments, data.tell), shown, _MOST_VERDICTS)
        for example, pairs in made.items():
            for pair in pairs:
                keys = [(folder, pair["seed"], pair[side]) for side in ("a", "b")]
                pair["cells"] = [numbers.get(key) for key in keys]
            found.setdefault(example, []).extend(pairs)
    return found


def _meta(data: _Data) -> Form:
    methods = list(data.material.methods)
    return {
        "methods": methods,
        "colours": [colour_of(number) for number in range(len(methods))],
        "shapes": [shape_of(number) for number in range(len(methods))],
        "cells": [form_of(cell, method=methods.index(cell.method)) for cell in data.cells],
        "metrics": [
            {"name": name} | {key: form.get(key) for key in ("headline", "direction", "range")}
            for name, form in metrics_of(data.cells).items()
        ],
        "primary": (data.material.analysis or {}).get("metric"),
        "groups": {group: list(values) for group, values in data.groups.items()},
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
        how = f" in proportion by {' and '.join(groups)}" if groups else " at random"
        notes.append(
            f"Shows {shown:,} of {total:,} examples, drawn{how}, the rare and the judged ones "
            "first; all figures and charts count all of them."
        )
    if shown < drawn:
        notes.append(
            f"{drawn:,} were drawn, but the answers to the others would not fit into this file."
        )
    return tuple(notes)


def _without_places(sentence: str, material: Material) -> str:
    """The sentence without the places of this machine: reports are sent around."""
    for run in material.runs:
        for folder in (run.folder, run.folder.resolve()):
            sentence = sentence.replace(str(folder), folder.name)
    return sentence
