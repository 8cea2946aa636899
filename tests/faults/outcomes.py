"""What two runs of one suite have in common, whatever happened to them on the way.

All files of a run folder but its manifest and its ledger, which tell of attempts; byte for byte,
without the values of these keys:

- ``started``, ``finished``, ``seconds``, ``latency_s``, ``answers_per_second``: when it was, how
  long it took;
- ``id`` and ``run`` where they name the run folder;
- ``ledger``: what all attempts took;
- ``reused``: which jobs were finished before;
- ``cached_tokens``: what a prefix cache saved, which depends on what was asked at a time;
- of a training, ``tokens_per_s`` and ``peak_memory_gb``.
"""

import json
import re

TIMES = {"started", "finished", "seconds", "latency_s", "answers_per_second"}
OTHERS = {"ledger", "reused", "cached_tokens"}
OF_TRAINING = {"tokens_per_s", "peak_memory_gb"}
RUN = re.compile(r"\d{8}-\d{6}-[\w.-]+")


def outcome(runs):
    """Path in the newest run folder -> content, of all that must not depend on kills."""
    folder = (runs / "latest").resolve()
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name not in ("manifest.json", "ledger.jsonl"):
            found[name] = content(path)
    return found


def content(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        return "\n".join(json.dumps(settled(json.loads(line))) for line in text.splitlines())
    if path.suffix == ".json":
        return json.dumps(settled(json.loads(text)), indent=1)
    return text


def settled(form):
    """The same without what may differ."""
    if isinstance(form, dict):
        return {
            key: settled(value)
            for key, value in form.items()
            if key not in TIMES | OTHERS | OF_TRAINING and not names_run(key, value)
        }
    return [settled(item) for item in form] if isinstance(form, list) else form


def names_run(key, value):
    return key in ("id", "run") and isinstance(value, str) and RUN.fullmatch(value) is not None


def negative(form, where=""):
    """Where in a form a time is below nothing."""
    if isinstance(form, dict):
        for key, value in form.items():
            if key in ("seconds", "latency_s") and isinstance(value, int | float) and value < 0:
                yield f"{where}.{key} = {value}"
            yield from negative(value, f"{where}.{key}")
    elif isinstance(form, list):
        for index, item in enumerate(form):
            yield from negative(item, f"{where}[{index}]")
