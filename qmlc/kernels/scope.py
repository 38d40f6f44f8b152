"""The names of one kernel while it is translated."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from collections import ChainMap, Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from qmlc.kernels.errors import KernelError
from qmlc.kernels.language import Constant, Kind, Template
from qmlc.kernels.operations import Item
from qmlc.kernels.types import Type, Value
from qmlc.kernels.writer import Writer

MISSING = object()


@dataclass(frozen=True)
class Slot:
    """A variable that is assigned more than once: its place on the stack, until LLVM finds it."""

    type: Type
    place: str


@dataclass
class Registers:
    """Variables by number; each gets its type when it is first assigned."""

    slots: list[Slot | None]


@dataclass
class Scope:
    """One kernel that is being expanded: what its names stand for, and where its text goes.

    A name that is assigned once stands for that item, compile-time values included, up to the end
    of the loop or branch that assigns it. The others are variables of one type (`mutable`).
    """

    template: Template
    writer: Writer
    call: Callable[[Scope, Template, Sequence[Item]], Item]
    names: dict[str, Any] = field(default_factory=dict)
    mutable: set[str] = field(default_factory=set)
    outside: Mapping[str, Any] = field(default_factory=dict)
    """What the names stood for where the innermost loop or branch began."""
    depth: int = 0
    """Of the loops and branches that are decided when the kernel runs."""
    nesting: int = 0
    """Of kernels expanded in kernels."""
    returned: Item = MISSING

    def place(self, node: ast.AST) -> str:
        """`file:line` of a node."""
        file = self.template.source.__code__.co_filename
        return f"{file}:{getattr(node, 'lineno', '?')}"

    def look_up(self, name: str) -> Any:
        """What a name stands for: here, in the kernel's module, or in Python."""
        if name in self.names:
            return self.names[name]
        found = outer_names(self.template.source).get(name, MISSING)
        if isinstance(found, Constant):
            return self.writer.machine.constants[found.name]
        if found is not MISSING:
            return found
        raise KernelError(
            f"nothing is called {name} here (what a loop or branch assigns once ends with it)"
        )


@cache
def outer_names(source: Callable[..., Any]) -> Mapping[str, Any]:
    """What a function sees beyond its own names."""
    cells = dict(zip(source.__code__.co_freevars, source.__closure__ or (), strict=True))
    closed = {name: cell.cell_contents for name, cell in cells.items()}
    return ChainMap(closed, source.__globals__, vars(builtins))


@cache
def _functions(file: str, size: int) -> Mapping[int, ast.FunctionDef]:
    """The functions of a file by their first line; `size` is only a part of the key."""
    tree = ast.parse("".join(linecache.getlines(file)))
    return {
        min([node.lineno, *(d.lineno for d in node.decorator_list)]): node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }


def syntax_of(template: Template) -> ast.FunctionDef:
    """The tree of a kernel."""
    code = template.source.__code__
    lines = linecache.getlines(code.co_filename)
    return _functions(code.co_filename, len(lines))[code.co_firstlineno]


@cache
def kinds_of(template: Template) -> Mapping[str, str]:
    """The annotations of a kernel's parameters and of its result that name types, by name."""
    outer = outer_names(template.source)
    found = {}
    for name, annotation in inspect.get_annotations(template.source).items():
        seen = outer.get(annotation) if isinstance(annotation, str) else annotation
        kind = next((k for k in getattr(seen, "__metadata__", ()) if isinstance(k, Kind)), None)
        if kind:
            found[name] = kind.name
    return found


@cache
def assigned(tree: ast.FunctionDef) -> Counter[str]:
    """How often a kernel assigns each name, its parameters once before it begins."""
    return assignments(tree.body) + Counter(argument.arg for argument in tree.args.args)


def assignments(statements: Sequence[ast.stmt]) -> Counter[str]:
    """How often each name is assigned; of two branches that of them which does it more often."""
    count: Counter[str] = Counter()
    for statement in statements:
        match statement:
            case ast.Assign(targets=targets):
                for target in targets:
                    count.update(names_of(target))
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
                count[name] += 2
            case ast.If(body=body, orelse=orelse):
                count += assignments(body) | assignments(orelse)
            case ast.For(body=body) | ast.While(body=body):
                count += assignments(body)
    return count


def names_of(target: ast.expr) -> list[str]:
    """The names that a target of an assignment gives something to."""
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def known(name: str, item: Item) -> Item:
    """What a parameter takes that is known at translation."""
    if not is_static(item):
        raise KernelError(f"{name} is known at translation")
    return item


def is_static(item: Item) -> bool:
    """Whether an item is known at translation, whole."""
    if isinstance(item, tuple):
        return all(is_static(part) for part in item)
    return not isinstance(item, Value | Registers)
