"""Attention over packed texts: each looks at itself and at the prefix that all of them share.

The queries, keys and values of a row are laid side by side as a batch, for this one product only.
transformers finds the function by its name, and hands it the Layout that the model was called with.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import dropout as drop
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface

from evalkit_lora.packing import Layout

NAME = "evalkit-lora-packed"
_UNKNOWN = ("softcap", "s_aux", "position_bias")
"""Options of unusual attention that this function would ignore."""


def register() -> None:
    """Make the function known to transformers under NAME."""
    AttentionInterface.register(NAME, attend)


def attend(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Causal attention of each text over the shared prefix and itself.

    Args:
        module: the attention layer.
        query: (1, heads, T, head size).
        key: (1, key heads, T, head size).
        value: like `key`.
        attention_mask: none; the layout says it.
        **options: ``layout`` (a Layout), ``scaling``, ``dropout``.

    Returns:
        (1, T, heads, head size), and no weights.

    Raises:
        ValueError: the model's attention is of a kind that cannot be packed.
    """
    layout: Layout = options["layout"]
    _refuse_unusual(layout, attention_mask, options)
    scale = options.get("scaling") or query.shape[-1] ** -0.5
    kept = {"scale": scale, "dropout": float(options.get("dropout") or 0.0)}
    # Everything has the number format that it is to be computed in.
    with torch.autocast(query.device.type, enabled=False):
        q, k, v = (part[0].to(value.dtype) for part in (query, key, value))
        mask = layout.mask.to(value.dtype)
        shared = layout.prefix
        own = _attention(
            _side_by_side(q, layout),
            _behind_prefix(k, layout),
            _behind_prefix(v, layout),
            mask=mask[shared:],
            **kept,
        )
        rows = [row[:, :length] for row, length in zip(own, layout.lengths, strict=True)]
        if shared:
            first = _attention(
                *(part[None, :, :shared] for part in (q, k, v)), mask=mask[:shared, :shared], **kept
            )
            rows.insert(0, first[0])
        return torch.cat(rows, dim=1).transpose(0, 1).unsqueeze(0), None


def _refuse_unusual(layout: Layout, mask: Tensor | None, options: dict[str, Any]) -> None:
    window = options.get("sliding_window")
    if mask is not None or any(options.get(name) is not None for name in _UNKNOWN):
        raise ValueError("an attention of this kind cannot be packed")
    if window is not None and layout.prefix + layout.longest > window:
        raise ValueError(f"a window of {window} tokens cannot be packed")


def _side_by_side(row: Tensor, layout: Layout) -> Tensor:
    """Each text's own tokens, padded: (heads, T, size) -> (texts, heads, longest, size)."""
    own = torch.split(row[:, layout.prefix :], list(layout.lengths), dim=1)
    return torch.stack([pad(text, (0, 0, 0, layout.longest - text.shape[1])) for text in own])


def _behind_prefix(row: Tensor, layout: Layout) -> Tensor:
    """The same behind the prefix: (texts, heads, P + longest, size)."""
    own = _side_by_side(row, layout)
    if not layout.prefix:
        return own
    return torch.cat([row[:, : layout.prefix].expand(len(own), -1, -1, -1), own], dim=2)


def _attention(
    query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor, scale: float, dropout: float
) -> Tensor:
    """Softmax attention; several heads of `query` share one of `key` and `value`.

    On a GPU the fused function is by far the best. On a CPU its gradients take five times as
    long as those of plain products on texts of a hundred tokens.
    """
    texts, heads, length, size = query.shape
    sharing = heads // key.shape[1]
    if query.device.type != "cpu":
        key, value = (part.repeat_interleave(sharing, dim=1) for part in (key, value))
        return scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale
        )
    # The queries that share a key stand below each other: one product instead of several.
    below = (query * scale).reshape(texts, -1, sharing * length, size)
    scores = (below @ key.transpose(-1, -2)).view(texts, -1, sharing, length, key.shape[2])
    # softmax computes in fp32 inside, whatever goes in and comes out.
    weights = drop((scores + mask).softmax(-1), dropout, training=dropout > 0)
    answers = weights.view(texts, -1, sharing * length, key.shape[2]) @ value
    return answers.view(texts, heads, length, size)
