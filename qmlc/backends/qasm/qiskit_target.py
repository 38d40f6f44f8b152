"""A device as Qiskit's transpiler knows it."""

from __future__ import annotations

from functools import cache

from qiskit.circuit import IfElseOp
from qiskit.transpiler import CouplingMap, InstructionProperties
from qiskit.transpiler import Target as QiskitTarget

from qmlc.targets.device_errors import device_errors
from qmlc.targets.read_target import Target

NOT_GATES = ("measure", "reset", "delay")


@cache
def qiskit_target(target: Target, width: int, with_errors: bool = False) -> QiskitTarget:
    """`target` in Qiskit; `width` is the circuit's, used if all qubits are connected.

    Without errors, unless one asks for them: with them Qiskit searches for long.
    """
    edges = target.edges
    if edges is not None and not target.directed:
        edges = edges + tuple((b, a) for a, b in edges)
    result = QiskitTarget.from_configuration(
        basis_gates=[*target.basis, *NOT_GATES, *(["if_else"] if target.feedforward else [])],
        num_qubits=width if edges is None else target.qubits,
        coupling_map=None if edges is None else CouplingMap([list(e) for e in edges]),
        custom_name_mapping={"if_else": IfElseOp},
    )
    errors = device_errors(target)
    if with_errors and errors is not None:
        for name in (*target.basis, "measure"):
            for qubits in result[name]:
                known = InstructionProperties(error=errors.of(name, qubits))
                result.update_instruction_properties(name, qubits, known)
    return result
