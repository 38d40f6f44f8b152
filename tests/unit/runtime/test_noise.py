"""Noise of a device, against Qiskit's channels and density matrices."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.quantum_info import DensityMatrix, SparsePauliOp, SuperOp, average_gate_fidelity
from qiskit_aer.noise import depolarizing_error, thermal_relaxation_error

import qmlc
from qmlc.backends.qasm.build_qiskit import to_qiskit
from qmlc.backends.qasm.physical_circuit import physical_circuit
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.device_noise import gate_noise
from qmlc.targets.read_target import list_targets, read_target
from qmlc.train_program import train_program
from qmlc.training.read_options import TrainOptions

NOISY = [name for name in list_targets() if read_target(name).noise]
TEXT = """
circuit c(x: real[3]) -> (z: real[3], pair: real, chances: real[4], spread: real) {
    param w: real[2, 3] ~ normal(0, 1)
    qubit q[3]
    for i in range(3) { ry(x[i] + 0.3) q[i] }
    for l in range(2) {
        for a, b in ring(q) { cx a, b }
        for i in range(3) { rx(w[l, i] * x[i]) q[i] }
    }
    reset q[2]
    rz(x[0]) q[2]
    return (z=expval(Z(q)), pair=expval(X(q[0]) * Y(q[1]) + 2 * Z(q[0])),
            chances=probs(q[0:2]), spread=variance(X(q[0]) + Z(q[1])))
}
"""


def channel(target, qubits):
    """Aer's model of the noise of a gate."""
    noise, kind, size = dict(target.noise), "one" if qubits == 1 else "two", 2**qubits
    relaxation = SuperOp(np.eye(size * size))
    if "t1" in noise:
        one = thermal_relaxation_error(noise["t1"], noise["t2"], noise[f"{kind}_qubit_time"])
        relaxation = SuperOp(one if qubits == 1 else one.tensor(one))
    fidelity = average_gate_fidelity(relaxation)
    error = noise[f"{kind}_qubit_error"]
    strength = max(0, size * (error - (1 - fidelity)) / (size * fidelity - 1))
    return SuperOp(depolarizing_error(strength, qubits)).compose(relaxation)


def run_in_qiskit(physical, target, values):
    circuit = to_qiskit(physical, values)
    state = DensityMatrix.from_int(0, 2**physical.num_qubits)
    for item in circuit:
        qubits = [circuit.find_bit(qubit).index for qubit in item.qubits]
        if item.operation.name == "reset":
            state = state.reset(qubits)
            continue
        state = state.evolve(item.operation, qubits)
        if item.operation.name not in target.virtual:
            state = state.evolve(channel(target, len(qubits)), qubits)
    return state


def expectation(state, operator, error):
    total = 0.0
    for string, coefficient in operator.terms:
        letters = ["I"] * state.num_qubits
        for qubit, letter in string:
            letters[qubit] = letter
        value = state.expectation_value(SparsePauliOp("".join(reversed(letters)))).real
        total += coefficient * (1 - 2 * error) ** len(string) * value
    return total


def read(result, state, error):
    values = [expectation(state, o, error) for o in result.operators]
    if result.kind == "expval":
        return values
    if result.kind == "variance":
        squares = [expectation(state, (o * o).simplified(), error) for o in result.operators]
        return [s - v * v for s, v in zip(squares, values, strict=True)]
    flip = np.array([[1 - error, error], [error, 1 - error]])
    chances = state.probabilities(list(result.qubits)).reshape(2, 2)
    return (flip @ chances @ flip.T).reshape(-1)


@pytest.mark.parametrize("name", NOISY)
def test_noise_is_that_of_qiskit(name):
    target = read_target(name)
    module = qmlc.compile(TEXT).c().double()
    module.simulate_noise(name)
    sample = torch.linspace(-1, 1, 6, dtype=torch.float64).reshape(2, 3)
    found = module(sample)
    physical = physical_circuit(module.circuit_ir, target)
    error = dict(target.noise)["readout_error"]
    for row in range(2):
        values = {**module.parameter_values(), "x": sample[row].tolist()}
        state = run_in_qiskit(physical, target, values)
        for result, tensor in zip(physical.results, found, strict=True):
            expected = np.reshape(read(result, state, error), tensor[row].shape)
            np.testing.assert_allclose(tensor[row].detach(), expected, atol=1e-12)


def test_evaluation_is_without_noise():
    module = qmlc.compile(TEXT).c()
    clean = module(torch.ones(3))
    module.simulate_noise("ibm:torino")
    assert (module(torch.ones(3)).z - clean.z).abs().max() > 1e-3
    assert torch.equal(module.eval()(torch.ones(3)).z, clean.z)
    module.train().simulate_noise(None)
    assert torch.equal(module(torch.ones(3)).z, clean.z)


def test_gradients_hold_under_noise():
    module = qmlc.compile(TEXT).c().double()
    module.simulate_noise("ibm:torino")
    inputs = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: module(x).z, inputs)


@pytest.mark.parametrize("name", NOISY)
@pytest.mark.parametrize("qubits", [1, 2])
def test_noise_is_as_large_as_measured(name, qubits):
    target = read_target(name)
    found = SuperOp(gate_noise(target, qubits))
    assert found.is_cptp()
    error = dict(target.noise)["one_qubit_error" if qubits == 1 else "two_qubit_error"]
    np.testing.assert_allclose(1 - average_gate_fidelity(found), error, rtol=1e-9)


@given(st.integers(0, 10**6))
@settings(max_examples=5)
def test_a_device_without_noise_changes_nothing(seed):
    from dataclasses import replace

    from qmlc.runtime.plan import place_plan
    from qmlc.runtime.plan_noise import plan_noise
    from qmlc.runtime.run_plan import run_plan

    target = replace(read_target("generic:all_to_all"), noise=())
    module = CircuitModule.from_circuit(qmlc.compile(TEXT).c().circuit_ir).double()
    torch.manual_seed(seed)
    module.reset_parameters()
    rows = torch.randn(3, 4, dtype=torch.float64)
    weights = module.w.detach().reshape(-1, 1)
    plan = plan_noise(physical_circuit(module.circuit_ir, target), target)
    found = run_plan(place_plan(plan, torch.float64, torch.device("cpu")), rows, weights)
    for mixed, pure in zip(found, module(rows.T), strict=True):
        torch.testing.assert_close(mixed, pure.detach(), atol=1e-10, rtol=0)


def test_what_noise_refuses():
    with pytest.raises(ValueError, match="not known here"):
        qmlc.compile(TEXT).c().simulate_noise("simulator")
    with pytest.raises(ValueError, match="no device `ibm:torin`"):
        qmlc.compile(TEXT).c().simulate_noise("ibm:torin")
    state = "circuit s() -> complex[2] {\n qubit q\n h q\n return state(q)\n}\n"
    with pytest.raises(ValueError, match="no one `state`"):
        qmlc.compile(state).s().simulate_noise("ibm:torino")


def test_trains_under_noise(tmp_path):
    text = "\n".join(
        [
            "circuit c() -> real {",
            "    param w: real ~ constant(0.5)",
            "    qubit q",
            "    ry(w) q",
            "    return expval(Z(q))",
            "}",
            "train c {",
            "    loss = c()",
            '    noise = device(ibm("torino"))',
            "    steps = 2",
            "}",
        ]
    )
    (tmp_path / "c.hqm").write_text(text, encoding="utf-8")
    options = TrainOptions(folder=tmp_path / "run", quiet=True)
    (result,) = train_program(tmp_path / "c.hqm", options=options).values()
    assert result.module.train()().loss < result.module.eval()().loss
