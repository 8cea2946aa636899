"""What prompts have in common is computed once, and remembered for the calls that follow."""

from collections import OrderedDict
from collections.abc import Sequence
from itertools import takewhile

from transformers import PreTrainedModel

from evalkit_transformers.attention import Prefix
from evalkit_transformers.rows import SharedRows

_CHUNK = 256
_LARGE_CHUNK = 2048
_FAMILY = 32
"""Prompts that go on alike for this many tokens behind what all share are of one family."""


def common(prompts: Sequence[list[int]]) -> int:
    """How many first tokens all prompts share, leaving each at least one of its own.

    A single prompt shares nothing.
    """
    if len(prompts) < 2:
        return 0
    same = alike(min(prompts), max(prompts))
    # Whatever the least and the greatest share, all those between them share.
    return min(same, *(len(prompt) - 1 for prompt in prompts))


def alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many first tokens two prompts share."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def families(prompts: Sequence[list[int]], worth: int) -> list[tuple[int, list[int]]]:
    """Split prompts into those that are answered together behind one prefix.

    That is one family, and one more for each group that shares so much more that it pays. A
    single prompt has its start as prefix, which the next one may share.

    Args:
        prompts: token ids.
        worth: how many tokens a family must save by a longer prefix to be answered apart.

    Returns:
        For each family how many first tokens it shares, and the positions of its prompts.
    """
    if len(prompts) == 1:
        fixed = [0, *filter(_is_fixed, _ends(0, len(prompts[0]) - 1))]
        return [(fixed[-1], [0])]
    start = common(prompts)
    groups: dict[tuple[int, ...], list[int]] = {}
    for at, prompt in enumerate(prompts):
        groups.setdefault(tuple(prompt[start : start + _FAMILY]), []).append(at)
    found, rest = [], []
    for members in groups.values():
        shared = common([prompts[at] for at in members])
        if len(groups) > 1 and (shared - start) * (len(members) - 1) >= worth:
            found.append((shared, members))
        else:
            rest.extend(members)
    return [*found, (start, sorted(rest))] if rest else found


class PrefixKeeper:
    """Computes prefixes, and keeps them as long as memory allows.

    A prefix is read in pieces that end at fixed places, each behind those before it. What was
    read of a longer or another prefix is used up to such a place only. So a prefix is computed in
    the same steps whatever was known before, and in low precision too an answer does not
    depend on the requests that went before it.
    """

    def __init__(self, model: PreTrainedModel, most_bytes: int) -> None:
        """Keep nothing yet; later at most so many bytes, but always the last prefix."""
        self._model = model
        self._most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, tuple[int, ...]], Prefix] = OrderedDict()

    def get(self, tokens: Sequence[int], weights: str) -> tuple[Prefix, int]:
        """The prefix of these tokens, and how many of them were already known.

        Args:
            tokens: the ids of the prefix; may be empty.
            weights: names the weights that are active; what was read under others is of no use.
        """
        wanted = tuple(tokens)
        if not wanted:
            return Prefix(), 0
        prefix = known = self._longest_known(wanted, weights)
        if len(known) < len(wanted):
            for end in _ends(len(known), len(wanted)):
                prefix = self._extended(prefix, wanted[len(prefix) : end])
            self._keep(prefix, weights)
        return prefix, len(known)

    def forget(self) -> None:
        """Give the memory back."""
        self._kept.clear()

    def _longest_known(self, wanted: tuple[int, ...], weights: str) -> Prefix:
        """The longest start of a prefix that was read in the steps that it would be read in."""
        found, best = Prefix(), 0
        for key in self._kept:
            if key == (weights, wanted):
                self._kept.move_to_end(key)
                return self._kept[key]
            if key[0] == weights:
                same = alike(key[1], wanted)
                usable = max([0, *(end for end in _ends(0, same) if _is_fixed(end))])
                if usable > best:
                    found, best = self._kept[key], usable
        return found.cut(best)

    def _extended(self, prefix: Prefix, tokens: Sequence[int]) -> Prefix:
        rows = SharedRows(self._model, [tokens], prefix=prefix, room=0)
        rows.begin()
        return prefix.joined(rows.as_prefix())

    def _keep(self, prefix: Prefix, weights: str) -> None:
        """Remember a prefix, and forget those used longest ago if there is too much."""
        self._kept[weights, prefix.tokens] = prefix
        while len(self._kept) > 1 and sum(map(_size, self._kept.values())) > self._most_bytes:
            self._kept.popitem(last=False)


def _ends(start: int, length: int) -> list[int]:
    """Where the pieces end that are read from `start`, which is such a place itself."""
    found = []
    while start < length:
        step = _CHUNK if start < _LARGE_CHUNK else _LARGE_CHUNK
        start = min(start + step, length)
        found.append(start)
    return found


def _is_fixed(end: int) -> bool:
    """Whether a piece ends here in every prefix that is long enough."""
    return end % (_CHUNK if end <= _LARGE_CHUNK else _LARGE_CHUNK) == 0


def _size(prefix: Prefix) -> int:
    return sum(key.nbytes + value.nbytes for key, value in prefix.layers)
