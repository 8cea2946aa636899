"""The other end of ``harness``: a side as a child process, which works whenever it is told to.

It runs under interpreters that have no evalkit, so that it imports the standard library alone.
The first line on standard input is the set-up, a JSON object; each further line is ``go`` and a
JSON object, the order. The answers are JSON objects, one a line, on what was standard output when
the process began: whatever libraries print goes to standard error.
"""

import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any, Protocol


class Work(Protocol):
    """What a side does, with its model loaded.

    Attributes:
        facts: what is known of it before it works, such as a hash of its prompts.
    """

    facts: Mapping[str, Any]

    def go(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        """Work once; ``seconds`` is the time that counts, everything else are facts."""

    def close(self) -> None:
        """End what was started."""


def serve(make: Callable[[Mapping[str, Any]], Work], *libraries: str) -> None:
    """Work for a harness until it closes standard input.

    Args:
        make: loads what the set-up asks for.
        libraries: distributions whose versions are reported.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(answer: Mapping[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    work = make(json.loads(sys.stdin.readline()))
    tell({"versions": versions(libraries), "facts": work.facts})
    for line in sys.stdin:
        tell(work.go(json.loads(line.removeprefix("go"))))
    work.close()


def versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """The versions of Python and of installed distributions."""
    found = {"python": platform.python_version()}
    return found | {name: metadata.version(name) for name in libraries}
