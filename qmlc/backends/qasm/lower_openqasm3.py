"""OpenQASM 3 with loops, subroutines and classical variables as what is left when they have run.

Qiskit's importer takes gates, measurements and branches on bits. What is known before anything is
measured (constants, counters of loops, arguments of subroutines) is worked out here.
"""

from __future__ import annotations

import copy
from collections.abc import Generator, Iterator, Sequence
from dataclasses import fields
from typing import Any, cast

from openqasm3 import ast

from qmlc.backends.qasm.fold_openqasm3 import BINARY, LITERALS, Number, constant, literal
from qmlc.backends.qasm.write_test import Bits, NotLowered, write_test

MAX_ROUNDS = 100_000

NUMBERS = (ast.IntType, ast.UintType, ast.FloatType, ast.BoolType, ast.AngleType)

DROPPED = (
    ast.Pragma, ast.CalibrationGrammarDeclaration, ast.CalibrationStatement,
    ast.CalibrationDefinition,
)  # fmt: skip


def lower_openqasm3(program: ast.Program) -> ast.Program:
    """`program` in statements that Qiskit's importer takes; NotLowered."""
    lowering = _Lowering()
    body = list(lowering.block(program.statements))
    headers = [s for s in body if isinstance(s, ast.Include | ast.IODeclaration)]
    rest = [s for s in body if not isinstance(s, ast.Include | ast.IODeclaration)]
    return ast.Program([*headers, *lowering.hoisted, *rest], program.version)


