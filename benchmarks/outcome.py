"""What a measurement found, as a JSON file that ``report`` makes tables of."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from benchmarks.harness import RESULTS, Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure, and what it was meant to be.

    Attributes:
        what: what it is, for the table.
        value: the figure.
        target: what it was meant to be; None if it is only reported.
        sense: on which side of the target it shall be.
        unit: behind the figure; empty for a ratio.
    """

    what: str
    value: float
    target: float | None = None
    sense: Literal["at most", "at least"] = "at most"
    unit: str = ""

    @property
    def missed_by(self) -> float | None:
        """By which part of the target it is missed, 0 if it is met; None without a target."""
        if self.target is None:
            return None
        over = self.value / self.target - 1
        return max(0.0, over if self.sense == "at most" else -over)

    def to_json(self) -> dict[str, Any]:
        """As JSON, with the verdict."""
        missed = self.missed_by
        verdict = {} if missed is None else {"met": missed == 0, "missed_by": round(missed, 4)}
        return {**asdict(self), "value": float(f"{self.value:.4g}"), **verdict}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A measurement.

    Attributes:
        name: of the file, and of the row.
        what: what was measured, for the table.
        settings: sizes, number format, where the texts come from.
        findings: the figures that count.
        measured: the sides, ours first; may be empty.
        notes: what a reader has to know to read the figures rightly.
        order: where it stands in the table.
    """

    name: str
    what: str
    settings: Mapping[str, Any]
    findings: Sequence[Finding]
    measured: Sequence[Measured] = ()
    notes: Sequence[str] = field(default_factory=tuple)
    order: int

    def write(self, folder: Path = RESULTS) -> Path:
        """Write it to ``NAME.json``; the path."""
        form: dict[str, Any] = {
            "name": self.name,
            "order": self.order,
            "what": self.what,
            "date": datetime.now(UTC).date().isoformat(),
            "machine": machine(),
            "settings": self.settings,
            "findings": [finding.to_json() for finding in self.findings],
            "sides": [_side(measured) for measured in self.measured],
            "notes": list(self.notes),
        }
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(form, indent=2) + "\n", encoding="utf-8")
        for finding in form["findings"]:
            print(self.name, json.dumps(finding))
        return path


def ratio(ours: Measured, peer: Measured, *, target: float | None) -> Finding:
    """Our median time as a part of a peer's."""
    what = f"time of {ours.side.name} / time of {peer.side.name}"
    return Finding(what=what, value=ours.median / peer.median, target=target)


def machine() -> dict[str, Any]:
    """The processor, how many of its cores may be used, and the memory."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or "unknown",
        "bfloat16": "avx512_bf16" in (_first("/proc/cpuinfo", "flags") or ""),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
    }


def _first(path: str, key: str) -> str | None:
    """The value of the first line of this key in a file of ``key : value`` lines."""
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return None


_INNER = {"seconds", "answers", "weights"}


def _side(measured: Measured) -> dict[str, Any]:
    return {
        "name": measured.side.name,
        "versions": measured.versions,
        "median_s": round(measured.median, 3),
        "seconds": [round(one, 3) for one in measured.seconds],
        "facts": measured.facts,
        "runs": [{k: v for k, v in run.items() if k not in _INNER} for run in measured.runs],
    }
