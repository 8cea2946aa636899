"""The estimate of a run as text: sums for each model and in all. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalkit.wording import span

Number = int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one job is going to ask one model; None is unknown.

    Attributes:
        model: the suite's name of the model.
        calls: the most requests.
        prompt_tokens: of all requests, about.
        answer_tokens: the most.
        seconds: about.
        priced: whether the model has prices.
        cost: about; as far as the answers are concerned the most.
        unknown: what is unknown, and why; empty if nothing is.
    """

    model: str
    calls: int | None = None
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    seconds: float | None = None
    priced: bool = False
    cost: float | None = None
    unknown: str = ""


def forecast(parts: Sequence[Part], currency: str | None) -> list[str]:
    """Lines for the terminal: the models, then all of them together, then what is unknown."""
    if not parts:
        return ["estimate: no model is going to be asked"]
    models = list(dict.fromkeys(part.model for part in parts))
    groups = {name: [part for part in parts if part.model == name] for name in models}
    if len(models) > 1:
        groups["in all"] = list(parts)
    return [
        "estimate of what is left to do:",
        *(f"  {name}: {_summed(group, currency)}" for name, group in groups.items()),
        *dict.fromkeys(f"  unknown: {part.unknown}" for part in parts if part.unknown),
    ]


def _summed(parts: Sequence[Part], currency: str | None) -> str:
    counts: list[tuple[str, Callable[[Part], Number | None]]] = [
        ("at most {} calls", lambda part: part.calls),
        ("about {} prompt tokens", lambda part: part.prompt_tokens),
        ("at most {} answer tokens", lambda part: part.answer_tokens),
    ]
    texts = [_sum(text, [of(part) for part in parts], _whole) for text, of in counts]
    paid = [part.cost for part in parts if part.priced]
    if paid:
        texts.append(_sum(f"at most about {currency} {{}}", paid, lambda cost: f"{cost:.2g}"))
    times = [part.seconds for part in parts]
    return ", ".join([*texts, _sum("about {}", times, span, unknown="time unknown")])


def _sum(
    text: str,
    values: Sequence[Number | None],
    show: Callable[[Number], str],
    *,
    unknown: str = "",
) -> str:
    """What is known of a sum, and whether there is more."""
    known = [value for value in values if value is not None]
    missing = len(known) < len(values)
    if missing and not sum(known):
        return unknown or text.format("unknown").removeprefix("at most ").removeprefix("about ")
    return text.format(show(sum(known))) + (" and an unknown rest" if missing else "")


def _whole(value: Number) -> str:
    return f"{value:,.0f}"
