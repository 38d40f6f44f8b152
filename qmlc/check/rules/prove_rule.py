"""A rule is proved before it is used: both sides are computed on random values, and compared."""

from __future__ import annotations

from qmlc.check.errors.names import NotAvailable
from qmlc.check.errors.rules import WrongRule
from qmlc.check.values import fail
from qmlc.ir.rules import GateRule, Rule
from qmlc.source.span import Span


def prove_rule(rule: Rule, at: Span) -> None:
    """Stop with a counterexample where the two sides of a rule differ."""
    # numpy takes longer to import than a whole check, and few programs have rules of their own
    from qmlc.ir.compare_gates import compare_gates
    from qmlc.ir.compare_graphs import compare_graphs
    from qmlc.ir.evaluate_graph import Unknown

    if isinstance(rule, GateRule):
        difference, proposal = compare_gates(rule)
    else:
        try:
            difference, proposal = compare_graphs(rule)
        except Unknown as error:
            fail(
                NotAvailable,
                at,
                f"a rule with `{error}` cannot be proved yet",
                "would not be used",
                "leave the rule out: a program means the same without it",
            )
    if difference:
        what = f"the two sides of `{rule.name}` do not mean the same"
        fail(WrongRule, at, what, difference, proposal)
