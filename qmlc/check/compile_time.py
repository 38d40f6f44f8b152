"""Functions of values that are known when compiling: ranges, lists, qubit pairs, operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations, product
from typing import Any

from qmlc.check.bind_arguments import argument_at
from qmlc.check.circuits.require_hermitian import require_hermitian
from qmlc.check.errors.qubits import NoSingleState
from qmlc.check.errors.types import BadOperation, NotKnown, TooMuch, WrongArguments
from qmlc.check.frame import MAX_ELEMENTS, MAX_QUBITS, MAX_STEPS, Frame
from qmlc.check.operate import PYTHON, add_range, apply_binary
from qmlc.check.read_constants import read_array, read_pauli_sum
from qmlc.check.require_number import require_number
from qmlc.check.units.make_tuning import make_last, make_lora
from qmlc.check.values import (
    Measured,
    Poison,
    Qubits,
    Tensor,
    Unplaced,
    Value,
    as_qubits,
    describe,
    fail,
)
from qmlc.ir.array import Array, ArrayError, items_of
from qmlc.ir.operator import Operator, lift_operator
from qmlc.source.count_noun import count_noun
from qmlc.source.nearest import propose_nearest
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, lift

MAX_EXACT_QUBITS = 20

Arguments = list[Value]
Keywords = dict[str, Value]


def call_compile_time(
    frame: Frame, node: tree.Node, name: str, arguments: Arguments, keywords: Keywords
) -> Value:
    """The value of a compile-time function."""
    function, least, most, known = COMPILE_TIME[name]
    for keyword in keywords:
        if keyword not in known:
            proposal = propose_nearest(keyword, known)
            what = f"`{name}` has no argument `{keyword}`"
            fail(WrongArguments, node, what, "not known", proposal)
    if not least <= len(arguments) <= most:
        wanted = count_noun(least if most == MANY else most, "argument")
        more = "" if least == most else "at least " if most == MANY else f"{least} to "
        what = f"`{name}` takes {more}{wanted}, {len(arguments)} given"
        fail(WrongArguments, node, what, "does not fit")
    return function(frame, node, arguments, keywords)


def _range(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    if frame.network is not None and any(isinstance(a, Polynomial) for a in arguments):
        start, stop, step = _range_bounds(arguments)
        return add_range(frame, node, start, stop, step)
    bounds = [require_number(frame, a, node, "a bound of `range`") for a in arguments]
    if len(bounds) == 3 and bounds[2] == 0:
        fail(BadOperation, node, "a range of step 0 has no end", "the step is 0")
    if len(range(*bounds)) > MAX_STEPS * 100:
        fail(TooMuch, node, f"a range of {len(range(*bounds)):,}", "too many rounds")
    return range(*bounds)


def _range_bounds(arguments: Arguments) -> tuple[Value, Value, Value]:
    """The settings of torch.arange, which with one bound counts up to `start`."""
    start, stop, step = [*arguments, None, None][:3]
    return start, stop, 1 if step is None else step


def _sequence(frame: Frame, node: tree.Node, value: Value) -> list[Value]:
    match value:
        case range() | tuple():
            frame.session.step(node, len(value))
            return list(value)
        case Array() if value.shape:
            return list(value)
        case Qubits(register=True):
            return [Qubits((q,), False) for q in value.indices]
    fail(BadOperation, node, "a list is needed here", f"this is {describe(value)}")


def _len(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    return len(_sequence(frame, node, arguments[0]))


def _fold(symbol: str, start: Any) -> Callable[..., Value]:
    """The sum or product of a list, or of an array along an axis."""
    rule = PYTHON[symbol]

    def fold(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        value = arguments[0]
        axis = arguments[1] if len(arguments) > 1 else keywords.get("dim")
        if isinstance(value, Array) and value.shape:
            if axis is not None:
                return value.reduce(rule, require_number(frame, axis, node, "`dim`"), start)
            if not isinstance(value.items[0] if value.items else 0, Operator):
                return Array((len(value.items),), value.items).reduce(rule, 0, start)
        items = _sequence(frame, node, value)
        while len(items) > 1 and all(isinstance(i, Operator) for i in items):
            # in pairs, for long sums: each addition copies its operands
            halves = [
                apply_binary(frame, node, symbol, a, b)
                for a, b in zip(*[iter(items)] * 2, strict=False)
            ]
            items = halves + items[len(items) // 2 * 2 :]
        total: Value = start
        for item in items:
            total = apply_binary(frame, node, symbol, total, item)
        return total

    return fold


def _extreme(rule: Callable[..., Any], name: str) -> Callable[..., Value]:
    def choose(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        values = arguments if len(arguments) > 1 else _sequence(frame, node, arguments[0])
        if not values:
            fail(BadOperation, node, f"`{name}` of an empty list", "has no elements")
        if any(isinstance(v, Polynomial) for v in values):
            result = values[0]
            for value in values[1:]:
                result = Polynomial.apply(f"{name}imum", result, value)
            return result
        if not all(isinstance(v, int | float) for v in values):
            fail(BadOperation, node, f"`{name}` compares numbers", f"this is {describe(values[0])}")
        return rule(values)

    return choose


def _number(rule: Callable[[Any], Any]) -> Callable[..., Value]:
    def convert(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        try:
            return rule(arguments[0])
        except (TypeError, ValueError, OverflowError):
            fail(BadOperation, node, "a number is needed here", f"this is {describe(arguments[0])}")

    return convert


def _zip(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    return tuple(zip(*(_sequence(frame, node, a) for a in arguments), strict=False))


def _enumerate(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    return tuple(enumerate(_sequence(frame, node, arguments[0])))


def _reversed(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    return tuple(reversed(_sequence(frame, node, arguments[0])))


def _pairs_of(rule: Callable[[int], list[tuple[int, int]]]) -> Callable[..., Value]:
    def pairs(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        counted = arguments[0]
        items = _sequence(frame, node, range(counted) if isinstance(counted, int) else counted)
        if rule is all_pairs:
            frame.session.step(node, len(items) ** 2 // 2)
        return _paired([(items[a], items[b]) for a, b in rule(len(items))])

    return pairs


def _paired(pairs: list[tuple[Value, ...]]) -> Value:
    """Pairs as a list; those of numbers as an array, which an `int[m, 2]` takes."""
    if pairs and all(isinstance(end, int) for pair in pairs for end in pair):
        return Array((len(pairs), 2), tuple(end for pair in pairs for end in pair))
    return tuple(pairs)


def ring_pairs(n: int) -> list[tuple[int, int]]:
    """Neighbours on a ring of n; two have one pair, one has none."""
    return chain_pairs(n) + ([(n - 1, 0)] if n > 2 else [])


def chain_pairs(n: int) -> list[tuple[int, int]]:
    """Neighbours on a line of n."""
    return [(i, i + 1) for i in range(n - 1)]


def all_pairs(n: int) -> list[tuple[int, int]]:
    """Every pair of n, the lower first."""
    return [(i, j) for i in range(n) for j in range(i + 1, n)]


def _edges(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    listed = arguments[-1]
    register = arguments[0] if len(arguments) > 1 else None
    result: list[tuple[Value, ...]] = []
    for edge in _sequence(frame, node, listed):
        ends = [
            require_number(frame, e, node, "the end of an edge")
            for e in _sequence(frame, node, edge)
        ]
        if len(ends) != 2:
            fail(BadOperation, node, "an edge has two ends", f"this has {len(ends)}")
        if isinstance(register, Qubits):
            result.append(tuple(Qubits((register.indices[e],), False) for e in ends))
        else:
            result.append(tuple(ends))
    return _paired(result)


def _pauli(letter: str) -> Callable[..., Value]:
    def make(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        on = as_qubits(arguments[0])
        if on is not None:
            operators = tuple(Operator.pauli(letter, q) for q in on.indices)
            return Array((len(operators),), operators) if on.register else operators[0]
        position = require_number(frame, arguments[0], node, f"the position of `{letter}`")
        return Unplaced(lambda qubits: _placed_pauli(node, letter, position, qubits))

    return make


def _placed_pauli(node: tree.Node, letter: str, position: int, qubits: tuple[int, ...]) -> Operator:
    if not -len(qubits) <= position < len(qubits):
        fail(
            WrongArguments,
            node,
            f"`{letter}({position})` is placed on {len(qubits)} qubits",
            "there is no such qubit",
            "positions are numbered from 0",
        )
    return Operator.pauli(letter, qubits[position])


def _paulis(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
    """Pauli strings by their letters, or the first `count` of all strings over `letters`."""
    strings = [str(a) for a in arguments]
    if not strings:
        n = require_number(frame, keywords.get("n"), node, "`n`")
        count = require_number(frame, keywords.get("count"), node, "`count`")
        letters = str(keywords.get("letters", "XYZ"))
        frame.session.step(node, (n + 1) * max(count, 0) if n <= MAX_QUBITS else MAX_STEPS + 1)
        strings = enumerate_paulis(n, count, letters)
        if len(strings) < count:
            fail(
                WrongArguments,
                node,
                f"there are only {len(strings)} such strings",
                f"{count} are asked for",
            )
    for text in strings:
        if not text or set(text) - set("IXYZ"):
            fail(WrongArguments, node, f'"{text}" is no Pauli string', "letters are I, X, Y, Z")
    rows = [[(len(s) - 1 - i, c) for i, c in enumerate(s)] for s in strings]

    def place(qubits: tuple[int, ...]) -> Array:
        return Array(
            (len(rows),),
            tuple(_product([_placed_pauli(node, c, p, qubits) for p, c in row]) for row in rows),
        )

    return Unplaced(place)


def enumerate_paulis(n: int, count: int, letters: str) -> list[str]:
    """The first `count` Pauli strings over `letters` and I, by weight, then by position.

    Single letters first (qubit 0 rightmost), then pairs, and so on; the identity is left out.
    """
    strings: list[str] = []
    for weight in range(1, n + 1):
        for places in combinations(range(n), weight):
            for chosen in product(letters, repeat=weight):
                row = ["I"] * n
                for place, letter in zip(places, chosen, strict=True):
                    row[n - 1 - place] = letter
                strings.append("".join(row))
                if len(strings) == count:
                    return strings
    return strings


def _product(operators: list[Operator]) -> Operator:
    total = lift_operator(1)
    for factor in operators:
        total = total * factor
    return total


def _expectation(kind: str) -> Callable[..., Value]:
    def measure(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        value = arguments[0]
        if isinstance(value, tuple) and all(isinstance(v, Operator | Array) for v in value):
            value = _stack(node, kind, value)
        if isinstance(value, Unplaced | Qubits) or not isinstance(value, Operator | Array):
            proposal = "place it on qubits: `O(q)`" if isinstance(value, Unplaced) else "`Z(q)`"
            fail(
                BadOperation,
                node,
                f"`{kind}` takes an operator on qubits",
                f"this is {describe(value)}",
                proposal,
            )
        operators = value if isinstance(value, Operator) else value.map(lift_operator)
        for operator in items_of(operators):
            require_hermitian(argument_at(node, 0, ""), operator)
        if frame.circuit is not None:
            frame.circuit.ask(node.span, (q for o in items_of(operators) for q in o.qubits))
        return Measured(kind, operators)

    return measure


def _stack(node: tree.Node, kind: str, values: tuple[Value, ...]) -> Array:
    try:
        return Array.stack(list(values))
    except ArrayError as error:
        proposal = "take the elements of the larger ones by index, as in `Z(q)[0]`"
        fail(BadOperation, node, f"`{kind}` takes operators of one shape", str(error), proposal)


def _of_qubits(kind: str) -> Callable[..., Value]:
    def measure(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        value = arguments[0]
        on = as_qubits(value)
        if on is None:
            fail(BadOperation, node, f"`{kind}` takes qubits", f"this is {describe(value)}")
        qubits = on.indices
        if len(set(qubits)) < len(qubits):
            fail(BadOperation, node, f"`{kind}` is given a qubit twice", "the same qubit again")
        if kind == "state":
            _check_state(frame, node, qubits)
        if frame.circuit is not None:
            frame.circuit.ask(node.span, qubits)
        return Measured(kind, qubits=qubits)

    return measure


def _sampled(kind: str) -> Callable[..., Value]:
    def measure(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        given = arguments[1] if len(arguments) > 1 else keywords.get("shots")
        if given is None and kind == "sample":
            what, proposal = "`sample` needs `shots`", "write `sample(q, shots=100)`"
            fail(WrongArguments, node, what, "not given", proposal)
        shots = 1024 if given is None else require_number(frame, given, node, "`shots`")
        if not 0 < shots <= MAX_ELEMENTS:
            what = f"`{kind}` takes from 1 to {MAX_ELEMENTS:,} shots"
            fail(WrongArguments, argument_at(node, 1, "shots"), what, f"this is {shots:,}")
        found = _of_qubits(kind)(frame, node, arguments[:1], {})
        return replace(found, shots=shots)

    return measure


def _check_state(frame: Frame, node: tree.Node, qubits: tuple[int, ...]) -> None:
    circuit = frame.circuit
    if circuit is None:
        return
    every = circuit.every_qubit()
    if set(qubits) != set(every):
        fail(
            NoSingleState,
            node,
            "a part of the qubits has no state of its own",
            f"{len(qubits)} of {len(every)} qubits",
            "return the state of all, or `probs` of these",
        )
    if circuit.mixed is not None:
        fail(
            NoSingleState,
            node,
            "after a measurement there is a mixture of states",
            "no single state",
            "return `probs` or `expval`",
        )


def _ground_energy(
    frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords
) -> Value:
    value = arguments[0]
    size = keywords.get("qubits", value.size if isinstance(value, Unplaced) else None)
    if isinstance(value, Unplaced):
        if size is None:
            proposal = "write `ground_energy(H, qubits=4)`"
            fail(WrongArguments, node, "on how many qubits is not known", "no number", proposal)
        value = value.place(tuple(range(require_number(frame, size, node, "`qubits`"))))
    if not isinstance(value, Operator):
        what = "`ground_energy` takes a Hamiltonian"
        fail(BadOperation, node, what, f"this is {describe(value)}", "write `ground_energy(h())`")
    require_hermitian(argument_at(node, 0, ""), value)
    if any(lift(c).constant is None for _, c in value.terms):
        what = "the ground energy is worked out when compiling"
        fail(NotKnown, node, what, "this Hamiltonian depends on inputs or parameters")
    count = max([1, *(q + 1 for q in value.qubits)])
    if count > MAX_EXACT_QUBITS:
        what = f"the exact ground energy of {count} qubits is too much"
        fail(TooMuch, node, what, f"at most {MAX_EXACT_QUBITS}")
    # numpy and scipy take longer to import than a whole check, and few programs need them
    from qmlc.ir.ground_energy import ground_energy

    return ground_energy(value, count)


def _file(read: Callable[[Frame, tree.Node, Value], Value]) -> Callable[..., Value]:
    def from_file(frame: Frame, node: tree.Node, arguments: Arguments, keywords: Keywords) -> Value:
        return read(frame, argument_at(node, 0, "path"), arguments[0])

    return from_file


Row = tuple[Callable[..., Value], int, int, tuple[str, ...]]
MANY = 1_000
"""As many arguments as anybody gives."""

COMPILE_TIME: dict[str, Row] = {
    "range": (_range, 1, 3, ()),
    "len": (_len, 1, 1, ()),
    "sum": (_fold("+", 0), 1, 2, ("dim",)),
    "prod": (_fold("*", 1), 1, 2, ("dim",)),
    "min": (_extreme(min, "min"), 1, MANY, ()),
    "max": (_extreme(max, "max"), 1, MANY, ()),
    "int": (_number(int), 1, 1, ()),
    "float": (_number(float), 1, 1, ()),
    "zip": (_zip, 1, MANY, ()),
    "enumerate": (_enumerate, 1, 1, ()),
    "reversed": (_reversed, 1, 1, ()),
    "ring": (_pairs_of(ring_pairs), 1, 1, ()),
    "chain": (_pairs_of(chain_pairs), 1, 1, ()),
    "pairs": (_pairs_of(all_pairs), 1, 1, ()),
    "edges": (_edges, 1, 2, ()),
    "last": (make_last, 1, 1, ()),
    "lora": (make_lora, 0, 0, ("rank", "targets", "alpha", "dropout")),
    "paulis": (_paulis, 0, MANY, ("n", "count", "letters")),
    **{letter: (_pauli(letter), 1, 1, ()) for letter in "XYZI"},
    "expval": (_expectation("expval"), 1, 1, ()),
    "variance": (_expectation("variance"), 1, 1, ()),
    "ground_energy": (_ground_energy, 1, 1, ("qubits",)),
    "numpy": (_file(read_array), 1, 1, ()),
    "pauli_sum": (_file(read_pauli_sum), 1, 1, ()),
    **{kind: (_of_qubits(kind), 1, 1, ()) for kind in ("probs", "state", "entropy", "purity")},
    **{kind: (_sampled(kind), 1, 2, ("shots",)) for kind in ("counts", "sample")},
}
"""The functions by name, each with the fewest and most arguments, and its keywords."""


def works_on(name: str, arguments: Arguments) -> bool:
    """Whether `name` is meant as a compile-time function of these arguments."""
    if name not in COMPILE_TIME:
        return False
    tensors = any(isinstance(a, Tensor) for a in arguments)
    if any(isinstance(a, tuple) and any(isinstance(x, Tensor) for x in a) for a in arguments):
        return True
    return not tensors and not any(isinstance(a, Poison) for a in arguments)
