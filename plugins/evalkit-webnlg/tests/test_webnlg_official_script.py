"""``webnlg-official`` beside the official script, where there is one.

EVALKIT_WEBNLG_SCRIPT names the file, EVALKIT_WEBNLG_SCRIPT_PYTHON the interpreter with what it
needs (nervaluate 0.1.7, nltk and scikit-learn); without it, this one. It is called as
``script REFERENCES CANDIDATES RESULTS``: two XML files in the form of the challenge, and the JSON
file that it writes. It is neither part of this project nor imported by it.
"""

import json
import os
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

import pytest

from evalkit_webnlg.official.metric import WebnlgOfficial
from evalkit_webnlg.params import WebnlgOfficialParams

_METRIC = WebnlgOfficial(WebnlgOfficialParams())
_NAMES = {
    "type": "ent_type",
    "partial": "partial",
    "strict": "strict",
    "exact": "exact",
    "full": "exact_match",
}
"""Our name of a score -> the script's."""
_WORDS = ["New", "York", "city", "a", "b", "2.5", "born_in", "birthPlace", "x-y", '"z"', "(q)"]
_ENTRIES = 150


@pytest.fixture(scope="module")
def script():
    named = os.environ.get("EVALKIT_WEBNLG_SCRIPT")
    if not named:
        pytest.skip("EVALKIT_WEBNLG_SCRIPT does not name the official script")
    return Path(named)


def corpus():
    """Random targets and answers, up to four triples each, at which the script does not crash."""
    rng = random.Random(2020)

    def triple():
        return [" ".join(rng.choices(_WORDS, k=rng.randint(1, 3))) for _ in range(3)]

    pairs = []
    while len(pairs) < _ENTRIES:
        target = [triple() for _ in range(rng.randint(1, 4))]
        kept = [one if rng.random() < 0.6 else rng.sample(one, 3) for one in target]
        value = [*rng.sample(kept, rng.randint(1, len(kept))), triple()][: rng.randint(1, 4)]
        if not _METRIC.score(target, value)["crash"]:
            pairs.append((target, value))
    return pairs


def write(path, outer, inner, sides):
    root = Element("benchmark")
    entries = SubElement(root, "entries")
    for number, triples in enumerate(sides, start=1):
        entry = SubElement(entries, "entry", category="City", eid=f"Id{number}")
        held = SubElement(entry, outer)
        for one in triples:
            SubElement(held, inner).text = " | ".join(one)
    ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def find(form, name):
    """The first object of this name that has an F1, whatever it is nested in."""
    if not isinstance(form, Mapping):
        return None
    for key, value in form.items():
        if key.lower() == name and isinstance(value, Mapping):
            rates = {rate.lower(): figure for rate, figure in value.items()}
            if {"precision", "recall", "f1"} <= rates.keys():
                return rates
    return next((found for value in form.values() if (found := find(value, name))), None)


def test_the_figures_are_those_of_the_official_script(script, tmp_path):
    pairs = corpus()
    references, candidates, results = (
        tmp_path / name for name in ("references.xml", "candidates.xml", "results.json")
    )
    write(references, "modifiedtripleset", "mtriple", [target for target, _ in pairs])
    write(candidates, "generatedtripleset", "gtriple", [value for _, value in pairs])
    python = os.environ.get("EVALKIT_WEBNLG_SCRIPT_PYTHON") or sys.executable
    command = [python, script.resolve(), references, candidates, results]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    official = json.loads(results.read_text(encoding="utf-8"))
    ours = _METRIC.aggregate([_METRIC.score(target, value) for target, value in pairs])
    for score, name in _NAMES.items():
        theirs = find(official, name)
        assert theirs, f"{name} is not in {json.dumps(official)[:2000]}"
        for rate in ("precision", "recall", "f1"):
            expected = float(theirs[rate])
            assert ours[f"{score}_{rate}"] == pytest.approx(expected, abs=1e-12), (score, rate)
