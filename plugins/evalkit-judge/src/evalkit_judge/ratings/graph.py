"""Whether the data determine ratings: who is linked to whom by what was scored.

Ford, "Solution of a ranking problem from binary comparisons" (1957): the maximum of the
Bradley-Terry likelihood exists exactly if every contestant can be reached from every other by a
chain of points won.
"""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from evalkit_judge.ratings.units import Flags, Floats, Ints


def linked(a: Ints, b: Ints, contestants: int) -> tuple[tuple[int, ...], ...]:
    """Groups of contestants that are linked by meetings, each sorted; one that met nobody is alone.

    Args:
        a: indices of contestants.
        b: whom they met.
        contestants: how many there are.
    """
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(contestants, contestants))
    count, labels = connected_components(graph, directed=False)
    members = (np.flatnonzero(labels == label) for label in range(count))
    return tuple(sorted(tuple(int(i) for i in group) for group in members))


def strongly_connected(arcs: Flags) -> Flags:
    """For each graph ``[graphs, nodes, nodes]``, whether every node can be reached from all others.

    All graphs are one graph without links between them, which is searched once.
    """
    graphs, nodes, _ = arcs.shape
    graph, tail, head = np.nonzero(arcs)
    ends = (graph * nodes + tail, graph * nodes + head)
    joint = coo_array((np.ones(len(graph)), ends), shape=(graphs * nodes,) * 2)
    _, labels = connected_components(joint, connection="strong")
    own = labels.reshape(graphs, nodes)
    return np.asarray((own == own[:, :1]).all(axis=1))


def bounds(graphs: int, nodes: int, arcs: Iterable[tuple[Ints, Ints, Flags, float]]) -> Floats:
    """Lengths of arcs, ``[graphs, from, to]``: of several, the least; infinite where there is none.

    Args:
        graphs: how many.
        nodes: of each.
        arcs: from where, to where, in which graphs (``[graphs, arcs]``), and how long.
    """
    found = np.full((graphs, nodes, nodes), np.inf)
    for tail, head, there, length in arcs:
        lengths = np.where(there, length, np.inf)
        found[:, tail, head] = np.minimum(found[:, tail, head], lengths)
    return found


def negative_cycle(lengths: Floats) -> Flags:
    """For each graph, whether its arcs make a cycle of negative length.

    The shortest ways of Floyd and Warshall, for all graphs at once.

    Args:
        lengths: as ``bounds`` makes them.
    """
    shortest = lengths.copy()
    for middle in range(lengths.shape[1]):
        onward = shortest[:, :, middle, None] + shortest[:, None, middle, :]
        np.minimum(shortest, onward, out=shortest)
    return np.asarray((np.diagonal(shortest, axis1=1, axis2=2) < 0).any(axis=1))
