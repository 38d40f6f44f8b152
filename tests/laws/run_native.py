"""Random circuits, run by native programs in a chosen layout and by the reference in complex128."""

from dataclasses import replace
from functools import cache

import numpy as np
import torch

from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Condition, Distribution, Instruction, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.kernels.library import ENTRIES
from qmlc.kernels.load_library import compile_entries, load_library
from qmlc.ops.gates import GATES, gate_arity
from qmlc.runtime.native.program import NativeProgram
from qmlc.runtime.plan import place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.run_plan import run_plan
from qmlc.types.polynomial import lift

INPUTS, PARAMETERS = 3, 5
FIXED = (0.0, 0.3, -1.1, np.pi / 4, np.pi / 2, np.pi, 2.5, 2 * np.pi)


@cache
def library(dtype, vector_bytes=None):
    """The kernels for a precision and a width of vectors, the host's unless another is given."""
    real = str(dtype).removeprefix("torch.")
    return compile_entries(ENTRIES, real, vector_bytes) if vector_bytes else load_library(real)


def layouts(num_qubits, dtype, vector_bytes=None):
    """The values of `samples` that a circuit can have: lanes need so many qubits."""
    return (True, False) if 1 << num_qubits >= library(dtype, vector_bytes).lanes else (True,)


def native(circuit, dtype, samples=None, vector_bytes=None):
    """The program of a circuit; its lanes are samples, or amplitudes, or (None) as it chooses."""
    program = NativeProgram(circuit, dtype, library(dtype, vector_bytes))
    if samples is not None:
        program.in_lanes = lambda batch: samples
    return program


def gradients_like(circuit, batch, dtype=torch.float64, seed=0):
    """Random gradients of the values and of the state, None for what is not returned."""
    generator = torch.Generator().manual_seed(seed)
    count = sum(len(r.operators) for r in circuit.results)
    d_values = torch.rand(batch, count, generator=generator, dtype=torch.float64) - 0.5
    d_state = None
    if any(r.kind == "state" for r in circuit.results):
        shape = (batch, 2**circuit.num_qubits)
        d_state = torch.randn(shape, generator=generator, dtype=torch.complex128)
        d_state = (d_state / shape[1] ** 0.5).to(dtype.to_complex())
    return d_values.to(dtype), d_state


def run_native(program, x, w, d_values=None, d_state=None, threads=1):
    """Values, states, and the gradients of inputs and parameters."""
    values, state, saved = program.forward(x, w, threads)
    return values, state, *program.backward(saved, x, w, d_values, d_state)


def run_reference(circuit, x, w, d_values=None, d_state=None):
    """The same in complex128, by torch operations."""
    plan = place_plan(plan_circuit(circuit), torch.float64, torch.device("cpu"))
    x, w = (t.detach().double().requires_grad_() for t in (x, w))
    results = run_plan(plan, x.T, w[:, None])
    results = [r.expand(len(x), *r.shape[1:]) for r in results]
    of_kind = [(k.kind, r) for r, k in zip(results, circuit.results, strict=True)]
    state = next((r for kind, r in of_kind if kind == "state"), None)
    parts = [r.reshape(len(x), -1) for kind, r in of_kind if kind != "state"]
    values = torch.cat(parts, 1) if parts else x.new_empty((len(x), 0))
    total = 0 * (x.sum() + w.sum())
    if d_values is not None:
        total = total + (values * d_values.double()).sum()
    if d_state is not None and state is not None:
        total = total + (state.conj() * d_state.to(torch.complex128)).real.sum()
    d_x, d_w = torch.autograd.grad(total, (x, w))
    return values.detach(), None if state is None else state.detach(), d_x, d_w


