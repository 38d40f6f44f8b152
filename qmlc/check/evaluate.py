"""What an expression stands for: one small function for each kind of expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from qmlc.check.errors.names import AlreadyDeclared, UnknownName, WrongKind
from qmlc.check.errors.qubits import QubitTwice
from qmlc.check.errors.types import BadIndex, BadOperation, NotKnown
from qmlc.check.foreign_names import MODULES, instead_of_method, instead_of_module
from qmlc.check.frame import Frame
from qmlc.check.operate import COMPARISONS, add_node, apply_binary, apply_unary, as_node, truth
from qmlc.check.require_number import require_number
from qmlc.check.take_elements import take_elements
from qmlc.check.take_places import take_places
from qmlc.check.values import (
    Bits,
    Fields,
    Inside,
    Instance,
    Measured,
    Poison,
    Qubits,
    RecordNode,
    Scope,
    Stop,
    Tensor,
    Value,
    describe,
    fail,
)
from qmlc.ir.array import Array, ArrayError
from qmlc.ir.operator import Operator
from qmlc.ops.indexing import Slice
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial


def evaluate(frame: Frame, expression: tree.Expression) -> Value:
    """The value of an expression; Stop where it has none."""
    return _RULES[type(expression)](frame, expression)


def require_value(frame: Frame, expression: tree.Expression) -> Value:
    """The value of an expression; Stop where it has none, or holds a mistake reported before."""
    value = evaluate(frame, expression)
    if isinstance(value, Poison):
        raise Stop(None)
    return value


def attempt(frame: Frame, expression: tree.Expression) -> Value:
    """The value of an expression; Poison where it has none: what stands beside it goes on."""
    try:
        return _RULES[type(expression)](frame, expression)
    except Stop as stop:
        frame.go_on(stop, expression.span)
        return Poison()


def _identifier(frame: Frame, node: tree.Identifier) -> Value:
    name = node.name
    scope: Scope | None = frame.scope
    while scope is not None:
        if name in scope.values:
            return scope.values[name]
        scope = scope.parent
    return frame.session.lookup(frame, node)


def _literal(frame: Frame, node: tree.Literal) -> Value:
    return node.value


def _list(frame: Frame, node: tree.List) -> Value:
    return make_list(frame, node, [attempt(frame, item) for item in node.items])


def make_list(frame: Frame, node: tree.Node, values: list[Value]) -> Value:
    """A list: an array of numbers or operators, else a tuple, which is stacked where needed."""
    if any(isinstance(v, Poison) for v in values):
        return Poison()
    if values and _is_register(node):
        for kind in (Qubits, Bits):
            if all(isinstance(v, kind) for v in values):
                return _register(kind, node, values)
    try:
        if values and all(isinstance(v, Measured) and v.kind == values[0].kind for v in values):
            if values[0].operators is not None:
                return Measured(values[0].kind, Array.stack([v.operators for v in values]))
        numeric = int | float | complex | Polynomial | Operator | Array
        if values and all(isinstance(v, numeric) and not isinstance(v, bool) for v in values):
            frame.session.step(node, sum(len(v.items) for v in values if isinstance(v, Array)))
            return Array.stack(values)
    except ArrayError:  # of different shapes
        return tuple(values)
    return tuple(values)


def _register(kind: type[Qubits] | type[Bits], node: tree.Node, parts: list[Value]) -> Value:
    """A register made of others; a qubit is in it once."""
    indices = tuple(i for part in parts for i in part.indices)
    if kind is Qubits and len(set(indices)) < len(indices):
        fail(
            QubitTwice,
            node,
            "a register holds a qubit once",
            "the same qubit again",
            "qubits cannot be copied: name different ones",
        )
    return kind(indices, True)


def _is_register(node: tree.Node) -> bool:
    """Whether a list of qubits is a register: `(a, b)` and lists of lists are not."""
    if isinstance(node, tree.List):
        nested = all(isinstance(item, tree.List) for item in node.items)
        return node.span.text.startswith("[") and not nested
    return True


def _generator(frame: Frame, node: tree.Generator) -> Value:
    """The list of a comprehension; Poison as soon as an element is wrong."""
    values = []
    for inner in generate(frame, node.clauses):
        values.append(evaluate(inner, node.element))
        if isinstance(values[-1], Poison):
            return Poison()
    return make_list(frame, node, values)


def generate(frame: Frame, clauses: tuple[tree.Clause, ...]) -> Iterator[Frame]:
    """A frame for each round of the `for`s of a comprehension."""
    if not clauses:
        yield frame
        return
    first, *rest = clauses
    for position, item in enumerate(iterate(frame, first.iterable)):
        frame.session.step(first)
        inner = frame.inner(loops=(*frame.loops, position))
        bind_names(inner, first.names, item)
        if all(truth(condition, evaluate(inner, condition)) for condition in first.conditions):
            yield from generate(inner, tuple(rest))


def iterate(frame: Frame, expression: tree.Expression) -> list[Value]:
    """The items to loop over, known when compiling."""
    value = require_value(frame, expression)
    if isinstance(value, range):
        frame.session.step(expression, 0)
        return _bounded(frame, expression, value)
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Array) and value.shape:
        return list(value)
    if isinstance(value, Qubits) and value.register:
        return [Qubits((q,), False) for q in value.indices]
    if isinstance(value, Bits) and value.register:
        return [Bits((b,), False) for b in value.indices]
    if isinstance(value, Tensor):
        _require_bounds(frame, expression, value)
        fail(
            NotKnown,
            expression,
            "a loop runs over values that are known when compiling",
            f"this is {describe(value)}",
            "tensors are worked on as a whole, as in PyTorch",
        )
    fail(
        BadOperation,
        expression,
        "this cannot be looped over",
        f"this is {describe(value)}",
        "loop over `range(n)`, a list, a register, `ring(q)`, …",
    )


def _require_bounds(frame: Frame, expression: tree.Expression, value: Tensor) -> None:
    """Ask for the dimensions in the bounds of a `range` that is a tensor."""
    assert frame.network is not None
    node = frame.network.graph.nodes[value.node]
    if node.operation == "range":
        for _, bound in node.attributes:
            if isinstance(bound, Polynomial):
                require_number(frame, bound, expression, "a bound of `range`")


def _bounded(frame: Frame, expression: tree.Expression, rounds: range) -> list[Value]:
    frame.session.step(expression, len(rounds) if len(rounds) > 100_000 else 0)
    return list(rounds)


def bind_names(frame: Frame, names: tuple[tree.Identifier, ...], value: Value) -> None:
    """Bind the names of a `for` to an item, taking it apart where there are several."""
    values = [value]
    if isinstance(value, Poison):
        values = [value] * len(names)
    elif len(names) > 1:
        if isinstance(value, Array) and value.shape:
            value = tuple(value)
        if isinstance(value, Fields | RecordNode):
            parts = parts_of(frame, value)
            if len(parts) != len(names):
                _refuse_fields(names, value)
            value = parts
        if not isinstance(value, tuple) or len(value) != len(names):
            fail(
                BadOperation,
                names[-1],
                f"each item is {describe(value)}, and there are {len(names)} names for it",
                f"it does not come apart into {len(names)}",
                "give a name for each part; `enumerate(…)` and `zip(…)` make pairs",
            )
        values = list(value)
    for name, item in zip(names, values, strict=True):
        frame.scope.bind(name.name, item, name.span)


def _refuse_fields(names: tuple[tree.Identifier, ...], value: Fields | RecordNode) -> NoReturn:
    """A record has a name for each field, or none."""
    pairs = value.values if isinstance(value, Fields) else value.type.fields
    fields = ", ".join(f"`{name}`" for name, _ in pairs)
    what = f"the record has {len(pairs)} fields, and there are {len(names)} names for them"
    proposal = (
        f"give a name to each of {fields}; or one name `r` to all, and write `r.{pairs[0][0]}`"
    )
    fail(BadOperation, names[-1], what, f"it does not come apart into {len(names)}", proposal)


def parts_of(frame: Frame, value: Fields | RecordNode) -> tuple[Value, ...]:
    """The fields of a record in order."""
    if isinstance(value, Fields):
        return tuple(v for _, v in value.values)
    return tuple(_take_field(frame, value, name) for name, _ in value.type.fields)


def _take_field(frame: Frame, base: RecordNode, name: str) -> Tensor:
    assert frame.network is not None
    kind = dict(base.type.fields)[name]
    return Tensor(frame.network.graph.add("field", [base.node], kind, name=name), kind)


def _record(frame: Frame, node: tree.Record) -> Value:
    fields: dict[str, Value] = {}
    for field in node.fields:
        if field.name.name in fields:
            fail(
                AlreadyDeclared,
                field.name,
                f"the record has two fields `{field.name.name}`",
                "again",
            )
        fields[field.name.name] = evaluate(frame, field.value)
    return Fields(tuple(fields.items()))


def _attribute(frame: Frame, node: tree.Attribute) -> Value:
    if isinstance(node.base, tree.Identifier) and node.base.name in MODULES:
        _refuse_module(frame, node, node.base.name)
    base = evaluate(frame, node.base)
    name = node.name.name
    match base:
        case Poison():
            return base
        case Instance() | Inside():
            return frame.session.reach(frame, node, base, name)
        case Tensor() if name == "T":
            return add_node(frame, node, "transpose_last", [base])
        case Array() if name == "T" and len(base.shape) >= 2:
            axes = (*range(len(base.shape) - 2), len(base.shape) - 1, len(base.shape) - 2)
            return base.transpose(axes)
        case Fields():
            return _field(node, dict(base.values), name)
        case RecordNode():
            _field(node, dict(base.type.fields), name)
            return _take_field(frame, base, name)
    fail(
        WrongKind,
        node.name,
        f"{describe(base)} has no `.{name}`",
        "no such part",
        instead_of_method(node, base)
        if isinstance(base, Tensor | Array)
        else "records have fields; tensors have `.T`",
    )


def _refuse_module(frame: Frame, node: tree.Attribute, name: str) -> None:
    """Refuse `nn.Linear`, unless `nn` is a name of the author's."""
    module = frame.module
    if frame.scope.find(name) is None and name not in {**module.declared, **module.imported}:
        what = f"there is no module `{name}` here"
        fail(UnknownName, node, what, "no prefix is needed", instead_of_module(node))


