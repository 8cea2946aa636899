"""Log-probabilities of given choices, where an endpoint can tell them.

``prompt``: vLLM tells the log-probability of each token of a prompt (``prompt_logprobs``). The chat
is sent with each choice as the assistant's finished turn; what comes behind the prompt proper is
the choice and the end of the turn. That is the log-probability of the whole answer, its end
included, so that "A" and "AB" can be compared.

``top``: the API's ``top_logprobs`` tell the likeliest first tokens. They decide between choices of
which no two begin with the same token, such as A and B; anything else is refused.
"""

import math
from collections.abc import Sequence
from typing import Any

from evalkit import Completion, Failure, Request
from evalkit_openai.answer import only_choice, usage
from evalkit_openai.body import model_of, turns
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Again, Data
from evalkit_openai.single import Asker

TOP = 20
"""The most first tokens that the API tells of."""

Tokens = list[tuple[str, float]]
"""Id and log-probability of each token of a prompt but the first, which has none."""


async def weigh(asker: Asker, request: Request, params: OpenAIParams) -> Completion | Failure:
    """The answer to a request with choices.

    Raises:
        EngineError: the endpoint is gone.
    """
    if params.logprobs == "prompt":
        return await _whole(asker, request, params)
    if params.logprobs == "top":
        return await _first(asker, request, params)
    hint = 'set logprobs = "prompt" (vLLM) or "top"'
    return Failure(reason="choices are not weighed at this endpoint", kind="engine", hint=hint)


async def _whole(asker: Asker, request: Request, params: OpenAIParams) -> Completion | Failure:
    """Weigh whole choices: the prompt alone, each choice behind it, and one without its end."""
    choices, latency = request.choices or (), 0.0
    chats = [_prompt_body(request, params)]
    chats += [_prompt_body(request, params, choice=choice) for choice in choices]
    chats.append(_prompt_body(request, params, choice=choices[0], ends=False))
    found: list[Tokens] = []
    for body in chats:
        answer = await asker.ask(body, _prompt_tokens)
        if isinstance(answer, Failure):
            return answer
        found.append(answer[0])
        latency += answer[1]
    prompt, *whole, unended = found
    closing = len(whole[0]) - len(unended)  # the end of the turn, and what the template adds to it
    parts = [_behind(prompt, tokens, closing) for tokens in whole]
    if closing < 1 or not all(parts):
        return Failure(
            reason="the prompt is no beginning of the chat with its answer, or the answer has no "
            "end: the model's chat template writes them otherwise",
            kind="engine",
            hint='such a model cannot weigh choices here: set logprobs = "none" or "top"',
        )
    logprobs = [math.fsum(logprob for _, logprob in part) for part in parts]
    tokens = (1 + len(prompt), sum(len(part) - 1 for part in parts), 0)
    return _chosen(choices, logprobs, tokens, latency)


def _prompt_body(
    request: Request, params: OpenAIParams, *, choice: str | None = None, ends: bool = True
) -> dict[str, Any]:
    """Ask for the log-probabilities of a prompt; with a choice, as the last turn of the chat."""
    messages = turns(request.messages, params)
    given = choice is not None
    if given:
        messages.append({"role": "assistant", "content": str(choice)})
    return {
        "model": model_of(request, params),
        "messages": messages,
        params.max_tokens_key: 1,
        "prompt_logprobs": 0,
        "add_generation_prompt": not given,
        "continue_final_message": given and not ends,
        **params.extra_body,
    }


def _prompt_tokens(data: Data, latency_s: float) -> tuple[Tokens, float] | Failure | Again:
    """The tokens of a prompt, and the seconds."""
    told = data.get("prompt_logprobs")
    if not isinstance(told, list) or not told:
        hint = 'set logprobs = "none", or "top" for choices that differ in their first token'
        return Failure(reason="the reply has no prompt_logprobs", kind="engine", hint=hint)
    tokens: Tokens = []
    for entry in told[1:]:
        try:
            ((token, facts),) = entry.items()
            tokens.append((token, _logprob(facts["logprob"])))
        except (AttributeError, ValueError, TypeError, KeyError, OverflowError):
            return Again(reason="prompt_logprobs in an unknown form")
    return tokens, latency_s


