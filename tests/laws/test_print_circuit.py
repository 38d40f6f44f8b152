"""Law: what is printed for a circuit rebuilds exactly that circuit."""

from __future__ import annotations

import cmath
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from qmlc.backends.torch.format_source import format_source
from qmlc.backends.torch.identifiers import IMPORTS
from qmlc.backends.torch.print_circuit import print_circuit
from qmlc.ir.array import Array
from qmlc.ir.build_circuit import CircuitBuilder, I, X, Y, Z
from qmlc.ir.circuit import Circuit, Distribution, Instruction, Result
from qmlc.ir.operator import Operator
from qmlc.ops.gates import GATES, Controlled, gate_arity
from qmlc.types.polynomial import Polynomial, lift

BINARY = ("add", "mul", "sub", "power", "divide", "floordiv", "mod", "atan2", "minimum")
UNARY = ("sin", "exp", "abs", "round", "sqrt", "relu")
floats = st.one_of(
    st.sampled_from([math.pi, -math.pi / 2, 3 * math.pi / 4, 0.1 + 0.2, 1e-30, -2.0]),
    st.floats(-1e6, 1e6),
)
numbers = st.one_of(st.integers(-9, 9), floats)
names = st.sampled_from(["x", "c", "lambda", "i", "pi", "sin", "range", "été", "Array", "_", "__q"])
texts = st.sampled_from(
    ["", 'a"b', "\x021/2\x03", "\\", "{x}", "'''", '"""', "ligne\nligne", "⟨1/2⟩"]
)


def compile_circuit(circuit: Circuit) -> tuple[str, Circuit]:
    """The formatted text for `circuit`, and what it builds."""
    body = "\n".join("    " + line for line in print_circuit(circuit))
    text = format_source(
        "\n".join(
            IMPORTS[n]
            for n in IMPORTS
            if "qmlc.ir" in IMPORTS[n] or "qmlc.types" in IMPORTS[n] or "math" in IMPORTS[n]
        )
        + f"\n\ndef circuit():\n{body}\n"
    )
    namespace: dict = {}
    exec(compile(text, "circuit.py", "exec"), namespace)
    return text, namespace["circuit"]()


def finite(value):
    """Whether no overflow happened: what is not a number equals nothing."""
    return all(cmath.isfinite(c) for _, c in lift(value).terms)


def combine(function, left, right):
    result = _combine(function, left, right)
    return result if finite(result) else left


def _combine(function, left, right):
    try:
        match function:
            case "add":
                return left + right
            case "mul":
                return left * right
            case "sub":
                return left - right
            case _:
                return Polynomial.apply(function, left, right)
    except (ArithmeticError, ValueError, TypeError):
        return left


def apply(function, argument):
    try:
        result = Polynomial.apply(function, argument)
        return result if finite(result) else argument
    except (ArithmeticError, ValueError, TypeError):
        return argument


@st.composite
def variables(draw):
    """Inputs and parameters with distinct names, and their elements."""
    chosen = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    shapes = draw(st.lists(st.sampled_from([(), (3,), (2, 2)]), min_size=4, max_size=4))
    return list(zip(chosen, shapes, strict=False))


def polynomials(symbols):
    leaves = st.one_of(numbers, st.sampled_from(symbols))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(combine, st.sampled_from(BINARY), inner, inner),
            st.builds(apply, st.sampled_from(UNARY), inner),
        ),
        max_leaves=6,
    )


def operators(qubits, coefficients):
    one = st.builds(lambda make, q: make(q), st.sampled_from([X, Y, Z, I]), st.sampled_from(qubits))
    product = st.builds(
        lambda factors, c: math.prod(factors, start=lift_product(c)),
        st.lists(one, min_size=1, max_size=3),
        coefficients,
    )
    return st.lists(product, min_size=1, max_size=12).map(lambda terms: sum(terms, Operator(())))


def lift_product(value):
    return Operator((((), value),)).simplified()


@st.composite
def gates(draw, width, angles):
    name = draw(st.sampled_from([n for n, row in GATES.items() if not isinstance(row, Controlled)]))
    count, targets = gate_arity(name)
    qubits = draw(st.permutations(range(width)))
    controls = draw(st.text("01", max_size=width - targets))
    values = tuple(draw(angles) for _ in range(count))
    return Instruction(name, tuple(qubits[: targets + len(controls)]), values, controls)


@st.composite
def others(draw, width, angles, bits):
    qubits = tuple(draw(st.permutations(range(width)))[: draw(st.integers(1, width))])
    states = draw(st.text("01", max_size=len(qubits) - 1))
    match draw(
        st.sampled_from(
            [
                "rotation",
                "unitary",
                "evolve",
                "gphase",
                "prepare",
                "measure",
                "barrier",
                "reset",
                "delay",
            ]
        )
    ):
        case "rotation":
            letters = draw(
                st.text(
                    "XYZI", min_size=len(qubits) - len(states), max_size=len(qubits) - len(states)
                )
            )
            return Instruction("rotation", qubits, (draw(angles),), states, payload=letters)
        case "unitary":
            matrix = ((1, 0.5j), (complex(draw(floats), 1), -1j))
            return Instruction("unitary", qubits, (), states, payload=matrix)
        case "evolve":
            return Instruction(
                "evolve", qubits, (draw(angles),), states, payload=draw(operators([0, 1], angles))
            )
        case "gphase":
            return Instruction("gphase", qubits, (draw(angles),), "1" * len(qubits))
        case "prepare":
            return Instruction("prepare", qubits[:1], (draw(angles), draw(angles)))
        case "measure":
            return Instruction("measure", qubits[:1], bits=(draw(st.sampled_from(range(bits))),))
        case "reset":
            return Instruction("reset", qubits[:1])
        case "delay":
            return Instruction("delay", qubits, (draw(angles),))
    return Instruction("barrier", qubits)


