"""The rows of a batch: sequences that a model reads side by side, a few tokens at a time.

`SharedRows` lets all rows look at one Prefix; `PlainRows` is for models whose attention does
not allow that (sliding windows, recurrent states) and leaves everything to transformers.
Both pad on the left of the first tokens read, so that all rows end in the same column.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import torch
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

from evalkit_transformers.attention import Prefix


class Rows(ABC):
    """Sequences read side by side.

    Attributes:
        model: the model that reads them.
        seen: how many columns were read, padding included.
        pads: for each row, how many columns at its left are padding.
        behind: how many tokens go before the first column.
        open: whether further rows may enter.
    """

    open: ClassVar[bool]

    def __init__(self, model: PreTrainedModel, tokens: Sequence[Sequence[int]]) -> None:
        """Prepare to read the first tokens of each row; there is at least one a row."""
        self.model = model
        self.seen = self.behind = 0
        config = model.config.get_text_config(decoder=True)
        self._positions = int(getattr(config, "max_position_embeddings", 0) or 0)
        self._width = max(map(len, tokens))
        self._first = [[0] * (self._width - len(row)) + list(row) for row in tokens]
        self._set_pads([self._width - len(row) for row in tokens])

    def begin(self, logits: int = 1) -> Tensor:
        """Read the first tokens; the logits after the last `logits` of them.

        Returns:
            [rows, logits, vocabulary].
        """
        return self.read(torch.tensor(self._first, device=self.model.device), logits=logits)

    @torch.inference_mode()
    def read(self, tokens: Tensor, logits: int = 1) -> Tensor:
        """Read [rows, n] more tokens; the logits after the last `logits` of them.

        Returns:
            [rows, logits, vocabulary].
        """
        columns = torch.arange(self.seen, self.seen + tokens.shape[1], device=tokens.device)
        positions = (columns - self._lefts).clamp(min=0) + self.behind
        if self._positions:
            # A finished row is read with the others until it leaves, past its end if need be.
            positions = positions.clamp(max=self._positions - 1)
        found = self._forward(tokens, positions, logits)
        self.seen += tokens.shape[1]
        return found[:, -logits:]

    def width(self, rows: Sequence[int]) -> int:
        """How many columns these rows take without the others."""
        return self.seen - min((self.pads[row] for row in rows), default=self.seen)

    @abstractmethod
    def change(self, going: Sequence[int], entering: Self | None, *, room: int) -> None:
        """Go on with some of the rows, and behind them with others.

        Args:
            going: the rows that stay.
            entering: rows that have read their first tokens; they are of no use by themselves
                afterwards. Only where the rows are open.
            room: how many tokens may follow.
        """

    @abstractmethod
    def _forward(self, tokens: Tensor, positions: Tensor, logits: int) -> Tensor:
        """Run the model; `positions` [rows, n] count the tokens before, those of a prefix too."""

    def _set_pads(self, pads: list[int]) -> None:
        self.pads = pads
        self._lefts = torch.tensor(pads, device=self.model.device)[:, None]


class SharedRows(Rows):
    """Rows that continue one Prefix."""

    open = True

    def __init__(
        self,
        model: PreTrainedModel,
        tokens: Sequence[Sequence[int]],
        *,
        prefix: Prefix,
        room: int,
    ) -> None:
        """Prepare rows behind a prefix, with room for this many tokens after the first ones."""
        super().__init__(model, tokens)
        self.prefix, self.behind = prefix, len(prefix)
        count = model.config.get_text_config(decoder=True).num_hidden_layers
        self._layers = [RowLayer(self._width + room) for _ in range(count)]
        self._cache = Cache(layers=list(self._layers))

    def as_prefix(self) -> Prefix:
        """What a single row has read, as a prefix for others."""
        return Prefix(tuple(self._first[0]), tuple(layer.held() for layer in self._layers))

    def change(self, going: Sequence[int], entering: Self | None, *, room: int) -> None:
        """See Rows. Columns that are padding in all rows are dropped."""
        width = self.width(going)
        total = max(width, entering.seen) if entering else width
        indices = torch.tensor(going, device=self._lefts.device)
        others = entering._layers if entering else [None] * len(self._layers)
        for layer, other in zip(self._layers, others, strict=True):
            layer.change(indices, self.seen - width, other, total=total, room=room)
        pads = [self.pads[row] + total - self.seen for row in going]
        if entering:
            pads += [pad + total - entering.seen for pad in entering.pads]
        self.seen = total
        self._set_pads(pads)

    def _forward(self, tokens: Tensor, positions: Tensor, logits: int) -> Tensor:
        output = self.model(
            input_ids=tokens,
            attention_mask=self._mask(tokens.shape[1]),
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=logits,
            shared_prefix=self.prefix,
        )
        return torch.as_tensor(output.logits)

    def _mask(self, count: int) -> Tensor | None:
        """[rows, 1, count, seen + count]; None where plain causal attention is meant.

        A token may always look at itself: a padding token that could look nowhere would be NaN.
        """
        all_alike = count == 1 or not (self.seen or len(self.prefix))
        if all_alike and not any(self.pads):
            return None
        keys = torch.arange(self.seen + count, device=self._lefts.device)
        queries = keys[self.seen :, None]
        real = keys >= self._lefts[:, :, None, None]
        return ((keys <= queries) & real) | (keys == queries)


class PlainRows(Rows):
    """Rows of any model, without a shared part."""

    open = False

    def __init__(self, model: PreTrainedModel, tokens: Sequence[Sequence[int]]) -> None:
        """Prepare rows with an empty cache."""
        super().__init__(model, tokens)
        self._cache = DynamicCache(config=model.config)
        self._accepted = inspect.signature(model.forward).parameters

    def change(self, going: Sequence[int], entering: Self | None, *, room: int) -> None:
        """See Rows. All columns stay."""
        assert entering is None
        self._set_pads([self.pads[row] for row in going])
        self._cache.reorder_cache(torch.LongTensor(going))

    def _forward(self, tokens: Tensor, positions: Tensor, logits: int) -> Tensor:
        columns = torch.arange(self.seen + tokens.shape[1], device=tokens.device)
        mask = (columns >= self._lefts).long()
        optional = {"position_ids": positions, "logits_to_keep": logits}
        output = self.model(
            input_ids=tokens,
            attention_mask=mask,
            past_key_values=self._cache,
            use_cache=True,
            **{name: value for name, value in optional.items() if name in self._accepted},
        )
        return torch.as_tensor(output.logits)


class RowLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """What one layer remembers of the rows, in memory that is set aside for what will follow.

    The ordinary layer copies everything it holds for every new token. The keys lie column by
    column, [rows, key heads, head size, columns]: products of bfloat16 with them then take
    half the time on a processor.
    """

    def __init__(self, capacity: int) -> None:
        """Set aside memory for `capacity` columns when the first ones come."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.capacity = capacity
        self._length = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor) -> None:
        """Set the memory aside."""
        self.dtype, self.device = key_states.dtype, key_states.device
        self._set_aside(len(key_states), key_states, value_states)
        self.is_initialized = True

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: object, **kwargs: object
    ) -> tuple[Tensor, Tensor]:
        """Add new tokens; all keys and values so far, [rows, key heads, columns, head size]."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        start, self._length = self._length, self._length + key_states.shape[2]
        self._keys[:, :, start : self._length] = key_states
        self._values[:, :, start : self._length] = value_states
        return self.held() if start else (key_states, value_states)

    def held(self) -> tuple[Tensor, Tensor]:
        """Keys and values so far, [rows, key heads, columns, head size]."""
        return self._keys[:, :, : self._length], self._values[:, :, : self._length]

    def change(
        self, rows: Tensor, cut: int, entering: "RowLayer | None", *, total: int, room: int
    ) -> None:
        """Go on with some rows and further ones, all of which end in column `total`.

        Args:
            rows: positions of the rows that stay.
            cut: how many of their first columns are dropped.
            entering: what the layer remembers of the further rows; None without any.
            total: columns of the widest row.
            room: columns to set aside behind them.
        """
        parts = [tuple(part[:, :, cut:].index_select(0, rows) for part in self.held())]
        if entering is not None:
            parts.append(entering.held())
        self.capacity, self._length = total + room, total
        self._set_aside(sum(len(keys) for keys, _ in parts), *parts[0])
        start = 0
        for keys, values in parts:
            end, left = start + len(keys), total - keys.shape[2]
            self._keys[start:end, :, left:total] = keys
            self._values[start:end, :, left:total] = values
            # Padding is never looked at, but nothing times what is no number is no number.
            self._values[start:end, :, :left] = 0
            start = end

    def get_seq_length(self) -> int:
        """How many columns there are."""
        return self._length

    def _set_aside(self, rows: int, keys: Tensor, values: Tensor) -> None:
        """Memory for keys and values of this kind."""
        heads, size = keys.shape[1], keys.shape[3]
        self._keys = keys.new_empty(rows, heads, size, self.capacity).transpose(2, 3)
        self._values = values.new_empty(rows, heads, self.capacity, values.shape[3])
