"""Types as written, matched against the types of values: which number each name stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

from qmlc.check.errors.types import BadType, ShapeMismatch
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import Frame
from qmlc.check.values import Poison, Scope, Stop, Value, fail
from qmlc.source.count_noun import count_noun
from qmlc.source.diagnostic import Label
from qmlc.source.nearest import nearest
from qmlc.source.span import Span
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift
from qmlc.types.sizes import normalise, same_size, share_out
from qmlc.types.tensors import RecordType, TensorType, Type

REST = "..."
DTYPES = {"real": "real", "int": "int", "bool": "bool", "complex": "complex", "label": "int"}
KINDS = ("str", "operator", "layer", "circuit", "kernel", "gate", "bit", "list", "tuning")
ALIASES = {"float": "real", "double": "real", "tensor": "real", "string": "str"}
"""What other languages call types."""
LARGEST_SOLUTION = 64

Binding = dict[str, Value]
"""What each dimension name stands for; `...` for a tuple of dimensions."""


def dimension(frame: Frame, expression: tree.Expression, binding: Mapping[str, Value]) -> Value:
    """A dimension as written: a number or a polynomial; unbound names are symbols."""
    scope = Scope(frame.scope)
    for name in names_in(expression):
        if name in binding:
            scope.bind(name, binding[name])
        elif not isinstance(_found(frame.scope, name), int | Polynomial):
            if not frame.module.has_constant(name):
                scope.bind(name, Polynomial.symbol(name))
    value = normalise(evaluate(replace(frame, scope=scope), expression))
    if isinstance(value, Poison):
        raise Stop(None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Polynomial):
        fail(BadType, expression, "a dimension is a whole number", f"this is {value}")
    if isinstance(value, int) and value < 0:
        fail(BadType, expression, f"a dimension cannot be {value}", "negative")
    return value


def _found(scope: Scope, name: str) -> Value:
    where = scope.find(name)
    return where.values[name] if where is not None else None


def check_known(frame: Frame, written: tree.TypeExpression) -> None:
    """Refuse sizes in the type of something inside a body that nothing says."""
    for size in written.dims if isinstance(written, tree.TypeName) else ():
        for name in identifiers_in(size):
            known = frame.scope.find(name.name) or name.name in frame.dimensions
            if not known and not frame.module.has_constant(name.name):
                frame.unknown(name, "size", frame.scope.names())


def names_in(expression: tree.Expression) -> list[str]:
    """The names in an expression, in order, but for those of functions and keywords."""
    return [identifier.name for identifier in identifiers_in(expression)]


def identifiers_in(expression: tree.Expression) -> list[tree.Identifier]:
    """The names of `names_in` with their places."""
    nodes = list(tree.walk(expression))
    others = {id(n.function) for n in nodes if isinstance(n, tree.Call)}
    others |= {id(n.name) for n in nodes if isinstance(n, tree.Keyword)}
    return [n for n in nodes if isinstance(n, tree.Identifier) and id(n) not in others]


def resolve_type(frame: Frame, written: tree.TypeExpression, binding: Mapping[str, Value]) -> Type:
    """The type as written, with what is bound in the place of names."""
    if isinstance(written, tree.TypeRecord):
        fields = []
        for name, kind in written.fields:
            inner = resolve_type(frame, kind, binding)
            if not isinstance(inner, TensorType):
                fail(BadType, kind, "a record holds tensors", "a record in a record")
            fields.append((name.name, inner))
        return RecordType(tuple(fields))
    dtype = DTYPES.get(written.name.name)
    if dtype is None:
        fail_type(written.name)
    dims: list[Value] = []
    for position, expression in enumerate(written.dims):
        if isinstance(expression, tree.Ellipsis):
            if position:
                fail(BadType, expression, "`...` stands for leading dimensions", "comes first")
            rest = binding.get(REST)
            dims += rest if rest is not None else [Polynomial.symbol(REST)]
        else:
            dims.append(dimension(frame, expression, binding))
    return TensorType(dtype, tuple(dims))


def fail_type(name: tree.Identifier) -> NoReturn:
    """Stop: there is no type of that name."""
    close = ALIASES.get(name.name, nearest(name.name, [*DTYPES, *KINDS]))
    proposal = f"did you mean `{close}`?" if close else "types are " + ", ".join(DTYPES)
    fail(BadType, name, f"there is no type `{name.name}`", "not a type", proposal)


def dimension_names(written: tree.TypeExpression) -> list[str]:
    """The names in the dimensions of a type, in order."""
    if isinstance(written, tree.TypeRecord):
        return [name for _, kind in written.fields for name in dimension_names(kind)]
    names = [name for d in written.dims for name in names_in(d)]
    return list(dict.fromkeys(names))


def has_rest(written: tree.TypeExpression) -> bool:
    """Whether `...` stands in a type."""
    if isinstance(written, tree.TypeRecord):
        return any(has_rest(kind) for _, kind in written.fields)
    return any(isinstance(d, tree.Ellipsis) for d in written.dims)


class Mismatch(Exception):
    """Why two dimensions do not agree."""


def match_type(
    frame: Frame,
    written: tree.TypeExpression | None,
    kind: Type,
    binding: Binding,
    broadcast: bool = False,
) -> None:
    """Bind the names in a type so that it equals `kind`; Mismatch where it cannot.

    A record has the fields declared, in any order; without a type, a number is meant.
    """
    if isinstance(written, tree.TypeRecord) and isinstance(kind, RecordType):
        _match_fields(frame, written, kind, binding, broadcast)
    elif isinstance(written, tree.TypeRecord):
        raise Mismatch("it is no record")
    elif isinstance(kind, RecordType):
        raise Mismatch("it is a record")
    else:
        _check_dtype(written, kind)
        match_dims(frame, written.dims if written else (), kind.dims, binding, broadcast)


def _match_fields(
    frame: Frame, written: tree.TypeRecord, kind: RecordType, binding: Binding, broadcast: bool
) -> None:
    actual = dict(kind.fields)
    declared = [name.name for name, _ in written.fields]
    for name, inner in written.fields:
        if name.name not in actual:
            close = nearest(name.name, [n for n in actual if n not in declared])
            hint = f", but a field `{close}`" if close else ""
            raise Mismatch(f"it has no field `{name.name}`{hint}")
        try:
            match_type(frame, inner, actual[name.name], binding, broadcast)
        except Mismatch as mismatch:
            raise Mismatch(f"in `{name.name}`, {mismatch}") from None
    more = [name for name in actual if name not in declared]
    if more:
        raise Mismatch(f"it has a field `{more[0]}` besides")


def _check_dtype(written: tree.TypeName | None, kind: TensorType) -> None:
    name = "real" if written is None else written.name.name
    wanted = DTYPES.get(name)
    if wanted == kind.dtype or wanted is None or (wanted == "real" and kind.dtype == "int"):
        return
    raise Mismatch(f"its elements are `{kind.dtype}`, not `{name}`")


def match_dims(
    frame: Frame,
    written: tuple[tree.Expression, ...],
    actual: tuple[Value, ...],
    binding: Binding,
    broadcast: bool = False,
) -> None:
    """Bind the names in `written` so that it equals `actual`; Mismatch where it cannot.

    With `broadcast` (in a `fn`), a dimension of 1 fits every name, as in PyTorch.
    """
    if any(isinstance(e, tree.Ellipsis) for e in written):
        place = next(i for i, e in enumerate(written) if isinstance(e, tree.Ellipsis))
        after = len(written) - place - 1
        if len(actual) < len(written) - 1:
            raise Mismatch(
                f"it has {count_noun(len(actual), 'dimension')}, fewer than {len(written) - 1}"
            )
        end = len(actual) - after
        _match_rest(actual[place:end], binding, broadcast)
        match_dims(frame, written[:place], actual[:place], binding, broadcast)
        match_dims(frame, written[place + 1 :], actual[end:], binding, broadcast)
        return
    if len(written) != len(actual):
        raise Mismatch(f"it has {count_noun(len(actual), 'dimension')}, not {len(written)}")
    later = []
    for expression, size in zip(written, actual, strict=True):
        if broadcast and size == 1:
            continue
        if not _match_one(frame, expression, size, binding):
            later.append((expression, size))
    for expression, size in later:
        if not _match_one(frame, expression, size, binding):
            raise Mismatch(f"`{expression.span.text}` cannot be solved for {size}")


def _match_rest(rest: tuple[Value, ...], binding: Binding, broadcast: bool) -> None:
    bound = binding.get(REST)
    if bound is None or bound == rest:
        binding[REST] = rest
    elif broadcast and (len(rest) != len(bound) or 1 in rest or 1 in bound):
        binding[REST] = rest if len(rest) > len(bound) else bound
    else:
        raise Mismatch(f"`...` stands for {_listed(bound)} before, for {_listed(rest)} here")


def _match_one(frame: Frame, expression: tree.Expression, size: Value, binding: Binding) -> bool:
    """Whether the dimension could be decided; Mismatch where it differs."""
    wanted = dimension(frame, expression, binding)
    difference = lift(wanted)
    unbound = {s for s in difference.symbols() if s.name not in binding and _free(frame, s.name)}
    if not unbound:
        if same_size(wanted, size):
            return True
        raise Mismatch(_differs(expression, wanted, size))
    if len(unbound) > 1:
        return False
    symbol = unbound.pop()
    solution = _solve(difference, symbol, size)
    if solution is None:
        raise Mismatch(_differs(expression, wanted, size))
    binding[symbol.name] = solution
    return True


def _free(frame: Frame, name: str) -> bool:
    """Whether a symbol of this name is no dimension of the declaration around."""
    return frame.scope.find(name) is None


def _solve(polynomial: Polynomial, symbol: Any, size: Value) -> Value | None:
    """The whole number (or dimension) for which `polynomial` is `size`, or None."""
    affine = polynomial.affine()
    if affine is not None and set(affine[0]) == {symbol}:
        factor, offset = affine[0][symbol], affine[1]
        rest = size - offset
        if isinstance(rest, int) and isinstance(factor, int):
            return rest // factor if rest % factor == 0 and rest // factor >= 0 else None
        return share_out(rest, factor) if isinstance(factor, int) else None
    if isinstance(size, int):
        for candidate in range(LARGEST_SOLUTION):
            if polynomial.substitute({symbol: candidate}) == size:
                return candidate
    return None


def mismatch_error(
    at: tree.Node,
    shown: str,
    declared: tree.Parameter,
    actual: Type,
    mismatch: Mismatch,
    proposal: str = "",
    source: Span | None = None,
) -> Stop:
    """The error for an argument that does not have the declared type; `source` bound its name."""
    written = declared.type.span.text if declared.type is not None else "real"
    bound = () if source is None else (Label(source, "bound here"),)
    return Stop(
        ShapeMismatch(
            at.span,
            (*bound, Label(declared.span, f"declared here as `{written}`")),
            what="shapes do not agree",
            where=f"this is `{actual}`, but {shown} takes `{written}`: {mismatch}",
            proposal=proposal,
        )
    )


def _differs(expression: tree.Expression, wanted: Value, size: Value) -> str:
    text = expression.span.text
    if isinstance(wanted, int):
        return f"{size} stands where {wanted} is needed" + (
            f" (`{text}` is {wanted} here)" if text != str(wanted) else ""
        )
    return f"{size} stands where `{text}` is needed"


def _listed(dims: tuple[Value, ...]) -> str:
    return f"[{', '.join(map(str, dims))}]"
