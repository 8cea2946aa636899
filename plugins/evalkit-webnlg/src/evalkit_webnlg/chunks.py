"""The study's way to longer texts: shuffle the records, cut them into chunks of random size.

With at most one text per chunk it only shuffles, so that the first examples of a split are a
fair sample of it whatever the order of the files.
"""

import random
from collections.abc import Sequence

from evalkit import SOURCE_JOIN, Example
from evalkit_webnlg.records import Record


def to_examples(records: Sequence[Record], *, most: int, seed: int) -> list[Example]:
    """Join consecutive records of a seeded order into examples of 1 to `most` texts."""
    rng = random.Random(seed)
    order = list(records)
    rng.shuffle(order)
    examples = []
    start = 0
    while start < len(order):
        size = rng.randint(1, most)
        examples.append(_join(order[start : start + size]))
        start += size
    return examples


def _join(chunk: Sequence[Record]) -> Example:
    triples = [list(triple) for record in chunk for triple in record.triples]
    domains = {record.domain for record in chunk}
    domain = domains.pop() if len(domains) == 1 else "mixed"
    groups = {"triples": str(len(triples))}
    return Example(
        id=SOURCE_JOIN.join(record.id for record in chunk),
        source=SOURCE_JOIN.join(record.entry for record in chunk),
        fields={"text": "\n".join(record.text for record in chunk)},
        target=triples,
        groups={"domain": domain, **groups} if domain else groups,
    )