def _field(node: tree.Attribute, fields: dict[str, Any], name: str) -> Any:
    if name in fields:
        return fields[name]
    has = "it has " + ", ".join(f"`{f}`" for f in fields)
    fail(
        BadIndex,
        node.name,
        f"the record has no field `{name}`",
        "no such field",
        propose_nearest(name, fields, has),
    )


def _index(frame: Frame, node: tree.Index) -> Value:
    base = evaluate(frame, node.base)
    if isinstance(base, Poison):
        return base
    items = tuple([_subscript(frame, s) for s in node.subscripts])
    if isinstance(base, Inside | Instance) and len(items) == 1:
        return frame.session.reach(frame, node, base, str(items[0]))
    if isinstance(base, range) and (len(items) > 1 or isinstance(items[0], Tensor | None)):
        base = as_node(frame, node, base) if frame.network else Array((len(base),), tuple(base))
    if isinstance(base, Tensor):
        return take_places(frame, node, base, items)
    return take_elements(node, base, items)


def _subscript(frame: Frame, node: tree.Expression) -> Any:
    if isinstance(node, tree.Slice):
        bounds = (node.start, node.stop, node.step)
        start, stop, step = (None if b is None else _subscript(frame, b) for b in bounds)
        return Slice(start, stop, step)
    if isinstance(node, tree.Ellipsis):
        return ...
    return require_value(frame, node)


