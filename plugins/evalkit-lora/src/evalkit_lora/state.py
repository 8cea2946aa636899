"""What a training's next step depends on, beside its order: all of it, and put back bit by bit.

These are the trained weights, the optimiser's moments and counts, and the random generators of
every process, from which dropout draws. The learning rate and the order of the texts follow from
the number of the step; the model and how it is computed are made anew from the order.
"""

import hashlib
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from evalkit_lora.team import Team


def capture(
    weights: Sequence[torch.nn.Parameter], optimizer: torch.optim.Optimizer, team: Team
) -> dict[str, Tensor]:
    """The state between two steps; all processes of a team take part, and all get it."""
    tensors = {f"weights.{index}": weight.detach() for index, weight in enumerate(weights)}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    device = weights[0].device
    own = torch.cat(_generators(device))
    every = torch.zeros(team.size, len(own), dtype=torch.uint8, device=device)
    every[team.rank] = own.to(device)
    return {**tensors, "generators": team.sum(every)}


@torch.no_grad()
def restore(
    tensors: Mapping[str, Tensor],
    weights: Sequence[torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    rank: int,
) -> None:
    """Put back what `capture` gave, in a process of the same rank."""
    states: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "weights":
            weights[int(rest)].copy_(tensor)
        elif kind == "optimizer":
            index, _, key = rest.partition(".")
            of_weight = _like(tensor, weights[int(index)])
            states.setdefault(int(index), {})[key] = of_weight
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": states, "param_groups": groups})
    device = weights[0].device
    sizes = [len(state) for state in _generators(device)]
    cpu, *cuda = (one.clone() for one in torch.split(tensors["generators"][rank], sizes))
    torch.set_rng_state(cpu)
    if cuda:
        torch.cuda.set_rng_state(cuda[0], device)


def digest(weights: Sequence[torch.nn.Parameter]) -> str:
    """SHA-256 over weights, bit by bit."""
    hasher = hashlib.sha256()
    for weight in weights:
        hasher.update(
            weight.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
        )
    return hasher.hexdigest()


def _generators(device: torch.device) -> list[Tensor]:
    """The states, as bytes, of the generators that a process on this device draws from."""
    own = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return [torch.get_rng_state()] if own is None else [torch.get_rng_state(), own]


def _like(tensor: Tensor, weight: Tensor) -> Tensor:
    """A tensor in memory of its own, laid out as its weight is: the fused step goes by memory."""
    model = weight if tensor.shape == weight.shape else tensor
    return torch.empty_like(model, dtype=tensor.dtype, device=weight.device).copy_(tensor)
