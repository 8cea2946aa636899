"""Which methods are points of one learning curve.

Methods of a run belong together if they have the same model, plugin and parameters, and differ by
a size: by the training examples in reach, or, with equally many of these, by the number of demos.
A parameter that states the size, as the ``k`` of few-shot does, may differ with it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from numbers import Real
from typing import Any, Final

from evalkit.compare.methods import Method
from evalkit.serialization import digest

TRAINING_EXAMPLES: Final = "training examples"
DEMOS: Final = "demos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Methods that differ by a size.

    Attributes:
        name: what their adapters have in common, followed by model and run where there are several.
        by: the size: ``training examples`` or ``demos``.
        methods: the methods by their sizes, each size once, at least two.
        sizes: their sizes, growing; that of demos is the mean over seeds.
    """

    name: str
    by: str
    methods: tuple[Method, ...]
    sizes: tuple[float, ...]


def families(methods: Sequence[Method]) -> list[Family]:
    """The families among the methods, in the order of their first members."""
    return [
        Family(
            name=_name(group, methods),
            by=by,
            methods=tuple(group),
            sizes=tuple(_size(method, by) for method in group),
        )
        for by, group in _all_groups(methods)
    ]


def trains_on_nothing(method: Method) -> bool:
    """Whether it uses no training example at all, so that it is the same at every size."""
    return all(cell["train_size"] == 0 for cell in method.cells)


def _all_groups(methods: Sequence[Method]) -> Iterator[tuple[str, list[Method]]]:
    alike = _grouped(methods, lambda one: [str(one.folder), _first(one)["model"], _use(one)])
    for group in alike:
        for stated in (None, *_varying(group)):
            same = _grouped(group, lambda one, key=stated: _without(one, key))
            yield from ((TRAINING_EXAMPLES, found) for found in _by_training(same, stated))
        for stated in _varying(group):
            same = _grouped(
                group, lambda one, key=stated: [_without(one, key), _first(one)["train_size"]]
            )
            yield from ((DEMOS, found) for found in _by_demos(same, stated))


def _by_training(groups: Sequence[Sequence[Method]], stated: str | None) -> Iterator[list[Method]]:
    """Groups that grow by the training examples; a parameter that differs equals their number.

    Of methods with equally many, as of all and of as many as there are, the first is taken.
    """
    for group in groups:
        sizes = [_size(method, TRAINING_EXAMPLES) for method in group]
        states = [_first(method)["params"].get(stated) for method in group] if stated else sizes
        if states == sizes and len(set(sizes)) > 1:
            yield [group[sizes.index(size)] for size in sorted(set(sizes))]


def _by_demos(groups: Sequence[Sequence[Method]], stated: str) -> Iterator[list[Method]]:
    """Groups whose demos become more with the one parameter that differs."""
    for group in groups:
        numbers = [_first(method)["params"].get(stated) for method in group]
        if len(group) < 2 or not all(_is_number(number) for number in numbers):
            continue
        ordered = sorted(group, key=lambda one: _first(one)["params"][stated])
        demos = [_size(method, DEMOS) for method in ordered]
        if None not in demos and all(one < next_ for one, next_ in pairwise(demos)):
            yield ordered


def _size(method: Method, by: str) -> Any:
    """The size of a method; None if it reports none."""
    if by == TRAINING_EXAMPLES:
        return _first(method)["train_size"]
    demos = [cell["report"].get("demos") for cell in method.cells]
    known = [number for number in demos if _is_number(number)]
    return sum(known) / len(known) if known else None


def _first(method: Method) -> Mapping[str, Any]:
    return method.cells[0]


def _use(method: Method) -> str:
    return str(_first(method)["use"])


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _without(method: Method, key: str | None) -> dict[str, Any]:
    return {name: value for name, value in _first(method)["params"].items() if name != key}


def _varying(group: Sequence[Method]) -> list[str]:
    """Parameters that are numbers and not the same for all."""
    params = [_first(method)["params"] for method in group]
    names = dict.fromkeys(name for one in params for name in one)
    numeric = [name for name in names if all(_is_number(one.get(name)) for one in params)]
    return [name for name in numeric if len({one[name] for one in params}) > 1]


def _grouped(methods: Sequence[Method], key: Any) -> list[list[Method]]:
    groups: dict[str, list[Method]] = {}
    for method in methods:
        groups.setdefault(digest(key(method)), []).append(method)
    return list(groups.values())


def _name(group: Sequence[Method], methods: Sequence[Method]) -> str:
    """The parts between dashes that all adapters of the group share, in their places."""
    parts = [method.adapter.split("-") for method in group]
    shared = [column[0] for column in zip_longest(*parts) if len(set(column)) == 1]
    own = [("-".join(shared) or _use(group[0]))]
    if len({_first(method)["model"] for method in methods}) > 1:
        own.append(_first(group[0])["model"])
    if len({method.folder for method in methods}) > 1:
        own.append(group[0].run or group[0].folder.name)
    return ", ".join(own)
