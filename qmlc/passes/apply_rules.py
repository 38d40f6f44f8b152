"""Rewrite rules, the program's own and the library's, applied to circuits and graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from qmlc.ir.program import Program
from qmlc.ir.rules import GateRule, GraphRule, Rule
from qmlc.passes.library_rules import library_rules
from qmlc.passes.rewrite_circuits import rewrite_circuits
from qmlc.passes.rewrite_gates import rewrite_gates
from qmlc.passes.rewrite_graphs import rewrite_graph


def apply_gate_rules(modules: Sequence[str], own: bool, program: Program) -> Program:
    """`program` after its `own` rules of gates, and those of `modules` of the library."""
    rules = [rule for rule in _rules(modules, own, program) if isinstance(rule, GateRule)]
    return rewrite_circuits(partial(rewrite_gates, rules), program)


def apply_tensor_rules(modules: Sequence[str], program: Program) -> Program:
    """`program` after its own rules of tensors, and those of `modules` of the library."""
    rules = [rule for rule in _rules(modules, True, program) if isinstance(rule, GraphRule)]
    units = []
    for unit in program.units:
        graph = None if unit.graph is None else rewrite_graph(rules, unit.graph)
        units.append(unit if graph is unit.graph else replace(unit, graph=graph))
    return replace(program, units=tuple(units))


def _rules(modules: Sequence[str], own: bool, program: Program) -> Iterator[Rule]:
    if own:
        yield from program.rules
    for module in modules:
        yield from library_rules(module)
