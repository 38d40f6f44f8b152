"""Circuits as one layer over and over, for peers that can loop."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.circuits import Angle, Gate


class Layers(NamedTuple):
    """Gates before, one layer, and the weights of each layer in the order of its angles."""

    before: tuple[Gate, ...]
    layer: tuple[Gate, ...]
    weights: list[list[int]]


def find_layers(gates: tuple[Gate, ...], num_qubits: int) -> Layers | None:
    """The shortest layer, which differs by its weights alone; None where there is none."""
    for before in range(num_qubits + 1):
        body = gates[before:]
        shapes = [(g.name, g.qubits, tuple(map(shape, g.angles))) for g in body]
        for size in range(2, len(body) // 2 + 1):
            if len(body) % size == 0 and shapes[size:] == shapes[:-size]:
                weights = [weights_of(body[i : i + size]) for i in range(0, len(body), size)]
                return Layers(gates[:before], body[:size], weights)
    return None


def shape(angle: Angle) -> Angle:
    """The angle with any weight."""
    return angle if angle.weight is None else angle._replace(weight=0)


def weights_of(gates: tuple[Gate, ...]) -> list[int]:
    """The weights of all angles that have one."""
    return [a.weight for gate in gates for a in gate.angles if a.weight is not None]


def renumbered(gates: tuple[Gate, ...]) -> tuple[Gate, ...]:
    """The gates with weights numbered as `weights_of` lists them."""
    numbers = iter(range(len(weights_of(gates))))
    return tuple(
        gate._replace(
            angles=tuple(
                a if a.weight is None else a._replace(weight=next(numbers)) for a in gate.angles
            )
        )
        for gate in gates
    )
