"""What the sides are given: texts, prompts and the model, the same for all of them.

The texts are those of the WebNLG release in the folder that EVALKIT_WEBNLG names; else those of
the sample corpus. Nothing of them is written to the results.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness import BenchmarkError
from evalkit import AdaptedModel, Demo, Example, Prompt, Request, ResolvedModel
from evalkit.predict import make_request
from evalkit.serialization import request_to_json
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import resolve
from evalkit_webnlg.params import TriplesParams
from evalkit_webnlg.task import TriplesTask

VARIABLE = "EVALKIT_WEBNLG"
MODEL = "smollm2-135m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The task and its examples.

    Attributes:
        task: the task.
        corpus: where its texts come from, for the result.
    """

    task: TriplesTask
    corpus: str

    @classmethod
    def find(cls, max_new: int) -> "Material":
        """The task on the texts that there are, with answers of at most so many tokens."""
        folder = os.environ.get(VARIABLE)
        if not folder:
            params = TriplesParams(max_tokens=max_new)
            return cls(task=TriplesTask(params), corpus="the sample corpus")
        params = TriplesParams(data="webnlg-xml", path=Path(folder), max_tokens=max_new)
        return cls(task=TriplesTask(params), corpus="WebNLG 3.0, English: train and dev")

    def settings(self, **more: Any) -> dict[str, Any]:
        """The settings of a result."""
        return {"corpus": self.corpus, "model": MODEL, "dtype": "bfloat16", **more}

    def texts(self, split: str, count: int, *, start: int = 0) -> Sequence[Example]:
        """The first examples of a split, whose order is a fixed shuffle.

        Raises:
            BenchmarkError: there are too few.
        """
        found = self.task.load(split)[start : start + count]
        if len(found) < count:
            raise BenchmarkError(f"{self.corpus}: split {split} has no {start + count} texts")
        return found

    def requests(self, count: int, *, shots: int) -> list[Request]:
        """Requests for evaluation texts; the first training texts are the demos."""
        task = self.task
        demos = tuple(
            Demo(task.render_input(one), task.render_target(one.target), one.id)
            for one in self.texts("train", shots)
        )
        adapted = AdaptedModel(prompt=Prompt(instruction=task.instruction, demos=demos))
        return [make_request(task, adapted, one) for one in self.texts("test", count)]

    def write_requests(self, folder: Path, count: int, shots: Sequence[int]) -> Path:
        """Write the requests for each number of demos to a file; its path."""
        path = folder / "requests.json"
        form = {
            str(k): [request_to_json(one) for one in self.requests(count, shots=k)] for k in shots
        }
        path.write_text(json.dumps(form), encoding="utf-8")
        return path


def model() -> ResolvedModel:
    """The embedded model, in bfloat16."""
    return resolve(MODEL, TransformersParams(dtype="bfloat16"), print)
