"""What a name stands for that no `let`, setting or input binds."""

from __future__ import annotations

import math

from qmlc.check.compile_time import COMPILE_TIME
from qmlc.check.errors.names import SelfReference, UnknownName, WrongKind
from qmlc.check.evaluate import evaluate
from qmlc.check.foreign_names import (
    GATES_ELSEWHERE,
    SHAPELESS,
    SYNONYMS,
    VALUES_ELSEWHERE,
    plain,
)
from qmlc.check.frame import Frame
from qmlc.check.split_tensor import SPLITS
from qmlc.check.values import (
    Builtin,
    Declaration,
    Declared,
    Module,
    Poison,
    Scope,
    Stop,
    Value,
    fail,
)
from qmlc.ops.changes import CHANGES
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.gates import ALIASES, GATES
from qmlc.ops.layers import LAYERS
from qmlc.ops.tunings import Frozen, Full
from qmlc.syntax import tree

CONSTANTS: dict[str, Value] = {
    "pi": math.pi,
    "tau": math.tau,
    "inf": math.inf,
    "e": math.e,
    "frozen": Frozen(),
    "full": Full(),
}


def resolve(frame: Frame, name: tree.Identifier) -> Value:
    """The declaration, import, constant, function or layer called `name`."""
    found = find_declared(frame.module, name.name)
    if found is not None:
        return _declared(frame, name, *found)
    if name.name in CONSTANTS:
        return CONSTANTS[name.name]
    if name.name in COMPILE_TIME or name.name in CHANGES:
        return Builtin("function", name.name)
    if name.name in LAYERS:
        return Builtin("layer", name.name)
    if name.name in SPLITS or name.name in FUNCTIONS or name.name in SYNONYMS:
        return Builtin("function", SYNONYMS.get(name.name, name.name))
    if name.name in GATES or name.name in ALIASES:
        fail(
            WrongKind,
            name,
            f"there is no value called `{name.name}`, only a gate",
            "a value is needed here",
            _instead_of_gate(name.name),
        )
    if name.name in SHAPELESS:
        what = f"`{name.name}` makes a tensor whose shape hangs on values"
        proposal = "shapes are known when compiling: choose with `where(mask, a, b)`, or `where=`"
        fail(UnknownName, name, what, "not in the language", proposal)
    if name.name in VALUES_ELSEWHERE:
        what = f"there is no name called `{name.name}`"
        fail(UnknownName, name, what, "not known", VALUES_ELSEWHERE[name.name])
    frame.unknown(name, "name", candidates(frame))


def _declared(
    frame: Frame, name: tree.Identifier, module: Module, declaration: Declaration
) -> Value:
    """The value of a declaration of the program."""
    place = "a value is needed here"
    if isinstance(declaration, tree.Lost):
        raise Stop(None)
    if isinstance(declaration, tree.Const):
        return _constant(frame, module, declaration)
    if isinstance(declaration, tree.Rewrite):
        proposal = "the optimiser applies it by itself"
        fail(WrongKind, name, f"`{name.name}` is a rewrite rule", place, proposal)
    if isinstance(declaration, tree.Component) and declaration.kind == "gate":
        proposal = f"gates stand at the head of a statement: `{name.name}(…) q`"
        fail(WrongKind, name, f"`{name.name}` is a gate", place, proposal)
    return Declared(declaration, module)


def _instead_of_gate(name: str) -> str:
    """What may be meant where a value is called like a gate."""
    if name.upper() in ("X", "Y", "Z"):
        return f"the operator is `{name.upper()}`; else bind it first with `let {name} = …`"
    bound = f"declare it as an input, or bind it with `let {name} = …`"
    return f"{bound}; a gate stands at the head of a statement of a circuit"


def candidates(frame: Frame) -> list[str]:
    """Every name that an expression could mean."""
    module = frame.module
    return [
        *frame.scope.names(), *module.declared, *module.imported, *CONSTANTS, *COMPILE_TIME,
        *CHANGES, *LAYERS, *FUNCTIONS, *SPLITS,
    ]  # fmt: skip


def find_declared(module: Module, name: str) -> tuple[Module, Declaration] | None:
    """The declaration called `name` in a file or among its imports."""
    if name in module.declared:
        return module, module.declared[name]
    if name in module.imported:
        other, original = module.imported[name]
        return other, other.declared[original]
    return None


def _constant(frame: Frame, module: Module, declaration: tree.Const) -> Value:
    name = declaration.name.name
    if name in module.constants:
        value = module.constants[name]
        if value is _PENDING:
            fail(
                SelfReference,
                declaration.name,
                f"the constant `{name}` is made from itself",
                "needs its own value",
                "give one of the constants a value of its own",
            )
        return value
    module.constants[name] = _PENDING
    try:
        value = evaluate(
            Frame(frame.session, module, Scope(), stack=frame.stack), declaration.value
        )
    except Stop:
        module.constants[name] = Poison()
        raise
    module.constants[name] = value
    return value


_PENDING = object()


STATEMENTS = ("let", "param", "qubit", "return")
"""The words that begin a statement: a slip in one makes it look like a gate."""
_KINDS: dict[type, str] = {
    tree.Const: "constant", tree.DataBlock: "data block", tree.Rewrite: "rewrite rule",
}  # fmt: skip


def find_gate(frame: Frame, name: tree.Identifier) -> Declared | Builtin:
    """What the head of a gate statement means; it is looked up among gates only."""
    scope = frame.scope.find(name.name)
    if scope is not None and isinstance(value := scope.values[name.name], Declared | Builtin):
        if value.kind == "gate":
            return value
    found = find_declared(frame.module, name.name)
    if found is not None and isinstance(found[1], tree.Component) and found[1].kind == "gate":
        return Declared(found[1], found[0])
    if name.name in GATES or name.name in ALIASES:
        return Builtin("gate", name.name)
    if found is not None and isinstance(found[1], tree.Lost):
        raise Stop(None)
    if found is not None:
        kind = _KINDS.get(type(found[1])) or getattr(found[1], "kind", "gate")
        fail(
            WrongKind,
            name,
            f"`{name.name}` is a {kind}, not a gate",
            "a gate is needed here",
            "the optimiser applies it by itself"
            if kind == "rewrite rule"
            else "call it in an expression: `let y = " + name.name + "(…)`",
        )
    gates = [
        n for n, d in frame.module.declared.items()
        if isinstance(d, tree.Component) and d.kind == "gate"
    ]  # fmt: skip
    known = [*gates, *frame.module.imported, *GATES, *ALIASES, "measure", "reset", "barrier",
             "evolve", "gphase", "delay", *STATEMENTS]  # fmt: skip
    proposal = GATES_ELSEWHERE.get(plain(name.name))
    if proposal is not None:
        fail(UnknownName, name, f"there is no gate called `{name.name}`", "not known", proposal)
    frame.unknown(name, "gate", known)
