"""Row 4: the adapter ``lora`` against TRL's ``SFTTrainer``, and against what cannot be saved.

Rank 16 on all linear layers, batches of 8, three epochs, bfloat16, loss on the completion only,
the same tokens, optimiser steps and learning rates. What is timed begins with examples (TRL: with
tokens) and no model in memory, and ends with saved weights; ours are loaded again and checked in
that time. The loss on held-out texts is computed by one function from the saved weights.
"""

import json
import math
import tempfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.harness import Measured, Side, agreed, arguments, interpreter, started
from benchmarks.material import Material, model
from benchmarks.outcome import Finding, Outcome, ratio
from evalkit import AdaptedModel, Example, Prompt
from evalkit.predict import make_request
from evalkit.serialization import resolved_to_json
from evalkit_lora.base import Base
from evalkit_lora.chat import ChatEncoder
from evalkit_lora.params import LoraParams

TARGET = 0.6
MOST_LOSS = 1.02
HELD_OUT = 50
SETTINGS = {"rank": 16, "lr": 1e-3, "batch_size": 8}
WARM_UP = {"seed": 0, "texts": 8, "epochs": 1}
STRATEGIES = ("random", "group_by_length")
NOTES = (
    "evalkit warms up to a rate just above 0 and TRL from 0; both decay by a cosine",
    "the first run of each side has seed 1, the second 2, and so on",
    "TRL trains on frozen weights in bfloat16 under autocast, without gradient checkpointing; all "
    "else is as it comes",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=3, about=__doc__)
    parser.set_defaults(texts=100)
    parser.add_argument("--epochs", type=int, default=3, help="passes over the texts (3)")
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        setup = {
            **SETTINGS,
            "model": resolved_to_json(model()),
            "texts": args.texts,
            "folder": name,
            "tokens": str(write_tokens(folder, material, args.texts)),
        }
        orders = [
            {"seed": seed, "texts": args.texts, "epochs": args.epochs}
            for seed in range(1, args.n + 1)
        ]
        with started(*sides(setup)) as bench:
            measured = bench.alternate(orders, warm_up=WARM_UP)
        losses = held_out(setup, measured[:-1])
    outcome(args, material, measured, losses).write(args.results)


def sides(setup: Mapping[str, Any]) -> list[Side]:
    """Ours, TRL's in both orders of texts, and the bound."""
    peers = interpreter("EVALKIT_PEERS_PYTHON", ".venv-peers")
    trl = [
        Side(
            name=f"TRL, {strategy}",
            module="benchmarks.sides.trl_sft",
            setup={**setup, "strategy": strategy},
            python=peers,
        )
        for strategy in STRATEGIES
    ]
    ours = Side(name="evalkit", module="benchmarks.sides.lora", setup=setup)
    return [ours, *trl, Side(name="bound", module="benchmarks.sides.bound", setup=setup)]


def write_tokens(folder: Path, material: Material, count: int) -> Path:
    """Write training and held-out texts as tokens and lengths of prompts; the path."""
    resolved = model()
    base = Base.of(resolved, LoraParams())
    tokenizer = base.tokenizer(resolved.template_sha256)
    encoder = ChatEncoder(tokenizer, base.ends(tokenizer))
    adapted = AdaptedModel(prompt=Prompt(instruction=material.task.instruction))

    def encoded(examples: Sequence[Example]) -> list[tuple[Sequence[int], int]]:
        texts = [
            encoder.encode(
                make_request(material.task, adapted, one).messages,
                material.task.render_target(one.target),
            )
            for one in examples
        ]
        return [(text.ids, text.prompt_length) for text in texts]

    path = folder / "tokens.json"
    form = {
        "train": encoded(material.texts("train", count)),
        "held_out": encoded(material.texts("test", min(HELD_OUT, count))),
    }
    path.write_text(json.dumps(form), encoding="utf-8")
    return path


def held_out(
    setup: Mapping[str, Any], measured: Sequence[Measured]
) -> Mapping[str, Sequence[float]]:
    """The losses of each side's weights on the held-out texts, one for each seed."""
    judge = Side(name="held-out loss", module="benchmarks.sides.held_out", setup=setup)
    with started(judge) as bench:
        found = {}
        for one in measured:
            orders = [{"weights": run["weights"]} for run in one.runs]
            (judged,) = bench.alternate(orders, warm_up=None)
            found[one.side.name] = [run["loss"] for run in judged.runs]
        return found


def outcome(
    args: Namespace,
    material: Material,
    measured: Sequence[Measured],
    losses: Mapping[str, Sequence[float]],
) -> Outcome:
    """The row."""
    ours, *peers, bound = measured
    alike = agreed([one.runs[0] for one in (ours, *peers)], "steps", "tokens")
    faster = min(peers, key=lambda one: one.median)
    best = min(fmean(losses[one.side.name]) for one in peers)
    loss = Finding(
        what="held-out loss of evalkit / lowest of TRL's",
        value=fmean(losses[ours.side.name]) / best if best else math.inf,
        target=MOST_LOSS,
    )
    return Outcome(
        name="training",
        order=4,
        what=f"LoRA rank 16, {args.texts} texts x {args.epochs} epochs",
        settings=material.settings(
            **SETTINGS, texts=args.texts, epochs=args.epochs, **alike, held_out_loss=losses
        ),
        findings=[ratio(ours, faster, target=TARGET), loss, ratio(ours, bound, target=None)],
        measured=measured,
        notes=NOTES,
    )


if __name__ == "__main__":
    main()
