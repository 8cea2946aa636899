"""Says what a suite means by a model behind an endpoint. Nobody is asked.

A job's identity must not depend on the network, and a run in which nothing is left to do must not
need it. Whether the endpoint answers is seen by `evalkit_openai.check`, before the first job.
"""

from evalkit import Notify, Params, ResolvedModel
from evalkit_openai.keys import read_keys
from evalkit_openai.params import OpenAIParams


def resolve(name: str, params: Params, notify: Notify) -> ResolvedModel:
    """Resolve a model of this engine; see evalkit's Resolver.

    Raises:
        ModelError: the key is missing, or no header can hold it.
    """
    assert isinstance(params, OpenAIParams)
    read_keys(params)
    return ResolvedModel(
        name=name,
        engine="openai",
        revision=params.revision,
        context_length=params.context_length,
        abilities=_abilities(params),
    )


def _abilities(params: OpenAIParams) -> frozenset[str]:
    abilities = {"generate", "independent", "serve", "weights:hosted"}
    abilities |= {"schema"} if params.structured != "off" else set()
    abilities |= {"choices"} if params.logprobs != "none" else set()
    return frozenset(abilities)
