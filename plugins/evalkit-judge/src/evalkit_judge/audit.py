"""The audit of a judge: each check with what it found, what it needs, and what follows.

A judge passes if every check that applies reaches its threshold on enough units; it fails if one
misses its threshold; otherwise the audit is open: nothing speaks against the judge, but not enough
was checked.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from evalkit_judge.checks import GoldScore, Position, Triads, gold_scores, position, triads
from evalkit_judge.lineup import Lineup
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.probes import REPEATS, Check, Probe
from evalkit_judge.tally import Outcome, Verdicts
from evalkit_judge.verdicts import read_verdict

State: TypeAlias = Literal["passed", "failed", "open"]
_Found: TypeAlias = tuple[float | None, int]
"""A value, and on how many units it rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes:
        name: of the check, for people.
        value: what was found, in [0, 1]; None if there was nothing to find.
        threshold: the least value with which a judge passes.
        units: on how much the value rests.
        state: ``open`` if the value is good enough but rests on too few units, or is unknown.
    """

    name: str
    value: float | None
    threshold: float
    units: int
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """All that was found out about a judge.

    Attributes:
        judge: its name.
        findings: one for each check that applies.
        position: what the order of the answers did; None if no pair was judged in both orders.
        gold: method -> how the gold answers did against it.
        triads: circles among its verdicts.
        degraded: damage -> share of the units in which the original was preferred.
    """

    judge: str
    findings: tuple[Finding, ...]
    position: Position | None
    gold: Mapping[str, GoldScore | None]
    triads: Triads
    degraded: Mapping[str, float]

    @property
    def state(self) -> State:
        """``failed`` if one check is, else ``open`` if one is, else ``passed``."""
        states = {finding.state for finding in self.findings}
        return "failed" if "failed" in states else "open" if "open" in states else "passed"

    def of(self, state: State) -> list[Finding]:
        """The findings that ended so."""
        return [finding for finding in self.findings if finding.state == state]


def validated(audits: Sequence[Audit]) -> float | None:
    """1 if every judge passed, 0 if one failed, None if that is open."""
    states = {audit.state for audit in audits}
    return 0.0 if "failed" in states else None if "open" in states else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What an audit looks at.

    Attributes:
        judge: name of the judge.
        lineup: what was judged.
        units: what it ended as by this judge.
        probes: the questions that checked it.
        verdicts: the verdicts on all questions, of all judges.
        triples: whether answers are triples, so that they can be spoilt.
    """

    judge: str
    lineup: Lineup
    units: Sequence[Outcome]
    probes: Sequence[Probe]
    verdicts: Verdicts
    triples: bool


def audit(evidence: Evidence, params: JudgeEloParams) -> Audit:
    """The audit of one judge."""
    least = params.thresholds
    place = position(evidence.units)
    gold = gold_scores(evidence.lineup, evidence.units)
    of_gold = _gold_finding(gold, least.gold, least.units)
    lost = _damage_shares(evidence, mtbench=params.mtbench)
    checks: list[tuple[str, _Found, float]] = [
        (
            "position consistency",
            (place.consistency, place.units) if place else (None, 0),
            least.consistency,
        ),
        ("equal answers tied", _mean(_tied(evidence)), least.identical),
    ]
    if evidence.triples:
        found = _mean([share for _, share in lost])
        checks.append(("spoilt answers lost", found, least.degraded))
    if params.repeat:
        checks.append(("repetitions alike", _mean(_modal_shares(evidence)), least.stability))
    consistent, *asked = (_finding(*check, least.units) for check in checks)
    return Audit(
        judge=evidence.judge,
        findings=(consistent, of_gold, *asked),
        position=place,
        gold=gold,
        triads=triads(evidence.lineup, evidence.units),
        degraded={
            damage: sum(own) / len(own)
            for damage in dict.fromkeys(name for name, _ in lost)
            if (own := [share for name, share in lost if name == damage])
        },
    )


def _finding(name: str, found: _Found, threshold: float, needed: int) -> Finding:
    value, units = found
    state: State = "open" if value is None or units < needed else "passed"
    if value is not None and value < threshold:
        state = "failed"
    return Finding(name=name, value=value, threshold=threshold, units=units, state=state)


def _gold_finding(gold: Mapping[str, GoldScore | None], threshold: float, needed: int) -> Finding:
    """A bound from a few units is low whoever judges: it fails nobody whose means are above it."""
    finding = _finding("gold answers, lower bound", _least_gold(gold), threshold, needed)
    above = all(score.score > threshold for score in gold.values() if score is not None)
    if finding.state == "failed" and finding.units < needed and above:
        return replace(finding, state="open")
    return finding


def _least_gold(gold: Mapping[str, GoldScore | None]) -> _Found:
    """The lower bound against the method that comes closest; None if one was never met."""
    known = [score for score in gold.values() if score is not None]
    if not known:
        return None, 0
    units = min(score.units for score in known) if len(known) == len(gold) else 0
    return min(score.low for score in known), units


def _mean(values: Sequence[float]) -> _Found:
    return (sum(values) / len(values) if values else None), len(values)


def _scores(evidence: Evidence, check: Check) -> Iterator[tuple[Probe, list[float]]]:
    """The scores of each unit of a check, those without a verdict in every question left out."""
    found: dict[tuple[str, str, str], list[tuple[Probe, float | None]]] = {}
    for probe in evidence.probes:
        if probe.check == check:
            bout = probe.bout
            _, score = read_verdict(bout, evidence.verdicts[probe.id])
            found.setdefault((bout.example, bout.a, bout.b), []).append((probe, score))
    for own in found.values():
        scores = [score for _, score in own if score is not None]
        if len(scores) == len(own):
            yield own[0][0], scores


def _tied(evidence: Evidence) -> list[float]:
    """Share of ties of each unit with two equal answers."""
    return [
        sum(score == 0.5 for score in scores) / len(scores)
        for _, scores in _scores(evidence, "identical")
    ]


def _damage_shares(evidence: Evidence, *, mtbench: bool) -> list[tuple[str, float]]:
    """The damage of each unit with a spoilt answer, and 1 if the original was preferred."""
    found = []
    for probe, scores in _scores(evidence, "degraded"):
        tie = mtbench and len(set(scores)) > 1
        preferred = not tie and sum(scores) / len(scores) > 0.5
        found.append((probe.bout.b, float(preferred)))
    return found


def _modal_shares(evidence: Evidence) -> list[float]:
    """Share of the commonest verdict among the five of each repeated question."""
    found = []
    for probe, scores in _scores(evidence, "repeated"):
        first = replace(probe.bout, vote=0)
        _, score = read_verdict(first, evidence.verdicts[first.id])
        if score is not None:
            (_, most), *_ = Counter([*scores, score]).most_common(1)
            found.append(most / REPEATS)
    return found
