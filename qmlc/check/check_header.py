"""What the header of a declaration says by itself: names given twice, sizes that nothing binds."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.check.dimensions import DTYPES, KINDS, dimension_names, fail_type
from qmlc.check.errors.names import AlreadyDeclared
from qmlc.check.errors.types import BadType, UnknownDimension, WrongArguments
from qmlc.check.frame import Session
from qmlc.check.values import UNITS, Module, fail
from qmlc.source.diagnostic import Label
from qmlc.source.span import Span
from qmlc.syntax import tree


def check_header(session: Session, module: Module, declaration: tree.Component) -> bool:
    """Whether settings, inputs, registers and result of a declaration fit together."""
    count = len(session.errors)
    names = [part.name for part in (*(declaration.settings or ()), *declaration.inputs)]
    check_twice(session, (*names, *(register.name for register in declaration.registers)))
    for parameter in (*(declaration.settings or ()), *declaration.inputs):
        with session.recover():
            _check_type(parameter.type)
    with session.recover():
        _check_result(module, declaration)
    with session.recover():
        _check_kernel(declaration)
    with session.recover():
        _check_defaults(declaration)
    return len(session.errors) == count


def check_twice(session: Session, names: Sequence[tree.Identifier]) -> None:
    """Report names that a header gives twice."""
    seen: dict[str, Span] = {}
    for name in names:
        with session.recover():
            if name.name in seen:
                first = (Label(seen[name.name], "declared here first"),)
                what = f"`{name.name}` is declared twice"
                fail(AlreadyDeclared, name, what, "again here", "choose another name", first)
        seen.setdefault(name.name, name.span)


def _check_type(written: tree.TypeExpression | None) -> None:
    """Refuse words that are no types, and types where sizes stand."""
    if isinstance(written, tree.TypeRecord):
        for _, kind in written.fields:
            _check_type(kind)
    elif written is not None:
        if written.name.name not in (*DTYPES, *KINDS):
            fail_type(written.name)
        for size in written.dims:
            if isinstance(size, tree.Identifier) and size.name in DTYPES:
                what, help = f"`{size.name}` is a type, not a size", "write a number or a name"
                fail(BadType, size, what, "a size stands here", help)


def _check_result(module: Module, declaration: tree.Component) -> None:
    """Every size in the result is bound by the inputs, the settings, or the file."""
    if declaration.result is None:
        return
    bound = {part.name.name for part in (*(declaration.settings or ()), *declaration.inputs)}
    for parameter in (*(declaration.settings or ()), *declaration.inputs):
        bound |= set(dimension_names(parameter.type)) if parameter.type is not None else set()
    for name in dimension_names(declaration.result):
        if name not in bound and not module.has_constant(name):
            own = declaration.name.name
            header = f"{declaration.kind} {own}({name}: int)(…)"
            fail(
                UnknownDimension,
                declaration.result,
                f"nothing says what `{name}` is",
                f"`{name}` stands in the result of `{own}`, but in no input or setting",
                f"make it a setting: `{header}`, or write a number",
            )


def _check_kernel(declaration: tree.Component) -> None:
    """A kernel compares the rows of two tensors, so it has one input, for a row."""
    if declaration.kind == "kernel" and len(declaration.inputs) != 1:
        fail(
            WrongArguments,
            declaration.inputs[1] if declaration.inputs else declaration.name,
            f"a kernel has one input, `{declaration.name.name}` has {len(declaration.inputs)}",
            "compares the states of two rows: `k(a, b)`",
            "take one tensor, and index it",
        )


def _check_defaults(declaration: tree.Component) -> None:
    """Inputs that can be left out come last, and the others tell their sizes."""
    first: tree.Parameter | None = None
    for parameter in declaration.inputs if declaration.kind in UNITS else ():
        first = first or (parameter if parameter.default is not None else None)
        if first is not None and parameter.default is None:
            fail(
                WrongArguments,
                parameter,
                f"`{parameter.name.name}` has no default, but `{first.name.name}` before it has",
                "cannot be left out",
                "inputs with defaults come last",
                (Label(first.span, "can be left out"),),
            )
