"""What the fuzz tests share: how long each goes on, and input that is nearly right.

`make test` gives every target a few dozen examples. `make fuzz` shares out the seconds in
EVALKIT_FUZZ_SECONDS: rounds of examples, each with a seed of its own, until a target's time is up.
EVALKIT_FUZZ_SEED is the seed of the first round. The same seed gives the same examples.
"""

import copy
import itertools
import json
import os
import re
import time
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[1]
SEED = int(os.environ.get("EVALKIT_FUZZ_SEED") or 1)
_EXAMPLES = 40

_PIECES = [
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\r\n", b"\r", b"\n", b"\t", b"\x1b[2J"),
    *(b"1e999", b"-0", b"-0.0", b"NaN", b"Infinity", b"inf", b"1_000", b"true", b"null"),
    *(b"9" * 5000, b"0x" + b"f" * 5000, b"9223372036854775808", b"2024-05-01", b"07:32:00"),
    *(b"\\ud800", b"\\u0000", b"\\x00", "\u2028".encode(), "\u202e".encode(), "ſ①".encode()),
    *(b"[", b"]", b"{", b"}", b'"', b"'", b'"""', b"=", b",", b":", b"|", b" | ", b"#", b"."),
    *(b"[" * 3000, b'{"a":' * 3000, b"{a=" * 3000, b"a." * 2000, b"x" * 5000, b"[[" + b"]]"),
    *(b"<", b">", b"&", b"&#0;", b"&#xD800;", b"&a;", b"]]>", b"<!--", b"<?x?>", b"<a>" * 3000),
    *(b'<!DOCTYPE b [<!ENTITY a "aa">]>', b'<?xml version="1.0" encoding="utf-7"?>'),
    *(b"../", b"~nobody/", b"/dev/zero", b"1. ", b"2) ", b"- ", b"```", b"<think>", b"</think>"),
]
_ODD = [
    *(None, True, False, 0, -1, 1.5, 2**63, 10**290, 10**400, 1e308, float("nan"), float("inf")),
    *("", " ", "x", "\ud800", "a\0b", "\u202e", "../up", "/", "~", "x" * 5000, "1e999"),
    *([], {}, [[]], [None], ["x"], {"a": 1}, {"": None}, {"id": "x"}),
]


def fuzz(check, *strategies, parts=1):
    """Call `check` with examples of the strategies for as long as this target may take.

    Where a test has parameters, each of the `parts` takes its part of that time.
    """
    started, count = time.monotonic(), 0

    def counted(*example):
        nonlocal count
        count += 1
        check(*example)

    for number in itertools.count():
        given_examples = given(st.tuples(*strategies))(lambda example: counted(*example))
        seed(SEED + number)(_calmly(given_examples))()
        if time.monotonic() - started >= _share() / parts:
            break
    print(f"\n{count} examples from seed {SEED}")


def _calmly(test):
    """As many examples as a round has; none is kept for another day, none is timed."""
    return settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(test)


def _share():
    """Seconds of each target."""
    total = float(os.environ.get("EVALKIT_FUZZ_SECONDS") or 0)
    files = [*ROOT.glob("tests/test_fuzz_*.py"), *ROOT.glob("plugins/*/tests/test_*_fuzz.py")]
    targets = sum(len(re.findall(r"^ +fuzz\(", path.read_text(), re.MULTILINE)) for path in files)
    return total / targets


def damaged(*valid):
    """Bytes of which most are those of one of the valid texts; or any bytes at all."""
    nearly = st.builds(_damaged, st.sampled_from(valid), _dice())
    return st.integers(0, 9).flatmap(lambda n: nearly if n else st.binary(max_size=200))


def altered(form):
    """The text of JSON in which a few values are others, gone, or under another key."""
    return st.builds(lambda dice: written(_altered(form, dice)), _dice())


def altered_lines(forms):
    """The same of the lines of a file."""
    return st.builds(lambda dice: [*map(written, _altered(forms, dice))], _dice())


def _dice():
    """Hypothesis likes small numbers and ends of ranges too much to find places in a text."""
    return st.integers(0, 2**64 - 1).map(Random)


def _damaged(text, dice):
    content = text.encode()
    for _ in range(dice.choice([1, 1, 2, 3, 5])):
        start = dice.randint(0, len(content))
        end = min(len(content), start + dice.choice([0, 0, 1, 3, 10, 60]))
        before, part, after = content[:start], content[start:end], content[end:]
        content = dice.choice(
            [
                *[before + dice.choice(_PIECES) + after] * 6,
                before + bytes([dice.randrange(256)]) + after,
                before + part + part + after,
                before + part[::-1] + after,
                before + after,
                before,
                content.replace(b"\n", b"\r\n"),
                content + content,
            ]
        )
    odd = dice.choice(["utf-8"] * 18 + ["utf-16", "cp037"])
    return content if odd == "utf-8" else _as(content, odd)


def _as(content, encoding):
    return content.decode("utf-8", "replace").encode(encoding, "replace")


def _altered(form, dice):
    top = {"": copy.deepcopy(form)}
    for _ in range(dice.choice([1, 1, 2, 3])):
        holder, key = top, ""
        while holder is top or (isinstance(holder[key], dict | list) and dice.random() < 0.8):
            if not isinstance(holder[key], dict | list) or not holder[key]:
                break
            holder = holder[key]
            key = dice.choice([*holder] if isinstance(holder, dict) else range(len(holder)))
        if holder is top:
            continue
        how = dice.randrange(10)
        if how == 0:
            del holder[key]
        elif how == 1 and isinstance(holder, dict):
            holder["other"] = holder.pop(key)
        elif how == 2:
            holder[key] = nested(dice.randint(80, 900))
        else:
            holder[key] = copy.copy(dice.choice(_ODD))
    return top[""]


def nested(depth):
    """Lists in each other."""
    value = []
    for _ in range(depth):
        value = [value]
    return value


def written(form):
    """JSON as Python writes it, which is more than JSON: NaN, and numbers of any length."""
    return json.dumps(form)


def answers(*words):
    """Texts as models write them, with some of these words in them; lone surrogates too."""
    anything = st.text(st.characters(exclude_categories=()), max_size=20)
    signs = st.sampled_from(["\n", "\r", "|", '"', "{", "}", "[", "]", ",", ":", "\0", "\ud800"])
    odd = st.sampled_from(
        ["9" * 5000, "1e999", "NaN", "-0", "[" * 2000, '{"a":' * 2000, "(" * 2000, "x" * 5000]
    )
    deep = st.integers(90, 980).map(lambda depth: "[" * depth + "]" * depth)
    pieces = anything | signs | odd | deep | st.sampled_from(words)
    return st.lists(pieces, max_size=12).map("".join)
