"""Results as JUnit XML, which build servers show as tests: cells, comparisons, expectations.

The form is the one that Jenkins, GitLab and others read: https://github.com/testmoapp/junitxml.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evalkit.results import MOST_FAILURES, comparable
from evalkit.store import write_atomically

Form = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Case:
    """A test case; `fault` says why it failed, `skipped` why it was left out."""

    name: str
    fault: str = ""
    seconds: float = 0.0
    skipped: str = ""


def write_junit(results: Form, path: Path, problems: Sequence[str] = ()) -> None:
    """Write test suites for the cells, the comparisons, the expectations.

    Args:
        results: the content of ``results.json``.
        path: where to write.
        problems: what went wrong after the results were written: a test suite of their own.
    """
    root = ElementTree.Element("testsuites", name=_text(results["run"]["suite"]))
    _suite(root, "cells", map(_cell, results["cells"]))
    _suite(root, "comparisons", map(_comparison, results["comparisons"]))
    _suite(root, "expectations", map(_expectation, results.get("expectations") or ()))
    if problems:
        _suite(root, "problems", [_Case(text.splitlines()[0], fault=text) for text in problems])
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
    write_atomically(path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')


def _suite(root: ElementTree.Element, name: str, cases: Iterable[_Case]) -> None:
    cases = list(cases)
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(bool(case.fault) for case in cases)),
        skipped=str(sum(bool(case.skipped) for case in cases)),
        time=f"{sum(case.seconds for case in cases):.3f}",
    )
    for case in cases:
        element = ElementTree.SubElement(
            suite,
            "testcase",
            classname=name,
            name=_text(case.name),
            time=f"{case.seconds:.3f}",
        )
        if case.fault:
            failure = ElementTree.SubElement(element, "failure", message=_text(case.fault))
            failure.text = _text(case.fault)
        if case.skipped:
            ElementTree.SubElement(element, "skipped", message=_text(case.skipped))


def _cell(cell: Form) -> _Case:
    fault = _fault(cell)
    if not fault and not comparable(cell):
        failed = cell["outcomes"]["failed"]
        fault = f"{failed} of {cell['examples']} answers failed, more than {MOST_FAILURES:.0%}"
    return _Case(cell["id"], fault, _seconds(cell))


def _comparison(comparison: Form) -> _Case:
    name = f"{comparison['name']} seed {comparison['seed']}"
    return _Case(name, _fault(comparison), comparison["seconds"] or 0.0)


def _expectation(one: Form) -> _Case:
    if one["met"] is None:
        return _Case(one["name"], skipped=one["detail"])
    return _Case(one["name"], fault="" if one["met"] else one["detail"])


def _fault(part: Form) -> str:
    """Why a part is no success; empty if it is one."""
    if part["status"] == "done":
        return ""
    failure = part["failure"]
    return f"{failure['reason']} {failure['hint']}".strip() if failure else "not run"


def _seconds(cell: Form) -> float:
    return float(sum(seconds or 0 for seconds in cell["seconds"].values()))


def _text(text: str) -> str:
    """The text without characters that XML 1.0 cannot hold, each shown as a question mark."""
    return "".join(char if _allowed(ord(char)) else "?" for char in str(text))


def _allowed(code: int) -> bool:
    if code < 0x20:
        return code in (0x9, 0xA, 0xD)
    return code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF
