"""Masks made of ranges and triangles as inequalities between the place of a query and of a key.

A condition is a set of polynomials in `ROW`, `COLUMN` and sizes: it holds where none is negative.
So `range(T)[:, none] >= range(S)`, `tril(ones([T, S])) == 1` and `not (j > i)` are all the same.
"""

from __future__ import annotations

from qmlc.ir.graph import Graph, Node
from qmlc.ops.indexing import Slice
from qmlc.passes.attention.read_products import moved_axes
from qmlc.types.polynomial import Polynomial, Symbol, Value, lift
from qmlc.types.tensors import TensorType

Condition = frozenset[Polynomial]
Places = tuple[Value, ...]

ROW, COLUMN = Symbol("place", (-2,)), Symbol("place", (-1,))
CAUSAL: Condition = frozenset(
    {lift(Polynomial.symbol("place", (-2,)) - Polynomial.symbol("place", (-1,)))}
)

ORDER = {"greater_equal": (1, 0), "greater": (1, -1), "less_equal": (-1, 0), "less": (-1, -1)}
"""`a >= b` is `1 * (a - b) + 0 >= 0`, and so on, for whole numbers."""


def visible_where(graph: Graph, place: int, negated: bool = False) -> Condition | None:
    """Where a mask is true (false, if `negated`), or None where that is not known."""
    read = _refutation if negated else _condition
    return read(graph, place, _places(graph, place))


def zero_in_triangle(graph: Graph, place: int) -> Condition | None:
    """Where `tril` or `triu` leave nothing of a tensor."""
    return _negate(_triangle(graph.nodes[place], _places(graph, place)))


def constant_element(graph: Graph, place: int) -> float | None:
    """The number that is in all places of a tensor, or None."""
    value = _element(graph, place, _places(graph, place))
    return value if isinstance(value, int | float) else None


def each_row_sees(condition: Condition, rows: Value, columns: Value) -> bool:
    """Whether each of `rows` has a column for which the condition is known to hold."""
    fits = rows == columns or (
        isinstance(rows, int) and isinstance(columns, int) and rows <= columns
    )
    witnesses: list[Value] = [0]
    if fits:
        witnesses.append(Polynomial.symbol(ROW.name, ROW.index))
    return any(
        all(_never_negative(p.substitute({COLUMN: column})) for p in condition)
        for column in witnesses
    )


def _never_negative(value: Value) -> bool:
    """Whether a polynomial in places and sizes, which are none of them negative, is not either."""
    return all(
        not isinstance(factor, complex) and factor >= 0
        and all(isinstance(atom, Symbol) for atom, _ in monomial)
        for monomial, factor in lift(value).terms
    )  # fmt: skip


def _places(graph: Graph, place: int) -> Places:
    rank = len(_dims(graph.nodes[place]))
    return tuple(Polynomial.symbol("place", (k - rank,)) for k in range(rank))


def _dims(node: Node) -> tuple[Value, ...]:
    return node.type.dims if isinstance(node.type, TensorType) else ()


def _operand(graph: Graph, place: int, at: Places) -> Places:
    """Where an operand that broadcasts is read, for the result to be read `at`."""
    dims = _dims(graph.nodes[place])
    return tuple(0 if d == 1 else p for d, p in zip(dims, at[len(at) - len(dims) :], strict=True))


def _source(graph: Graph, node: Node, at: Places) -> Places | None:
    """Where the first input of a node that only moves its elements is read."""
    source = _dims(graph.nodes[node.inputs[0]]) if node.inputs else ()
    if node.operation == "expand":
        return _operand(graph, node.inputs[0], at)
    if node.operation == "index":
        return _indexed(node.attribute("index"), len(source), at)
    moved = moved_axes(graph, node)
    if moved is not None:
        return tuple(at[moved.index(k)] for k in range(len(source)))
    if node.operation in ("reshape", "squeeze"):
        kept = [(d, p) for d, p in zip(_dims(node), at, strict=True) if d != 1]
        if [d for d, _ in kept] == [d for d in source if d != 1]:
            left = iter(p for _, p in kept)
            return tuple(0 if d == 1 else next(left) for d in source)
    return None


