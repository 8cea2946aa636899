"""The LoRA layer as one differentiable function: y = W x + s B A x.

peft computes it in a chain of general steps, each of which casts, copies and remembers its input.
Here a layer remembers x and A x, adds the small products to the large ones in place, and computes
no gradient of W. Only plain LoRA layers are replaced; all others go through peft's own.

Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, equation 3.
"""

from functools import partial
from typing import Any

import torch
from peft.tuners.lora.layer import Linear as LoraLinear
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear


class _LoraProduct(torch.autograd.Function):
    """W x + bias + s B A x, all in one number format."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, frozen: tuple[Tensor, Tensor | None], a: Tensor, b: Tensor, s: float
    ) -> Tensor:
        """Compute y, (..., out), for x, (..., in), A, (rank, in), and B, (out, rank)."""
        weight, bias = frozen
        low = linear(x, a)
        y = linear(x, weight, bias)
        y.flatten(0, -2).addmm_(low.flatten(0, -2), b.t(), alpha=s)
        ctx.save_for_backward(x, low, weight, a, b)
        ctx.s = s
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, None, Tensor, Tensor, None]:
        """The gradients of x, A and B."""
        x, low, weight, a, b = ctx.saved_tensors
        dy = grad.reshape(-1, grad.shape[-1])
        dlow = (dy @ b).mul_(ctx.s)
        da = dlow.t() @ x.reshape(-1, x.shape[-1])
        db = (dy.t() @ low.flatten(0, -2)).mul_(ctx.s)
        if not ctx.needs_input_grad[0]:
            return None, None, da, db, None
        return (dy @ weight).addmm_(dlow, a).view(x.shape), None, da, db, None


def quicken(model: torch.nn.Module) -> int:
    """Let the plain LoRA layers of a model compute as one function.

    Returns:
        how many there are.
    """
    layers = [one for one in model.modules() if isinstance(one, LoraLinear) and _is_plain(one)]
    for layer in layers:
        layer.forward = partial(_forward, layer, layer.active_adapters[0])  # type: ignore[method-assign]
    return len(layers)


def _forward(layer: LoraLinear, name: str, x: Tensor) -> Tensor:
    base: Any = layer.base_layer
    a: Any = layer.lora_A[name]
    b: Any = layer.lora_B[name]
    dtype = base.weight.dtype
    return _LoraProduct.apply(  # type: ignore[no-untyped-call, no-any-return]
        x.to(dtype),
        (base.weight, base.bias),
        a.weight.to(dtype),
        b.weight.to(dtype),
        layer.scaling[name],
    )


def _is_plain(layer: LoraLinear) -> bool:
    """Whether nothing but A and B takes part: no variant, no dropout, no further bias."""
    names = layer.active_adapters
    return (
        type(layer) is LoraLinear
        and type(layer.base_layer) is torch.nn.Linear
        and len(names) == 1
        and names[0] in layer.lora_A
        and names[0] not in layer.lora_variant
        and isinstance(layer.lora_dropout[names[0]], torch.nn.Identity)
        and layer.lora_B[names[0]].bias is None
        and not (layer.merged or layer.disable_adapters)
        and not layer.base_layer.weight.requires_grad
    )
