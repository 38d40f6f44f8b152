"""The text of one LLVM function while it is written."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.kernels.types import Machine, Type, Value


class Writer:
    """Lines of a function; `declared` collects the intrinsics that the module must declare."""

    def __init__(self, machine: Machine, declared: dict[str, str]) -> None:
        self.machine = machine
        self.types = machine.types
        self.lines: list[str] = []
        self.allocas: list[str] = []
        self._declared = declared
        self._count = 0

    def name(self) -> str:
        """A new name."""
        self._count += 1
        return f"v{self._count}"

    def do(self, text: str) -> None:
        """Write an instruction that gives nothing."""
        self.lines.append(f"  {text}")

    def emit(self, type: Type, text: str) -> Value:
        """Write an instruction; its result."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return Value(type, name)

    def call(self, name: str, result: Type | None, *arguments: Value) -> Value:
        """Call an intrinsic; `Value` of no use where there is no result."""
        given = result.llvm if result else "void"
        if name not in self._declared:
            types = ", ".join(argument.type.llvm for argument in arguments)
            self._declared[name] = f"declare {given} @{name}({types})"
        text = f"call {given} @{name}({', '.join(map(str, arguments))})"
        if result:
            return self.emit(result, text)
        self.do(text)
        return Value(Type("void"), "")

    def slot(self, type: Type, count: int = 1, alignment: int = 0) -> Value:
        """A variable of the whole function: a pointer to it."""
        name = f"%{self.name()}"
        align = f", align {alignment}" if alignment else ""
        self.allocas.append(f"  {name} = alloca {type.llvm}, i64 {count}{align}")
        return Value(Type(type.element, type.lanes, pointer=True), name)

    def begin(self, block: str) -> None:
        """Start a block that other blocks branch to."""
        self.lines.append(f"{block}:")

    def go(self, block: str) -> None:
        """End a block."""
        self.do(f"br label %{block}")

    def branch(self, condition: Value, then: str, other: str) -> None:
        """End a block where a Bool decides."""
        self.do(f"br {condition}, label %{then}, label %{other}")

    def text(self, head: str) -> str:
        """The whole function: variables first."""
        body: Sequence[str] = [*self.allocas, *self.lines]
        return "\n".join([f"{head} {{", "entry:", *body, "}"])