def _indexed(index: tuple[object, ...], rank: int, at: Places) -> Places | None:
    """The places of a source of `x[index]`, for slices with a known start."""
    items, left, found = list(index), iter(at), []
    used = sum(item is not None and item is not Ellipsis for item in items)
    where = items.index(Ellipsis) if Ellipsis in items else len(items)
    items[where : where + 1] = [Slice()] * (rank - used)
    for item in items:
        if item is None:
            next(left)
        elif isinstance(item, Slice) and item.step in (None, 1):
            start = item.start or 0
            if isinstance(start, int) and start < 0:
                return None
            found.append(next(left) + start)
        elif isinstance(item, int) and item >= 0:
            found.append(item)
        else:
            return None
    return tuple(found)


def _element(graph: Graph, place: int, at: Places) -> Value | None:
    """The number that stands at a place of a tensor made of ranges and numbers, or None."""
    node = graph.nodes[place]
    match node.operation:
        case "constant" | "dimension":
            value: Value = node.attribute("value")
            return None if isinstance(value, complex) else value
        case "range":
            start: Value = 0 if node.attribute("stop") is None else node.attribute("start")
            step: Value = node.attribute("step")
            return at[-1] * step + start
        case "cumsum":
            each = constant_element(graph, node.inputs[0])
            return None if each is None else (at[node.attribute("dim")] + 1) * each
        case "ones" | "ones_like":
            return 1
        case "zeros" | "zeros_like":
            return 0
        case "full" | "full_like":
            fill = node.attribute("fill_value")
            return fill if isinstance(fill, int | float) else None
        case "add" | "subtract" | "multiply" | "negative" | "float" | "int":
            return _arithmetic(graph, node, at)
    source = _source(graph, node, at)
    return None if source is None else _element(graph, node.inputs[0], source)


def _arithmetic(graph: Graph, node: Node, at: Places) -> Value | None:
    values: list[Value] = []
    for i in node.inputs:
        value = _element(graph, i, _operand(graph, i, at))
        if value is None:
            return None
        values.append(value)
    match node.operation, values:
        case "add", (a, b):
            return a + b
        case "subtract", (a, b):
            return a - b
        case "multiply", (a, b):
            return a * b
        case "negative", (a,):
            return -a
    return values[0]


def _condition(graph: Graph, place: int, at: Places) -> Condition | None:
    """Where a tensor of truth values, or of 0 and 1, is true or 1."""
    node = graph.nodes[place]
    inputs = [
        (i, _operand(graph, i, at)) for i in node.inputs if len(_dims(graph.nodes[i])) <= len(at)
    ]
    match node.operation:
        case "logical_and" | "multiply" | "bitwise_and":
            return _both(*(_condition(graph, i, p) for i, p in inputs))
        case "logical_not":
            return _refutation(graph, *inputs[0])
        case "subtract" if constant_element(graph, node.inputs[0]) == 1:
            return _refutation(graph, *inputs[1])
        case "bool" | "float" | "int":
            return _condition(graph, *inputs[0])
        case "tril" | "triu":
            return _both(_triangle(node, at), _condition(graph, *inputs[0]))
        case "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal":
            return _comparison(graph, node, at, True)
        case "where":
            return _choice(graph, node, at)
    if _element(graph, place, at) == 1:
        return frozenset()
    source = _source(graph, node, at)
    return None if source is None else _condition(graph, node.inputs[0], source)


