"""A circuit as a device runs it, back in the IR: its own gates, its own layout, still symbolic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.backends.qasm.slot_angles import read_angle, slot_angles
from qmlc.backends.qasm.transpile_circuit import DeviceCircuit, transpile_circuit
from qmlc.ir.circuit import Circuit, Instruction, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.targets.read_target import Target
from qmlc.types.polynomial import Value


def physical_circuit(circuit: Circuit, target: Target, *, level: int = 3, seed: int = 0) -> Circuit:
    """`circuit` in the gates of `target` on those of its qubits that are used, in one register.

    Parameters, inputs and results are those of `circuit`, up to a global phase. Errors are those
    of `transpile_circuit`; NotExpressible for feed-forward.
    """
    if any(instruction.condition is not None for instruction in circuit.instructions):
        raise NotExpressible(
            "the noise of feed-forward is not simulated yet", "measure at the end instead"
        )
    outline, angles = slot_angles(replace(circuit, results=()))
    (device,) = transpile_circuit(outline, target, measure=False, level=level, seed=seed)
    touched = {device.circuit.find_bit(q).index for item in device.circuit for q in item.qubits}
    place = {q: i for i, q in enumerate(sorted(touched | set(device.final_layout)))}
    ends = {logical: place[q] for logical, q in enumerate(device.final_layout)}
    return replace(
        circuit,
        registers=(("device", len(place)),),
        instructions=tuple(_read(device, place, angles)),
        results=tuple(_move(result, ends) for result in circuit.results),
    )


def _read(
    device: DeviceCircuit, place: Mapping[int, int], angles: Sequence[Value]
) -> Iterator[Instruction]:
    find = device.circuit.find_bit
    for item in device.circuit:
        name, operation = item.operation.name, item.operation
        qubits = tuple(place[find(qubit).index] for qubit in item.qubits)
        if name == "measure":
            bits = tuple(find(bit).index for bit in item.clbits)
            yield Instruction(name, qubits, bits=bits)
        elif name == "reset":
            yield Instruction(name, qubits)
        elif name not in ("barrier", "delay"):
            yield gate_instruction(name, qubits, [read_angle(a, angles) for a in operation.params])


def _move(result: Result, ends: Mapping[int, int]) -> Result:
    """A result on the qubits where the circuit's end up."""
    return replace(
        result,
        operators=tuple(operator.place(ends) for operator in result.operators),
        qubits=tuple(ends[q] for q in result.qubits),
    )