def random_inputs(batch, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(batch, INPUTS, generator=generator, dtype=torch.float64) * 4 - 2
    w = torch.rand(PARAMETERS, generator=generator, dtype=torch.float64) * 4 - 2
    return x.to(dtype), w.to(dtype)


class Drawer:
    """Draws circuits by a numpy generator."""

    def __init__(self, seed, num_qubits):
        self.rng = np.random.default_rng(seed)
        self.num_qubits = num_qubits
        self.builder = CircuitBuilder("random")
        self.x = list(self.builder.input("x", INPUTS))
        start = Distribution("uniform", (-2.0, 2.0))
        self.w = list(self.builder.parameter("w", PARAMETERS, start=start))
        self.qubits = self.builder.qubits("q", num_qubits)

    def pick(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def angle(self):
        """A number, or a polynomial of inputs and parameters."""
        first, second = self.pick([*self.x, *self.w]), self.pick([*self.x, *self.w])
        match self.rng.integers(6):
            case 0:
                return self.pick(FIXED)
            case 1:
                return first * self.pick((0.5, -2, 3)) + second + self.pick(FIXED)
            case 2:
                return first * second * 0.5 - second
            case _:
                return first

    def letters(self, width):
        return "".join(self.pick("IXYZ") for _ in range(width))

    def gate(self, name):
        """A gate of the catalogue, or one of the general ones, perhaps under controls."""
        order = [int(q) for q in self.rng.permutation(self.num_qubits)]
        if name == "gphase":
            gate = Instruction(name, (), (self.angle(),))
        elif name == "rotation":
            width = int(self.rng.integers(1, min(5, self.num_qubits) + 1))
            gate = Instruction(
                name, tuple(order[-width:]), (self.angle(),), payload=self.letters(width)
            )
        elif name == "unitary":
            width = int(self.rng.integers(1, min(4, self.num_qubits) + 1))
            gate = Instruction(name, tuple(order[-width:]), payload=self.unitary(width))
        elif name == "evolve":
            width = int(self.rng.integers(1, min(3, self.num_qubits) + 1))
            gate = Instruction(
                name, tuple(order[-width:]), (self.angle(),), payload=self.operator(width)
            )
        else:
            count, width = gate_arity(name)
            gate = gate_instruction(
                name, tuple(order[-width:]), [self.angle() for _ in range(count)]
            )
        free = self.num_qubits - len(gate.qubits)
        controls = "".join(self.pick("01") for _ in range(min(free, self.pick((0, 0, 0, 1, 2)))))
        return Instruction(
            gate.name, tuple(order[: len(controls)]) + gate.qubits, gate.angles,
            controls + gate.controls, payload=gate.payload,
        )  # fmt: skip

    def finish(self, kinds):
        """The circuit, with results of these kinds on all qubits."""
        for kind in kinds:
            if kind == "expval":
                count = int(self.rng.integers(1, 5))
                operators = tuple(self.operator(self.num_qubits) for _ in range(count))
                self.builder.result(Result("expval", operators, (count,), name="v"))
            else:
                self.builder.result(Result(kind, qubits=tuple(range(self.num_qubits)), name=kind))
        return self.builder.build()

    def prepare(self, widths):
        """Vectors on other qubits each, some of them complex."""
        free = [int(q) for q in self.rng.permutation(self.num_qubits)]
        for width in widths:
            targets, free = free[:width], free[width:]
            phase = self.pick((1, 1, 1j, 0.6 + 0.8j))
            amplitudes = [lift(self.angle()) * phase for _ in range(2**width)]
            amplitudes[-1] += 5  # far from the vector 0
            self.builder.append(Instruction("prepare", tuple(targets), tuple(amplitudes)))

    def unitary(self, width):
        """A random unitary matrix, or one that permutes basis states."""
        size = 2**width
        if self.rng.integers(2):
            phases = np.exp(2j * np.pi * self.rng.random(size)) * self.rng.integers(0, 2, size)
            matrix = np.eye(size)[self.rng.permutation(size)] * np.where(phases == 0, 1, phases)
            return tuple(tuple(complex(v) for v in row) for row in matrix)
        matrix = self.rng.normal(size=(size, size)) + 1j * self.rng.normal(size=(size, size))
        matrix = np.linalg.qr(matrix)[0]
        return tuple(tuple(complex(v) for v in row) for row in matrix)

    def operator(self, width, terms=3):
        """A sum of Pauli strings with numbers for coefficients."""
        total = Operator(())
        for _ in range(int(self.rng.integers(1, terms + 1))):
            string = Operator((((), self.pick((1, -0.5, 0.75))),))
            for qubit, letter in enumerate(self.letters(width)):
                string = string * Operator.pauli(letter, qubit)
            total = total + string
        return total


def measured_circuit(seed, num_qubits, steps, records):
    """A circuit of gates, measurements and resets, some of them where a condition holds."""
    drawer = Drawer(seed, num_qubits)
    bits, left = drawer.builder.bits("b", 2), records
    for qubit in range(num_qubits):
        drawer.builder.append(Instruction("ry", (qubit,), (drawer.x[qubit % INPUTS] + 0.4,)))
    for _ in range(steps):
        kind = drawer.pick(("gate", "gate", "measure", "reset"))
        if kind == "gate" or not left:
            step = drawer.gate(drawer.pick(names_for(num_qubits)))
        else:
            left -= 1
            into = (drawer.pick(bits),) if kind == "measure" else ()
            step = Instruction(kind, (int(drawer.rng.integers(num_qubits)),), bits=into)
        if drawer.rng.integers(2):
            chosen = drawer.pick((bits[:1], bits[1:], bits, bits[::-1]))
            values = frozenset(v for v in range(2 ** len(chosen)) if drawer.rng.integers(2))
            step = replace(step, condition=Condition(chosen, values))
        drawer.builder.append(step)
    return drawer.finish(("expval", "probs", "purity"))


def names_for(num_qubits, general=("gphase", "rotation", "evolve", "unitary")):
    """The gates that fit on so many qubits."""
    return [*(name for name in GATES if gate_arity(name)[1] <= num_qubits), *general]


def random_circuit(seed, num_qubits, gates, kinds=("expval",), names=None, prepared=()):
    """A circuit of so many gates; `expval` is of one to four operators.

    It begins with vectors on so many qubits each.
    """
    drawer = Drawer(seed, num_qubits)
    names = names or names_for(num_qubits)
    drawer.prepare(prepared)
    for _ in range(gates):
        drawer.builder.append(drawer.gate(drawer.pick(names)))
    return drawer.finish(kinds)
