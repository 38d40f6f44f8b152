"""Modules of a list, each called with what the one before it gave: `for block in self.block`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from qmlc.ir.graph import Node

SHORTEST = 2
"""Of how many calls a loop is made."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls of all modules of a list in order: `modules` is how Python reaches the list."""

    calls: tuple[int, ...]
    modules: str
    place: int
    """Which input of each call is the result of the one before it."""


def find_chains(
    nodes: Sequence[Node], uses: Mapping[int, int], modules: Mapping[str, str]
) -> tuple[Chain, ...]:
    """The chains among the nodes that are used, in order; `modules` are texts by path."""
    followed = {n: user for user, node in enumerate(nodes) for n in node.inputs if uses[user]}
    chains = []
    for n, node in enumerate(nodes):
        path = _path(node)
        if path is None or not path.endswith(".0") or not uses[n]:
            continue
        calls, place = list(_follow(n, nodes, uses, followed)), None
        if len(calls) >= SHORTEST and f"{path[:-2]}.{len(calls)}" not in modules:
            place = _place(calls, nodes)
        if place is not None:
            chains.append(Chain(tuple(calls), modules[path].removesuffix("[0]"), place))
    return tuple(chains)


def _path(node: Node) -> str | None:
    return str(node.attribute("module")) if node.operation == "call" else None


def _follow(
    n: int, nodes: Sequence[Node], uses: Mapping[int, int], followed: Mapping[int, int]
) -> Iterator[int]:
    """The calls of `list.0`, `list.1`, … of which each alone uses the one before it."""
    prefix, count = str(_path(nodes[n]))[:-1], 0
    while _path(nodes[n]) == f"{prefix}{count}":
        yield n
        if uses[n] != 1 or n not in followed:
            return
        n, count = followed[n], count + 1


def _place(calls: Sequence[int], nodes: Sequence[Node]) -> int | None:
    """Where each call takes the result of the one before; None where they differ in more."""
    first, second = nodes[calls[0]], nodes[calls[1]]
    if calls[0] not in second.inputs:
        return None
    place = second.inputs.index(calls[0])
    for before, n in pairwise(calls):
        expected = [*first.inputs[:place], before, *first.inputs[place + 1 :]]
        if list(nodes[n].inputs) != expected or nodes[n].type != first.type:
            return None
    names = {dict(nodes[n].attributes).get("names") for n in calls}
    return place if len(names) == 1 else None