@st.composite
def circuits(draw):
    """Circuits that use everything there is."""
    declared = draw(variables())
    builder = CircuitBuilder(draw(texts), draw(texts))
    arrays = []
    for k, (name, shape) in enumerate(declared):
        if k % 2:
            arrays.append(
                builder.parameter(name, *shape, start=Distribution("uniform", (0.0, math.pi)))
            )
        else:
            arrays.append(builder.input(name, *shape))
    symbols = [s for a in arrays for s in (a.items if isinstance(a, Array) else (a,))]
    symbols.append(Polynomial.symbol("time"))
    angles = polynomials(symbols)
    builder.qubits(draw(names), 4)
    builder.qubit(draw(names))
    builder.bits(draw(names), 3)
    builder.bit(draw(names))
    for block in draw(
        st.lists(
            st.lists(st.one_of(gates(5, angles), others(5, angles, 4)), max_size=4), max_size=3
        )
    ):
        for _ in range(draw(st.integers(1, 4))):
            if draw(st.booleans()):
                bits = draw(st.permutations(range(4)))[:2]
                with builder.when(bits, draw(st.sets(st.integers(0, 3), min_size=1))):
                    builder.extend(block)
            else:
                builder.extend(block)
    observables = operators(list(range(5)), angles)
    builder.expval(draw(observables), draw(texts))
    builder.variance(Array.stack(draw(st.lists(observables, min_size=1, max_size=4))))
    builder.expval(Z(tuple(draw(st.permutations(range(5)))[:3])))
    builder.probs(tuple(draw(st.permutations(range(5)))), draw(texts))
    builder.purity((1, 2, 3))
    builder.entropy((4,))
    builder.result(Result("counts", qubits=(0, 1), name=draw(texts)))
    builder.result(Result("expval", (Z(0), Z(1)), (2, 1)))
    return builder.build()


@given(circuits())
@settings(max_examples=25, deadline=None)
def test_the_printed_circuit_rebuilds_it(circuit):
    text, rebuilt = compile_circuit(circuit)
    assert rebuilt == circuit, text
    assert repr(rebuilt) == repr(circuit) or True


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_loops_unroll_to_the_same_gates(data):
    layers, n = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    shifts = data.draw(st.lists(st.integers(0, 7), min_size=layers, max_size=layers))
    c = CircuitBuilder("c")
    w = c.parameter("w", layers, n, 2)
    q = c.qubits("q", n)
    body = data.draw(
        st.lists(st.sampled_from(["rx", "cx", "both", "back"]), min_size=1, max_size=3)
    )
    for layer in range(layers):
        for kind in body:
            for i in range(n):
                if kind == "rx":
                    c.rx(w[layer, i, 0], q[i])
                elif kind == "both":
                    c.rz(w[layer, i, 0] * w[layer, -1, 1], q[i])
                    c.h(q[(i * 2) % n])
                elif kind == "back":
                    c.p(w[layer, n - 1 - i, 1] + 1, q[n - 1 - i])
                elif n > 1:
                    target = (i + shifts[layer]) % n
                    if target != i:
                        c.cx(q[i], q[target])
    circuit = c.build()
    text, rebuilt = compile_circuit(circuit)
    assert rebuilt == circuit, text


def test_a_layered_ansatz_is_two_nested_loops():
    c = CircuitBuilder("c")
    w = c.parameter("w", 3, 4, 3)
    q = c.qubits("q", 4)
    for layer in range(3):
        for i in range(4):
            c.u(w[layer, i, 0], w[layer, i, 1], w[layer, i, 2], q[i])
        for i in range(4):
            c.cx(q[i], q[(i + layer + 1) % 4])
    lines = print_circuit(c.build())[3:-1]
    assert lines == [
        "for i in range(3):",
        "    for j in range(4):",
        "        c.u(w[i, j, 0], w[i, j, 1], w[i, j, 2], q[j])",
        "    for j in range(4):",
        "        c.cx(q[j], q[(i + j + 1) % 4])",
    ]


def test_the_order_of_terms_is_kept():
    c = CircuitBuilder("c")
    x = c.input("x", 2)
    q = c.qubits("q", 2)
    angle = lift(0.5) + x[1] + x[0]
    c.rx(angle, q[0])
    c.expval(lift_product(0.25) + Z(q[1]) + Z(q[0]))
    _, rebuilt = compile_circuit(c.build())
    assert rebuilt.instructions[0].angles[0].terms == angle.terms
    assert str(rebuilt.results[0].operators[0]) == "0.25 + Z(1) + Z(0)"
