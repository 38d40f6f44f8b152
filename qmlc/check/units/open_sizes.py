"""What is trained is not bound to the sizes of its data that its parameters do not need."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qmlc.check.dimensions import REST, Binding
from qmlc.check.units.make_unit import make_unit
from qmlc.check.units.making import Making
from qmlc.check.values import Exhausted, NeedsDimensions, Stop
from qmlc.ir.program import Unit
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import Type

Made = tuple[Unit, Type, Binding]


def make_open_unit(making: Making) -> Made:
    """The unit of a model called with data; sizes stay open that it can do without.

    For the sizes of the data it is made as well, for its errors alone.
    """
    exact = dict(making.binding)
    settings = {p.name.name for p in making.declaration.settings or ()}
    sizes = {n for n, size in exact.items() if isinstance(size, int) and n not in (REST, *settings)}
    while sizes:
        before = _Before(making)
        try:
            symbols = {name: Polynomial.symbol(name) for name in sorted(sizes)}
            unit, output, outer = make_unit(replace(making, binding={**exact, **symbols}))
        except NeedsDimensions as error:
            before.restore(errors=True)
            if not sizes & set(error.names):
                break
            sizes -= set(error.names)
            continue
        except Exhausted:
            raise
        except Stop:
            before.restore(errors=True)
            break
        if before.has_errors():
            before.restore(errors=True)
            break
        before = _Before(making)
        make_unit(replace(making, binding=exact))
        before.restore(errors=False)
        return unit, output, {**outer, **{name: exact[name] for name in sizes}}
    return make_unit(making)


class _Before:
    """The units and errors before an attempt."""

    def __init__(self, making: Making) -> None:
        units, session = making.units, making.units.session
        self.units, self.session = units, session
        self.kept: tuple[Any, ...] = dict(units.made), list(units.order), dict(units.names)
        self.errors, self.seen = len(session.errors), set(session.seen)

    def has_errors(self) -> bool:
        """Whether the attempt brought errors, not warnings."""
        return any(e.severity == "error" for e in self.session.errors[self.errors :])

    def restore(self, *, errors: bool) -> None:
        """Forget the units that were made, and what was said of them."""
        self.units.made, self.units.order, self.units.names = self.kept
        if errors:
            del self.session.errors[self.errors :]
            self.session.seen = self.seen
