"""The engine equals Qiskit's Statevector on random circuits, in both precisions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qiskit import QuantumCircuit
from qiskit.circuit.library import PauliEvolutionGate, StatePreparation, UnitaryGate
from qiskit.quantum_info import SparsePauliOp, Statevector

from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Composite
from qmlc.ops.matrices import gate_matrix
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.testing.oracle import bind, bind_operator, symbol_values
from qmlc.testing.strategies import circuits

LAW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OWN_METHODS = {
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "u", "r",
    "swap", "iswap", "ecr", "rxx", "ryy", "rzz", "rzx", "id",
}  # fmt: skip


def pauli_sum(operator, num_qubits):
    terms = [("".join(p for _, p in s), [q for q, _ in s], c) for s, c in operator.terms]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=num_qubits)


def qiskit_gate(instruction):
    name, angles, payload = instruction.name, instruction.angles, instruction.payload
    inner = QuantumCircuit(len(instruction.targets))
    places = list(range(len(instruction.targets)))
    if name == "gphase":
        inner.global_phase = angles[0]
    elif name == "rotation":
        operator = SparsePauliOp(payload[::-1])
        inner.append(PauliEvolutionGate(operator, angles[0] / 2), places)
    elif name == "evolve":
        from scipy.linalg import expm

        matrix = pauli_sum(payload, len(places)).to_matrix()
        inner.append(UnitaryGate(expm(-1j * angles[0] * matrix)), places)
    elif name == "unitary":
        inner.append(UnitaryGate(np.array(payload)), places)
    elif name in OWN_METHODS:
        getattr(inner, name)(*angles, *places)
    else:
        assert isinstance(GATES[name], Composite)
        inner.append(UnitaryGate(gate_matrix(name, angles)), places)
    return inner


def statevector(circuit, values):
    total = QuantumCircuit(circuit.num_qubits)
    for instruction in (bind(i, values) for i in circuit.instructions):
        if instruction.name == "prepare":
            vector = np.array(instruction.angles) / np.linalg.norm(instruction.angles)
            total.append(StatePreparation(vector), instruction.qubits)
            continue
        inner = qiskit_gate(instruction)
        if not instruction.controls:
            total.compose(inner, instruction.qubits, inplace=True)
        elif instruction.name == "gphase":
            # a controlled global phase is a phase on the controls
            diagonal = np.ones(2 ** len(instruction.controls), dtype=complex)
            diagonal[int(instruction.controls[::-1], 2)] = np.exp(1j * instruction.angles[0])
            total.append(UnitaryGate(np.diag(diagonal)), instruction.qubits)
        else:
            gate = UnitaryGate(matrix_of(inner))
            controlled = gate.control(
                len(instruction.controls), ctrl_state=instruction.controls[::-1]
            )
            total.append(controlled, instruction.qubits)
    return Statevector(total)


def matrix_of(inner):
    from qiskit.quantum_info import Operator as QiskitOperator

    return QiskitOperator(inner).data


def run_both(circuit, seed, dtype):
    torch.manual_seed(seed)
    module = CircuitModule.from_circuit(circuit).to(dtype)
    x = torch.randn(2, dtype=torch.float64).to(dtype)
    values = symbol_values(
        (*circuit.inputs, *circuit.parameters),
        {"x": x.double().numpy(), "w": module.state_dict()["w"].double().numpy()},
    )
    state = statevector(circuit, values)
    for result, got in zip(circuit.results, module(x), strict=True):
        if result.kind == "expval":
            wanted = [
                state.expectation_value(
                    pauli_sum(bind_operator(o, values), circuit.num_qubits)
                ).real
                for o in result.operators
            ]
            wanted = np.array(wanted).reshape(result.shape)
        elif result.kind == "probs":
            wanted = state.probabilities(list(result.qubits))
        else:
            axes = list(result.qubits)
            tensor = state.data.reshape((2,) * circuit.num_qubits)
            order = [circuit.num_qubits - 1 - q for q in reversed(axes)]
            wanted = tensor.transpose(order).reshape(-1)
        yield got.detach().numpy(), wanted


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-5)])
@LAW
@given(circuits(kinds=("expval", "probs", "state"), symbolic_observables=False), st.integers(0, 99))
def test_engine_equals_statevector(dtype, tolerance, circuit, seed):
    for got, wanted in run_both(circuit, seed, dtype):
        np.testing.assert_allclose(got, wanted, atol=tolerance, rtol=tolerance)


def test_operators_are_placed_as_in_qiskit():
    operator = Operator.pauli("X", 0) * Operator.pauli("Z", 2) * 2
    assert pauli_sum(operator, 3) == SparsePauliOp("ZIX", 2)
