"""The blocks of a circuit, and on each wire the order that they must keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction

from qmlc.backends.qasm.routing.gate_blocks import Block, PairGate, make_block
from qmlc.backends.qasm.routing.pair_paulis import TURNS, Angle, quarters


class WireGate(NamedTuple):
    """A gate on one qubit; of `item` Qiskit makes the operation, which takes long, where asked."""

    wire: int
    name: str
    angles: tuple[Angle, ...]
    item: CircuitInstruction


@dataclass(frozen=True, slots=True)
class Network:
    """Blocks in an order that may be kept, each with its level on both wires.

    What stands on one level of a wire commutes there. `singles` holds for each wire its other
    gates with their levels, in order. `ends` says on which wire each qubit ends: exchanges in the
    circuit itself are not carried out.
    """

    wires: int
    blocks: tuple[Block, ...]
    levels: tuple[tuple[int, int], ...]
    singles: tuple[tuple[tuple[int, WireGate], ...], ...]
    ends: tuple[int, ...]

    @property
    def cost(self) -> int:
        """Two-qubit gates without any exchange."""
        return sum(block.cost for block in self.blocks)


Item = WireGate | Block


def collect_blocks(circuit: QuantumCircuit) -> Network:
    """The network of a circuit of gates on one and two qubits."""
    wires = circuit.num_qubits
    ends = list(range(wires))
    items = list(_items(circuit, ends))
    height = [-1] * wires
    kind = [""] * wires
    blocks: list[Block] = []
    levels: list[tuple[int, int]] = []
    singles: list[list[tuple[int, WireGate]]] = [[] for _ in range(wires)]

    def rise(wire: int, letter: str) -> int:
        if letter == "-" or letter != kind[wire]:
            height[wire] += 1
            kind[wire] = letter
        return height[wire]

    for item in items:
        if isinstance(item, Block):
            a, b = item.wires
            levels.append((rise(a, item.kinds[0]), rise(b, item.kinds[1])))
            blocks.append(item)
        else:
            singles[item.wire].append((rise(item.wire, _letter(item)), item))
    order = _by_depth(blocks, wires)
    return Network(
        wires,
        tuple(blocks[i] for i in order),
        tuple(levels[i] for i in order),
        tuple(tuple(gates) for gates in singles),
        tuple(ends),
    )


@dataclass(slots=True)
class _Open:
    """A block that still grows."""

    wires: tuple[int, int]
    gates: list[PairGate] = field(default_factory=list)


def _items(circuit: QuantumCircuit, ends: list[int]) -> Iterator[Item]:
    """Gates on single qubits, and blocks, in an order that is right."""
    last: list[_Open | None] = [None] * circuit.num_qubits
    waiting: list[list[WireGate]] = [[] for _ in ends]
    found: list[WireGate | _Open] = []
    places = {qubit: i for i, qubit in enumerate(circuit.qubits)}
    for item in circuit.data:
        name, angles = item.name, tuple(item.params)
        if name in TURNS and len(angles) == 1 and quarters(angles[0]) == 0:
            continue
        own = [places[qubit] for qubit in item.qubits]
        wires = [ends[q] for q in own]
        if len(wires) == 1:
            waiting[wires[0]].append(WireGate(wires[0], name, angles, item))
        elif name == "swap":
            ends[own[0]], ends[own[1]] = wires[1], wires[0]
        else:
            a, b = wires
            block = last[a]
            if block is None or block is not last[b]:
                found += [*waiting[a], *waiting[b]]
                block = last[a] = last[b] = _Open((a, b))
                found.append(block)
            else:
                block.gates += [_within(block, gate) for gate in (*waiting[a], *waiting[b])]
            waiting[a], waiting[b] = [], []
            order = "01" if (a, b) == block.wires else "10"
            block.gates.append(PairGate(name, angles, order, item))
    for item in (*found, *(gate for gates in waiting for gate in gates)):
        yield make_block(item.wires, item.gates) if isinstance(item, _Open) else item


def _within(block: _Open, gate: WireGate) -> PairGate:
    place = "0" if gate.wire == block.wires[0] else "1"
    return PairGate(gate.name, gate.angles, place, gate.item)


def _letter(gate: WireGate) -> str:
    """What a gate turns about, `-` where it is more than one letter."""
    letters = {row[0] for row in TURNS.get(gate.name, (("-",), ("?",)))}
    return letters.pop() if len(letters) == 1 else "-"


def _by_depth(blocks: Sequence[Block], wires: int) -> Iterable[int]:
    """The blocks layer by layer: what comes soon stands in front."""
    depth = [0] * wires
    layers = []
    for block in blocks:
        layer = max(depth[wire] for wire in block.wires)
        layers.append(layer)
        for wire in block.wires:
            depth[wire] = layer + 1
    return sorted(range(len(blocks)), key=layers.__getitem__)
