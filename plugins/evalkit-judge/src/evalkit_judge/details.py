"""What ``results.json`` keeps of a comparison beside its standings."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict

from evalkit import Contest, Json
from evalkit_judge.conclusion import Conclusion
from evalkit_judge.panel import Panel
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.power import detectable_elo
from evalkit_judge.ratings import ELO_PER_LOGIT
from evalkit_judge.sensitivity import failures_differ


def details_of(
    contest: Contest, params: JudgeEloParams, panel: Panel, found: Conclusion
) -> Mapping[str, Json]:
    """What was asked, of whom and how, and what the checks found."""
    rated = found.rated
    return {
        "judges": _judges(contest, panel, found),
        "orders": params.orders,
        "mtbench": params.mtbench,
        "budget": params.budget,
        "rating": "online-elo" if params.compat == "study" else params.rating,
        "meaningful_difference": params.meaningful_difference,
        "sample": [example.id for example in found.lineup.sample],
        "contestants": list(found.lineup.contestants),
        "regularised": rated.regularised,
        "prior_share": rated.prior_share,
        "groups": [list(group) for group in rated.groups],
        "undefined": _undefined(found),
        "points": _points(found),
        "decided": _decided(found),
        "audit": {judge: _audit(found, judge) for judge in found.audits},
        "agreement": {pair: asdict(own) if own else None for pair, own in found.judges.items()},
        "humans": {judge: asdict(own) for judge, own in found.people.items()},
        "failures": _failures(found),
    }


def _judges(contest: Contest, panel: Panel, found: Conclusion) -> Mapping[str, Json]:
    names = found.lineup.contestants
    return {
        judge: {
            "revision": contest.judges[judge].revision,
            "answer": asking.mode,
            "votes": asking.votes,
            "prompt_sha256": hashlib.sha256(asking.system.encode()).hexdigest(),
            "elo": dict(zip(names, found.by_judge.get(judge, found.rated.elo), strict=True)),
        }
        for judge, asking in panel.items()
    }


def _audit(found: Conclusion, judge: str) -> Mapping[str, Json]:
    audit, place = found.audits[judge], found.audits[judge].position
    advantage = found.advantages[judge]
    return {
        "state": audit.state,
        "checks": [asdict(finding) for finding in audit.findings],
        "position": {**asdict(place), "bias_p": place.bias} if place else None,
        "first_shown_elo": ELO_PER_LOGIT * advantage.delta if advantage else None,
        "gold": {method: asdict(own) if own else None for method, own in audit.gold.items()},
        "degraded": dict(audit.degraded),
        "triads": {**asdict(audit.triads), "share": audit.triads.share},
    }


def _undefined(found: Conclusion) -> Mapping[str, Json]:
    """Why a rating or its error is undefined, for each contestant of which one is."""
    named = zip(found.lineup.contestants, found.rated.reasons, strict=True)
    return {name: reason for name, reason in named if reason is not None}


def _points(found: Conclusion) -> Json:
    """What each contestant scored against each other, row by row."""
    scored: defaultdict[tuple[str, str], float] = defaultdict(float)
    for one in found.units:
        if one.score is not None:
            scored[one.unit.a, one.unit.b] += one.score
            scored[one.unit.b, one.unit.a] += 1 - one.score
    names = found.lineup.contestants
    return [[scored[a, b] for b in names] for a in names]


def _decided(found: Conclusion) -> Mapping[str, Json]:
    """How many units each pair has that are no tie, and what so few of them can show."""
    pairs = Counter({pair: 0 for pair in found.lineup.pairs})
    pairs.update((u.unit.a, u.unit.b) for u in found.units if u.score not in (None, 0.5))
    least = min(pairs.values(), default=0)
    return {"least_units_of_a_pair": least, "detectable_elo": detectable_elo(least)}


def _failures(found: Conclusion) -> Mapping[str, Json]:
    return {
        "rates": {name: own.failure_rate for name, own in found.records.items()},
        "differ_p": failures_differ(list(found.records.values())),
        "ranks": {name: asdict(own) for name, own in found.refits.items()}
        if found.refits
        else None,
    }
