"""Whether a circuit that a network applies is narrow enough to be simulated."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.check.dimensions import dimension, dimension_names, names_in
from qmlc.check.errors.qubits import TooWide
from qmlc.check.errors.types import ShapeMismatch
from qmlc.check.frame import Frame
from qmlc.check.origin import origin
from qmlc.check.units.making import Input, Making
from qmlc.check.values import NeedsDimensions, Stop, Tensor, describe
from qmlc.source.diagnostic import Label
from qmlc.source.span import Span
from qmlc.syntax import tree

MAX_SIMULATED = 30
"""A network simulates its circuits: 2**30 amplitudes take 8 GiB for one example."""


def check_width(making: Making, frame: Frame, inputs: Sequence[Input]) -> None:
    """Refuse a circuit that tensors make too wide; warn of one that its author made so.

    A circuit by itself may be as wide as a device; applied in a network it has to be simulated.
    """
    registers = _registers(making.declaration)
    width = _width(making, registers)
    if width is None or width <= MAX_SIMULATED:
        return
    at = making.node.into if isinstance(making.node, tree.Pipe) else making.node
    name = making.declaration.name.name
    names = {n for r in registers if r.size is not None for n in names_in(r.size)}
    for given in inputs:
        written = given.parameter.type
        if written is not None and names & set(dimension_names(written)) - set(making.given):
            raise Stop(_too_many(at.span, name, width, given, frame))
    place = registers[0].span.to(registers[-1].span)
    frame.session.report(
        TooWide(
            at.span,
            (Label(place, f"{width} qubits"),),
            what=f"`{name}` has {width} qubits, more than can be simulated",
            where=f"a simulator would hold 2**{width} amplitudes",
            proposal=f"use at most {MAX_SIMULATED} qubits, or run it on a device",
        )
    )


def _too_many(at: Span, name: str, width: int, given: Input, frame: Frame) -> ShapeMismatch:
    source = origin(frame, given.place) or given.place.span
    shown = given.place.span.text if isinstance(given.place, tree.Identifier) else "…"
    parameter = given.parameter
    assert parameter.type is not None and isinstance(given.node, Tensor)
    return ShapeMismatch(
        at,
        (
            Label(source, f"this is {describe(given.node)}"),
            Label(parameter.type.span, f"one qubit for each element of `{parameter.name.name}`"),
        ),
        what="shapes do not agree",
        where=f"`{name}` would need {width:,} qubits",
        proposal=f"bring the {given.node.type.dims[-1]} features down first: "
        f"`{shown} |> linear(4) |> tanh`",
    )


def _registers(declaration: tree.Component) -> list[tree.Register]:
    """The registers that a circuit declares outside of loops."""
    body = declaration.body
    statements = body.statements if isinstance(body, tree.Block) else ()
    return [r for s in statements if isinstance(s, tree.Qubit) for r in s.registers]


def _width(making: Making, registers: Sequence[tree.Register]) -> int | None:
    """How many qubits these are; None where only the body tells."""
    frame = making.frame()
    total = 0
    for register in registers:
        try:
            size = 1 if register.size is None else dimension(frame, register.size, making.binding)
        except (Stop, NeedsDimensions):
            return None
        if not isinstance(size, int):
            return None
        total += size
    return total
