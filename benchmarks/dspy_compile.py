"""Row 5: DSPy's random search with its questions batched, against a model that answers singly.

Both sides run the adapter ``dspy`` with the preset ``bfsrs-medium`` and 16 threads. What differs
is who answers: our engine behind the queue that makes batches of concurrent questions, or plain
``generate``, one question at a time. The time that counts is that in which candidates are
evaluated; the whole compile stands beside it.
"""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.harness import Measured, Side, agreed, arguments, started
from benchmarks.material import Material, model
from benchmarks.outcome import Finding, Outcome, ratio
from evalkit.serialization import resolved_to_json

TARGET = 0.3
THREADS = 16
WARM_UP = {"seed": 0, "texts": 4, "candidates": 1}
NOTES = (
    "half of the texts are for demos, half to evaluate on; DSPy adds three candidates of its own",
    "the engine without batches has plain `generate`, one question at a time, on all cores",
    "in bfloat16 the sides' answers differ now and then, and so may the demos that are chosen",
)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the result."""
    parser = arguments(n=3, about=__doc__)
    parser.add_argument("--candidates", type=int, default=1, help="sets of demos to try (1)")
    parser.add_argument(
        "--whole", type=int, default=16, help="the same for the one compile of ours (16; 0: none)"
    )
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    setup = {
        "model": resolved_to_json(model()),
        "max_new": args.max_new,
        "threads": THREADS,
    }
    ours, theirs = (
        Side(name=name, module="benchmarks.sides.compile", setup={**setup, "batched": batched})
        for name, batched in (("evalkit", True), ("unbatched", False))
    )
    orders = [
        {"seed": seed, "texts": args.texts, "candidates": args.candidates}
        for seed in range(1, args.n + 1)
    ]
    with started(ours, theirs) as bench:
        measured = bench.alternate(orders, warm_up=WARM_UP)
    whole = None
    if args.whole:
        with started(ours) as bench:
            order = {**orders[0], "candidates": args.whole}
            whole = bench.alternate([order], warm_up=WARM_UP)[0].runs[0]
    outcome(args, material, measured, whole).write(args.results)


def outcome(
    args: Namespace,
    material: Material,
    measured: Sequence[Measured],
    whole: Mapping[str, Any] | None,
) -> Outcome:
    """The row."""
    ours, theirs = measured
    alike = agreed([one.runs[0] for one in measured], "evaluated")
    findings = [
        ratio(ours, theirs, target=TARGET),
        Finding(
            what="whole compile of evalkit / of unbatched",
            value=compile_s(ours) / compile_s(theirs),
        ),
    ]
    if whole is not None:
        what = f"whole compile of evalkit with {args.whole} candidates"
        findings.append(Finding(what=what, value=whole["compile_s"], unit="s"))
    return Outcome(
        name="dspy-compile",
        order=5,
        what=f"DSPy `bfsrs-medium`, {args.texts} texts, {THREADS} threads: evaluations",
        settings=material.settings(
            texts=args.texts,
            max_new_tokens=args.max_new,
            threads=THREADS,
            candidates=args.candidates,
            **alike,
            whole=whole,
        ),
        findings=findings,
        measured=measured,
        notes=NOTES,
    )


def compile_s(measured: Measured) -> float:
    """The middle time of a whole compile."""
    return float(median(run["compile_s"] for run in measured.runs))


if __name__ == "__main__":
    main()
