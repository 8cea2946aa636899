"""Matrix products on a processor with weights that lie as the processor wants them.

For each product torch hands the weight over as it lies in the file, and oneDNN rearranges it. Here
that is done once, with the operators that torch's own compiler uses for frozen models. Measured on
two cores (a 135M Llama, 64 rows): float32 takes half the time, bfloat16 five sixths.
"""

import torch
from torch import Tensor
from torch.nn import Linear, Module
from transformers import PreTrainedModel

from evalkit_transformers.memory import is_out_of_memory, memory_limit

_ROWS = 64
"""Rows of the products that the layout is chosen for; it serves all others well too."""
_MEMORY_SHARE = 1 / 8
"""The weights are there twice afterwards: larger models than this part of the machine's memory
stay as they are. The share is of all memory, so that one machine always decides alike."""
_DTYPES = (torch.float32, torch.bfloat16)


class PackedLinear(Linear):
    """A linear layer with a second, rearranged copy of its weight, for inference alone."""

    def __init__(self, plain: Linear) -> None:
        """Take over a layer; its parameters stay the same tensors, for whoever looks at them."""
        Module.__init__(self)
        self.in_features, self.out_features = plain.in_features, plain.out_features
        self.weight, self.bias = plain.weight, plain.bias
        self._packed = torch.ops.mkldnn._reorder_linear_weight(plain.weight.detach(), _ROWS)
        self._source = self._state()

    @property
    def stale(self) -> bool:
        """Whether somebody has changed the weight since, which the product does not follow."""
        return self._state() != self._source

    def forward(self, input: Tensor) -> Tensor:
        """[..., in] times the weight."""
        return torch.as_tensor(
            torch.ops.mkldnn._linear_pointwise(input, self._packed, self.bias, "none", [], "")
        )

    def _state(self) -> tuple[int, int]:
        """Where the weight lies, and how often it was written to."""
        return self.weight.data_ptr(), self.weight._version


def pack(model: PreTrainedModel) -> None:
    """Pack the linear layers of a model, where that is known to work and memory allows it."""
    weights = sum(weight.nbytes for weight in model.parameters())
    if model.device.type != "cpu" or weights > _MEMORY_SHARE * memory_limit():
        return
    for name, layer in list(model.named_modules()):
        if type(layer) is Linear and layer.weight.dtype in _DTYPES:
            packed = _packed(layer)
            if packed is None:
                return
            model.set_submodule(name, packed)


@torch.inference_mode()
def _packed(layer: Linear) -> PackedLinear | None:
    """The layer packed; None where this torch cannot do it, or not the same way."""
    try:
        packed = PackedLinear(layer)
        probe = torch.linspace(-1, 1, layer.in_features, dtype=layer.weight.dtype)[None]
        close = torch.isclose(packed(probe), layer(probe), rtol=0.02, atol=0.02)
    except (RuntimeError, AttributeError, NotImplementedError) as error:
        if is_out_of_memory(error):
            raise
        return None
    return packed if bool(close.all()) else None
