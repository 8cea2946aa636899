"""Results as JUnit XML, which build servers show as tests: cells, comparisons, expectations.

The form is the one that Jenkins, GitLab and others read: https://github.com/testmoapp/junitxml.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from evalkit.store import write_atomically

Form = Mapping[str, Any]


def write_junit(results: Form, path: Path) -> None:
    """Write a test suite for the cells, one for the comparisons and one for the expectations."""
    root = ElementTree.Element("testsuites", name=_text(results["run"]["suite"]))
    cells = [(cell["id"], _fault(cell), _seconds(cell)) for cell in results["cells"]]
    _suite(root, "cells", cells)
    compared = [
        (f"{one['name']} seed {one['seed']}", _fault(one), one["seconds"])
        for one in results["comparisons"]
    ]
    _suite(root, "comparisons", compared)
    expected = results.get("expectations") or []
    _suite(
        root, "expectations", [(e["name"], "" if e["met"] else e["detail"], 0) for e in expected]
    )
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
    write_atomically(path, f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n')


def _suite(
    root: ElementTree.Element, name: str, cases: Iterable[tuple[str, str, float | None]]
) -> None:
    cases = list(cases)
    failed = sum(bool(fault) for _, fault, _ in cases)
    suite = ElementTree.SubElement(
        root, "testsuite", name=name, tests=str(len(cases)), failures=str(failed)
    )
    for case, fault, seconds in cases:
        element = ElementTree.SubElement(
            suite, "testcase", classname=name, name=_text(case), time=f"{seconds or 0:.3f}"
        )
        if fault:
            failure = ElementTree.SubElement(element, "failure", message=_text(fault))
            failure.text = _text(fault)


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
