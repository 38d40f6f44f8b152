"""PyQTorch: a `QuantumCircuit` with named angles, complex64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pyqtorch
import torch

from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import NotOffered, TorchSide
from benchmarks.circuits import Angle, Case, Gate

PAULIS = {"X": pyqtorch.X, "Y": pyqtorch.Y, "Z": pyqtorch.Z}
FIXED = {"h": pyqtorch.H, "t": pyqtorch.T, "swap": pyqtorch.SWAP, "cz": pyqtorch.CZ}
TURNS = {"rx": pyqtorch.RX, "ry": pyqtorch.RY, "rz": pyqtorch.RZ, "p": pyqtorch.PHASE,
         "crx": pyqtorch.CRX, "crz": pyqtorch.CRZ}  # fmt: skip
Way = Literal["backpropagation", "adjoint", "state"]


def make(case: Case, way: Way) -> TorchSide:
    """The case, by its own observables or by products with the `state`."""
    names: dict[Angle, str] = {}
    gates = [made for gate in case.gates for made in make_gates(gate, way == "adjoint", names)]
    circuit = pyqtorch.QuantumCircuit(case.num_qubits, gates).to(dtype=torch.complex64)
    if way == "adjoint" and (case.kind == "overlaps" or case.start == "amplitudes"):
        raise NotOffered("adjoint gradients are those of expectation values by angles")
    zeros = circuit.init_state(batch_size=case.batch).to(torch.complex64)
    cube = (*[2] * case.num_qubits, case.batch)

    def angles(features: Any, weights: Any) -> dict[str, Any]:
        found = {name: angle.value(features, weights) for angle, name in names.items()}
        return {name: value.reshape(-1) for name, value in found.items()}

    def start(features: Any) -> Any:
        if case.start == "zero":
            return zeros
        return (features / features.norm(dim=-1, keepdim=True)).cfloat().T.reshape(cube)

    measured = measurement(case, circuit, way)

    def call(inputs: Any, weights: Any) -> Any:
        features = case.features(inputs, torch.cat)
        return measured(start(features), angles(features, weights))

    return TorchSide(case, call)


def measurement(case: Case, circuit: Any, way: Way) -> Callable[[Any, dict[str, Any]], Any]:
    """What is computed of a first state and the angles."""
    if way == "state" or case.kind == "overlaps":
        measure = measure_states(case, torch, torch.tensor)
        flat = (1 << case.num_qubits, case.batch)
        return lambda first, angles: measure(pyqtorch.run(circuit, first, angles).reshape(flat).T)
    wanted = [observable(terms) for terms in case.observables]
    if way == "adjoint":
        mode = pyqtorch.DiffMode.ADJOINT
        return lambda first, angles: torch.stack(
            [pyqtorch.expectation(circuit, first, angles, one, mode) for one in wanted], -1
        )

    def measured(first: Any, angles: dict[str, Any]) -> Any:
        state = pyqtorch.run(circuit, first, angles)
        return torch.stack([one.expectation(state) for one in wanted], -1)

    return measured


def make_gates(gate: Gate, adjoint: bool, names: dict[Angle, str]) -> list[Any]:
    """The gate, or gates that are the same up to a phase."""
    name, qubits, angles = gate
    named = [names.setdefault(angle, f"angle_{len(names)}") for angle in angles]
    if name == "u":
        theta, phi, lam = named
        turns = (pyqtorch.RZ, lam), (pyqtorch.RY, theta), (pyqtorch.RZ, phi)
        if adjoint:
            return [turn(*qubits, value) for turn, value in turns]
        return [pyqtorch.U(*qubits, lam, theta, phi)]
    if name in ("rxx", "ryy", "rzz"):
        return make_coupling(gate, named[0])
    if name == "cx":
        control, target = qubits
        if adjoint and control > target:  # 1.7.8 gives wrong adjoint gradients through such a CNOT
            return [pyqtorch.H(target), pyqtorch.CZ(control, target), pyqtorch.H(target)]
        return [pyqtorch.CNOT(control, target)]
    if name == "ccx":
        return [pyqtorch.Toffoli(qubits[:2], qubits[2])]
    return [FIXED[name](*qubits)] if name in FIXED else [TURNS[name](*qubits, *named)]


def make_coupling(gate: Gate, angle: str) -> list[Any]:
    """RZZ by two CNOT, in the basis of the gate."""
    control, target = gate.qubits
    zz = [
        pyqtorch.CNOT(control, target),
        pyqtorch.RZ(target, angle),
        pyqtorch.CNOT(control, target),
    ]
    if gate.name == "rxx":
        basis = back = [pyqtorch.H(q) for q in gate.qubits]
    elif gate.name == "ryy":
        basis = [made for q in gate.qubits for made in (pyqtorch.SDagger(q), pyqtorch.H(q))]
        back = [made for q in gate.qubits for made in (pyqtorch.H(q), pyqtorch.S(q))]
    else:
        basis = back = []
    return [*basis, *zz, *back]


def observable(terms: Any) -> Any:
    """A sum of Pauli strings."""
    strings = []
    for coefficient, letters, qubits in terms:
        paulis = [PAULIS[a](q) for a, q in zip(letters, qubits, strict=True)]
        string = paulis[0] if len(paulis) == 1 else pyqtorch.Sequence(paulis)
        strings.append(
            string if coefficient == 1 else pyqtorch.Scale(string, torch.tensor(coefficient))
        )
    return pyqtorch.Observable(strings).to(dtype=torch.complex64)
