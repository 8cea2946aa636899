"""Contests and scripted judges that the tests share."""

import json
import re
from dataclasses import replace

from evalkit import Contest, Example, Failure, Prediction
from evalkit.testing import FakeEngine, ListTask
from evalkit_judge.comparison import JudgeElo
from evalkit_judge.params import JudgeEloParams

_QUESTION = re.compile(
    r"<input \w+>\n.*\n</input \w+>\n"
    r"<answer-a \w+>\n(.*)\n</answer-a \w+>\n<answer-b \w+>\n(.*)\n</answer-b \w+>\n.*",
    flags=re.DOTALL,
)


class FactsTask(ListTask):
    """Answers are lists of lists of strings, one a line."""

    answer = "triples"

    def render_target(self, target):
        return "\n".join(" | ".join(item) for item in target)


def facts(index, value):
    return [[f"thing {index}", "is", value], [f"thing {index}", "has", "an owner"]]


def wrong(value):
    """A cell that gives the same wrong value everywhere."""
    return lambda index: facts(index, value)


def right(index):
    """The gold answer, in another order."""
    return facts(index, "right")[::-1]


def failing(index):
    """No answer to example 0, a wrong one elsewhere."""
    return facts(index, "late") if index else Failure(reason="out of memory", kind="engine")


def contest(*, examples=4, seed=7, task=None, **cells):
    """A contest in which each cell answers example i by a function of i."""
    shown = [
        Example(id=f"e{i}", source=f"e{i}", fields={"text": f"Text {i}."}, target=facts(i, "right"))
        for i in range(examples)
    ]
    answers = {
        cell: {f"e{i}": prediction(f"e{i}", answer(i)) for i in range(examples)}
        for cell, answer in cells.items()
    }
    return Contest(task=task or FactsTask(), examples=shown, answers=answers, seed=seed)


def prediction(example, value):
    if isinstance(value, Failure):
        return Prediction(example_id=example, failure=value)
    return Prediction(example_id=example, value=value, outcome="parsed")


def comparison(*abilities, **params):
    """For the judge "j" with these abilities (choices, if none are given), without an audit."""
    model = FakeEngine.resolved("j", abilities=abilities or ("choices",))
    return JudgeElo(JudgeEloParams.model_validate({"judge": "j", "audit": False, **params}), model)


def shown(request):
    """What stands inside the two fences of a question."""
    found = _QUESTION.fullmatch(request.messages[-1].content)
    assert found is not None
    return found[1], found[2]


def perfect(request):
    """Prefers the gold answer, and holds all wrong ones alike."""
    first, second = ("is | right" in text for text in shown(request))
    return "TIE" if first == second else "A" if first else "B"


def written(request):
    """The perfect judge's verdict, written as JSON."""
    return json.dumps({"rationale": "It fits.", "verdict": perfect(request)})


def values(result):
    return {standing.contestant: standing.values for standing in result.standings}


def careful(request):
    """Prefers the answer that differs least from the gold answer."""
    number = re.search(r"Text (\d+)\.", request.messages[-1].content)[1]
    gold = {" | ".join(fact) for fact in facts(number, "right")}
    first, second = (len(gold ^ set(text.splitlines())) for text in shown(request))
    return "TIE" if first == second else "A" if first < second else "B"


def asked(how, meeting):
    """The questions as the engine would get them: id -> first request."""
    seated = replace(meeting, judges={how.judge.name: how.judge})
    found = {q.id: next(q.steps(), None) for q in how.questions(seated)}
    assert len(found) == len(how.questions(seated))
    return found
