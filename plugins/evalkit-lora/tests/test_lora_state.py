"""What a step depends on is put back bit by bit, whatever the layout of the weights."""

from pathlib import Path

import torch

from evalkit_lora.checkpoints import LOSSES, Checkpoints
from evalkit_lora.state import capture, digest, restore
from evalkit_lora.team import Alone


def fresh() -> tuple[list[torch.nn.Parameter], torch.optim.Optimizer]:
    """A plain weight, a transposed one, a view of a larger tensor, and one that is never used."""
    rng = torch.Generator().manual_seed(1)
    values = [torch.randn(6, 4, generator=rng) for _ in range(4)]
    values[1] = values[1].t()
    values[2] = values[2][2:4]
    weights = [torch.nn.Parameter(value) for value in values]
    return weights, torch.optim.AdamW(weights, lr=0.1, fused=True)


def step(weights: list[torch.nn.Parameter], optimizer: torch.optim.Optimizer) -> None:
    """A step that draws from the generator, as dropout does."""
    loss = sum((torch.randn(weight.shape) * weight).square().sum() for weight in weights[:3])
    assert isinstance(loss, torch.Tensor)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def test_the_steps_behind_a_checkpoint_are_those_that_would_have_been(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "kept", "mine")
    with torch.random.fork_rng():
        torch.manual_seed(3)
        weights, optimizer = fresh()
        for _ in range(3):
            step(weights, optimizer)
        checkpoints.save(capture(weights, optimizer, Alone()), [0.3, 0.2, 0.1])
        for _ in range(3):
            step(weights, optimizer)

        torch.manual_seed(4)
        others, another = fresh()
        found = checkpoints.newest(print)
        assert found is not None
        tensors = checkpoints.load(found)
        restore(tensors, others, another, rank=0)
        for _ in range(3):
            step(others, another)
    assert tensors[LOSSES].tolist() == [0.3, 0.2, 0.1]
    assert digest(others) == digest(weights)
    assert digest(others) != digest(fresh()[0])


def test_a_single_bit_changes_the_digest() -> None:
    weights, _ = fresh()
    before = digest(weights)
    weights[0].data.view(torch.uint8)[0, 0] ^= 1
    assert digest(weights) != before
