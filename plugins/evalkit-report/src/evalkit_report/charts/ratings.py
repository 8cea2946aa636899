"""Ratings of comparisons with intervals and rank ranges."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from evalkit_report.charts.contests import Contest, Contestant, contests_of
from evalkit_report.charts.drafts import Draft, looks_of, without
from evalkit_report.charts.layers import Layer, Row, axes, notes, rules, symbol, symbols, texts
from evalkit_report.charts.looks import GRID, Frame, Looks
from evalkit_report.charts.scales import Scale, linear
from evalkit_report.charts.words import bracket, interval, number, shown
from evalkit_report.figures import NOTHING
from evalkit_report.model import Material

STEP: Final = 26
_LEFT: Final = 176
_RANKS: Final = 44


def rating_charts(material: Material) -> list[Draft]:
    """A chart for each comparison and seed that gave ratings."""
    looks = looks_of(material)
    drafts = [_draft(contest, looks) for contest in contests_of(material)]
    return [draft for draft in drafts if draft is not None]


def _draft(contest: Contest, looks: Looks) -> Draft | None:
    drawn = [one for one in contest.contestants if one.value is not None]
    if not drawn:
        return None
    undefined = {one.name: "its rating is undefined" for one in contest.contestants[len(drawn) :]}
    doubt = (f"{contest.doubt}.",) if contest.doubt else ()
    return Draft(
        name=f"ratings-{contest.slug}",
        title=f"Ratings: {contest.title}",
        summary=_summary(contest, drawn),
        spec=_spec(contest, drawn, looks),
        headings=("contestant", contest.headline, "95% interval", "ranks"),
        rows=tuple(_row(one, contest) for one in contest.contestants),
        notes=(*doubt, *without(undefined)),
    )


def _spec(contest: Contest, drawn: Sequence[Contestant], looks: Looks) -> Mapping[str, Any]:
    figures = [_figure(one, contest) for one in drawn]
    wide = any(one.ends()[0] is not None for one in drawn)
    ranked = any(one.ranks for one in drawn)
    right = (150 if wide else 76) + (_RANKS if ranked else 0)
    height = STEP * len(drawn)
    top = 46 if contest.doubt else 30
    frame = Frame(height=height, left=_LEFT, right=right, top=top, bottom=40)
    across = linear([end for one in drawn for end in _ends(one)], frame.across, zero=False)
    short = looks.short(_LEFT - 18, more=[one.name for one in drawn])
    middles = [STEP * (place + 0.5) for place in range(len(drawn))]
    rows = list(zip(drawn, middles, strict=True))
    edge = frame.across + 16
    return frame.spec(
        [
            axes(across, None, title=contest.headline),
            rules([{"x": 0, "x2": frame.across, "y": y, "stroke": GRID} for y in middles], width=1),
            rules([_bar(one, y, across, looks) for one, y in rows if one.ends()[0] is not None]),
            symbols([_symbol(one, y, across, contest, looks) for one, y in rows], size=90),
            texts([{"x": -14, "y": y, "text": short[one.name]} for one, y in rows], align="right"),
            texts([{"x": edge, "y": y, "text": t} for t, y in zip(figures, middles, strict=True)]),
            texts(
                [{"x": frame.across + right - 8, "y": y, "text": one.ranks} for one, y in rows],
                align="right",
            ),
            *_heads(contest, frame, edge, ranked=ranked, wide=wide),
        ]
    )


def _heads(contest: Contest, frame: Frame, edge: float, *, ranked: bool, wide: bool) -> list[Layer]:
    """What the columns of figures are, and that the judge is not validated."""
    heads = [
        {
            "x": edge,
            "y": -12,
            "text": f"{contest.headline}, 95% interval" if wide else contest.headline,
        }
    ]
    layers = [notes(heads)]
    if ranked:
        right = {"x": frame.across + frame.right - 8, "y": -12, "text": "ranks"}
        layers.append(notes([right], align="right"))
    if contest.doubt:
        said = [{"x": -frame.left + 8, "y": -33, "text": f"▲ {contest.doubt}."}]
        layers.append(texts(said, colour="var(--invented)", fontWeight=600))
    return layers


def _ends(one: Contestant) -> list[float]:
    return [end for end in (one.value, *one.ends()) if end is not None]


def _bar(one: Contestant, y: float, across: Scale, looks: Looks) -> Row:
    low, high = one.ends()
    stroke = looks.of(one.name).colour
    return {"x": across.at(low or 0.0), "x2": across.at(high or 0.0), "y": y, "stroke": stroke}


def _symbol(one: Contestant, y: float, across: Scale, contest: Contest, looks: Looks) -> Row:
    ends = interval(*one.ends(), contest.decimals)
    ranks = f", rank {one.ranks} of {len(contest.contestants)}" if one.ranks else ""
    name = shown(one.name)
    says = f"{name}: {contest.headline} {number(one.value, contest.decimals)}{ends}{ranks}"
    return symbol(looks.of(one.name), across.at(one.value or 0.0), y, says)


def _figure(one: Contestant, contest: Contest) -> str:
    """The value with its interval, short enough for a column."""
    few = 0 if abs(one.value or 0.0) >= 100 else contest.decimals
    return f"{number(one.value, few)} {bracket(*one.ends(), few)}".strip()


def _row(one: Contestant, contest: Contest) -> tuple[str, ...]:
    ends = bracket(*one.ends(), contest.decimals)
    return (one.name, number(one.value, contest.decimals), ends or NOTHING, one.ranks or NOTHING)


def _summary(contest: Contest, drawn: Sequence[Contestant]) -> str:
    first = drawn[0]
    best = f"{shown(first.name)} is highest with {number(first.value, contest.decimals)}"
    ends = interval(*first.ends(), contest.decimals)
    ranks = f", rank {first.ranks} of {len(contest.contestants)}" if first.ranks else ""
    return f"Ratings by {contest.title}, the highest first. {best}{ends}{ranks}."
