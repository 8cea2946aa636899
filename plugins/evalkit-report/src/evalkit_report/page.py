"""Renders the page: what the sections show, the charts, and the data of the example browser."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import PackageLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from evalkit_report.charts import Charts, all_charts
from evalkit_report.examples import BrowserData, browser_data
from evalkit_report.model import Material
from evalkit_report.policy import inline, policy
from evalkit_report.sections.cells import cells_of
from evalkit_report.sections.judging import judged_of
from evalkit_report.sections.methods import methods_of
from evalkit_report.sections.origin import checks_of, origin_of
from evalkit_report.sections.payoff import payoffs_of
from evalkit_report.sections.prompts import prompts_of
from evalkit_report.sections.summary import summary_of
from evalkit_report.sections.verdict import verdict_of
from evalkit_report.sections.warnings import warnings_of
from evalkit_report.symbols import colour_of, shape_of
from evalkit_report.visible import plain, visible

_SECTIONS: Final = (
    ("verdict", "Verdict"),
    ("methods", "All methods"),
    ("curves", "Learning curves"),
    ("ratings", "Ratings"),
    ("tradeoffs", "Quality and cost"),
    ("outcomes", "Outcomes"),
    ("slices", "Where it works"),
    ("losses", "Training loss"),
    ("examples", "Examples"),
    ("prompts", "Prompts"),
    ("fairness", "Fairness checks"),
    ("origin", "Origin"),
    ("missing", "Missing"),
)
_SCRIPTS: Final = (
    "page.js",
    *(f"browser/{name}.js" for name in ("text", "state", "elements", "addresses", "data")),
    *(f"browser/{name}.js" for name in ("scores", "filters", "list", "example", "target")),
    *(f"browser/{name}.js" for name in ("cards", "judges", "fields", "start")),
)
"""They share a scope: a block, so that nothing of them is global."""
_STYLES: Final = (
    "tokens.css",
    *(f"page/{name}.css" for name in ("base", "navigation", "verdict", "chips", "tables")),
    *(f"page/{name}.css" for name in ("texts", "charts", "sources", "narrow", "paper")),
    *(f"browser/{name}.css" for name in ("base", "fields", "list", "example", "kinds", "cards")),
    *(f"browser/{name}.css" for name in ("judges", "keys", "narrow", "paper")),
)
"""In this order: what comes later overrules what came before."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page: its id, and what it is called."""

    id: str
    title: str


def render(material: Material, most: int) -> str:
    """The whole page.

    Args:
        material: what there is to show.
        most: examples whose answers can be looked at.
    """
    browser = browser_data(material, most)
    shown = _shown(material, all_charts(material), browser)
    return _environment().get_template("page.html.jinja").render(shown)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=PackageLoader("evalkit_report"),
        autoescape=True,
        finalize=plain,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    environment.globals |= {"colour_of": colour_of, "shape_of": shape_of}
    return environment


def _shown(material: Material, charts: Charts, browser: BrowserData) -> dict[str, Any]:
    """What the templates show, by name."""
    script, style = inline(*_SCRIPTS, opening='"use strict";\n{', closing="}"), inline(*_STYLES)
    missing = (*material.missing, *charts.missing, *browser.missing)
    shown: dict[str, Any] = {
        "policy": policy(script, style),
        "script": script.text,
        "style": style.text,
        "summary": summary_of(material),
        "verdict": verdict_of(material),
        "warnings": warnings_of(material),
        "methods": methods_of(material),
        "cells": cells_of(material),
        "judged": judged_of(material),
        "payoffs": payoffs_of(material),
        "prompts": prompts_of(material),
        "checks": checks_of(material),
        "origin": origin_of(material),
        "missing": tuple(dict.fromkeys(missing)),
        "charts": charts.parts,
        "browser": browser,
        "meta": _data(browser.meta),
        "chunks": {name: Markup(text) for name, text in browser.chunks.items()},
    }
    return shown | {"sections": _present(shown)}


def _data(value: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))


def _present(shown: Mapping[str, Any]) -> dict[str, Section]:
    """The sections that there is something to show in, in their order."""
    charts: Mapping[str, Any] = shown["charts"]
    known = {
        "ratings": charts["ratings"] or shown["judged"],
        "tradeoffs": charts["tradeoffs"] or shown["payoffs"],
        "prompts": shown["prompts"],
        "fairness": shown["checks"],
        "missing": shown["missing"],
    }
    return {
        name: Section(name, title)
        for name, title in _SECTIONS
        if known.get(name, charts.get(name, True))
    }
