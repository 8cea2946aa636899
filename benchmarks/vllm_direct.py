"""Row 3: the engine ``vllm`` through the core against ``LLM.chat`` called directly.

Both run vLLM in the same environment with the same arguments, so that what differs is evalkit:
its process, its messages, its records. ``--peer defaults`` starts the other side with vLLM's own
arguments instead. Prefix caches are warm on both sides.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.generation import same_answers
from benchmarks.harness import Measured, Side, agreed, arguments, interpreter, started
from benchmarks.material import MODEL, Material
from benchmarks.outcome import Outcome, ratio
from evalkit.serialization import resolved_to_json
from evalkit_vllm.params import VllmParams
from evalkit_vllm.resolve import resolve

TARGET = 1.05
ENVIRONMENT = {
    "CUDA_VISIBLE_DEVICES": "",
    "TOKENIZERS_PARALLELISM": "false",
    "VLLM_CPU_KVCACHE_SPACE": "2",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
}
EAGER = {"TORCHDYNAMO_DISABLE": "1"}
"""What our engine sets for vLLM on a processor."""
NOTES = {
    "alike": "vLLM has the same arguments on both sides, those of our engine",
    "defaults": "`LLM.chat` runs with vLLM's own arguments, our engine with its own",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and write the results."""
    parser = arguments(n=10, about=__doc__)
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 16], help="demos")
    parser.add_argument("--peer", choices=list(NOTES), default="alike", help="vLLM's arguments")
    args = parser.parse_args(argv)
    material = Material.find(args.max_new)
    with tempfile.TemporaryDirectory() as folder:
        requests = material.write_requests(Path(folder), args.texts, args.shots)
        with started(*sides(requests, alike=args.peer == "alike")) as bench:
            for shots in args.shots:
                order = {"shots": str(shots)}
                measured = bench.alternate([order] * args.n, warm_up=order)
                prompts = agreed([one.runs[0] for one in measured], "prompts")["prompts"]
                settings = material.settings(
                    texts=args.texts,
                    shots=shots,
                    max_new_tokens=args.max_new,
                    same_prompt_tokens=prompts,
                    same_answers=same_answers(measured),
                )
                outcome(shots, args.peer, measured, settings).write(args.results)


def sides(requests: Path, *, alike: bool) -> tuple[Side, Side]:
    """Ours and vLLM's."""
    python = interpreter("EVALKIT_VLLM_PYTHON", ".venv-vllm")
    params = VllmParams(dtype="bfloat16", cpu_kv_cache_gb=2)
    setup = {
        "model": resolved_to_json(resolve(MODEL, params, print)),
        "params": params.suite_form(),
        "requests": str(requests),
        "python": str(python),
        "alike": alike,
    }
    ours = Side(
        name="evalkit",
        module="benchmarks.sides.remote_vllm",
        setup=setup,
        environment=ENVIRONMENT,
    )
    theirs = Side(
        name="LLM.chat",
        module="benchmarks.sides.vllm_chat",
        setup=setup,
        python=python,
        environment=ENVIRONMENT | (EAGER if alike else {}),
    )
    return ours, theirs


def outcome(
    shots: int, peer: str, measured: Sequence[Measured], settings: dict[str, Any]
) -> Outcome:
    """The row of so many demos."""
    ours, theirs = measured
    mark = "" if peer == "alike" else f"-{peer}"
    return Outcome(
        name=f"vllm{mark}-{shots}-shot",
        order=3,
        what=f"{settings['texts']} texts, {shots}-shot, engine `vllm`",
        settings=settings,
        findings=[ratio(ours, theirs, target=TARGET if peer == "alike" else None)],
        measured=measured,
        notes=[NOTES[peer], "the same prompts each time: prefix caches are warm on both sides"],
    )


if __name__ == "__main__":
    main()
