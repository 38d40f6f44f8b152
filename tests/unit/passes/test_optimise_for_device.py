"""What becomes of small circuits on a device: the table of docs/optimisation.md."""

import pytest

from qmlc.ir.build_circuit import CircuitBuilder, Z
from qmlc.ir.circuit import Condition, Instruction
from qmlc.passes.optimise_for_device import optimise_for_device
from qmlc.passes.synthesis.collect_turns import collect_turns
from qmlc.passes.synthesis.count_entangling_gates import count_entangling_gates
from qmlc.passes.synthesis.resynthesise import lower_all


def circuit(text, measured=()):
    """A circuit on a, b, c, d, its angles named u, v, w."""
    c = CircuitBuilder("small")
    angles = dict(zip("uvw", c.input("x", 3), strict=True))
    q = dict(zip("abcd", c.qubits("q", 4), strict=True))
    for gate in filter(None, text.split(";")):
        name, *operands = gate.replace(",", " ").split()
        getattr(c, name)(*(angles.get(o) or q[o] for o in operands))
    for qubit in measured:
        c.expval(Z(q[qubit]))
    return c.build()


def gates(found):
    """The instructions, as text."""
    return [
        f"{'c' * len(i.controls)}{i.name} {','.join('abcd'[q] for q in i.qubits)}"
        for i in found.instructions
    ]


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("rxx u a b; ryy v a b; rzz w a b", 3),
        ("cx a b; cx a c; cx a d; cx b c; cx b d; cx c d", 3),
        ("rzz u a b; rzz v b c; rzz w a c", 5),
        ("cx a b;cx b c;rz u c;cx b c;cx a b;cx a b;cx b c;rx v c;cx b c;cx a b", 4),
        ("swap a b", 0),
        ("swap a b; cx a b; swap b a; cx b a", 0),
        ("ccx a b c", 6),
        ("cx a b; cx b a", 1),
    ],
)
def test_gates_on_two_qubits(text, cost):
    found = optimise_for_device(circuit(text), ("cx",))
    assert count_entangling_gates(found.instructions)[0] == cost


def test_two_letters_are_a_gate_of_devices_that_turn_about_them():
    found = optimise_for_device(circuit("cx a b; rz u b; cx a b; cx b c; rx v b; cx b c"), ("rzz",))
    assert count_entangling_gates(found.instructions, 2)[0] == 2


def test_what_starts_in_zero():
    text = "h a; h b; cx a b; ry u a; cx a b"
    assert count_entangling_gates(optimise_for_device(circuit(text)).instructions)[0] == 2
    assert gates(optimise_for_device(circuit(text), (), "state")) == ["ry a", "h a", "h b"]


def test_what_is_measured():
    text = "ry u a; ry v b; cx a b; cx b c; rz w a; cz a c"
    found = optimise_for_device(circuit(text, "b"), ("cx",), "results")
    assert sorted(map(str.split, gates(found)))[:1] == [["cx", "b,a"]]
    assert [i.name for i in found.instructions].count("ry") == 2 and len(found.instructions) == 3
    assert found.results[0].operators[0].qubits == (0,)


def test_exchanged_qubits_are_measured_where_they_are():
    found = optimise_for_device(circuit("h b; swap a b; swap b c", "a"), ("cx",))
    assert gates(found) == ["h b"] and found.results[0].operators[0].qubits == (1,)


def test_more_qubits_than_a_word_has_bits():
    c = CircuitBuilder("wide")
    angles, q = c.input("x", 12), c.qubits("q", 70)
    for i, angle in enumerate(angles):
        c.cx(q[60 + i % 9], q[61 + i % 9])
        c.cx(q[i], q[69 - i])
        c.rz(angle, q[69 - i])
        c.cx(q[60 + i % 9], q[61 + i % 9])
        c.h(q[61 + i % 9])
    before = c.build()
    found = optimise_for_device(before, ("cx",))
    costs = [count_entangling_gates(each.instructions)[0] for each in (found, before)]
    assert costs[0] < costs[1]
    forms = [collect_turns(lower_all(each.instructions).turns, 70) for each in (before, found)]
    assert forms[0].rows == forms[1].rows
    turns = [sorted((turn.pauli, str(turn.angle)) for turn in form.turns) for form in forms]
    assert turns[0] == turns[1]


def test_swaps_that_depend_on_bits_are_counted_as_none():
    """They are no unitaries, and stay as they are written."""
    when = Condition((0,), frozenset({1}))
    swaps = [Instruction("swap", (0, 1), condition=when)]
    swaps += [Instruction("swap", (0, 1, 2), controls="1", condition=when)]
    assert count_entangling_gates(swaps) == (0, 0)
