"""Sound implementations, which the broken ones spoil in one point each."""

import json
from pathlib import Path

from evalkit import (
    AdaptedModel,
    Adapter,
    Demo,
    Failure,
    LocalWeights,
    Metric,
    Params,
    Prompt,
    SingleRequest,
)
from evalkit.testing import FakeEngine, ListTask

STORY = "One day the ship sailed on and on over the grey and stormy sea, said everybody: "


def story(request):
    """A long answer that depends on the input, also for inputs without words."""
    return STORY + request.messages[-1].content


WEIGHTS = LocalWeights(folder=str(Path(__file__).parent), kind="lora", sha256="1" * 64)
"""Any folder that is there will do for an engine of words."""


class SoundEngine(FakeEngine):
    """A FakeEngine with all abilities, whose choices cost as much as they have letters."""

    def __init__(self):
        abilities = ("generate", "choices", "independent", "schema", "serve", "weights:lora")
        super().__init__(
            self.rule,
            logprobs=lambda request: [-float(len(choice)) for choice in request.choices],
            model=self.resolved(abilities=abilities, context_length=400),
        )

    def rule(self, request):
        if request.schema:
            return json.dumps(_following(request.schema))
        if request.weights and not Path(request.weights.folder).is_dir():
            return Failure(reason="no such weights", kind="engine")
        trained = "Aye, aye! " if request.weights else ""
        drawn = f"{request.seed} ships: " if request.temperature else ""
        return trained + drawn + story(request)


def _following(schema):
    """A value that follows a simple schema."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "object":
            return {key: _following(inner) for key, inner in schema["properties"].items()}
        case "array":
            return [_following(schema["items"])] * schema["minItems"]
    return True


class Exact(Metric):
    def __init__(self):
        super().__init__(Params())

    def score(self, target, value):
        return {"hit": float(target == value)}

    def aggregate(self, scores):
        hits = [score["hit"] for score in scores]
        return {"score": sum(hits) / len(hits) if hits else None}


class FewShot(Adapter):
    def __init__(self):
        super().__init__(Params())

    def adapt(self, context):
        task = context.task
        demos = tuple(
            Demo(task.render_input(e), task.render_target(e.target), e.id)
            for e in context.train[:2]
        )
        prompt = Prompt(instruction=task.instruction, demos=demos)
        return AdaptedModel(prompt=prompt, weights=self.weights(context), state={"k": [2]})

    def weights(self, context):
        return None

    def program(self, adapted, context):
        return SingleRequest(adapted.prompt, context)


class Trained(FewShot):
    def weights(self, context):
        return write_weights(context.folder / "lora")


def write_weights(folder):
    folder.mkdir(exist_ok=True)
    (folder / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return LocalWeights(folder=str(folder), kind="lora", sha256="0" * 64)


class Colours(ListTask):
    def __init__(self):
        super().__init__(choices=("red", "blue", "green", "grey"))
