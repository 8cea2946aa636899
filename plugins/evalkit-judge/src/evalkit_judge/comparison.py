"""The comparison ``judge-elo``: models judge pairs of answers, and pairs become ratings.

After Zheng et al., "Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena" (2023,
https://arxiv.org/abs/2306.05685): both orders of each pair, so that a preference for a position
cancels. The gold answers take part, unmarked: a judge that does not prefer them to every method
has not shown that it can judge the task.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from evalkit import (
    Comparison,
    ComparisonResult,
    Contest,
    Failure,
    Json,
    Preview,
    Question,
    Standing,
    UserError,
)
from evalkit_judge.audit import validated
from evalkit_judge.beforehand import faults, most_requests
from evalkit_judge.conclusion import Conclusion, conclude
from evalkit_judge.contrasts import contrasts
from evalkit_judge.details import details_of
from evalkit_judge.fitting import Fit
from evalkit_judge.humans import Opinion, read_opinions
from evalkit_judge.lineup import Lineup, lineup
from evalkit_judge.notes import (
    audit_notes,
    cut_notes,
    failure_notes,
    gold_notes,
    idle_notes,
    people_notes,
    rating_notes,
    sensitivity_notes,
    silent_notes,
    verdict_notes,
)
from evalkit_judge.panel import Panel, panel_of, questions_to, units_in_budget
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.tally import statuses

_REASONS = 5
"""How many different reasons of Failures are kept."""


class JudgeElo(Comparison):
    """Pairwise verdicts of one or several judges, as ratings on the Elo scale."""

    params: JudgeEloParams

    def check(self, preview: Preview) -> Iterable[UserError]:
        """Faults of names, of the budget and of the file of human verdicts, all at once."""
        return faults(preview, self.params)

    def most_requests(self, preview: Preview) -> Mapping[str, int] | None:
        """Pairs, examples, orders and votes, the audit, and repeats of unreadable verdicts.

        Raises:
            ModelError: a judge can answer in no way that the parameters allow.
            UserError: a cell is called like the gold contestant.
        """
        return most_requests(preview, self.params)

    def questions(self, contest: Contest) -> Sequence[Question]:
        """To each judge: a question for each pair, example, order and vote, then its audit.

        Raises:
            ModelError: a judge can answer in no way that the parameters allow.
            DataError: the file of human verdicts is at fault.
            UserError: a cell is called like the gold contestant, the budget cannot link all
                contestants, or the anchor is not among them.
        """
        panel, field = self._set_up(contest)
        self._opinions(contest, field)  # whatever is wrong shows before anything is paid for
        Fit(field, self.params, seed=contest.seed)
        return [
            question
            for judge in panel
            for question in questions_to(contest, field, self.params, panel, judge)
        ]

    def conclude(
        self, contest: Contest, verdicts: Mapping[str, Mapping[str, Json] | Failure]
    ) -> ComparisonResult:
        """Ratings from the units that have a verdict of every judge in every order."""
        panel, field = self._set_up(contest)
        found = conclude(
            contest, field, self.params, panel, (verdicts, self._opinions(contest, field))
        )
        reasons = _reasons(verdicts.values())
        return ComparisonResult(
            standings=_standings(found),
            contrasts=contrasts(
                found.rated,
                field.contestants,
                meaningful=self.params.meaningful_difference,
                validated=validated(list(found.audits.values())),
            ),
            counts={
                **{key: _sum(found, key) for key in statuses(())},
                "unanswered": field.unanswered,
                "audit": found.probes,
            },
            notes=self._notes(panel, found, reasons),
            details={
                **details_of(contest, self.params, panel, found),
                "failure_reasons": reasons,
            },
        )

    def _set_up(self, contest: Contest) -> tuple[Panel, Lineup]:
        panel = panel_of(contest, self.params)
        field = lineup(
            contest,
            size=None if self.params.examples == "all" else self.params.examples,
            gold=self.params.gold,
            orders=self.params.orders,
            most=units_in_budget([asking.votes for asking in panel.values()], self.params),
        )
        return panel, field

    def _opinions(self, contest: Contest, field: Lineup) -> tuple[Opinion, ...]:
        if self.params.humans is None:
            return ()
        ids = [example.id for example in contest.examples]
        return read_opinions(self.params.humans, ids, field.contestants)

    def _notes(
        self, panel: Panel, found: Conclusion, reasons: Mapping[str, int]
    ) -> tuple[str, ...]:
        thresholds = self.params.thresholds
        audits = list(found.audits.values())
        choosing = all(asking.mode == "choices" for asking in panel.values())
        return (
            *gold_notes(found.lineup, found.rated),
            *audit_notes(audits, thresholds),
            *failure_notes(found.lineup, found.units, reasons),
            *cut_notes(found.lineup),
            *silent_notes(found.judged),
            *sensitivity_notes(found.records, found.refits, thresholds),
            *verdict_notes(audits),
            *people_notes(found.people, thresholds),
            *rating_notes(found.lineup, found.rated),
            *idle_notes(self.params.of_writing if choosing else ()),
        )


def _standings(found: Conclusion) -> tuple[Standing, ...]:
    trusted = validated(list(found.audits.values()))
    rated = found.rated
    return tuple(
        Standing(
            contestant=contestant,
            values={
                "elo": rated.elo[i],
                "se": rated.se[i],
                "low": rated.low[i],
                "high": rated.high[i],
                "rank_low": rated.rank_low[i],
                "rank_high": rated.rank_high[i],
                "validated": trusted,
                "wins": own.wins,
                "ties": own.ties,
                "losses": own.losses,
                "auto_ties": own.auto_ties,
                "units": own.units,
                "failed": own.failed,
                "failure_rate": own.failure_rate,
            },
        )
        for i, (contestant, own) in enumerate(found.records.items())
    )


def _sum(found: Conclusion, status: str) -> int:
    return sum(statuses(units)[status] for units in found.judged.values())


def _reasons(verdicts: Iterable[Mapping[str, Json] | Failure]) -> Mapping[str, int]:
    """Why there are Failures, the most frequent reason first."""
    found = Counter(kept.reason for kept in verdicts if isinstance(kept, Failure))
    return dict(found.most_common(_REASONS))
