"""Attention in which all rows of a batch share the keys and values of one common prefix.

Usually a shared prefix is copied into the cache of every row; each token then has to read every
copy. Here the prefix stays a batch of one: the queries of all rows meet it in one matrix
product, and only the keys of the rows' own tokens are taken row by row. The two sets of scores
go through one softmax, so that the result is that of ordinary attention.
The idea is published as Hydragen (Juravsky et al. 2024, https://arxiv.org/abs/2402.05099).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import Module
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

NAME = "evalkit_shared_prefix"
_UNKNOWN = ("softcap", "s_aux", "sliding_window", "position_bias")
"""Options of unusual attention that this function would ignore."""
_MOST_SCORES = {"cpu": 1 << 20}
"""Rows are taken a few at a time where there would be more scores than this: on a processor, what
fits its caches (4 MB) takes a third of the time; elsewhere memory is the limit."""
_MOST_SCORES_ELSEWHERE = 1 << 26


@dataclass(frozen=True, slots=True)
class Prefix:
    """Tokens that the model has read, with what its layers remember of them.

    Attributes:
        tokens: the token ids, P of them.
        layers: for each layer its keys and values, [1, key heads, P, head size].
    """

    tokens: tuple[int, ...] = ()
    layers: tuple[tuple[Tensor, Tensor], ...] = ()

    def __len__(self) -> int:
        """P."""
        return len(self.tokens)

    def cut(self, length: int) -> "Prefix":
        """Its first tokens, in memory of their own."""
        if not length:
            return Prefix()
        kept = tuple(
            (key[:, :, :length].contiguous(), value[:, :, :length].contiguous())
            for key, value in self.layers
        )
        return Prefix(self.tokens[:length], kept)

    def joined(self, more: "Prefix") -> "Prefix":
        """Its tokens, and behind them those that were read after it."""
        if not self.tokens:
            return more
        pairs = zip(self.layers, more.layers, strict=True)
        layers = tuple(
            (torch.cat([key, new_key], dim=2), torch.cat([value, new_value], dim=2))
            for (key, value), (new_key, new_value) in pairs
        )
        return Prefix(self.tokens + more.tokens, layers)


class Shared(NamedTuple):
    """One layer's part of a prefix: keys and values, [key heads, P, head size]."""

    key: Tensor
    value: Tensor


def register() -> None:
    """Make the function known to transformers under NAME."""
    AttentionInterface.register(NAME, attend)


def attend(
    module: Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """Attention over a shared prefix and the rows' own tokens.

    Args:
        module: the attention layer; its ``layer_idx`` finds the layer's part of the prefix.
        query: [rows, heads, new tokens, head size].
        key: [rows, key heads, tokens of the rows, head size].
        value: like `key`.
        attention_mask: [rows, 1, new tokens, tokens of the rows], True where a token may look;
            every token may look at the whole prefix. None: without a prefix causal, with one
            everything.
        scaling: factor of the scores.
        **options: ``shared_prefix`` holds the Prefix, or nothing.

    Returns:
        [rows, new tokens, heads, head size], and no weights.
    """
    if any(options.get(name) is not None for name in _UNKNOWN):
        raise ValueError("an attention of this kind cannot share a prefix")
    prefix: Prefix = options.get("shared_prefix") or Prefix()
    if not len(prefix) and query.shape[2] == key.shape[2]:
        return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    shared = _part(prefix, int(module.layer_idx), key, value)  # type: ignore[arg-type]
    own = (query * scale, key, value)
    most = _MOST_SCORES.get(query.device.type, _MOST_SCORES_ELSEWHERE)
    step = max(1, most // (query[0, ..., 0].numel() * (len(prefix) + key.shape[2])))
    parts = [
        _two_parts(
            shared,
            *(tensor[at : at + step] for tensor in own),
            mask=None if attention_mask is None else attention_mask[at : at + step],
        )
        for at in range(0, len(query), step)
    ]
    return torch.cat(parts).transpose(1, 2), None


def _part(prefix: Prefix, layer: int, key: Tensor, value: Tensor) -> Shared:
    """A layer's part of a prefix; it may be empty."""
    if not len(prefix):
        return Shared(key[0, :, :0], value[0, :, :0])
    keys, values = prefix.layers[layer]
    return Shared(keys[0], values[0])


def _two_parts(
    shared: Shared, query: Tensor, key: Tensor, value: Tensor, *, mask: Tensor | None
) -> Tensor:
    """Attention of scaled queries over both parts, [rows, heads, new tokens, head size]."""
    rows, heads, count, size = query.shape
    # Heads that use the same keys are taken together: [rows, key heads, heads each x n, size].
    grouped = query.reshape(rows, key.shape[1], -1, size)
    split = shared.key.shape[1]
    scores = grouped.new_empty(*grouped.shape[:3], split + key.shape[2], dtype=torch.float32)
    scores[..., :split] = _with_all_rows(grouped, shared.key.transpose(1, 2))
    scores[..., split:] = grouped @ key.transpose(2, 3)
    if mask is not None:
        by_head = scores.view(rows, heads, count, -1)
        by_head[..., split:].masked_fill_(~mask, float("-inf"))
    weights = scores.softmax(dim=-1).to(query.dtype)
    found = _with_all_rows(weights[..., :split], shared.value) + weights[..., split:] @ value
    return found.reshape(rows, heads, count, size)


def _with_all_rows(left: Tensor, right: Tensor) -> Tensor:
    """[rows, key heads, n, a] times the shared [key heads, a, b], in one product per head."""
    rows, heads, count, _ = left.shape
    stacked = left.transpose(0, 1).reshape(heads, rows * count, -1)
    return (stacked @ right).reshape(heads, rows, count, -1).transpose(0, 1)
