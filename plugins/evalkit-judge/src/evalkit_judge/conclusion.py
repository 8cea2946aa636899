"""Everything that follows from the verdicts, before it is put into words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from evalkit import Contest
from evalkit_judge.agreement import Agreement
from evalkit_judge.audit import Audit, Evidence, audit
from evalkit_judge.fitting import Figures, Fit
from evalkit_judge.humans import Opinion
from evalkit_judge.lineup import Lineup
from evalkit_judge.panel import Panel, probes_of
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.people import HumanAgreement, agreement_of_judges, human_agreement
from evalkit_judge.ratings import PositionEffect, Ratings
from evalkit_judge.sensitivity import Ranks, refits
from evalkit_judge.tally import Outcome, Record, Verdicts, outcomes, pooled, record


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What follows from the verdicts.

    Attributes:
        lineup: what was judged.
        judged: judge -> what each unit ended as by it.
        units: what each ended as by all of them together.
        rated: the ratings.
        by_judge: judge -> the ratings by its verdicts alone; empty for a single judge.
        records: contestant -> how it did.
        audits: judge -> its audit.
        advantages: judge -> how much it helps to be shown first; None if that cannot be told.
        people: judge -> its agreement with people; empty without their verdicts.
        judges: ``"a and b"`` -> the agreement of two judges.
        refits: contestant -> ranks under other assumptions; None if nothing failed.
        probes: how many questions only checked a judge.
    """

    lineup: Lineup
    judged: Mapping[str, Sequence[Outcome]]
    units: Sequence[Outcome]
    rated: Ratings
    by_judge: Mapping[str, Figures]
    records: Mapping[str, Record]
    audits: Mapping[str, Audit]
    advantages: Mapping[str, PositionEffect | None]
    people: Mapping[str, HumanAgreement]
    judges: Mapping[str, Agreement | None]
    refits: Mapping[str, Ranks] | None
    probes: int


def conclude(
    contest: Contest,
    lineup: Lineup,
    params: JudgeEloParams,
    panel: Panel,
    said: tuple[Verdicts, Sequence[Opinion]],
) -> Conclusion:
    """Draw the conclusions.

    Args:
        contest: what the comparison was given.
        lineup: what was judged.
        params: of the comparison.
        panel: who judged, and how.
        said: the verdicts of the judges, and those of people.
    """
    verdicts, opinions = said
    judged = {
        judge: outcomes(lineup, verdicts, judge, votes=asking.votes, mtbench=params.mtbench)
        for judge, asking in panel.items()
    }
    evidence = {
        judge: Evidence(
            judge=judge,
            lineup=lineup,
            units=units,
            probes=probes_of(contest, lineup, params, panel, judge),
            verdicts=verdicts,
            triples=contest.task.answer == "triples",
        )
        for judge, units in judged.items()
    }
    units = pooled(list(judged.values()))
    fit = Fit(lineup, params, seed=contest.seed)
    return Conclusion(
        lineup=lineup,
        judged=judged,
        units=units,
        rated=fit.ratings(units),
        by_judge={j: fit.elo(own) for j, own in judged.items()} if len(judged) > 1 else {},
        records={name: record(name, units) for name in lineup.contestants},
        audits={judge: audit(own, params) for judge, own in evidence.items()},
        advantages={judge: fit.advantage(own) for judge, own in judged.items()},
        people={
            judge: human_agreement(contest, lineup, own, opinions)
            for judge, own in judged.items()
            if opinions
        },
        judges=agreement_of_judges(judged, lineup, seed=contest.seed),
        refits=refits(units, lineup.contestants, partial(fit.elo_if, units)),
        probes=sum(len(own.probes) for own in evidence.values()),
    )
