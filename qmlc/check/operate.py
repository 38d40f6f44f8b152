"""Operators on values: on tensors as nodes of the graph, on everything else at once."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NoReturn

from qmlc.check.errors.types import BadIndex, BadOperation, NotKnown, ShapeMismatch, TooMuch
from qmlc.check.frame import Frame
from qmlc.check.origin import label_operands, operands
from qmlc.check.values import (
    Bits,
    BitTest,
    Fields,
    Instance,
    Measured,
    Poison,
    Qubits,
    RecordNode,
    Stop,
    Tensor,
    Unplaced,
    Value,
    describe,
    fail,
    type_of,
)
from qmlc.ir.array import Array, ArrayError, elementwise, matmul
from qmlc.ir.circuit import Condition
from qmlc.ir.operator import Operator
from qmlc.ops.functions import FUNCTIONS
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial
from qmlc.types.tensors import RecordType, ShapeError, TensorType

ROWS = {
    "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide",
    "%": "remainder", "**": "power", "@": "matmul", "==": "equal", "!=": "not_equal",
    "<": "less", "<=": "less_equal", ">": "greater", ">=": "greater_equal",
    "and": "logical_and", "or": "logical_or",
}  # fmt: skip
PYTHON: dict[str, Callable[[Any, Any], Any]] = {
    "+": op.add, "-": op.sub, "*": op.mul, "/": op.truediv, "//": op.floordiv, "%": op.mod,
    "**": op.pow, "==": op.eq, "!=": op.ne, "<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge,
    "@": op.matmul, "and": op.and_, "or": op.or_,
}  # fmt: skip
_OTHERS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (bool, ("and", "or")),
    (str, ("+", "==", "!=")),
    (tuple, ("+", "==", "!=")),
)
"""What else than numbers has operators, and which."""
MAX_CONDITION = 12
PLAIN = frozenset({"+", "-", "*", "//", "%"})
SMALL = 1 << 31
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
MAX_BITS = 4096
"""Whole numbers with more bits than this are refused."""

Number = int | float | complex
_NUMBERS = (int, float, complex, Polynomial, Operator, Array)


def apply_binary(frame: Frame, node: tree.Node, symbol: str, left: Value, right: Value) -> Value:
    """`left symbol right`."""
    if type(left) is int and type(right) is int and symbol in PLAIN:  # most of what loops do
        if abs(left) < SMALL and 0 < right < SMALL:  # no power, no large product, no zero divisor
            return PYTHON[symbol](left, right)
    if isinstance(left, Poison) or isinstance(right, Poison):
        return Poison()
    if left is None or right is None:
        return _exact(frame, node, symbol, left, right)
    if frame.network is not None and (isinstance(left, range) or isinstance(right, range)):
        return add_node(frame, node, ROWS[symbol], [left, right])
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return add_node(frame, node, ROWS[symbol], [left, right])
    if isinstance(left, (Bits, BitTest)) or isinstance(right, (Bits, BitTest)):
        return _test_bits(node, symbol, left, right)
    if isinstance(left, Unplaced) or isinstance(right, Unplaced):
        return _unplaced(frame, node, symbol, left, right)
    if isinstance(left, Measured) or isinstance(right, Measured):
        return _measured(frame, node, symbol, left, right)
    return _exact(frame, node, symbol, left, right)


def _exact(frame: Frame, node: tree.Node, symbol: str, left: Value, right: Value) -> Value:
    for kinds, symbols in _OTHERS:
        if isinstance(left, kinds) and isinstance(right, kinds) and symbol in symbols:
            frame.session.step(node, 0 if kinds is bool else len(left) + len(right))
            return PYTHON[symbol](left, right)
    if symbol in ("==", "!=") and (left is None or right is None):
        return (left is right) is (symbol == "==")
    if not (_is_number(left, symbol) and _is_number(right, symbol)):
        fail(
            BadOperation, node, f"`{symbol}` does not apply", _both(left, right), _hint(left, right)
        )
    try:
        if symbol != "@":
            return elementwise(lambda a, b: _number(frame, node, symbol, a, b), left, right)
        if isinstance(left, Array) and isinstance(right, Array):
            return matmul(left, right)
        proposal = "operators are multiplied by `*`" if isinstance(left, Operator) else ""
        what = "`@` multiplies matrices and vectors"
        fail(BadOperation, node, what, _both(left, right), proposal)
    except ArrayError as error:
        fail(ShapeMismatch, node, "shapes do not agree", str(error))


def _is_number(value: Value, symbol: str) -> bool:
    """Whether arithmetic applies: truth values are compared, but not added."""
    if isinstance(value, bool) and symbol not in COMPARISONS:
        return False
    return isinstance(value, _NUMBERS) and symbol in PYTHON


def _number(frame: Frame, node: tree.Node, symbol: str, left: Any, right: Any) -> Value:
    if symbol not in ("+", "-"):
        _check_numbers(node, symbol, left, right)
    if isinstance(left, Operator) and symbol == "**" and right > 1:
        half = _number(frame, node, symbol, left, right - 1)
        return _number(frame, node, "*", half, left)
    if isinstance(left, Operator) and isinstance(right, Operator):
        counts = len(left.terms), len(right.terms)
        frame.session.step(node, prod(counts) if symbol == "*" else sum(counts) // 50)
    try:
        if symbol == "/" and isinstance(left, int) and isinstance(right, int) and left % right == 0:
            return left // right
        return PYTHON[symbol](left, right)
    except ZeroDivisionError:
        fail(BadOperation, node, "division by zero", "the divisor is 0")
    except OverflowError:
        fail(TooMuch, node, "the number is too large", "overflows")
    except (TypeError, ValueError):
        fail(BadOperation, node, f"`{symbol}` does not apply", _both(left, right))


def _check_numbers(node: tree.Node, symbol: str, left: Any, right: Any) -> None:
    """Refuse comparisons that cannot be decided, and powers that cannot be written down."""
    symbolic = symbol in ("<", "<=", ">", ">=") and Polynomial in (type(left), type(right))
    if symbolic:
        fail(
            NotKnown,
            node,
            "a comparison here needs numbers known when compiling",
            "this depends on what the circuit is given",
            "`if` goes by settings and measured bits; let an input turn an angle instead",
        )
    whole = isinstance(left, int) and isinstance(right, int)
    if symbol == "*" and whole and left.bit_length() + right.bit_length() > MAX_BITS:
        fail(TooMuch, node, "the number is too large", "overflows")
    if symbol != "**":
        return
    if isinstance(left, Operator) and (not isinstance(right, int) or not 0 <= right <= 16):
        fail(BadOperation, node, "an operator has whole powers from 0 to 16", f"this is {right}")
    if whole:
        if abs(left).bit_length() * max(right, 1) > MAX_BITS:
            fail(TooMuch, node, f"{left}**{right} is too large a number", "overflows")


def _unplaced(frame: Frame, node: tree.Node, symbol: str, left: Value, right: Value) -> Value:
    if symbol not in ("+", "-", "*", "/", "**"):
        fail(BadOperation, node, f"`{symbol}` does not apply", _both(left, right))

    def place(qubits: tuple[int, ...]) -> Any:
        a, b = (v.place(qubits) if isinstance(v, Unplaced) else v for v in (left, right))
        return apply_binary(frame, node, symbol, a, b)

    return Unplaced(place)


def _measured(frame: Frame, node: tree.Node, symbol: str, left: Value, right: Value) -> Value:
    """Expectation is linear, so sums and multiples of expectation values are expectation values."""
    sides = (left, right)
    expectations = [isinstance(v, Measured) and v.kind == "expval" for v in sides]
    numbers = [isinstance(v, Number | Polynomial | Array) for v in sides]
    linear = (
        symbol in ("+", "-") and all(e or n for e, n in zip(expectations, numbers, strict=True))
    ) or (symbol == "*" and any(numbers) and any(expectations))
    linear = linear or (symbol == "/" and expectations[0] and numbers[1])
    if not linear:
        fail(
            BadOperation,
            node,
            "a circuit returns expectation values, or sums and multiples of them",
            _both(left, right),
            "return the values, and compute with them in the model that calls the circuit",
        )
    operators = [v.operators if isinstance(v, Measured) else v for v in sides]
    return Measured("expval", _exact(frame, node, symbol, *operators))


def _test_bits(node: tree.Node, symbol: str, left: Value, right: Value) -> Value:
    if symbol in ("and", "or"):
        a, b = as_condition(node, left), as_condition(node, right)
        both = symbol == "and"
        return _combine(node, [a, b], lambda x, y: x and y if both else x or y)
    if symbol in ("==", "!=") and BitTest in (type(left), type(right)):
        pair, same = [as_condition(node, left), as_condition(node, right)], symbol == "=="
        return _combine(node, pair, lambda x, y: (x == y) is same)
    if symbol not in ("==", "!=", "<", "<=", ">", ">="):
        fail(
            BadOperation,
            node,
            f"`{symbol}` does not apply to measured bits",
            _both(left, right),
            "compare them: `if m == 1 { … }`",
        )
    bits = tuple(b for v in (left, right) if isinstance(v, Bits) for b in v.indices)
    distinct = tuple(dict.fromkeys(bits))
    _check_bits(node, distinct)
    values = set()
    for value in range(1 << len(distinct)):
        known = {bit: value >> i & 1 for i, bit in enumerate(distinct)}
        if PYTHON[symbol](_read(node, left, known), _read(node, right, known)):
            values.add(value)
    if not values:
        largest = (1 << len(distinct)) - 1
        what = f"read as a number, this is 0 to {largest}"
        fail(BadOperation, node, "this condition never holds", what, "compare with one of these")
    return BitTest(Condition(distinct, frozenset(values)))


def _check_bits(node: tree.Node, bits: tuple[int, ...]) -> None:
    if len(bits) > MAX_CONDITION:
        what = f"a condition reads at most {MAX_CONDITION} measured bits"
        fail(TooMuch, node, what, f"{len(bits)} here", "nest conditions: `if a { if b { … } }`")


def _read(node: tree.Node, value: Value, known: dict[int, int]) -> int:
    if isinstance(value, Bits):
        return sum(known[bit] << i for i, bit in enumerate(value.indices))
    if isinstance(value, int):
        return int(value)
    what, proposal = (
        "bits are compared with whole numbers",
        "write a number: the first bit is the lowest",
    )
    fail(BadOperation, node, what, f"this is {describe(value)}", proposal)


def as_condition(node: tree.Node, value: Value) -> Condition:
    """A truth value made of measured bits."""
    if isinstance(value, BitTest):
        return value.condition
    if isinstance(value, Bits) and len(value.indices) == 1:
        return Condition(value.indices, frozenset({1}))
    if isinstance(value, bool):
        return Condition((), frozenset({0} if value else ()))
    fail(
        BadOperation,
        node,
        "a condition is a truth value",
        f"this is {describe(value)}",
        "compare a register with a number: `m == 2`",
    )


def _combine(node: tree.Node, conditions: list[Condition], rule: Callable[..., bool]) -> BitTest:
    bits = tuple(dict.fromkeys(b for c in conditions for b in c.bits))
    _check_bits(node, bits)
    values = set()
    for value in range(1 << len(bits)):
        known = {bit: value >> i & 1 for i, bit in enumerate(bits)}
        reads = [sum(known[b] << i for i, b in enumerate(c.bits)) in c.values for c in conditions]
        if rule(*reads):
            values.add(value)
    return BitTest(Condition(bits, frozenset(values)))


def apply_unary(frame: Frame, node: tree.Node, symbol: str, value: Value) -> Value:
    """`-value`, `+value`, `not value`."""
    if isinstance(value, Poison):
        return value
    if symbol == "not":
        if isinstance(value, Tensor):
            return add_node(frame, node, "logical_not", [value])
        if isinstance(value, Bits | BitTest):
            return _combine(node, [as_condition(node, value)], lambda x: not x)
        if isinstance(value, bool):
            return not value
        fail(BadOperation, node, "`not` takes a truth value", f"this is {describe(value)}")
    if isinstance(value, Tensor):
        return value if symbol == "+" else add_node(frame, node, "negative", [value])
    if isinstance(value, Number) and not isinstance(value, bool):
        return -value if symbol == "-" else value
    return apply_binary(frame, node, "*", -1, value) if symbol == "-" else value


def truth(node: tree.Node, value: Value) -> bool:
    """A condition that is known when compiling."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Tensor):
        fail(
            NotKnown,
            node,
            "`if` needs a condition that is known when compiling",
            f"this is {describe(value)}",
            "choose between tensors with `where(mask, a, b)`",
        )
    if isinstance(value, Polynomial):
        fail(
            NotKnown,
            node,
            "`if` needs a condition that is known when compiling",
            "this depends on what the circuit is given",
            "use a setting, or measured bits",
        )
    fail(
        BadOperation,
        node,
        "a condition is a truth value",
        f"this is {describe(value)}",
        "compare it: `x == 1`",
    )