def _unary(frame: Frame, node: tree.Unary) -> Value:
    return apply_unary(frame, node, node.operator, evaluate(frame, node.operand))


def _binary(frame: Frame, node: tree.Binary) -> Value:
    if node.operator in COMPARISONS and _is_chain(node):
        return _chain(frame, node)
    left = attempt(frame, node.left)
    if isinstance(left, bool) and node.operator in ("and", "or"):
        if left is (node.operator == "or"):
            return left
    return apply_binary(frame, node, node.operator, left, attempt(frame, node.right))


def _is_chain(node: tree.Binary) -> bool:
    """Whether this is `a < b < c`; in `(a < b) < c` a bracket closes before the operator."""
    left = node.left
    if not isinstance(left, tree.Binary):
        return False
    between = node.span.source.text[left.right.span.end : node.right.span.start]
    return left.operator in COMPARISONS and between.strip() == node.operator


def _chain(frame: Frame, node: tree.Binary) -> Value:
    """`a < b < c` as in Python: both hold, and `b` is evaluated once."""
    links: list[tree.Binary] = [node]
    while isinstance(links[0].left, tree.Binary) and _is_chain(links[0]):
        links.insert(0, links[0].left)
    value = evaluate(frame, links[0].left)
    result: Value = None
    for link in links:
        right = evaluate(frame, link.right)
        holds = apply_binary(frame, link, link.operator, value, right)
        result = holds if link is links[0] else apply_binary(frame, node, "and", result, holds)
        value = right
    return result


def _conditional(frame: Frame, node: tree.Conditional) -> Value:
    chosen = truth(node.condition, evaluate(frame, node.condition))
    return evaluate(frame, node.then if chosen else node.otherwise)


def _call(frame: Frame, node: tree.Call | tree.Pipe) -> Value:
    return frame.session.call(frame, node)


def _measure(frame: Frame, node: tree.Measure) -> Value:
    fail(
        WrongKind,
        node,
        "`measure` stands in a `let` of a circuit",
        "not here",
        "write `let m = measure q` on a line of its own",
    )


def _out_of_place(frame: Frame, node: tree.Node) -> Value:
    fail(BadOperation, node, "this stands only inside `[ ]`", "not here")


_RULES: dict[type, Callable[[Frame, Any], Value]] = {
    tree.Identifier: _identifier,
    tree.Literal: _literal,
    tree.List: _list,
    tree.Generator: _generator,
    tree.Record: _record,
    tree.Attribute: _attribute,
    tree.Index: _index,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Conditional: _conditional,
    tree.Call: _call,
    tree.Pipe: _call,
    tree.Measure: _measure,
    tree.Slice: _out_of_place,
    tree.Ellipsis: _out_of_place,
}
