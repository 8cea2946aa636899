"""Where the figures come from: data, models, plugins, seeds, machine, and the command."""

import json
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from evalkit_report.figures import NOTHING, amount, counted, duration
from evalkit_report.forms import form_of, inner, number_of, numbers_of, rows_of, text_of, texts_of
from evalkit_report.model import Form, Material

_LONG_HASH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A heading with pairs of a name and a value."""

    heading: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check of fairness: what, how it ended, what was found."""

    name: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a run stands on.

    Attributes:
        command: to run it again; empty if it is not known.
        facts: pairs by heading.
        plugins: kind, name, distribution, version and code hash of each.
        suite: the suite as it was read, as JSON; empty if it is not known.
    """

    command: str
    facts: tuple[Facts, ...]
    plugins: tuple[tuple[str, ...], ...]
    suite: str


def checks_of(material: Material) -> tuple[Check, ...]:
    """The checks of fairness, those that differ first."""
    rank = {"differs": 0, "unknown": 1, "ok": 2}
    found = [
        Check(
            name=text_of(row.get("name")),
            status=text_of(row.get("status")) or "unknown",
            detail=text_of(row.get("detail")),
        )
        for row in rows_of(inner(material.analysis, "checks"))
    ]
    return tuple(sorted(found, key=lambda one: rank.get(one.status, 3)))


def origin_of(material: Material) -> Origin:
    """What the reported run stands on."""
    manifest, results = material.manifest, material.run.results
    tables = _placeless(form_of(manifest.get("tables")))
    return Origin(
        command=_command(manifest),
        facts=tuple(_facts(manifest, results)),
        plugins=tuple(_plugins(manifest)),
        suite=json.dumps(tables, indent=2, ensure_ascii=False) if tables else "",
    )


def _command(manifest: Form) -> str:
    """As it was typed, but for the folders of the machine that it was typed on."""
    words = texts_of(manifest.get("command"))
    return shlex.join(["evalkit", *map(_word, words)]) if words else ""


def _word(word: str) -> str:
    """A word of a command; it may be a path, or an option with one: ``--set task.path=/data``."""
    name, is_set, value = word.partition("=")
    return f"{name}={_placeless(value)}" if is_set and "/" not in name else str(_placeless(word))


def _placeless(value: Any) -> Any:
    """Of absolute paths only the name stays: reports are sent around."""
    if isinstance(value, dict):
        return {key: _placeless(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_placeless(one) for one in value]
    if isinstance(value, str) and value.startswith("/"):
        return PurePath(value).name or "/"
    return value


def _facts(manifest: Form, results: Form) -> Iterator[Facts]:
    yield _group("Run", _run(manifest, results))
    yield _group("Data", _data(results))
    for model in rows_of(results.get("models")):
        yield _group(f"Model {text_of(model.get('name'))}", _model(model))
    yield _group("Machine", _machine(manifest))
    libraries = form_of(manifest.get("libraries"))
    yield _group("Libraries", ((str(name), text_of(of)) for name, of in libraries.items()))
    ledger = form_of(results.get("ledger"))
    if ledger.get("executions"):
        yield _group("Spent", _spent(ledger, text_of(results.get("currency"))))


def _group(heading: str, pairs: Iterator[tuple[str, str]]) -> Facts:
    return Facts(heading=heading, pairs=tuple((name, value) for name, value in pairs if value))


def _run(manifest: Form, results: Form) -> Iterator[tuple[str, str]]:
    run = form_of(results.get("run"))
    for name in ("id", "suite", "profile", "started", "finished", "stopped"):
        yield name, text_of(run.get(name))
    seconds = number_of(run.get("seconds"))
    yield "last execution", duration(seconds) if seconds is not None else ""
    seeds = dict.fromkeys(text_of(row.get("seed")) for row in rows_of(results.get("cells")))
    yield "seeds", ", ".join(seed for seed in seeds if seed)
    yield "suite hash", text_of(manifest.get("suite_sha256"))
    yield "evalkit", text_of(run.get("evalkit"))


def _data(results: Form) -> Iterator[tuple[str, str]]:
    task = form_of(results.get("task"))
    yield "task", text_of(task.get("name"))
    examples, trained = (number_of(task.get(key)) for key in ("examples", "train_examples"))
    if examples is not None:
        yield "evaluated", f"{counted(int(examples), 'example')} of {text_of(task.get('split'))}"
    if trained:
        yield "training split", counted(int(trained), "example")
    yield "fingerprint", text_of(task.get("evaluation_sha256"))
    yield "parameters", _params(task.get("params"))


def _model(model: Form) -> Iterator[tuple[str, str]]:
    for name in ("engine", "revision", "dtype", "device"):
        yield name, text_of(model.get(name))
    length = number_of(model.get("context_length"))
    yield "context", f"{length:,.0f} tokens" if length else ""
    yield "chat template", text_of(model.get("template_sha256"))
    prices = numbers_of(model.get("prices"))
    currency = text_of(inner(model, "prices", "currency"))
    told = [f"{name.replace('_', ' ')} {amount(value)}" for name, value in prices.items()]
    yield "prices", f"{currency} {', '.join(told)}".strip() if told else ""
    yield "parameters", _params(model.get("params"))


def _params(value: Any) -> str:
    """Parameters in a line; those that are not set are left out."""
    given = _placeless({k: v for k, v in form_of(value).items() if v not in (None, "", [], {})})
    return ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in given.items())


def _machine(manifest: Form) -> Iterator[tuple[str, str]]:
    yield "Python", text_of(manifest.get("python"))
    yield "platform", text_of(manifest.get("platform"))
    machine = form_of(manifest.get("machine"))
    yield "processor", text_of(machine.get("processor"))
    yield "cores", text_of(manifest.get("cores"))
    memory = number_of(machine.get("memory_gb"))
    yield "memory", f"{amount(memory)} GB" if memory is not None else ""
    gpus = Counter(filter(None, texts_of(machine.get("gpus"))))
    told = (gpu if times == 1 else f"{times} times {gpu}" for gpu, times in gpus.items())
    yield "GPUs", ", ".join(told)


def _spent(ledger: Form, currency: str) -> Iterator[tuple[str, str]]:
    yield "executions", text_of(ledger.get("executions"))
    yield "time", duration(number_of(ledger.get("seconds")))
    cost = number_of(ledger.get("cost"))
    yield "cost", f"{currency} {amount(cost)}".strip() if cost is not None else ""
    for name, model in form_of(ledger.get("models")).items():
        attempts = numbers_of(inner(model, "attempts"))
        yield name, ", ".join(f"{count:,.0f} {how}" for how, count in attempts.items())


def _plugins(manifest: Form) -> Iterator[tuple[str, ...]]:
    for row in rows_of(manifest.get("plugins")):
        code = text_of(row.get("code"))[:_LONG_HASH] or NOTHING
        parts = (text_of(row.get(key)) for key in ("kind", "name", "distribution", "version"))
        yield (*parts, code)
