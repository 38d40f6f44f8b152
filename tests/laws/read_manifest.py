"""What a folder of compiled circuits computes, by Qiskit, from its files and manifest alone."""

import json
import math
from functools import cache

import numpy as np
from qasm_oracles import qiskit_outcomes, qiskit_states, register_outcomes
from qiskit import qasm2, qasm3
from qiskit.quantum_info import SparsePauliOp, Statevector, entropy, partial_trace

FORMULAS = {
    **{name: getattr(np, name) for name in "sin cos tan sinh cosh tanh exp log sqrt sign".split()},
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "relu": lambda a: max(a, 0),
    "minimum": min,
    "maximum": max,
    "abs": abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "pi": math.pi,
}


def read_manifest(folder):
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def formula(text, values):
    """The number of a formula of the manifest."""
    if not isinstance(text, str):
        return text
    scope = {**FORMULAS, **{k: np.asarray(v, dtype=float) for k, v in values.items()}}
    return float(eval(text, {"__builtins__": {}}, scope))


@cache
def load(path):
    text = path.read_text(encoding="utf-8")
    return qasm3.loads(text) if text.startswith("OPENQASM 3") else qasm2.loads(text)


def circuit_of(folder, file, values):
    """The Qiskit circuit of a file with numbers for its inputs."""
    circuit = load(folder / file["file"])
    scalars = file.get("scalars", {})
    numbers = {p: formula(scalars[p.name], values) for p in circuit.parameters}
    return circuit.assign_parameters(numbers)


def results_of(folder, circuit, values, form="OpenQASM 3"):
    """The results of a circuit of the manifest, a flat list of real and imaginary parts each."""
    (file,) = [f for f in circuit["files"] if f["form"] == form and "target" not in f]
    states = qiskit_states(circuit_of(folder, file, values))
    return [_result(circuit, result, states, values) for result in circuit["results"]]


def _result(circuit, result, states, values):
    if result["kind"] in ("expval", "variance"):
        means = [_mean(result["kind"], o, states, values) for o in result["observables"]]
        return [np.reshape(means, result["shape"])]
    names = circuit["qubit_names"]
    qubits = [names.index(q) for q in result["qubits"]]
    if result["kind"] == "probs":
        return [sum(Statevector(s).probabilities(qubits) for s in states)]
    (state,) = map(Statevector, states)
    if result["kind"] == "state":
        assert qubits == list(range(len(names)))
        return [state.data.real, state.data.imag]
    reduced = partial_trace(state, [q for q in range(len(names)) if q not in qubits])
    if result["kind"] == "entropy":
        return [np.array(entropy(reduced, base=math.e))]
    return [np.array(reduced.purity().real)]


def _operator(observable, values):
    return SparsePauliOp.from_list([(p, formula(c, values)) for p, c in observable.items()])


def _mean(kind, observable, states, values):
    operator = _operator(observable, values)
    mean = sum(Statevector(s).expectation_value(operator).real for s in states)
    if kind == "expval":
        return mean
    square = sum(Statevector(s).expectation_value(operator @ operator).real for s in states)
    return square - mean**2


def device_results(folder, circuit, values, target):
    """The results from the measurements of the files for a device."""
    files = [f for f in circuit["files"] if f.get("target") == target]
    tables = []
    for file in files:
        bound = circuit_of(folder, file, values)
        if file["measures"]:
            table = register_outcomes(bound, bound.cregs[-1].name)
            tables.append((file["measures"], table))
        else:
            qiskit_outcomes(bound)
    return [_read(circuit, result, tables, values) for result in circuit["results"]]


def _read(circuit, result, tables, values):
    if result["kind"] == "probs":
        wanted = {q: "Z" for q in result["qubits"]}
        bits, table = _find(tables, wanted)
        found = np.zeros(2 ** len(result["qubits"]))
        for outcome, p in table.items():
            index = sum((outcome >> bits[q] & 1) << i for i, q in enumerate(result["qubits"]))
            found[index] += p
        return [found]
    means = []
    for observable in result["observables"]:
        operator = _operator(observable, values)
        mean = _sum(circuit, operator, tables)
        if result["kind"] == "variance":
            mean = _sum(circuit, (operator @ operator).simplify(), tables) - mean**2
        means.append(mean)
    return [np.reshape(means, result["shape"])]


def _sum(circuit, operator, tables):
    total = 0.0
    for label, coefficient in operator.to_list():
        wanted = {
            circuit["qubit_names"][q]: letter
            for q, letter in enumerate(reversed(label))
            if letter != "I"
        }
        parity = 1.0
        if wanted and abs(coefficient) > 1e-14:
            bits, table = _find(tables, wanted)
            mask = sum(1 << bits[q] for q in wanted)
            parity = sum(p * (-1) ** (k & mask).bit_count() for k, p in table.items())
        total += coefficient.real * parity
    return total


def _find(tables, wanted):
    """The first measurement of all the Pauli matrices `wanted`."""
    for measures, table in tables:
        has = {m["qubit"]: m["pauli"] for m in measures}
        if all(has.get(q) == p for q, p in wanted.items()):
            return {m["qubit"]: m["bit"] for m in measures}, table
    raise AssertionError(f"nothing measures {wanted}")