def _refutation(graph: Graph, place: int, at: Places) -> Condition | None:
    """Where a tensor of truth values, or of 0 and 1, is false or 0."""
    node = graph.nodes[place]
    inputs = [
        (i, _operand(graph, i, at)) for i in node.inputs if len(_dims(graph.nodes[i])) <= len(at)
    ]
    match node.operation:
        case "logical_not" | "bool" | "float" | "int":
            read = _condition if node.operation == "logical_not" else _refutation
            return read(graph, *inputs[0])
        case "logical_or":
            return _both(*(_refutation(graph, i, p) for i, p in inputs))
        case "equal" | "not_equal" | "less" | "less_equal" | "greater" | "greater_equal":
            return _comparison(graph, node, at, False)
    source = _source(graph, node, at)
    if source is not None:
        return _refutation(graph, node.inputs[0], source)
    return _negate(_condition(graph, place, at))


def _triangle(node: Node, at: Places) -> Condition:
    distance = lift(at[-2] - at[-1] + node.attribute("diagonal"))
    return frozenset({distance if node.operation == "tril" else lift(distance * -1 + 0)})


def _choice(graph: Graph, node: Node, at: Places) -> Condition | None:
    """`where(mask, 1, 0)` and `where(mask, 0, 1)`."""
    mask = _condition(graph, node.inputs[0], _operand(graph, node.inputs[0], at))
    match [constant_element(graph, i) for i in node.inputs[1:]]:
        case [1, 0]:
            return mask
        case [0, 1]:
            return _refutation(graph, node.inputs[0], _operand(graph, node.inputs[0], at))
    return None


def _comparison(graph: Graph, node: Node, at: Places, holds: bool) -> Condition | None:
    """Where a comparison of places, or of 0 and 1 with a number, holds or not."""
    (left, p), (right, q) = ((i, _operand(graph, i, at)) for i in node.inputs)
    a, b = _element(graph, left, p), _element(graph, right, q)
    if a is not None and b is not None and node.operation in ORDER:
        sign, offset = ORDER[node.operation]
        found = _at_least_zero((a - b) * sign + offset)
        return found if holds else _negate(found)
    if a is None and b is not None and graph.nodes[left].operation == "abs":
        return _distance(graph, node, at, b) if holds else None
    number, tensor, where = (b, left, p) if a is None else (a, right, q)
    if not isinstance(number, int | float):
        return None
    true, false = (_compare(node.operation, x, number, a is None) for x in (1, 0))
    if true == false:
        return None
    return (_condition if true == holds else _refutation)(graph, tensor, where)


def _compare(operation: str, x: float, number: float, forwards: bool) -> bool:
    a, b = (x, number) if forwards else (number, x)
    return {
        "equal": a == b, "not_equal": a != b, "less": a < b, "less_equal": a <= b,
        "greater": a > b, "greater_equal": a >= b,
    }[operation]  # fmt: skip


def _distance(graph: Graph, node: Node, at: Places, bound: Value) -> Condition | None:
    """`abs(i - j) <= bound`, for whole numbers: two inequalities."""
    inner = graph.nodes[node.inputs[0]].inputs[0]
    value = _element(graph, inner, _operand(graph, inner, at))
    if value is None or node.operation not in ("less", "less_equal"):
        return None
    limit = bound - (node.operation == "less")
    return _both(_at_least_zero(limit - value), _at_least_zero(limit + value))


def _at_least_zero(value: Value) -> Condition | None:
    """The condition that a whole number is not negative; None where it never or only partly is."""
    polynomial = lift(value)
    if not all(isinstance(factor, int) for _, factor in polynomial.terms):
        return None
    if polynomial.constant is not None:
        return frozenset() if not polynomial.terms or polynomial.constant >= 0 else None  # type: ignore[operator]
    return frozenset({polynomial})


def _both(*conditions: Condition | None) -> Condition | None:
    known = [c for c in conditions if c is not None]
    return frozenset().union(*known) if len(known) == len(conditions) else None


def _negate(condition: Condition | None) -> Condition | None:
    """Where a condition of one inequality does not hold: `p < 0` is `-p - 1 >= 0`."""
    if condition is None or len(condition) != 1:
        return None
    (polynomial,) = condition
    return _at_least_zero(polynomial * -1 - 1)
