"""What a GPU makes of the transformers engine and of LoRA: tokens per second, use of it, memory.

Each model runs in a process of its own, so that the peak of memory is its own. Model FLOPs: two
for each multiplying parameter and token that is computed, four where the gradient goes back
through frozen weights; attention is left out. Utilisation is their rate over that of one large
bf16 product, measured here: no data sheet is asked.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks import gpu_model
from benchmarks.harness import RESULTS, ROOT
from benchmarks.material import Material
from benchmarks.outcome import Finding, Outcome
from benchmarks.serve import versions
from evalkit import Completion, Message, Request, ResolvedModel
from evalkit.testing import FakeContext
from evalkit_lora.adapter import LoraAdapter
from evalkit_lora.params import LoraParams
from evalkit_transformers.engine import TransformersEngine
from evalkit_transformers.params import TransformersParams
from evalkit_transformers.resolve import resolve

MODELS = ("smollm2-135m", "llama-8b-random")
SHOTS = (0, 16)
_HELLO = Request(messages=(Message("user", "Hello"),), max_tokens=1)


def main(argv: Sequence[str] | None = None) -> None:
    """Measure each model in a process of its own, and write the result."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda", help="cuda, or cpu for a trial")
    parser.add_argument("--texts", type=int, default=512, help="texts to answer (512)")
    parser.add_argument("--train", type=int, default=256, help="texts to train on (256)")
    parser.add_argument("--max-new", type=int, default=128, help="most tokens of an answer")
    parser.add_argument("--tiny", action="store_true", help="two small layers for the large model")
    parser.add_argument("--model", default="smollm2-135m", help="the small model, or its folder")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "evalkit-gpu")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the result goes")
    parser.add_argument("--only", choices=MODELS, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.only:
        print(json.dumps(list(measure(args))))
        return
    given = list(sys.argv[1:] if argv is None else argv)
    found = [one for name in MODELS for one in _child([*given, "--only", name])]
    outcome(args, found).write(args.results)


def _child(arguments: Sequence[str]) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.gpu_engines", *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    for one in found:
        print(f"  {one['model']}, {one['what']}: {one['seconds']:.1f} s", file=sys.stderr)
    return found


def measure(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Everything about one model."""
    model = resolved(args)
    assert model.folder is not None
    rate = product_rate(args.device)
    multiplied = gpu_model.products(Path(model.folder))
    for part in (*(("answers", shots) for shots in SHOTS), ("LoRA", 0)):
        clear(args.device)
        what, shots = part
        if what == "LoRA":
            seconds, tokens, flops = train(args, model)
        else:
            seconds, tokens, flops = answer(args, model, shots)
            what = f"{args.texts} answers, {shots}-shot"
        yield {
            "model": args.only,
            "what": what,
            "seconds": seconds,
            "tokens_per_s": tokens / seconds,
            "utilisation": flops * multiplied / seconds / rate,
            "peak_gb": peak(args.device),
            "product_tflops": rate / 1e12,
        }


def resolved(args: argparse.Namespace) -> ResolvedModel:
    """The model; the large one is made if it is not there."""
    params = TransformersParams(model=args.model, dtype="bfloat16", device=args.device)
    small = resolve(args.only, params, _say)
    if args.only == MODELS[0]:
        return small
    shape = gpu_model.TINY if args.tiny else gpu_model.LLAMA_8B
    assert small.folder is not None
    folder = gpu_model.make(
        args.work / ("tiny" if args.tiny else "8b"), Path(small.folder), shape, args.device
    )
    return resolve(args.only, params.model_copy(update={"model": str(folder)}), _say)


def answer(
    args: argparse.Namespace, model: ResolvedModel, shots: int
) -> tuple[float, float, float]:
    """Seconds, tokens written, and FLOPs per multiplying parameter."""
    params = TransformersParams(dtype="bfloat16", device=args.device)
    engine = TransformersEngine(model, params)
    list(engine.generate([_HELLO]))
    requests = Material.find(args.max_new).requests(args.texts, shots=shots)
    started = time.perf_counter()
    answers = [found for _, found in engine.generate(requests)]
    seconds = time.perf_counter() - started
    engine.close()
    whole = [one for one in answers if isinstance(one, Completion)]
    if len(whole) < len(answers):
        raise RuntimeError(f"{len(answers) - len(whole)} requests failed")
    written = sum(one.completion_tokens for one in whole)
    read = sum(one.prompt_tokens - one.cached_tokens for one in whole)
    return seconds, written, 2.0 * (written + read)


def train(args: argparse.Namespace, model: ResolvedModel) -> tuple[float, float, float]:
    """Seconds, tokens trained on, and FLOPs per multiplying parameter."""
    material = Material.find(args.max_new)
    params = LoraParams(rank=16, lr=1e-4, epochs=1, batch_size=8, precision="bf16")
    engine = TransformersEngine(model, TransformersParams(device=args.device))
    with tempfile.TemporaryDirectory() as folder:
        context = FakeContext(
            folder=Path(folder),
            task=material.task,
            train=material.texts("train", args.train),
            answer=engine,
        )
        started = time.perf_counter()
        adapted = LoraAdapter(params).adapt(context)
        seconds = time.perf_counter() - started
    tokens = adapted.report["tokens"]
    assert isinstance(tokens, int)
    return seconds, tokens, 4.0 * tokens


def product_rate(device: str) -> float:
    """FLOP/s of one large bf16 product, the median of ten."""
    size = 8192 if device.startswith("cuda") else 1024
    a, b = (torch.randn(size, size, device=device).to(torch.bfloat16) for _ in range(2))
    times = []
    for _ in range(13):
        wait(device)
        started = time.perf_counter()
        torch.mm(a, b)
        wait(device)
        times.append(time.perf_counter() - started)
    return float(2 * size**3 / sorted(times[3:])[5])


def wait(device: str) -> None:
    """Until the device has done what it was given."""
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def clear(device: str) -> None:
    """Begin to watch the memory anew."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def peak(device: str) -> float:
    """The most memory that was in use, in GB; on a processor, since the process began."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def outcome(args: argparse.Namespace, found: Sequence[dict[str, Any]]) -> Outcome:
    """The row of the device."""
    on_gpu = args.device.startswith("cuda")
    name = torch.cuda.get_device_name() if on_gpu else "the processor"
    findings = [
        Finding(what=f"{one['model']}, {one['what']}: {what}", value=one[key], unit=unit)
        for one in found
        for what, key, unit in (
            ("speed", "tokens_per_s", "tokens/s"),
            ("utilisation", "utilisation", ""),
            ("peak memory", "peak_gb", "GB"),
        )
    ]
    return Outcome(
        name="gpu" if on_gpu else "gpu-trial",
        order=8,
        what=f"transformers engine and LoRA on {name}",
        settings={
            "corpus": Material.find(args.max_new).corpus,
            "device": name,
            "bf16_product_tflops": round(found[-1]["product_tflops"], 1),
            "texts": args.texts,
            "training_texts": args.train,
            "max_new_tokens": args.max_new,
            "versions": versions(("torch", "transformers", "peft")),
        },
        findings=findings,
        notes=(
            "the model is loaded before answers are timed, within the time of LoRA training",
            "utilisation: over the rate of one large bf16 product on the same device",
            "llama-8b-random: shapes of Llama 3 8B, random weights; its answers mean nothing, and "
            "hardly ever end before their limit",
        ),
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
