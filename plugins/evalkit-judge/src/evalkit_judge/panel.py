"""How each judge is asked, and all that it is asked."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

from evalkit import Contest, Json, ModelError, Question, ResolvedModel, Steps
from evalkit_judge.answers import same
from evalkit_judge.asking import TRIES, Asking
from evalkit_judge.lineup import Bout, Lineup
from evalkit_judge.params import JudgeEloParams
from evalkit_judge.probes import Check, Plan, Probe, probes
from evalkit_judge.prompt import Mode, system_text
from evalkit_judge.verdicts import auto_tie, verdict

Panel: TypeAlias = Mapping[str, Asking]
"""Name of a judge -> how it is asked."""

Kept: TypeAlias = Mapping[str, Json]
"""A verdict as it is kept."""


def panel_of(contest: Contest, params: JudgeEloParams) -> Panel:
    """How each judge of a contest is asked.

    Raises:
        ModelError: a judge can answer in no way that the parameters allow.
    """
    return {name: _asking(contest, params, model) for name, model in contest.judges.items()}


def units_in_budget(votes: Iterable[int], params: JudgeEloParams) -> int | None:
    """So many units can be asked about; None if there is no budget.

    Args:
        votes: how often each judge is asked a question.
        params: of the comparison.
    """
    if params.budget is None:
        return None
    orders = 2 if params.orders == "both" else 1
    return params.budget // (orders * sum(votes))


def votes_of(params: JudgeEloParams, model: ResolvedModel | None) -> int:
    """How often a judge is asked each question; at least, if the model is not known.

    Raises:
        ModelError: it can answer in no way that the parameters allow.
    """
    mode = params.answer if model is None else _mode(params, model)
    return params.votes if mode == "schema" else 1  # a choice would come out the same


def tries_of(params: JudgeEloParams, model: ResolvedModel) -> int:
    """How often a judge is asked one question at most, if answers come but cannot be read.

    Raises:
        ModelError: it can answer in no way that the parameters allow.
    """
    return TRIES if _mode(params, model) == "schema" else 1


def probes_of(
    contest: Contest, lineup: Lineup, params: JudgeEloParams, panel: Panel, judge: str
) -> list[Probe]:
    """The questions that check a judge."""
    plan = Plan(audit=params.audit, repeat=params.repeat, seed=contest.seed)
    return probes(contest, lineup, plan, judge, panel[judge].votes)


def questions_to(
    contest: Contest, lineup: Lineup, params: JudgeEloParams, panel: Panel, judge: str
) -> Iterator[Question]:
    """All questions to one judge: about the pairs, example by example, then to check it."""
    asking = panel[judge]
    inputs = {example.id: contest.task.render_input(example) for example in lineup.sample}
    for unit in lineup.units:
        given = inputs[unit.example]
        texts = {name: lineup.answers[name][unit.example] for name in (unit.a, unit.b)}
        equal = same(contest.task, texts[unit.a], texts[unit.b])
        for bout in unit.bouts(judge, asking.votes):
            first, second = (texts[name] for name in bout.shown)
            steps = (
                partial(_tie, bout)
                if equal
                else partial(_ask, asking, bout, given, (first, second))
            )
            yield Question(id=bout.id, steps=steps, judge=judge)
    for probe in probes_of(contest, lineup, params, panel, judge):
        texts_shown = (probe.first, probe.second)
        given = inputs[probe.bout.example]
        steps = partial(_ask, asking, probe.bout, given, texts_shown, check=probe.check)
        yield Question(id=probe.id, steps=steps, judge=judge)


def _tie(bout: Bout) -> Steps[Kept]:
    """Nobody needs to be asked about equal answers."""
    yield from ()
    return auto_tie(bout)


def _ask(
    asking: Asking,
    bout: Bout,
    given: str,
    shown: tuple[str, str],
    *,
    check: Check | None = None,
) -> Steps[Kept]:
    answer = yield from asking.steps(given, *shown, vote=bout.vote)
    kept = verdict(bout, answer)
    return {**kept, "audit": check} if check else kept


def _asking(contest: Contest, params: JudgeEloParams, model: ResolvedModel) -> Asking:
    mode = _mode(params, model)
    return Asking(
        mode=mode,
        enforce="schema" in model.abilities,
        system=system_text(contest.task, params.criteria, mode),
        temperature=params.temperature,
        max_tokens=params.max_tokens,
        seed=contest.seed,
        votes=votes_of(params, model),
    )


def _mode(params: JudgeEloParams, model: ResolvedModel) -> Mode:
    """How a judge answers."""
    wanted = params.answer
    if wanted == "schema" or (wanted == "auto" and "schema" in model.abilities):
        return "schema"
    if "choices" in model.abilities:
        return "choices"
    raise ModelError(
        f'judge-elo: the engine of judge "{model.name}" cannot weigh choices',
        'set answer = "schema" (written verdicts, checked here), or take another judge',
    )
