"""What methods cost: once, to adapt, and for each answer, to serve. Pure.

All of it is measured: tokens and seconds are those of the jobs, at the prices of the suite. With
several seeds the cost of adapting is that of one of them on average, and serving is taken over all
their answers. The seconds of a job are those of a batch: they tell how much a device gets through,
never how long one answer takes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.compare.methods import Form, Method
from evalkit.compare.sentences import amount
from evalkit.prices import Prices
from evalkit.stats.cost import hosted_cost
from evalkit.suite import AnalysisKeys

_THOUSAND = 1000


def costs(methods: Sequence[Method], settings: AnalysisKeys) -> dict[str, dict[str, Any]]:
    """What each method costs.

    Args:
        methods: the methods.
        settings: what a label costs, and the share of paid hours in which a model answers.

    Returns:
        Name of a method -> ``currency``, ``adaptation`` and ``serving``.

        ``adaptation`` has the ``total`` of ``tokens``, ``device`` (time) and ``labels``, and what
        they are paid for: ``prompt_tokens``, ``completion_tokens``, ``seconds`` and
        ``training_examples``. ``serving`` has ``per_1000`` successful predictions, the sum of
        ``tokens`` and ``device``, with what they rest on: ``prompt_tokens``,
        ``completion_tokens`` and ``seconds`` for each answer, ``answers_per_second``, the
        ``utilisation`` by which the price of an hour was divided (None without such a price), and
        how many ``answers`` there were. An amount that is not known is None, and ``undefined``
        says why.
    """
    return {
        method.name: {
            "currency": method.results.get("currency"),
            "adaptation": _adaptation(method, settings.label_cost),
            "serving": _serving(method, settings.utilisation),
        }
        for method in methods
    }


def prices_of(method: Method) -> Prices | str:
    """The prices of a method's model, or why they are not known."""
    model = method.cells[0]["model"]
    form: Form = next((one for one in method.results["models"] if one["name"] == model), {})
    if "prices" not in form:
        return "the results are of a version that kept no prices: run the suite again"
    if form["prices"] is None:
        return f"the suite gives no prices of {model}"
    return Prices(**form["prices"])


def _adaptation(method: Method, label_cost: float) -> dict[str, Any]:
    done = [cell for cell in method.cells if cell["seconds"]["adapt"] is not None]
    labels = max(cell["train_size"] for cell in method.cells)
    form: dict[str, Any] = {
        "total": None,
        "tokens": None,
        "device": None,
        "labels": labels * label_cost,
        "training_examples": labels,
        "seconds": _mean([cell["seconds"]["adapt"] for cell in done]),
        **_tokens([cell["usage"]["adapt"] for cell in done], len(done)),
        "undefined": None,
    }
    prices = prices_of(method)
    if not done:
        return {**form, "undefined": "it was not adapted"}
    if isinstance(prices, str):
        return {**form, "undefined": prices}
    paid = [cell["cost"]["adapt"] for cell in done]
    if None in paid:
        return {**form, "undefined": "the suite gives no prices of a model that it asked"}
    device = prices.of_time(form["seconds"])
    tokens = max(0.0, _mean(paid) - device)  # less than 0 by rounding only
    return {**form, "tokens": tokens, "device": device, "total": tokens + device + form["labels"]}


def _serving(method: Method, utilisation: float) -> dict[str, Any]:
    done = [cell for cell in method.cells if cell["outcomes"]]
    answers = sum(cell["examples"] - cell["outcomes"]["failed"] for cell in done)
    usages = [cell["usage"]["predict"] for cell in done]
    seconds = sum(cell["seconds"]["predict"] for cell in done)
    form: dict[str, Any] = {
        "per_1000": None,
        "tokens": None,
        "device": None,
        **_tokens(usages, answers),
        "seconds": seconds / answers if answers else None,
        "answers_per_second": answers / seconds if seconds else None,
        "utilisation": None,
        "answers": answers,
        "undefined": None,
    }
    prices = prices_of(method)
    if not answers:
        return {**form, "undefined": "it answered nothing"}
    if isinstance(prices, str):
        return {**form, "undefined": prices}
    tokens = _THOUSAND * sum(_of_tokens(cell, prices) for cell in done) / answers
    if not prices.per_hour:
        return {**form, "tokens": tokens, "device": 0.0, "per_1000": tokens}
    form |= {"tokens": tokens, "utilisation": utilisation}
    if not seconds:
        return {**form, "undefined": "its answers took no time that could be measured"}
    device = _THOUSAND * hosted_cost(prices.per_hour, answers / seconds, utilisation)
    return {**form, "device": device, "per_1000": tokens + device}


def _of_tokens(cell: Mapping[str, Any], prices: Prices) -> float:
    """The price of the tokens of a cell's answers, those of repeated attempts included."""
    paid = cell["cost"]["predict"]
    if paid is None:
        return prices.of_tokens(cell["usage"]["predict"])
    device = prices.of_time(cell["seconds"]["predict"])
    return max(0.0, float(paid) - device)  # less than 0 by rounding only


def _tokens(usages: Sequence[Mapping[str, int]], count: int) -> dict[str, float | None]:
    """Tokens of prompts and generated tokens, for each of so many."""
    keys = ("prompt_tokens", "completion_tokens")
    return {key: sum(one[key] for one in usages) / count if count else None for key in keys}


def _mean(numbers: Sequence[float]) -> Any:
    return sum(numbers) / len(numbers) if numbers else None


def price_text(costs_of_one: Form) -> str:
    """What serving costs, as text; with the utilisation where the price of an hour is in it."""
    currency, serving = costs_of_one["currency"] or "", costs_of_one["serving"]
    text = f"{currency} {amount(serving['per_1000'])} per 1,000 answers".strip()
    share = serving["utilisation"]
    return text if share is None else f"{text} (with a device that is busy {share:.0%} of the time)"
