"""Contracts over every rule of the library: proved, and applied to its own left side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qmlc.ir.circuit import Instruction
from qmlc.ir.compare_gates import compare_gates, matrices
from qmlc.ir.compare_graphs import compare_graphs
from qmlc.ir.dense import instructions_matrix
from qmlc.ir.evaluate_graph import settle
from qmlc.ir.modify_gates import control
from qmlc.ir.rules import GateRule, GraphRule, gate_cost, graph_cost
from qmlc.passes.library_rules import MODULES, library_rules
from qmlc.passes.rewrite_gates import rewrite_gates
from qmlc.passes.rewrite_graphs import rewrite_graph
from qmlc.resources import stdlib_names

RULES = [rule for module in MODULES for rule in library_rules(module)]
GATE_RULES = [rule for rule in RULES if isinstance(rule, GateRule)]
GRAPH_RULES = [rule for rule in RULES if isinstance(rule, GraphRule)]


def name(rule):
    return rule.name


def test_every_file_of_rules_is_used():
    files = [n.removeprefix("rules/") for n in stdlib_names() if n.startswith("rules/")]
    assert sorted(files) == sorted(MODULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_rule_is_documented_in_a_sentence(rule):
    assert rule.doc.endswith(".") and "\n" not in rule.doc


@pytest.mark.parametrize("rule", GATE_RULES, ids=name)
def test_rule_of_gates_is_exact(rule):
    assert compare_gates(rule) == ("", "")


@pytest.mark.parametrize("rule", GRAPH_RULES, ids=name)
def test_rule_of_tensors_is_exact(rule):
    assert compare_graphs(rule) == ("", "")


@pytest.mark.parametrize("rule", GATE_RULES, ids=name)
def test_rule_of_gates_applies_to_its_left_side(rule):
    assert rewrite_gates([rule], rule.before) == rule.after


@pytest.mark.parametrize("rule", GRAPH_RULES, ids=name)
def test_rule_of_tensors_applies_to_its_left_side(rule):
    numbers = dict.fromkeys(rule.symbols, 0.25)
    nodes = [
        replace(n, attributes=tuple((key, settle(v, numbers)) for key, v in n.attributes))
        for n in rule.before.nodes
    ]
    after = rewrite_graph([rule], replace(rule.before, nodes=tuple(nodes)))
    assert graph_cost(after) == graph_cost(rule.after)
    assert after.nodes[after.output].type == rule.after.nodes[rule.after.output].type


@given(st.sampled_from(GATE_RULES), st.permutations(range(4)), st.sampled_from(["", "1", "0"]))
def test_rule_of_gates_applies_on_other_qubits_under_control_and_among_others(rule, order, states):
    """What acts elsewhere stands between the gates, and does not hide them."""
    controls = tuple(order[3 - i] for i in range(len(states)))
    gates = control([_move(i, order) for i in rule.before], controls, states)
    free = [q for q in order[rule.num_qubits :] if q not in controls]
    spread = [part for g in gates for part in (g, *(Instruction("h", (q,)) for q in free[:1]))]
    found = rewrite_gates([rule], tuple(spread))
    assert gate_cost(found) < gate_cost(tuple(spread))
    angles = {symbol: 0.3 + i for i, symbol in enumerate(rule.symbols)}
    before, after = (_matrix(side, angles) for side in (spread, found))
    np.testing.assert_allclose(after, before, atol=1e-12)


def _move(instruction, order):
    return replace(instruction, qubits=tuple(order[q] for q in instruction.qubits))


def _matrix(instructions, angles):
    sides = GateRule("one", 4, tuple(angles), tuple(instructions), ())
    return matrices(sides, angles)[0]


def test_a_wrong_rule_is_found():
    right = next(rule for rule in GATE_RULES if rule.name == "h_x_h")
    wrong = replace(right, after=(Instruction("y", (0,)),))
    assert "entry [0, 0] of the matrix is 1 on the left, 0 on the right" in compare_gates(wrong)[0]
    assert instructions_matrix(wrong.after, [0])[0, 0] == 0
