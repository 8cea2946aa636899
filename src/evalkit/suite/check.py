"""Plain tables -> Suite, or every fault at once, each with its place in the file."""

import difflib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any, TypeVar

from evalkit.errors import PluginError, SuiteError, UserError
from evalkit.interfaces import Registry
from evalkit.params import Params, kebab
from evalkit.records import Json
from evalkit.suite.fields import read_params, unknown_key
from evalkit.suite.keys import AnalysisKeys, ExpectKeys, LimitKeys, ModelKeys
from evalkit.suite.model import AdapterUse, Evaluation, ModelUse, Suite, Use, Variant
from evalkit.suite.read import RawSuite, Table, name_of, plain_name
from evalkit.suite.sweep import combinations, expand, odd_sweeps

T = TypeVar("T")
K = TypeVar("K", AnalysisKeys, ExpectKeys)

_TOP = (
    "name",
    "description",
    "seeds",
    "task",
    "evaluate",
    "models",
    "adapters",
    "metrics",
    "comparisons",
    "reporters",
    "executor",
    "analysis",
    "expect",
    "max-cost",
    "max-time",
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_VARIANTS = 1_000
_MOST_CELLS = 100_000


def check_suite(raw: RawSuite, registry: Registry, *, runnable: bool = True) -> Suite:
    """Check every table against the core's keys and the parameters of its plugin.

    Args:
        raw: the tables.
        registry: the plugins.
        runnable: whether there must be a model, an adapter and a metric.

    Raises:
        SuiteError: with all problems, each naming file and key path, what is allowed and a
            suggestion.
    """
    checker = _Checker(raw, registry, least=1 if runnable else 0)
    suite = checker.suite()
    checker.check_size(suite)
    if checker.problems:
        raise SuiteError(checker.problems)
    return suite


class _Checker:
    """Walks the tables once and gathers problems instead of stopping at the first."""

    def __init__(self, raw: RawSuite, registry: Registry, *, least: int) -> None:
        self.raw = raw
        self.registry = registry
        self.least = least
        self.problems: list[UserError] = []
        self.told: set[str] = set()
        self.currency = ""
        models = raw.tables.get("models")
        self.model_names = [name_of(model) for model in models] if isinstance(models, list) else []
        metrics = raw.tables.get("metrics")
        self.metric_names = [name_of(one) for one in metrics] if isinstance(metrics, list) else []

    def problem(self, where: str, what: str, hint: str = "") -> None:
        message = f"{self.raw.path}: {where}: {what}"
        if message not in self.told:  # as in a sweep
            self.told.add(message)
            self.problems.append(UserError(message, hint))

    def suite(self) -> Suite:
        tables = self.raw.tables
        for key in tables:
            if key not in _TOP:
                self.problem(key, *unknown_key(key, (*_TOP, "profiles")))
        return Suite(
            name=self._name("name", tables.get("name", plain_name(self.raw.path.stem) or "suite")),
            description=self._typed("description", tables.get("description", ""), str, "a text")
            or "",
            path=self.raw.path,
            profile=self.raw.profile,
            seeds=self._seeds(tables.get("seeds", [1])),
            task=self._task() or Use(name="", use="", params={}),
            evaluation=self._evaluation(self._table("evaluate")),
            models=self._each("models", self._model, self.least),
            adapters=self._each("adapters", self._adapter, self.least),
            metrics=self._each("metrics", partial(self._use, "metric"), self.least),
            comparisons=self._each("comparisons", partial(self._use, "comparison"), 0),
            reporters=self._each("reporters", self._reporter, 0),
            executor=self._use("executor", "executor", self._table("executor"), default="local")
            or Use(name="", use="", params={}),
            analysis=self._keys(AnalysisKeys, "analysis", self._table("analysis"))
            or AnalysisKeys(),
            expect=self._each("expect", self._expectation, 0),
            limits=self._limits(),
        )

    def check_size(self, suite: Suite) -> None:
        """Lists that are short in a file may be far too many cells together."""
        methods = sum(len(adapter.variants) for adapter in suite.adapters)
        count = methods * len(suite.models) * len(suite.seeds)
        if count > _MOST_CELLS:
            hint = "fewer seeds, models or values of sweeps; or several suites"
            self.problem("adapters", f"more than {_MOST_CELLS} cells", hint)

    def _limits(self) -> LimitKeys:
        """What a run may take; after the models, without whose prices nothing costs anything."""
        names = [kebab(name) for name in LimitKeys.model_fields]
        table = {key: self.raw.tables[key] for key in names if key in self.raw.tables}
        limits = read_params(LimitKeys, table, self._base, self.problem)
        if "max-cost" in table and not self.currency:
            hint = "give the models that cost something prices = { input = ..., output = ... }"
            self.problem("max-cost", "no model of this suite has prices", hint)
        return limits if isinstance(limits, LimitKeys) else LimitKeys()

    def _task(self) -> Use | None:
        if "task" in self.raw.tables:
            table = self._table("task")
            is_table = isinstance(self.raw.tables["task"], dict)
            return self._use("task", "task", table, default="declared") if is_table else None
        allowed = ", ".join(self.registry.names("task"))
        hint = f'add a table [task] with use = "..."; installed: {allowed}'
        self.problem("task", "this table is missing", hint)
        return None

    def _keys(self, cls: type[K], where: str, table: Table) -> K | None:
        """A table of the core's own; it may name a metric of this suite."""
        before = len(self.problems)
        keys = read_params(cls, table, self._base, self._noting(where))
        names, named = self.metric_names, table.get("metric")
        if named is not None and named not in names:
            what = f"unknown metric {_shown(named)}"
            self.problem(f"{where}.metric", what, f"in this suite: {', '.join(map(str, names))}")
        return keys if len(self.problems) == before and isinstance(keys, cls) else None

    def _expectation(self, where: str, table: Table) -> ExpectKeys | None:
        """A table of ``[[expect]]``: what does not matter is known of the primary metric alone."""
        keys = self._keys(ExpectKeys, where, table)
        primary = self._table("analysis").get("metric") or next(iter(self.metric_names), None)
        named = keys is not None and keys.metric not in (None, primary)
        if keys and named and keys.not_worse_than is not None and keys.margin is None:
            what = f"this key is missing: meaningful-difference is one of {primary}"
            hint = f"by how much may they be worse by {keys.metric} all the same?"
            self.problem(f"{where}.margin", what, hint)
        return keys

    def _table(self, key: str) -> Table:
        table = self.raw.tables.get(key, {})
        if isinstance(table, dict):
            return table
        self.problem(key, f"expected a table [{key}], found {_kind(table)}")
        return {}

    def _tables(self, key: str, least: int) -> list[tuple[str, Table]]:
        tables = self.raw.tables.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            self.problem(key, f"expected tables [[{key}]], found {_kind(tables)}")
            return []
        if len(tables) < least:
            self.problem(key, "at least one is needed", f"add a table [[{key}]]")
        names = [name_of(table) for table in tables]
        alike = Counter(name.casefold() for name in names)  # as files are, on some systems
        for name in dict.fromkeys(name for name in names if name and alike[name.casefold()] > 1):
            self.problem(key, f'the name "{name}" is used twice', 'give each its own: name = "..."')
        return [(f"{key}[{i}]", table) for i, table in enumerate(tables)]

    def _typed(self, where: str, value: Any, kind: type, expected: str) -> Any:
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return value
        self.problem(where, f"expected {expected}, found {_kind(value)}")
        return None

    def _seeds(self, seeds: Any) -> tuple[int, ...]:
        good = isinstance(seeds, list) and seeds and all(type(s) is int and s >= 0 for s in seeds)
        if not good or len(set(seeds)) < len(seeds):
            self.problem("seeds", "expected a list of different whole numbers from 0, as [1, 2, 3]")
            return (1,)
        return tuple(seeds)

    def _evaluation(self, table: Table) -> Evaluation:
        for key in table:
            if key not in ("split", "limit"):
                self.problem(f"evaluate.{key}", *unknown_key(key, ("split", "limit")))
        limit = None if table.get("limit") == "all" else table.get("limit")
        if limit is not None and (type(limit) is not int or limit < 1):
            what = f'expected a number from 1 or "all", found {_shown(limit)}'
            self.problem("evaluate.limit", what)
            limit = None
        split = self._typed("evaluate.split", table.get("split", "test"), str, "a text")
        return Evaluation(split=split or "test", limit=limit)

    def _plugin(self, kind: str, where: str, name: Any) -> type[Params] | None:
        """The parameter model of a plugin, or None after noting what is wrong."""
        if self._typed(where, name, str, f"the name of a plugin of kind {kind}") is None:
            return None
        try:
            return self.registry.params(kind, name)
        except PluginError as error:
            self.problem(where, error.message, error.hint)
            return None

    def _name(self, where: str, name: Any) -> str:
        if isinstance(name, str) and _PLAIN_NAME.fullmatch(name):
            return name
        hint = "use at most 100 letters, digits, dots, hyphens, _"
        self.problem(where, f"{_shown(name)} is no name", hint)
        return ""

    def _use(self, kind: str, where: str, table: Table, *, default: str = "") -> Use | None:
        if "use" not in table and not default:
            allowed = ", ".join(self.registry.names(kind))
            self.problem(where, 'the key "use" is missing', f"installed: {allowed}")
            return None
        use = table.get("use", default)
        cls = self._plugin(kind, f"{where}.use", use)
        if cls is None:
            return None
        name = self._name(f"{where}.name", table.get("name", name_of({"use": use})))
        params = self._params(cls, where, _without(table, "use", "name"), ("use", "name"))
        return None if params is None else Use(name=name, use=use, params=params)

    def _reporter(self, where: str, table: Table) -> Use | None:
        """A reporter, which must not write to where only a person at the command line may."""
        use = self._use("reporter", where, table)
        file = PurePath(str(use.params.get("file") or "")) if use else PurePath()
        if file.is_absolute() or ".." in file.parts or "\0" in str(file):
            hint = "name one within it; elsewhere writes: evalkit report RUN -o FILE"
            self.problem(f"{where}.file", "leads out of the run folder", hint)
        return use

    def _each(self, key: str, read: Callable[[str, Table], T | None], least: int) -> tuple[T, ...]:
        return tuple(u for where, t in self._tables(key, least) if (u := read(where, t)))

    def _model(self, where: str, table: Table) -> ModelUse | None:
        if "engine" not in table:
            allowed = ", ".join(self.registry.names("engine")) or "none"
            self.problem(where, 'the key "engine" is missing', f"installed: {allowed}")
            return None
        cls = self._plugin("engine", f"{where}.engine", table["engine"])
        if cls is None:
            return None
        name = self._name(f"{where}.name", table.get("name", name_of(table)))
        core = ("engine", "name", *map(kebab, ModelKeys.model_fields))
        params = self._params(cls, where, _without(table, *core), core)
        own = {key: table[key] for key in core[2:] if key in table}
        keys = read_params(ModelKeys, own, self._base, self._noting(where))
        if params is None or not isinstance(keys, ModelKeys):
            return None
        python = None if keys.python is None else str(keys.python)
        if keys.prices is not None:
            self.currency = self.currency or keys.prices.currency
            if keys.prices.currency != self.currency:
                what = f"{keys.prices.currency} beside {self.currency}"
                self.problem(f"{where}.prices.currency", what, "a suite has one currency")
        return ModelUse(
            name=name, use=table["engine"], params=params, python=python, prices=keys.prices
        )

    def _adapter(self, where: str, table: Table) -> AdapterUse | None:
        if "use" not in table:
            allowed = ", ".join(self.registry.names("adapter")) or "none"
            self.problem(where, 'the key "use" is missing', f"installed: {allowed}")
            return None
        cls = self._plugin("adapter", f"{where}.use", table["use"])
        if cls is None:
            return None
        core = ("use", "name", "models", "train-size")
        trains = "train" in self.registry.entry("adapter", table["use"]).requires
        if "train-size" in table and not trains:
            what = f'"{table["use"]}" uses no training examples'
            self.problem(f"{where}.train-size", what, "leave the key out")
        swept = _without(table, "use", "name", "models")
        odd = list(odd_sweeps(swept, cls))
        for key, what in odd:
            self.problem(f"{where}.{key}", what, "a list here is a sweep: a cell for each value")
        swept = _without(swept, *(key for key, _ in odd))
        if (count := combinations(swept, cls)) > _MOST_VARIANTS:
            what = f"its sweeps have {count} combinations"
            self.problem(where, what, f"at most {_MOST_VARIANTS}: sweep less at a time")
            return None
        variants = []
        for label, point in expand(swept, cls):
            params = self._params(cls, where, _without(point, "train-size"), core)
            size = self._train_size(where, point, cls, params)
            if params is not None:
                variants.append(Variant(label=label, params=params, train_size=size))
        name = self._name(f"{where}.name", table.get("name", name_of(table)))
        models = self._models_of(f"{where}.models", table.get("models"))
        return AdapterUse(name=name, use=table["use"], variants=tuple(variants), models=models)

    def _models_of(self, where: str, names: Any) -> tuple[str, ...] | None:
        if names is None:
            return None
        if not isinstance(names, list) or not names:
            self.problem(where, f"expected a list of model names, found {_kind(names)}")
            return None
        for name in names:
            self._reference(where, "model", name)
        return tuple(names)

    def _train_size(
        self, where: str, point: Table, cls: type[Params], params: Mapping[str, Json] | None
    ) -> int | None:
        size = point.get("train-size")
        if size == "all":
            return None
        if size is None:
            return None if params is None else cls.from_form(params).default_train_size()
        if type(size) is not int or size < 1:
            what = f'expected a number from 1 or "all", found {_shown(size)}'
            self.problem(f"{where}.train-size", what)
            return None
        return size

    def _params(
        self, cls: type[Params], where: str, table: Table, core: Sequence[str]
    ) -> Mapping[str, Json] | None:
        before = len(self.problems)
        params = read_params(cls, table, self._base, self._noting(where), core)
        if params is None:
            return None
        form = params.suite_form()
        for key, kind in cls.references().items():
            values = form[key] if isinstance(form[key], list) else [form[key]]
            for value in values:
                if value is not None:
                    self._reference(f"{where}.{key}", kind, value)
        return form if len(self.problems) == before else None

    def _noting(self, where: str) -> Callable[[str, str, str], None]:
        return lambda key, what, hint: self.problem(f"{where}.{key}" if key else where, what, hint)

    @property
    def _base(self) -> Path:
        return self.raw.path.resolve().parent

    def _reference(self, where: str, kind: str, name: str) -> None:
        if kind == "model":
            if name not in self.model_names:
                close = difflib.get_close_matches(str(name), self.model_names, n=1)
                meant = f'did you mean "{close[0]}"?  ' if close else ""
                allowed = ", ".join(self.model_names)
                self.problem(where, f'unknown model "{name}"', f"{meant}in this suite: {allowed}")
            return
        self._plugin(kind, where, name)


def _without(table: Table, *keys: str) -> Table:
    return {key: value for key, value in table.items() if key not in keys}


def _kind(value: Any) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a table",
    }
    return next((name for kind, name in names.items() if isinstance(value, kind)), "a date or time")


def _shown(value: Any) -> str:
    """A value of the file, as one would write it there."""
    return json.dumps(value, ensure_ascii=False, default=str)
