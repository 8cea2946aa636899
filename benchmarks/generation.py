"""Rows 1 and 2: the engine ``transformers`` against lm-eval's ``hf``, without and with demos.

Both answer the same rendered prompts greedily, with the same weights in bfloat16, the same limit
and the same stop rule. Our engine is emptied before each run, as at the start of a cell.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness import Measured, Side, agreed, arguments, interpreter, started
from benchmarks.material import Material, model
from benchmarks.outcome import Outcome, ratio
from evalkit.serialization import resolved_to_json

TARGETS = {0: 0.6, 16: 0.2}
NOTES = (
    "the model is loaded before the clock starts, on both sides",
    "lm-eval answers all texts as one batch, in its own order",
    "in bfloat16 answers depend on what is computed side by side: `same_answers` counts the texts "
    "that both answered alike in their first runs",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the results."""
    parser = arguments(n=3, about=__doc__)
    parser.add_argument("--shots", type=int, nargs="+", default=list(TARGETS), help="demos")
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    with tempfile.TemporaryDirectory() as folder:
        setup = {
            "model": resolved_to_json(model()),
            "requests": str(material.write_requests(Path(folder), args.texts, args.shots)),
        }
        peers = interpreter("EVALKIT_PEERS_PYTHON", ".venv-peers")
        ours = Side(name="evalkit", module="benchmarks.sides.engine", setup=setup)
        theirs = Side(
            name="lm-eval", module="benchmarks.sides.lm_eval_hf", setup=setup, python=peers
        )
        with started(ours, theirs) as bench:
            prompts = agreed(bench.facts, "prompts")["prompts"]
            for shots in args.shots:
                order = {"shots": str(shots)}
                measured = bench.alternate([order] * args.n, warm_up=order)
                settings = material.settings(
                    texts=args.texts,
                    shots=shots,
                    max_new_tokens=args.max_new,
                    same_prompt_tokens=prompts[str(shots)],
                    same_answers=same_answers(measured),
                )
                outcome(shots, measured, settings).write(args.results)


def same_answers(measured: Sequence[Measured]) -> int:
    """How many texts all sides answered alike in their first runs."""
    first = [one.runs[0]["answers"] for one in measured]
    return sum(len(set(answers)) == 1 for answers in zip(*first, strict=True))


def outcome(shots: int, measured: Sequence[Measured], settings: dict[str, Any]) -> Outcome:
    """The row of so many demos."""
    ours, theirs = measured
    return Outcome(
        name=f"generation-{shots}-shot",
        order=1 if shots == 0 else 2,
        what=f"{settings['texts']} texts, {shots}-shot, engine `transformers`",
        settings=settings,
        findings=[ratio(ours, theirs, target=TARGETS.get(shots))],
        measured=measured,
        notes=NOTES,
    )


if __name__ == "__main__":
    main()
