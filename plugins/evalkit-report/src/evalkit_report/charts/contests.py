"""What comparisons hold: the standings of their contestants. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalkit_report.charts.words import shown, slug
from evalkit_report.model import Form, Material


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A contestant of a comparison.

    Attributes:
        name: its method; what the comparison calls it if it is none, as ``gold``.
        value: the headline; None if it is undefined.
        values: all its figures.
    """

    name: str
    value: float | None
    values: Form

    def ends(self) -> tuple[float | None, float | None]:
        """Its 95% interval, as far as it is known."""
        return self.values.get("low"), self.values.get("high")

    @property
    def ranks(self) -> str:
        """The range of its ranks; empty if the comparison does not tell."""
        low, high = self.values.get("rank_low"), self.values.get("rank_high")
        if low is None or high is None:
            return ""
        return f"{low:.0f}" if low == high else f"{low:.0f} to {high:.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """A comparison under one seed.

    Attributes:
        title: what it is called where there are several.
        slug: likewise, as part of an id.
        headline: what its figures are.
        decimals: with which they are written.
        contestants: those with a figure first, the highest first.
        order: number of a contestant in the comparison's own lists, in the order above.
        form: its part of ``results.json``.
    """

    title: str
    slug: str
    headline: str
    decimals: int
    contestants: tuple[Contestant, ...]
    order: tuple[int, ...]
    form: Form

    @property
    def doubt(self) -> str:
        """What is to be said of the judge; empty if it passed its audit, or there is none."""
        found = [one.values["validated"] for one in self.contestants if "validated" in one.values]
        if not found:
            return ""
        if 0 in found:
            return "The judge failed its audit: it is not validated for this task"
        return "The judge was not audited to the end: it is not validated" if None in found else ""


def contests_of(material: Material) -> Iterator[Contest]:
    """All comparisons that came to an end, run by run."""
    several_runs = len(material.runs) > 1
    for run in material.runs:
        found = [one for one in run.results.get("comparisons") or () if one.get("standings")]
        for form in found:
            methods = {c.form["id"]: c.method for c in material.cells if c.run is run}
            words = [str(form["name"]), f"seed {form['seed']}"]
            if several_runs:
                words.append(str(run.results["run"]["id"]))
            yield _contest(form, methods, [shown(word) for word in words])


def _contest(form: Form, methods: dict[str, str], words: list[str]) -> Contest:
    all_of_them = [_contestant(one, form["headline"], methods) for one in form["standings"]]
    order = sorted(range(len(all_of_them)), key=lambda place: _rank(all_of_them[place]))
    return Contest(
        title=", ".join(words),
        slug=slug(" ".join(words)),
        headline=str(form["headline"]),
        decimals=int(form.get("decimals", 2)),
        contestants=tuple(all_of_them[place] for place in order),
        order=tuple(order),
        form=form,
    )


def _contestant(standing: Form, headline: str, methods: dict[str, str]) -> Contestant:
    name, values = str(standing["contestant"]), standing["values"]
    found: Any = values.get(headline)
    return Contestant(name=methods.get(name, name), value=found, values=values)


def _rank(one: Contestant) -> tuple[bool, float]:
    return (one.value is None, -(one.value or 0.0))
