"""What must hold of every graph and circuit, at every stage: a failure is a bug of the compiler."""

from __future__ import annotations

from qmlc.ir.circuit import NON_UNITARY, Circuit, Instruction
from qmlc.ir.graph import Graph
from qmlc.ir.program import Program, Unit, all_parts
from qmlc.ops.gates import GATES, Controlled, gate_arity

OTHERS = NON_UNITARY | {"gphase", "rotation", "unitary", "evolve"}


class Invalid(AssertionError):
    """The program is malformed after `stage`."""


def verify(program: Program, stage: str, before: Program | None = None) -> None:
    """Invalid where a unit breaks a rule of the IR; `stage` names who is to blame.

    Units that `before` holds, too, were looked at then.
    """
    units = {unit.class_name: unit for unit in program.units}
    seen = {id(unit) for unit in before.units} if before is not None else set()
    try:
        for unit in program.units:
            if id(unit) in seen:
                continue
            if unit.circuit is not None:
                _circuit(unit.circuit)
            if unit.graph is not None:
                _graph(unit, unit.graph, {part.path for part in unit.submodules})
            for method in unit.methods:
                _graph(unit, method.graph, {path for path, _ in all_parts(unit, units)})
            for submodule in unit.submodules:
                _require(
                    not submodule.is_unit or submodule.target in units,
                    f"{unit.name} holds the unknown unit {submodule.target}",
                )
    except Invalid as error:
        raise Invalid(f"after {stage}: {error}") from None


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise Invalid(message)


def _circuit(circuit: Circuit) -> None:
    qubits, bits = circuit.num_qubits, circuit.num_bits
    for instruction in circuit.instructions:
        _instruction(instruction, qubits, bits)
    for result in circuit.results:
        for operator in result.operators:
            _require(
                all(0 <= q < circuit.num_qubits for q in operator.qubits),
                f"{circuit.name} measures a qubit that it does not have",
            )


def _instruction(instruction: Instruction, num_qubits: int, num_bits: int) -> None:
    name, qubits, bits = instruction.name, instruction.qubits, instruction.bits
    _require(name in GATES or name in OTHERS, f"{name} is no instruction")
    _require(len(set(qubits)) == len(qubits), f"{name} is given a qubit twice")
    _require(_within(qubits, num_qubits), f"{name} on a qubit out of range")
    _require(_within(bits, num_bits), f"{name} on a bit out of range")
    if name in GATES:
        _require(not isinstance(GATES[name], Controlled), f"{name} is not in normal form")
        angles, targets = gate_arity(name)
        _require(
            (len(instruction.angles), len(instruction.targets)) == (angles, targets),
            f"{name} has {len(instruction.angles)} angles and {len(instruction.targets)} targets",
        )


def _within(places: tuple[int, ...], size: int) -> bool:
    return not places or (min(places) >= 0 and max(places) < size)


def _graph(unit: Unit, graph: Graph, paths: set[str]) -> None:
    for position, node in enumerate(graph.nodes):
        _require(
            all(0 <= source < position for source in node.inputs),
            f"{unit.name}: node {position} ({node.operation}) uses a later one",
        )
        for path in node.modules():
            _require(path in paths, f"{unit.name} calls {path}, which it does not hold")
    _require(0 <= graph.output < len(graph.nodes), f"{unit.name} has no output")
