"""The library's own rewrite rules: `stdlib/rules`, proved by the tests rather than at each use."""

from __future__ import annotations

from functools import cache

from qmlc.check.call import call
from qmlc.check.circuits.run_gate import run_gate
from qmlc.check.frame import Session
from qmlc.check.load import Loader
from qmlc.check.reach import reach
from qmlc.check.resolve import resolve
from qmlc.check.rules.elaborate_rewrite import elaborate_rules
from qmlc.check.units.apply_unit import apply_unit
from qmlc.ir.rules import Rule
from qmlc.resources import stdlib_text
from qmlc.source.span import Source

MODULES = ("cancel", "simplify", "conjugate", "attention", "arithmetic")


@cache
def library_rules(module: str) -> tuple[Rule, ...]:
    """The rules of one of `MODULES`, in the order of the text."""
    source = Source(f"std/rules/{module}.hqm", stdlib_text(f"rules/{module}"))
    loaded = Loader(lambda path: path.read_text("utf-8")).load(source, None)
    session = Session(call, resolve, run_gate, apply_unit, reach)
    rules = elaborate_rules(session, loaded, proved=True)
    assert not session.errors, session.errors
    return rules
