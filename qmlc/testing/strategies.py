"""Hypothesis strategies for circuits, over all gates of the catalogue."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Circuit, Distribution, Instruction, Result
from qmlc.ir.modify_gates import gate_instruction
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, gate_arity
from qmlc.ops.matrices import rotation_matrix
from qmlc.types.polynomial import Polynomial, Value

LETTERS = "IXYZ"


@st.composite
def angles(draw: st.DrawFn, symbols: Sequence[Any]) -> Value:
    """A number, or an affine or other expression of `symbols`."""
    kind = draw(st.sampled_from(["number", "symbol", "affine", "product", "function"]))
    fixed = st.sampled_from([0.0, 0.3, -1.1, math.pi / 2, math.pi, 2.5])
    if kind == "number" or not symbols:
        return draw(fixed)
    first, second = draw(st.sampled_from(symbols)), draw(st.sampled_from(symbols))
    if kind == "symbol":
        return first  # type: ignore[no-any-return]
    if kind == "affine":
        return first * draw(st.sampled_from([0.5, -2, 3])) + second + draw(fixed)  # type: ignore[no-any-return]
    if kind == "product":
        return first * second * first - second  # type: ignore[no-any-return]
    inner = draw(st.sampled_from(["sin", "tanh", "exp", "sigmoid"]))
    return Polynomial.apply(inner, first * second) + Polynomial.apply("atan2", first, 2)


@st.composite
def operators(draw: st.DrawFn, num_qubits: int, symbols: Sequence[Any] = ()) -> Operator:
    """A sum of one to four Pauli strings; coefficients may be symbolic."""
    total: Any = Operator(())
    for _ in range(draw(st.integers(1, 4))):
        coefficient: Any = draw(st.sampled_from([1, -0.5, 2.0]))
        if symbols and draw(st.booleans()):
            coefficient = draw(angles(symbols)) * coefficient
        string = Operator((((), 1),))
        for qubit in range(num_qubits):
            string = string * Operator.pauli(draw(st.sampled_from(LETTERS)), qubit)
        total = total + string * coefficient
    return total  # type: ignore[no-any-return]


@st.composite
def gates(
    draw: st.DrawFn, num_qubits: int, symbols: Sequence[Any], names: Sequence[str] = tuple(GATES)
) -> Instruction:
    """Any gate that fits on `num_qubits`, under random controls."""
    fitting = [name for name in names if gate_arity(name)[1] <= num_qubits]
    name = draw(st.sampled_from([*fitting, "gphase", "rotation", "unitary", "evolve"]))
    order = tuple(draw(st.permutations(range(num_qubits))))
    if name == "gphase":
        states = draw(st.text("01", max_size=num_qubits))
        return Instruction("gphase", order[: len(states)], (draw(angles(symbols)),), states)
    width = draw(st.integers(1, min(2, num_qubits)))
    if name == "rotation":
        letters = "".join(draw(st.sampled_from(LETTERS)) for _ in range(width))
        gate = Instruction(name, order[-width:], (draw(angles(symbols)),), payload=letters)
    elif name == "unitary":
        matrix = rotation_matrix("XY"[:width], 0.7) @ rotation_matrix("ZX"[:width], 1.9)
        payload = tuple(tuple(complex(v) for v in row) for row in matrix)
        gate = Instruction(name, order[-width:], payload=payload)
    elif name == "evolve":
        operator = draw(operators(width, symbols))
        gate = Instruction(name, order[-width:], (draw(angles(symbols)),), payload=operator)
    else:
        count, qubits = gate_arity(name)
        values = [draw(angles(symbols)) for _ in range(count)]
        gate = gate_instruction(name, order[-qubits:], values)
    free = num_qubits - len(gate.qubits)
    states = draw(st.text("01", max_size=min(free, 2)))
    return replace(gate, qubits=order[: len(states)] + gate.qubits, controls=states + gate.controls)


@st.composite
def circuits(
    draw: st.DrawFn,
    max_qubits: int = 4,
    max_gates: int = 12,
    *,
    measurements: bool = False,
    kinds: Sequence[str] = ("expval", "variance", "probs", "purity"),
    symbolic_observables: bool = True,
) -> Circuit:
    """A circuit with an input `x`, a parameter `w` and up to `max_gates` gates.

    With `measurements` it has mid-circuit measurements, feed-forward and resets as well. `kinds`
    are the results that it may return; `state` is for circuits without measurements.
    """
    num_qubits = draw(st.integers(1, max_qubits))
    builder = CircuitBuilder("random")
    x = builder.input("x", 2)
    w = builder.parameter("w", 3, start=Distribution("uniform", (-2.0, 2.0)))
    symbols = [*x, *w]
    qubits = builder.qubits("q", num_qubits)
    bits = builder.bits("c", 2)
    if draw(st.integers(0, 4)) == 0:
        builder.prepare(Array((2,), (x[0] + 1.5, w[0])), qubits[0])
    for _ in range(draw(st.integers(0, max_gates))):
        instruction = draw(gates(num_qubits, symbols))
        if measurements:
            _draw_measurement(draw, builder, qubits, bits, instruction)
        else:
            builder.append(instruction)
    for position in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from(list(kinds)))
        builder.result(draw(_results(kind, num_qubits, symbols if symbolic_observables else (), position)))
    return builder.build()


def _draw_measurement(
    draw: st.DrawFn,
    builder: CircuitBuilder,
    qubits: Sequence[int],
    bits: Sequence[int],
    instruction: Instruction,
) -> None:
    action = draw(st.sampled_from(["gate", "gate", "if", "measure", "reset", "reset if"]))
    qubit = draw(st.sampled_from(list(qubits)))
    values = draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))
    match action:
        case "gate":
            builder.append(instruction)
        case "if":
            with builder.when(bits, sorted(values)):
                builder.append(instruction)
        case "measure":
            builder.measure([qubit], [draw(st.sampled_from(list(bits)))])
        case "reset":
            builder.reset(qubit)
        case _:
            with builder.when(bits, sorted(values)):
                builder.reset(qubit)


@st.composite
def _results(
    draw: st.DrawFn, kind: str, num_qubits: int, symbols: Sequence[Any], position: int
) -> Result:
    name = f"r{position}"
    if kind in ("expval", "variance"):
        if draw(st.booleans()):
            return Result(kind, (draw(operators(num_qubits, symbols)),), (), name=name)
        count = draw(st.integers(1, 3))
        found = tuple(draw(operators(num_qubits, symbols)) for _ in range(count))
        return Result(kind, found, (count,), name=name)
    order = tuple(draw(st.permutations(range(num_qubits))))
    if kind == "state":
        return Result(kind, qubits=order, name=name)
    return Result(kind, qubits=order[: draw(st.integers(1, num_qubits))], name=name)