def as_node(frame: Frame, node: tree.Node, value: Value) -> Tensor:
    """A value as a node of the graph: numbers become constants, dimensions are read when called."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Poison):
        raise Stop(None)
    if frame.network is not None:
        graph = frame.network.graph
        kind = type_of(value)
        if isinstance(value, Polynomial):
            kind = TensorType("int")
            return Tensor(graph.add("dimension", [], kind, value=value), kind)
        if isinstance(value, bool | int | float | complex):
            assert isinstance(kind, TensorType)
            return Tensor(graph.add("constant", [], kind, value=value), kind)
        if isinstance(value, range):
            return add_range(frame, node, value.start, value.stop, value.step)
        if isinstance(value, Array) and value.items:
            return add_node(frame, node, "stack", list(value))
        if isinstance(value, tuple) and any(isinstance(v, Tensor) for v in value):
            return add_node(frame, node, "stack", value)
    proposal = f"apply it: `{value.target.name}(…)(x)`" if isinstance(value, Instance) else ""
    if isinstance(value, RecordNode):
        proposal = f"take one of its fields: `{node.span.text}.{value.type.fields[0][0]}`"
    fail(BadOperation, node, "a tensor is needed here", f"this is {describe(value)}", proposal)


def as_record(frame: Frame, node: tree.Node, value: Fields | RecordNode) -> RecordNode:
    """A record as a node of the graph."""
    if isinstance(value, RecordNode):
        return value
    assert frame.network is not None
    parts = [as_node(frame, node, field) for _, field in value.values]
    names = tuple(name for name, _ in value.values)
    kind = RecordType(tuple(zip(names, (p.type for p in parts), strict=True)))
    graph = frame.network.graph
    return RecordNode(graph.add("record", [p.node for p in parts], kind, names=names), kind)


def add_node(
    frame: Frame, node: tree.Node, row: str, values: Sequence[Value], **settings: Any
) -> Tensor:
    """A node for a row of `ops.functions`, its shape law checked."""
    if frame.network is None:
        fail(BadOperation, node, f"`{row}` works on tensors of a layer or model", "not here")
    written = operands(node)
    places = written if len(written) == len(values) else (node,) * len(values)
    tensors = [
        None if v is None else as_node(frame, place, v)
        for place, v in zip(places, values, strict=True)
    ]
    kinds = [None if t is None else t.type for t in tensors]
    full = {p.name: settings.get(p.name, p.default) for p in FUNCTIONS[row].settings}
    if FUNCTIONS[row].sizes:
        full["sizes"] = settings.get("sizes", ())
    try:
        kind = FUNCTIONS[row].law(kinds, full)
    except ShapeError as error:
        shape_error(frame, node, error, tensors)
    inputs = [t.node for t in tensors if t is not None]
    return Tensor(frame.network.graph.add(row, inputs, kind, **full), kind)


def add_range(frame: Frame, node: tree.Node, start: Value, stop: Value, step: Value) -> Tensor:
    """Whole numbers in order, as short as they can be said."""
    if start == 0 and step == 1:
        start, stop = stop, None
    return add_node(frame, node, "range", [], start=start, stop=stop, step=step)


def shape_error(
    frame: Frame, node: tree.Node, error: ShapeError, values: Sequence[Tensor | None]
) -> NoReturn:
    """Stop with the error of a shape law, at the operand that does not fit, if one is to blame."""
    written = operands(node)
    at: tree.Node = node.into if isinstance(node, tree.Pipe) else node
    if error.argument is not None and error.argument < len(written) and len(written) > 1:
        if not (isinstance(node, tree.Pipe) and error.argument == 0):
            at = written[error.argument]
    labels = label_operands(frame, node, values)
    related = tuple(label for label in labels if label.span != at.span)
    if isinstance(node, tree.Index):
        fail(BadIndex, node, "this index does not fit", error.message, error.proposal, related)
    proposal = error.proposal or _shape_proposal(node, values)
    fail(ShapeMismatch, at, "shapes do not agree", error.message, proposal, related)


def _shape_proposal(node: tree.Node, values: Sequence[Tensor | None]) -> str:
    """How the operands of an operator can be brought to agree."""
    if not isinstance(node, tree.Binary):
        return ""
    if node.operator != "@":
        return "sizes meet from the right, and must be equal or 1; `rearrange` adds dimensions"
    left, right = (v.type.dims if v is not None else () for v in values)
    if len(right) >= 2 and left and left[-1] == right[-1]:
        return f"transpose it: `{node.right.span.text}.T`"
    return "the last dimension on the left must be the last but one on the right"


def _hint(left: Value, right: Value) -> str:
    """What to do with a qubit among numbers."""
    if isinstance(left, Qubits) or isinstance(right, Qubits):
        return "measure it first: `let m = measure q`"
    return ""


def _both(left: Value, right: Value) -> str:
    return f"{describe(left)} and {describe(right)}"
