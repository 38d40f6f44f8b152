"""A `rewrite` declaration as a rule: both sides elaborated, and fit to be applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

from qmlc.check.check_header import check_twice
from qmlc.check.dimensions import DTYPES, dimension_names, resolve_type
from qmlc.check.errors.rules import UnusableRule
from qmlc.check.errors.types import BadType, Misplaced, NotKnown, ResultMismatch
from qmlc.check.evaluate import evaluate
from qmlc.check.frame import CircuitState, Frame, NetworkState, Session
from qmlc.check.operate import as_node
from qmlc.check.require_number import require_number
from qmlc.check.rules.prove_rule import prove_rule
from qmlc.check.run_block import run_block
from qmlc.check.values import Module, NeedsDimensions, Poison, Qubits, Scope, Stop, Tensor, fail
from qmlc.ir.build_circuit import CircuitBuilder
from qmlc.ir.circuit import Instruction
from qmlc.ir.graph import Graph
from qmlc.ir.rules import GateRule, GraphRule, Rule, gate_cost, graph_cost
from qmlc.ops.gates import GATES
from qmlc.syntax import tree
from qmlc.types.polynomial import Polynomial, Symbol, Value
from qmlc.types.tensors import TensorType
from qmlc.types.unify import unify

MAX_QUBITS = 6
"""The widest rule: its proof multiplies matrices of 64 rows."""
MAX_GATES = 64


def elaborate_rules(session: Session, module: Module, proved: bool = False) -> tuple[Rule, ...]:
    """The rules that a file declares and imports, each proved unless they are known to be `proved`.

    Errors are reported to `session`.
    """
    found = [(module, declaration) for declaration in module.declared.values()]
    found += [(other, other.declared[name]) for other, name in module.imported.values()]
    rules = []
    for home, declaration in found:
        if isinstance(declaration, tree.Rewrite):
            session.begin()
            with session.recover():
                rule = elaborate_rewrite(session, home, declaration)
                if not proved:
                    prove_rule(rule, declaration.name.span)
                rules.append(rule)
    return tuple(rules)


def elaborate_rewrite(session: Session, module: Module, declaration: tree.Rewrite) -> Rule:
    """The rule of a declaration, not yet proved; Stop where it has errors."""
    names = [parameter.name for parameter in declaration.inputs]
    names += [register.name for register in declaration.registers]
    errors = session.count_errors()
    check_twice(session, names)
    for parameter in declaration.inputs:
        with session.recover():
            _check_parameter(parameter)
    if session.count_errors() > errors:
        raise Stop(None)
    make = _gate_rule if isinstance(declaration.before, tree.Block) else _graph_rule
    return make(session, module, declaration)


def _check_parameter(parameter: tree.Parameter) -> None:
    """Refuse a parameter that is neither a tensor nor a number to be found."""
    written, name = parameter.type, parameter.name.name
    if parameter.default is not None:
        what = f"`{name}` is what stands where the rule is applied"
        fail(UnusableRule, parameter.default, what, "a default", "leave the default out")
    if isinstance(written, tree.TypeName):
        scalar = not written.dims and written.name.name != "real"
        if scalar or written.name.name not in DTYPES:
            what = f"`{name}` is a tensor, or a `real` number"
            fail(BadType, written, what, f"this is `{written.span.text}`")


def _gate_rule(session: Session, module: Module, declaration: tree.Rewrite) -> Rule:
    frame = Frame(session, module, Scope())
    builder = CircuitBuilder(declaration.name.name)
    frame.circuit = CircuitState(builder, capture=[])
    symbols: list[Symbol] = []
    for parameter in declaration.inputs:
        symbols += _bind_angles(frame, builder, parameter)
    for register in declaration.registers:
        size = 1
        if register.size is not None:
            size = require_number(
                frame, evaluate(frame, register.size), register.size, "the size of a register"
            )
        qubits = Qubits(builder.qubits(register.name.name, size), register.size is not None)
        frame.scope.bind(register.name.name, qubits, register.name.span)
    before, after = (_gates(frame, side) for side in (declaration.before, declaration.after))
    count = builder.build().num_qubits
    if count > MAX_QUBITS:
        what = f"a rule acts on at most {MAX_QUBITS} qubits"
        fail(UnusableRule, declaration.name, what, f"{count} qubits")
    rule = GateRule(
        declaration.name.name, count, tuple(symbols), before, after,
        declaration.doc, declaration.name.span,
    )  # fmt: skip
    _check_gates(declaration, rule, builder.build().qubit_names())
    return rule


def _bind_angles(
    frame: Frame, builder: CircuitBuilder, parameter: tree.Parameter
) -> Sequence[Symbol]:
    written = parameter.type
    if written is not None and not (
        isinstance(written, tree.TypeName) and written.name.name == "real"
    ):
        what = f"this is `{written.span.text}`"
        fail(BadType, parameter, "a rule of gates takes angles, which are `real`", what)
    kind = TensorType("real") if written is None else resolve_type(frame, written, {})
    assert isinstance(kind, TensorType)
    dims = [require_number(frame, d, parameter, "a dimension of a rule") for d in kind.dims]
    value = builder.input(parameter.name.name, *dims)
    frame.scope.bind(parameter.name.name, value, parameter.name.span)
    return [s for item in getattr(value, "items", (value,)) for s in item.symbols()]


def _gates(frame: Frame, side: tree.Body) -> tuple[Instruction, ...]:
    """The gates of one side."""
    assert isinstance(side, tree.Block) and frame.circuit is not None
    inner = frame.inner(circuit=CircuitState(frame.circuit.builder, capture=[]))
    errors = frame.session.count_errors()
    result = run_block(inner, side)
    if frame.session.count_errors() > errors:
        raise Stop(None)
    if result is not None:
        fail(Misplaced, result.span, "a rule returns nothing", "gates only")
    assert inner.circuit is not None
    instructions = tuple(inner.circuit.capture or ())
    if len(instructions) > MAX_GATES:
        what = f"a side of a rule has at most {MAX_GATES} gates"
        fail(UnusableRule, side, what, f"{len(instructions)} gates")
    for instruction in instructions:
        if instruction.name not in GATES and instruction.name not in ("gphase", "unitary"):
            what = f"a rule is made of gates, and `{instruction.name}` is none"
            fail(UnusableRule, side, what, "in here", "leave it out")
    return instructions


def _check_gates(declaration: tree.Rewrite, rule: GateRule, names: list[str]) -> None:
    """Refuse a rule whose left side binds too little, or that costs what it should save."""
    equations = [(a, a) for i in rule.before for a in i.angles]
    _check_bound(declaration, rule.symbols, equations, {})
    touched = {q for i in rule.before for q in i.qubits}
    missing = [q for q in range(rule.num_qubits) if q not in touched]
    if missing:
        _refuse(declaration, f"no gate on the left acts on `{names[missing[0]]}`")
    reached = set(rule.before[0].qubits) if rule.before else set()
    for _ in rule.before:
        for instruction in rule.before:
            if reached & set(instruction.qubits):
                reached |= set(instruction.qubits)
    if reached != touched or not all(i.qubits for i in rule.before):
        what = "the gates on the left have no qubits in common"
        _refuse(declaration, what, "make a rule of each part")
    if gate_cost(rule.after) >= gate_cost(rule.before):
        what = f"the right side of `{rule.name}` is not cheaper, so it could be applied for ever"
        proposal = "the right side has fewer gates, or narrower ones; turn the rule round"
        _refuse(declaration, what, proposal)


def _refuse(declaration: tree.Rewrite, what: str, proposal: str = "") -> NoReturn:
    fail(UnusableRule, declaration.name, what, "cannot be used", proposal)


def _check_bound(
    declaration: tree.Rewrite,
    symbols: Sequence[Symbol],
    equations: Sequence[tuple[object, object]],
    bound: Mapping[Symbol, Value],
) -> None:
    """Refuse a rule with a number that no place on its left side tells."""
    found = unify(equations, bound, partial=True) or {}
    for symbol in symbols:
        if symbol not in found:
            _refuse(
                declaration,
                f"nothing on the left says what `{symbol}` is",
                f"it is found where it stands alone, or with numbers: `rz(2*{symbol} + pi) q`",
            )


def _graph_rule(session: Session, module: Module, declaration: tree.Rewrite) -> Rule:
    types = [p.type for p in declaration.inputs if p.type is not None]
    names = dict.fromkeys(n for kind in types for n in dimension_names(kind))
    open_names = [n for n in names if n not in module.declared]
    numbers = [p.name.name for p in declaration.inputs if _is_number(p)]
    frame = Frame(session, module, Scope(), frozenset(open_names))
    for name in (*open_names, *numbers):
        frame.scope.bind(name, Polynomial.symbol(name))
    (before, kind), (after, other) = (
        _expression(frame, declaration, side) for side in (declaration.before, declaration.after)
    )
    if kind != other:
        what = f"the left side is `{kind}`, the right side `{other}`"
        fail(ResultMismatch, declaration.after, what, "another type")
    inputs = tuple(
        (str(node.attribute("name")), node.type)
        for node in before.nodes
        if node.operation == "input" and isinstance(node.type, TensorType)
    )
    rule = GraphRule(
        declaration.name.name, inputs, tuple(map(Symbol, numbers)), before, after,
        declaration.doc, declaration.name.span,
    )  # fmt: skip
    _check_graph(declaration, rule)
    return rule


def _is_number(parameter: tree.Parameter) -> bool:
    """Whether a parameter stands for a number that is known when compiling."""
    kind = parameter.type
    return kind is None or (isinstance(kind, tree.TypeName) and not kind.dims)


def _expression(
    frame: Frame, declaration: tree.Rewrite, side: tree.Body
) -> tuple[Graph, TensorType]:
    """The graph of one side, and its type."""
    assert not isinstance(side, tree.Block)
    inner = frame.inner(network=NetworkState())
    assert inner.network is not None
    graph = inner.network.graph
    for parameter in declaration.inputs:
        if parameter.type is None or _is_number(parameter):
            continue
        kind = resolve_type(frame, parameter.type, {})
        if not isinstance(kind, TensorType):
            fail(BadType, parameter, "a rule is about tensors", f"this is `{kind}`")
        node = graph.add("input", [], kind, name=parameter.name.name)
        inner.scope.bind(parameter.name.name, Tensor(node, kind), parameter.name.span)
    try:
        value = evaluate(inner, side)
    except NeedsDimensions as error:
        what = f"the sizes of a rule stay open, and `{error.names[0]}` would have to be a number"
        fail(NotKnown, error.span, what, "fixes a shape")
    if isinstance(value, Poison):
        raise Stop(None)
    tensor = as_node(inner, side, value)
    if inner.network.submodules or inner.network.parameters:
        what = "a rule is made of functions: a layer has parameters of its own"
        fail(NotKnown, side, what, "in here")
    return graph.build(tensor.node), tensor.type


def _check_graph(declaration: tree.Rewrite, rule: GraphRule) -> None:
    """Refuse a rule whose left side binds too little, or that costs what it should save."""
    used = {n for node in rule.before.nodes for n in node.inputs}
    for position, (name, _) in enumerate(rule.inputs):
        if position not in used:
            _refuse(declaration, f"the left side does not use `{name}`")
    sizes = {s for _, kind in rule.inputs for d in kind.dims for s in _symbols(d)}
    equations = [(v, v) for node in rule.before.nodes for _, v in node.attributes]
    known = {s: Polynomial.symbol(s.name) for s in sizes if s not in rule.symbols}
    _check_bound(declaration, rule.symbols, equations, known)
    if graph_cost(rule.after) >= graph_cost(rule.before):
        what = f"the right side of `{rule.name}` is not cheaper, so it could be applied for ever"
        _refuse(declaration, what, "the right side has fewer operations; turn the rule round")


def _symbols(dim: object) -> list[Symbol]:
    return list(dim.symbols()) if isinstance(dim, Polynomial) else []
