"""The types of the kernel language, and values that have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

REALS = {"float32": "float", "float64": "double"}
"""LLVM's name of `Real`, by numpy's."""


@dataclass(frozen=True)
class Type:
    """What LLVM calls an element, in a number of lanes (0: a scalar), or a pointer to such things.

    Real and Double of a double library are one type, and so are their vectors.
    """

    element: str
    lanes: int = 0
    pointer: bool = False

    @cached_property
    def llvm(self) -> str:
        """As LLVM writes it."""
        if self.pointer:
            return "ptr"
        return f"<{self.lanes} x {self.element}>" if self.lanes else self.element

    @property
    def mark(self) -> str:
        """As the names of LLVM's intrinsics write it: v16f32."""
        element = {"float": "f32", "double": "f64"}.get(self.element, self.element)
        return f"v{self.lanes}{element}" if self.lanes else element

    @property
    def is_real(self) -> bool:
        """Real or Double, or a vector of these."""
        return self.element in ("float", "double") and not self.pointer

    @property
    def is_int(self) -> bool:
        """Int or IntVector."""
        return self.element in ("i32", "i64") and not self.pointer

    @property
    def is_truth(self) -> bool:
        """Bool or Mask."""
        return self.element == "i1" and not self.pointer

    @property
    def bytes(self) -> int:
        """Of one element."""
        return {"i1": 1, "float": 4, "i32": 4}.get(self.element, 8)

    @cached_property
    def target(self) -> Type:
        """What a pointer points to."""
        return replace(self, pointer=False)

    def of(self, element: str) -> Type:
        """As many lanes of another element."""
        return replace(self, element=element)


@dataclass(frozen=True)
class Value:
    """What is known only when the kernel runs: a type, and LLVM's name or constant."""

    type: Type
    text: str

    def __str__(self) -> str:
        return f"{self.type.llvm} {self.text}"


@dataclass(frozen=True)
class Machine:
    """What a library is translated for: `real` (float32 or float64), the vectors, the features."""

    real: str
    vector_bytes: int
    features: frozenset[str]

    @property
    def real_bits(self) -> int:
        """Of a Real, and of a Word."""
        return 32 if self.real == "float32" else 64

    @property
    def lanes(self) -> int:
        """Of a Vector."""
        return self.vector_bytes * 8 // self.real_bits

    @cached_property
    def types(self) -> Mapping[str, Type]:
        """The types by the names that kernels use."""
        real, lane = REALS[self.real], f"i{self.real_bits}"
        values = {
            "Int": Type("i64"),
            "Real": Type(real),
            "Double": Type("double"),
            "Bool": Type("i1"),
            "Vector": Type(real, self.lanes),
            "IntVector": Type(lane, self.lanes),
            "DoubleVector": Type("double", self.lanes),
            "Mask": Type("i1", self.lanes),
            "Word": Type(lane),
        }
        pointers = ("Int", "Real", "Double", "Vector", "IntVector", "Word")
        return values | {f"{name}s": replace(values[name], pointer=True) for name in pointers}

    @cached_property
    def constants(self) -> Mapping[str, int]:
        """The numbers by the names that kernels use."""
        return {
            "LANES": self.lanes,
            "LOG_LANES": self.lanes.bit_length() - 1,
            "REAL_BITS": self.real_bits,
        }

    def name(self, type: Type) -> str:
        """As kernels call a type."""
        return next((name for name, known in self.types.items() if known == type), type.llvm)
