"""What can be found wrong before anything is paid for: names, the budget, the labels of people."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from evalkit import ModelError, Preview, UserError
from evalkit_judge.fitting import check_anchor
from evalkit_judge.humans import read_opinions
from evalkit_judge.lineup import contestants_of
from evalkit_judge.pairing import check_linked
from evalkit_judge.panel import units_in_budget, votes_of
from evalkit_judge.params import JudgeEloParams


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


def _check_budget(preview: Preview, params: JudgeEloParams, names: Sequence[str]) -> None:
    examples = len(preview.examples)
    if params.examples != "all":
        examples = min(examples, params.examples)
    with suppress(ModelError):  # a judge that cannot answer is reported by its abilities
        votes = [votes_of(params, preview.judges.get(judge)) for judge in params.panel]
        most = units_in_budget(votes, params)
        if most is not None:
            check_linked(examples, len(names), most=most)


def _check_people(preview: Preview, params: JudgeEloParams, names: Sequence[str]) -> None:
    if params.humans is not None:
        read_opinions(params.humans, [example.id for example in preview.examples], names)
