"""Compare circuits by MQT QCEC, where it is installed: decision diagrams and the ZX calculus.

Burgholzer and Wille, arXiv:2004.08420. Only its "equivalent" counts: that it finds circuits
different has been wrong, so it stands for nothing here.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from qiskit import QuantumCircuit, transpile

from qmlc.ops.matrices import gate_matrix
from qmlc.verify.emitted import Emitted, draw_angles
from qmlc.verify.fuse_steps import gate_matrix as full_matrix
from qmlc.verify.sides import Pair, Side, source_side, text_side
from qmlc.verify.steps import Gate, Rotation
from qmlc.verify.verdict import Certificate, Undecided

METHOD = "decision diagrams (MQT QCEC)"

SECONDS_PER_BUDGET = 1e7
"""How many amplitudes of a budget stand for a second."""

MAX_SECONDS = 600

NAMED = ("h", "x", "cx", "cz", "swap", "ccx")
BASIS = ["u", "rz", "h", "s", "sdg", "x", "cx", "cz", "swap", "ccx"]

MAX_WIDTH = 3
"""Of matrices that Qiskit takes apart."""


def by_decision_diagrams(emitted: Emitted, budget: float) -> Certificate:
    """`unitary` where QCEC finds a text without measurements equal; Undecided."""
    if emitted.plan is not None:
        raise Undecided("QCEC is asked only of what is not measured in bases of its own")
    pairs = [
        (source_side(p.source, False), text_side(emitted.texts[0], p.texts[0], False))
        for p in emitted.points(1, draw_angles(np.random.default_rng(0)))
    ]
    return equal_by_diagrams(pairs[0], emitted.is_free, budget)


def equal_by_diagrams(pair: Pair, is_free: bool, budget: float) -> Certificate:
    """`unitary` where QCEC finds two sides equal that are not fused; Undecided."""
    try:
        from mqt import qcec  # in an extra, and only of use for what others cannot decide
        from mqt.core import load
    except ImportError:
        raise Undecided("MQT QCEC is not installed (pip install 'qmlc[verify]')") from None
    if pair[0].readout != pair[1].readout or len(pair[0].starts) != len(pair[1].starts):
        raise Undecided("QCEC is not asked of circuits that measure other qubits")
    width = max(side.num_qubits for side in pair)
    loaded = []
    for side in pair:
        circuit = load(_circuit(side, width))
        for qubit in range(len(side.starts), width):
            circuit.set_circuit_qubit_ancillary(qubit)
        loaded.append(circuit)
    seconds = min(budget / SECONDS_PER_BUDGET, MAX_SECONDS)
    verdict = qcec.verify(*loaded, timeout=seconds, run_simulation_checker=False).equivalence
    if verdict.name not in ("equivalent", "equivalent_up_to_global_phase"):
        raise Undecided(f"QCEC has not found them equal in {seconds:.0f} s")
    return Certificate("unitary", METHOD, "1 random assignment" if is_free else "")


def _circuit(side: Side, width: int) -> QuantumCircuit:
    """A side whose qubits come first, in order, at the start and at the end; Undecided."""
    others = [q for q in range(side.num_qubits) if q not in side.starts]
    places = {qubit: i for i, qubit in enumerate((*side.starts, *others))}
    circuit = QuantumCircuit(width)
    for step in side.before:
        if not isinstance(step, Gate | Rotation):
            raise Undecided("QCEC is not asked of measurements on the way")
        _append(circuit, step, [places[q] for q in step.qubits])
    now = [places[q] for q in side.ends]
    for wanted in range(len(now)):
        place = now[wanted]
        if place != wanted:
            circuit.swap(place, wanted)
            now = [wanted if p == place else place if p == wanted else p for p in now]
    return transpile(circuit, basis_gates=BASIS, optimization_level=0)


def _append(circuit: QuantumCircuit, step: Gate | Rotation, qubits: list[int]) -> None:
    """Add a step in Qiskit's gates; Undecided."""
    if isinstance(step, Rotation) and not step.controls:
        _append_rotation(circuit, step, qubits)
        return
    if len(qubits) > MAX_WIDTH:
        raise Undecided(f"QCEC is not asked of a gate on {len(qubits)} qubits")
    matrix = full_matrix(step)
    named = (name for name in NAMED if np.array_equal(gate_matrix(name), matrix))
    name = next(named, None)
    if name is not None:
        getattr(circuit, name)(*qubits)
    else:
        circuit.unitary(matrix, qubits)


def _append_rotation(circuit: QuantumCircuit, step: Rotation, qubits: list[int]) -> None:
    """A rotation about Z of the parity of all its qubits, each turned to its letter."""
    string = [(q, letter) for q, letter in zip(qubits, step.letters, strict=True) if letter != "I"]
    turned = QuantumCircuit(circuit.num_qubits)
    for qubit, letter in string:
        if letter == "Y":
            turned.sdg(qubit)
        if letter != "Z":
            turned.h(qubit)
    for (a, _), (b, _) in pairwise(string):
        turned.cx(a, b)
    circuit.compose(turned, inplace=True)
    if string:
        circuit.rz(step.angle, string[-1][0])
    circuit.compose(turned.inverse(), inplace=True)
