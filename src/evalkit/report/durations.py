"""Which jobs of an execution took longest, for ``--durations``. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """A job that ran.

    Attributes:
        id: its identity.
        label: for people.
        seconds: how long it took.
        failed: whether it failed.
    """

    id: str
    label: str
    seconds: float
    failed: bool


def finished_jobs(results: Mapping[str, Any]) -> frozenset[str]:
    """Identities of the jobs that a run found finished, and of its comparisons.

    Args:
        results: the content of ``results.json``.
    """
    cells = [cell["jobs"]["reused"] for cell in results["cells"] if cell["jobs"]]
    compared = [one["identity"] for one in results["comparisons"] if one["status"] == "done"]
    return frozenset(compared).union(*cells)


def duration_lines(took: Sequence[Took], most: int, before: Collection[str]) -> Iterator[str]:
    """The slowest jobs, the slowest first.

    Args:
        took: the jobs of this execution, in their order.
        most: how many to tell of; 0 means all.
        before: identities of finished jobs; of those that did not run now only the number is told.
    """
    kept = len(set(before) - {one.id for one in took})
    aside = f"{counted(kept, 'job')} finished before: not counted" if kept else ""
    if not took:
        yield f"slowest jobs: none ran{f' ({aside})' if aside else ''}"
        return
    slowest = sorted(took, key=lambda one: -one.seconds)[: most or None]
    of = f"slowest {len(slowest)} of {counted(len(took), 'job')} that ran"
    yield f"{of}{f' ({aside})' if aside else ''}:"
    texts = [f"{one.seconds:,.2f} s" for one in slowest]
    for one, text in zip(slowest, texts, strict=True):
        failed = "  FAILED" if one.failed else ""
        yield f"  {text:>{max(map(len, texts))}}  {one.label}{failed}"