class _Lowering:
    def __init__(self) -> None:
        self.hoisted: list[ast.Statement] = []
        """Declarations of bits that inner blocks make."""
        self.known: dict[str, Number] = {}
        self.names: dict[str, Any] = {}
        """What stands for names of inner blocks and of subroutines' arguments."""
        self.subroutines: dict[str, ast.SubroutineDefinition] = {}
        self.externs: set[str] = set()
        self.sizes: dict[str, int] = {}
        """The registers of several bits."""
        self.result: tuple[str, Any] | None = None
        """The bits that a subroutine returns, and where they are to be."""
        self.depth = 0
        self.aliases = 0
        self.conditional = False
        self.returned: Any = None

    def block(self, statements: Sequence[Any]) -> Iterator[Any]:
        """What is left of statements."""
        for statement in statements:
            if isinstance(statement, ast.EndStatement):
                if self.conditional:
                    raise NotLowered(statement, "`end` depends on a measurement")
                return
            if isinstance(statement, ast.ReturnStatement):
                self.returned = statement
                return
            yield from self.statement(statement)

    def statement(self, node: Any) -> Iterator[Any]:
        """What is left of a statement."""
        for kind, handler in _HANDLERS.items():
            if isinstance(node, kind):
                yield from handler(self, node)
                return
        if not isinstance(node, DROPPED):
            yield self.fold(node)

    def fold(self, node: Any) -> Any:
        """A node with numbers in the place of what is known, and the names that are meant."""
        if isinstance(node, list):
            return [self.fold(item) for item in node]
        if isinstance(node, ast.IndexedIdentifier) and node.name.name in self.names:
            return self._index(node)
        if isinstance(node, ast.Identifier) and node.name in self.names:
            return self.names[node.name]
        if not isinstance(node, ast.QASMNode) or isinstance(node, LITERALS):
            return node
        if isinstance(node, ast.Expression) and self._matters(node):
            value = constant(node, self.known)
            if value is not None:
                return literal(value)
            if isinstance(node, ast.BinaryExpression) and node.op.name == "**":
                return self._power(node)
        changed = copy.copy(node)
        for item in fields(node):
            if item.name not in ("span", "annotations"):
                setattr(changed, item.name, self.fold(getattr(node, item.name)))
        return changed

    def _matters(self, node: ast.Expression) -> bool:
        """Not for what Qiskit's importer knows: `pi/2` stays as it was written."""
        return not isinstance(node, ast.Identifier) or node.name in self.known

    def _index(self, node: ast.IndexedIdentifier) -> Any:
        named = self.names[node.name.name]
        if not isinstance(named, ast.Identifier):
            raise NotLowered(node, f"`{node.name.name}` is one qubit")
        return ast.IndexedIdentifier(named, self.fold(node.indices))

    def _power(self, node: ast.BinaryExpression) -> Any:
        exponent = constant(node.rhs, self.known)
        if not isinstance(exponent, int) or not 1 <= exponent <= 8:
            raise NotLowered(node, "powers of inputs are whole, up to 8")
        base = product = self.fold(node.lhs)
        for _ in range(exponent - 1):
            product = ast.BinaryExpression(ast.BinaryOperator["*"], product, base)
        return product

    def number(self, node: Any) -> Number:
        """What an expression is worth; NotLowered where only a run tells."""
        value = constant(node, self.known)
        if value is None:
            self._refuse_extern(node)
            raise NotLowered(node, "this is not known before anything is measured")
        return value

    def _refuse_extern(self, node: Any) -> None:
        """NotLowered where an expression is the call of a function that is not in the file."""
        if isinstance(node, ast.FunctionCall) and node.name.name in self.externs:
            raise NotLowered(node, f"what `{node.name.name}` does is not said here: it is `extern`")

    # declarations and assignments

    def _declare(self, node: ast.ClassicalDeclaration) -> Iterator[Any]:
        name, start = node.identifier.name, node.init_expression
        if isinstance(node.type, NUMBERS):
            self.known[name] = 0 if start is None else self._typed(node.type, start)
            return
        if not isinstance(node.type, ast.BitType):
            yield self.fold(node)
            return
        declaration = ast.ClassicalDeclaration(self.fold(node.type), node.identifier, None)
        declaration.span = node.span
        if self.result is not None and self.result[0] == name:
            self.names[name] = self.result[1]
        else:
            if self.depth:
                declaration.identifier = ast.Identifier(f"{name}_{len(self.hoisted)}")
                self.hoisted.append(declaration)
            else:
                yield declaration
            self.names[name] = declaration.identifier
            if node.type.size is None:
                self.names[name] = self._one(declaration)
            else:
                self.sizes[declaration.identifier.name] = int(self.number(node.type.size))
        if start is not None:
            yield from self._set_bits(node, ast.Identifier(name), start)

    def _one(self, declaration: Any) -> Any:
        """A single bit or qubit as the element of a register, which keeps its name."""
        one = ast.IntegerLiteral(1)
        if isinstance(declaration, ast.QubitDeclaration):
            declaration.size, name = one, declaration.qubit
        else:
            declaration.type, name = ast.BitType(one), declaration.identifier
        return ast.IndexedIdentifier(name, [[ast.IntegerLiteral(0)]])

    def _qubits(self, node: ast.QubitDeclaration) -> Iterator[Any]:
        declaration = self.fold(node)
        if node.size is None:
            self.names[node.qubit.name] = self._one(declaration)
        yield declaration

    def _alias(self, node: ast.AliasStatement) -> Iterator[Any]:
        self.names[node.target.name] = yield from self._pass(node.target.name, node.value)

    def _typed(self, kind: Any, value: Any) -> Number:
        return self.number(ast.Cast(kind, literal(self.number(value))))

    def _constant(self, node: ast.ConstantDeclaration) -> Iterator[Any]:
        self.known[node.identifier.name] = self._typed(node.type, node.init_expression)
        return iter(())

    def _assign(self, node: ast.ClassicalAssignment) -> Iterator[Any]:
        name = node.lvalue.name if isinstance(node.lvalue, ast.Identifier) else None
        if name not in self.known:
            yield from self._set_bits(node, node.lvalue, node.rvalue)
            return
        if self.conditional:
            raise NotLowered(node, f"`{name}` would depend on a measurement")
        value = self.number(node.rvalue)
        sign = node.op.name.removesuffix("=")
        self.known[name] = BINARY[sign](self.known[name], value) if sign else value

    def _set_bits(self, node: Any, target: Any, value: Any) -> Iterator[Any]:
        """Bits measured by a statement or a subroutine, or known until they are."""
        if isinstance(value, ast.QuantumMeasurement):
            yield from self._measure(ast.QuantumMeasurementStatement(value, target))
        elif isinstance(value, ast.FunctionCall) and value.name.name in self.subroutines:
            self._forget(node, target)
            yield from self._call(value, target)
        elif isinstance(node, ast.ClassicalDeclaration):
            self.known[node.identifier.name] = self.number(value)
        else:
            self._refuse_extern(value)
            raise NotLowered(node, "bits are set by measurements only")

    def _measure(self, node: ast.QuantumMeasurementStatement) -> Iterator[Any]:
        if node.target is not None:
            self._forget(node, node.target)
        yield self.fold(node)

    def _forget(self, node: ast.QASMNode, target: Any) -> None:
        """Bits that are measured now have no known value any more."""
        whole = isinstance(target, ast.Identifier) and not self.conditional
        name = target.name if isinstance(target, ast.Identifier) else target.name.name
        if name in self.names and self.known.pop(name, 0) and not whole:
            raise NotLowered(node, f"some of the bits of `{name}` would stay 1")

    # control

    def _for(self, node: ast.ForInLoop) -> Iterator[Any]:
        name = node.identifier.name
        outer = self.known.get(name)
        for value in self._values(node.set_declaration):
            self.known[name] = value
            yield from self._inner(node.block)
        self.known.pop(name, None)
        if outer is not None:
            self.known[name] = outer

    def _values(self, node: Any) -> Sequence[Number]:
        if isinstance(node, ast.DiscreteSet):
            return [self.number(value) for value in node.values]
        if not isinstance(node, ast.RangeDefinition) or node.start is None or node.end is None:
            raise NotLowered(node, "a loop goes over a range or a set of numbers")
        step = 1 if node.step is None else int(self.number(node.step))
        start, end = int(self.number(node.start)), int(self.number(node.end))
        values = range(start, end + (1 if step > 0 else -1), step or 1)
        if len(values) > MAX_ROUNDS:
            raise NotLowered(node, f"a loop has at most {MAX_ROUNDS:,} rounds")
        return values

    def _inner(self, statements: Sequence[Any]) -> Iterator[Any]:
        """A block of its own: its names end with it."""
        known, names = set(self.known), dict(self.names)
        self.depth += 1
        yield from self.block(statements)
        self.depth -= 1
        self.names = names
        for name in set(self.known) - known:
            del self.known[name]

    def _while(self, node: ast.WhileLoop) -> Iterator[Any]:
        for _ in range(MAX_ROUNDS):
            value = constant(node.while_condition, self.known)
            if value is None:
                raise NotLowered(node, "how often a `while` runs must not depend on a measurement")
            if not value:
                return
            yield from self._inner(node.block)
        raise NotLowered(node, f"a loop has at most {MAX_ROUNDS:,} rounds")

    def _branch(self, node: ast.BranchingStatement) -> Iterator[Any]:
        value = constant(node.condition, self.known)
        if value is not None:
            yield from self._inner(node.if_block if value else node.else_block)
            return
        outer, self.conditional = self.conditional, True
        yes, no = list(self._inner(node.if_block)), list(self._inner(node.else_block))
        self.conditional = outer
        yield from self._test(node.condition, yes, no)

    def _test(self, condition: Any, yes: list[Any], no: list[Any]) -> Iterator[Any]:
        return write_test(condition, yes, no, Bits(self.known, self.sizes, self.fold))

    def _switch(self, node: ast.SwitchStatement) -> Iterator[Any]:
        otherwise = list(node.default.statements) if node.default is not None else []
        for labels, block in reversed(node.cases):
            tests = [ast.BinaryExpression(ast.BinaryOperator["=="], node.target, v) for v in labels]
            test = tests[0]
            for other in tests[1:]:
                test = ast.BinaryExpression(ast.BinaryOperator["||"], test, other)
            otherwise = [ast.BranchingStatement(test, block.statements, otherwise)]
        yield from self.block(otherwise)

    # subroutines

    def _define(self, node: ast.SubroutineDefinition) -> Iterator[Any]:
        self.subroutines[node.name.name] = node
        return iter(())

    def _extern(self, node: ast.ExternDeclaration) -> Iterator[Any]:
        self.externs.add(node.name.name)
        return iter(())

    def _expression(self, node: ast.ExpressionStatement) -> Iterator[Any]:
        call = node.expression
        self._refuse_extern(call)
        if not isinstance(call, ast.FunctionCall) or call.name.name not in self.subroutines:
            raise NotLowered(node, "there is no subroutine of this name")
        yield from self._call(call, None)

    def _call(self, call: ast.FunctionCall, target: Any) -> Iterator[Any]:
        """The body of a subroutine, with arguments in the place of its names."""
        subroutine = self.subroutines[call.name.name]
        if len(subroutine.arguments) != len(call.arguments):
            raise NotLowered(
                call, f"`{call.name.name}` takes {len(subroutine.arguments)} arguments"
            )
        known, names, result = dict(self.known), dict(self.names), self.result
        inside: dict[str, Any] = {}
        numbers: dict[str, Number] = {}
        for formal, actual in zip(subroutine.arguments, call.arguments, strict=True):
            name = formal.name.name
            if isinstance(formal, ast.ClassicalArgument) and isinstance(formal.type, NUMBERS):
                numbers[name] = self._typed(formal.type, actual)
            else:
                inside[name] = yield from self._pass(name, actual)
        where = self.fold(target) if target is not None else None
        end = subroutine.body[-1] if subroutine.body else None
        returned = end.expression if isinstance(end, ast.ReturnStatement) else None
        self.known |= numbers
        self.names = inside
        self.result = (returned.name, where) if isinstance(returned, ast.Identifier) else None
        self.depth, self.returned = self.depth + 1, None
        yield from self.block(subroutine.body)
        if isinstance(returned, ast.QuantumMeasurement) and where is not None:
            yield ast.QuantumMeasurementStatement(self.fold(returned), where)
        elif returned is not None and where is not None and self.result is None:
            raise NotLowered(call, "a subroutine returns bits that it measures")
        self.depth -= 1
        self.known, self.names, self.result = known, names, result

    def _pass(self, name: str, actual: Any) -> Generator[Any, None, Any]:
        """What stands for an argument of qubits or bits: a name, or one of a register."""
        actual = self.fold(actual)
        match actual:
            case ast.Identifier() | ast.IndexedIdentifier():
                return actual
            case ast.IndexExpression(collection=ast.Identifier(), index=[single]) if not isinstance(
                single, ast.RangeDefinition
            ):
                return ast.IndexedIdentifier(cast(ast.Identifier, actual.collection), [[single]])
        self.aliases += 1
        alias = ast.Identifier(f"{name}_part_{self.aliases}")
        yield ast.AliasStatement(alias, actual)
        return alias

    # what is not quite what the importer takes

    def _io(self, node: ast.IODeclaration) -> Iterator[Any]:
        if node.io_identifier is ast.IOKeyword.output:
            yield from self._declare(ast.ClassicalDeclaration(node.type, node.identifier, None))
        else:
            yield self.fold(node)

    def _box(self, node: ast.Box) -> Iterator[Any]:
        yield from self._inner(node.body)

    def _compound(self, node: ast.CompoundStatement) -> Iterator[Any]:
        yield from self._inner(node.statements)

    def _gate(self, node: ast.QuantumGateDefinition) -> Iterator[Any]:
        hidden = {a.name for a in (*node.arguments, *node.qubits)}
        known, names = self.known, self.names
        self.known = {name: value for name, value in known.items() if name not in hidden}
        self.names = {}
        changed = copy.copy(node)
        changed.body = list(self._inner(node.body))
        self.known, self.names = known, names
        yield changed


_HANDLERS: dict[type, Any] = {
    ast.ClassicalDeclaration: _Lowering._declare,
    ast.ConstantDeclaration: _Lowering._constant,
    ast.QubitDeclaration: _Lowering._qubits,
    ast.AliasStatement: _Lowering._alias,
    ast.ClassicalAssignment: _Lowering._assign,
    ast.ForInLoop: _Lowering._for,
    ast.WhileLoop: _Lowering._while,
    ast.BranchingStatement: _Lowering._branch,
    ast.SwitchStatement: _Lowering._switch,
    ast.SubroutineDefinition: _Lowering._define,
    ast.ExternDeclaration: _Lowering._extern,
    ast.QuantumMeasurementStatement: _Lowering._measure,
    ast.ExpressionStatement: _Lowering._expression,
    ast.IODeclaration: _Lowering._io,
    ast.Box: _Lowering._box,
    ast.CompoundStatement: _Lowering._compound,
    ast.QuantumGateDefinition: _Lowering._gate,
}
"""What is not only folded."""