def _behind(prompt: Tokens, whole: Tokens, closing: int) -> Tokens:
    """The choice and the token that ends it; empty if the prompt is not where it should be."""
    ids = [token for token, _ in prompt]
    if [token for token, _ in whole[: len(ids)]] != ids:
        return []
    return whole[len(ids) : len(whole) - closing + 1]


async def _first(asker: Asker, request: Request, params: OpenAIParams) -> Completion | Failure:
    """Weigh choices by their first token."""
    body = {
        "model": model_of(request, params),
        "messages": turns(request.messages, params),
        params.max_tokens_key: 1,
        "temperature": 0.0,
        "logprobs": True,
        "top_logprobs": TOP,
        **params.extra_body,
    }
    kept = {key: value for key, value in body.items() if key not in params.omit}
    choices = request.choices or ()
    return await asker.ask(kept, lambda data, latency: _by_first(data, choices, latency))


def _by_first(data: Data, choices: Sequence[str], latency_s: float) -> Completion | Failure | Again:
    """The likeliest choice; each gets the sum of the first tokens that only it begins with.

    A choice that is not among them is less likely than all of them: it gets the least of their
    log-probabilities, which is an upper bound.
    """
    top = _top_tokens(data)
    if not isinstance(top, list):
        return top
    masses: dict[str, list[float]] = {choice: [] for choice in choices}
    for token, logprob in top:
        text = token.strip()
        fits = [choice for choice in masses if text and choice.startswith(text)]
        if len(fits) > 1:
            shared = " and ".join(f'"{choice}"' for choice in fits[:2])
            return _refusal(f'{shared} begin with the same token "{text}"')
        if fits:
            masses[fits[0]].append(logprob)
    if not any(masses.values()):
        return _refusal(f"no choice begins with one of the {len(top)} likeliest first tokens")
    floor = min(logprob for _, logprob in top)
    logprobs = [_log_sum(masses[choice]) if masses[choice] else floor for choice in choices]
    return _chosen(choices, logprobs, usage(data), latency_s)


def _top_tokens(data: Data) -> Tokens | Failure | Again:
    choice = only_choice(data)
    if isinstance(choice, Again):
        return choice
    try:
        told = choice["logprobs"]["content"][0]["top_logprobs"]
        found = [(str(one["token"]), _logprob(one["logprob"])) for one in told]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        found = []
    if not found:
        reason = "the reply has no top_logprobs that can be read"
        return Failure(reason=reason, kind="engine", hint='set logprobs = "none"')
    return found


def _logprob(told: Any) -> float:
    """A log-probability, rounding errors above 0 removed; ValueError for what is none."""
    value = float(told)
    if math.isnan(value) or value == math.inf:
        raise ValueError("no log-probability")
    return min(0.0, value)


def _refusal(reason: str) -> Failure:
    hint = 'take constrain = false in the task, or an endpoint with logprobs = "prompt" (vLLM)'
    return Failure(reason=f"choices cannot be told apart: {reason}", kind="engine", hint=hint)


def _log_sum(logprobs: Sequence[float]) -> float:
    highest = max(logprobs)
    if highest == -math.inf:
        return highest
    return min(0.0, highest + math.log(math.fsum(math.exp(p - highest) for p in logprobs)))


def _chosen(
    choices: Sequence[str],
    logprobs: Sequence[float],
    tokens: tuple[int, int, int],
    latency_s: float,
) -> Completion | Failure:
    best = max(range(len(choices)), key=lambda at: logprobs[at])
    if logprobs[best] == -math.inf:
        return Failure(reason="the endpoint holds every choice to be impossible", kind="engine")
    return Completion(
        text=choices[best],
        finish_reason="choice",
        prompt_tokens=tokens[0],
        completion_tokens=tokens[1],
        cached_tokens=tokens[2],
        latency_s=latency_s,
        logprobs=tuple(logprobs),
    )
