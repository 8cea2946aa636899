"""What is known before anything is paid for: faults, and how much a judge may be asked."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from evalkit import ModelError, Preview, UserError
from evalkit_judge.fitting import check_anchor
from evalkit_judge.humans import read_opinions
from evalkit_judge.lineup import contestants_of
from evalkit_judge.pairing import check_linked
from evalkit_judge.panel import tries_of, units_in_budget, votes_of
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.probes import REPEATS, Plan


def faults(preview: Preview, params: JudgeEloParams) -> Iterator[UserError]:
    """Every fault of a contest that is to come.

    Args:
        preview: what is known of it.
        params: of the comparison.
    """
    try:
        names = contestants_of(preview.contestants, gold=params.gold)
    except UserError as error:
        yield error
        return  # it is unclear who is meant by that name elsewhere
    for check in (
        partial(check_anchor, params, names),
        partial(_check_budget, preview, params, names),
        partial(_check_people, preview, params, names),
    ):
        try:
            check()
        except UserError as error:
            yield error


def most_requests(preview: Preview, params: JudgeEloParams) -> Mapping[str, int] | None:
    """How many requests each judge gets at most, those after unreadable verdicts included.

    Args:
        preview: what is known of the contest.
        params: of the comparison.

    Returns:
        None if a judge is not known.

    Raises:
        ModelError: a judge can answer in no way that the parameters allow.
    """
    if any(judge not in preview.judges for judge in params.panel):
        return None
    judges = {judge: preview.judges[judge] for judge in params.panel}
    votes = {judge: votes_of(params, model) for judge, model in judges.items()}
    names = contestants_of(preview.contestants, gold=params.gold)
    examples = _examples(preview, params)
    units = math.comb(len(names), 2) * examples
    most = units_in_budget(votes.values(), params)
    orders = 2 if params.orders == "both" else 1
    asked = orders * (units if most is None else min(units, most))
    plan = Plan(audit=params.audit, repeat=params.repeat, seed=preview.seed)
    identical = plan.units(examples)
    degraded = 2 * identical if preview.task.answer == "triples" else 0
    repeated = min(params.repeat, units) * (REPEATS - 1)
    return {
        judge: (asked + identical + degraded) * votes[judge] * tries_of(params, model)
        + repeated * tries_of(params, model)
        for judge, model in judges.items()
    }


def _examples(preview: Preview, params: JudgeEloParams) -> int:
    """How many examples are judged at most."""
    available = len(preview.examples)
    return available if params.examples == "all" else min(available, params.examples)


def _check_budget(preview: Preview, params: JudgeEloParams, names: Sequence[str]) -> None:
    examples = _examples(preview, params)
    with suppress(ModelError):  # a judge that cannot answer is reported by its abilities
        votes = [votes_of(params, preview.judges.get(judge)) for judge in params.panel]
        most = units_in_budget(votes, params)
        if most is not None:
            check_linked(examples, len(names), most=most)


def _check_people(preview: Preview, params: JudgeEloParams, names: Sequence[str]) -> None:
    if params.humans is not None:
        read_opinions(params.humans, [example.id for example in preview.examples], names)
