"""Finds out, before a run begins, whether an endpoint is there and knows the key and the model."""

import asyncio
import difflib
from functools import partial
from typing import Any

import httpx

from evalkit import ModelError, Notify, Params, ResolvedModel
from evalkit_openai.body import encode
from evalkit_openai.endpoint import client_options, network_fault, reply_of
from evalkit_openai.keys import Keys, read_keys
from evalkit_openai.loop import Loop
from evalkit_openai.params import OpenAIParams
from evalkit_openai.reply import Gone, Reply, read

_TRIES = 2
_PATIENCE_S = 30.0
_PROBE_TOKENS = 16


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """Resolve a model of this engine; see evalkit's Resolver.

    What the endpoint says of itself is no part of the result, so that a job's identity does not
    depend on the network.

    Raises:
        ModelError: the key is missing or refused, nobody answers, or nobody knows the model.
    """
    assert isinstance(params, OpenAIParams)
    keys = read_keys(params)
    loop = Loop()
    try:
        with keys.hidden_in_logs():
            loop.run(_check(params, keys))
    except ModelError as error:
        raise ModelError(keys.hide(error.message), keys.hide(error.hint)) from None
    finally:
        loop.close()
    return ResolvedModel(
        name=name,
        engine="openai",
        revision=params.revision,
        context_length=params.context_length,
        abilities=_abilities(params),
    )


def _abilities(params: OpenAIParams) -> frozenset[str]:
    abilities = {"generate", "weights:hosted"}
    abilities |= {"schema"} if params.structured != "off" else set()
    abilities |= {"choices"} if params.logprobs != "none" else set()
    return frozenset(abilities)


async def _check(params: OpenAIParams, keys: Keys) -> None:
    """Ask for the list of models, which costs nothing; only if it does not help, the model."""
    async with httpx.AsyncClient(**client_options(params, keys)) as client:
        send = partial(_send, client, params, keys)
        listed = await send("GET", "/models")
        _refuse_if_gone(listed, params, by_list=True)
        names = _names(listed)
        if params.model in names:
            return
        # Some lists are incomplete or closed to the key: aliases, deployments, other endpoints.
        probe = {
            "model": params.model,
            "messages": [{"role": "user", "content": "Hi."}],
            params.max_tokens_key: _PROBE_TOKENS,
            **params.extra_body,
        }
        reply = await send("POST", "/chat/completions", encode(probe))
    _refuse_if_gone(reply, params, names=names)


async def _send(
    client: httpx.AsyncClient,
    params: OpenAIParams,
    keys: Keys,
    method: str,
    path: str,
    content: bytes | None = None,
) -> Reply:
    """A whole reply; what is wrong on the way is tried once more."""
    fault = ""
    for _ in range(_TRIES):
        try:
            async with asyncio.timeout(min(params.timeout, _PATIENCE_S)):
                return reply_of(await client.request(method, path, content=content), keys)
        except TimeoutError:
            fault = "no answer in time"
        except (httpx.RequestError, UnicodeError) as error:  # the latter for an odd host name
            fault = network_fault(error)
    raise ModelError(
        f"{params.base_url}: no endpoint answers there: {fault}",
        "start the server, or correct base-url",
    )


def _names(reply: Reply) -> list[str]:
    """The names of the models in a list of them; empty if it is none."""
    data = read(reply)
    entries = data.get("data") if isinstance(data, dict) else None
    entries = entries if isinstance(entries, list) else []
    return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]


def _refuse_if_gone(
    reply: Reply, params: OpenAIParams, *, names: list[str] | None = None, by_list: bool = False
) -> None:
    """Raise what no later request could mend; limits and outages may pass until the run asks."""
    found = read(reply)
    if isinstance(found, Gone) and not (by_list and found.of_model):
        if found.of_model:
            raise ModelError(
                f'{params.base_url}: no model "{params.model}" there: {found.reason}',
                _suggestion(params.model, names or []),
            )
        raise ModelError(f"{params.base_url}: {found.reason}", found.hint)
    if not by_list and 200 <= reply.status < 300 and not isinstance(found, dict):
        raise ModelError(
            f"{params.base_url}: no OpenAI-compatible endpoint: {_reason(found)}", _hint(found)
        )


def _reason(fault: Any) -> str:
    return str(getattr(fault, "reason", ""))


def _hint(fault: Any) -> str:
    return str(getattr(fault, "hint", ""))


def _suggestion(model: str, names: list[str]) -> str:
    """What the model may be called."""
    if not names:
        return "correct model, or base-url: most end in /v1"
    close = difflib.get_close_matches(model, names, n=1)
    meant = f'did you mean "{close[0]}"?  ' if close else ""
    shown = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
    return f"{meant}served there: {shown}"
