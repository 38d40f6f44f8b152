"""What kernels are written in: Python that is read and translated, and never run.

A kernel is a function under `entry` (a C function of the library), `function` (one of its own, for
each combination of the types and compile-time values of its arguments) or `inline` (expanded where
it is called). `tests/unit/kernels/` shows each statement and each name below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, cast

Shape = Literal["entry", "function", "inline"]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Template:
    """A kernel that is not translated yet."""

    source: Callable[..., Any]
    shape: Shape

    @property
    def name(self) -> str:
        """As Python and C call it."""
        return self.source.__name__


@dataclass(frozen=True)
class Kind:
    """A type of the language by name: what it is in LLVM depends on the library."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A number that depends on the library."""

    name: str


def entry(kernel: F) -> F:
    """A C function of the library: its parameters say their types, it returns nothing or an Int."""
    return cast(F, Template(kernel, "entry"))


def function(kernel: F) -> F:
    """A function of its own, for each combination of types and static values of its arguments."""
    return cast(F, Template(kernel, "function"))


def inline(kernel: F) -> F:
    """Expanded where it is called; takes registers and compile-time values, too."""
    return cast(F, Template(kernel, "inline"))


Static = Annotated[Any, Kind("Static")]
"""Known when the kernel is translated: a number, a truth, or a tuple of such."""
Int = Annotated[Any, Kind("Int")]
"""64 bits; wraps."""
Word = Annotated[Any, Kind("Word")]
"""An integer of as many bits as Real; wraps. An Int that becomes one loses its high bits."""
Real = Annotated[Any, Kind("Real")]
"""float or double, as the library."""
Double = Annotated[Any, Kind("Double")]
Bool = Annotated[Any, Kind("Bool")]
Vector = Annotated[Any, Kind("Vector")]
"""LANES of Real."""
IntVector = Annotated[Any, Kind("IntVector")]
"""LANES of Word."""
DoubleVector = Annotated[Any, Kind("DoubleVector")]
Mask = Annotated[Any, Kind("Mask")]
"""LANES of Bool."""
Ints = Annotated[Any, Kind("Ints")]
Reals = Annotated[Any, Kind("Reals")]
Doubles = Annotated[Any, Kind("Doubles")]
Vectors = Annotated[Any, Kind("Vectors")]
IntVectors = Annotated[Any, Kind("IntVectors")]
Words = Annotated[Any, Kind("Words")]

LANES = cast(int, Constant("LANES"))
LOG_LANES = cast(int, Constant("LOG_LANES"))
REAL_BITS = cast(int, Constant("REAL_BITS"))
"""32 or 64: of a Real, and of a Word."""


def _translated(*_: Any) -> Any:
    raise TypeError("a kernel is translated, not run")


def unroll(start: Static, stop: Static = None) -> Any:
    """A range whose loop is written out: its variable is a compile-time value."""
    return _translated(start, stop)


def registers(count: Static) -> Any:
    """An array of so many variables, with compile-time subscripts; each has its own type."""
    return _translated(count)


def buffer(count: Static) -> Vectors:
    """So many Vectors on the stack, for as long as the function runs; they start undefined."""
    return _translated(count)


def fma(a: Any, b: Any, c: Any) -> Any:
    """`a * b + c`, rounded once where the host can."""
    return _translated(a, b, c)


def splat(x: Any) -> Any:
    """A Vector or IntVector with x in all lanes."""
    return _translated(x)


def permute(vector: Any, lanes: IntVector) -> Any:
    """In lane l, lane lanes[l] (its low bits) of the vector."""
    return _translated(vector, lanes)


def exchange(vector: Any, k: Static) -> Any:
    """In lane l, lane l ^ k of the vector."""
    return _translated(vector, k)


def lane_numbers() -> IntVector:
    """0, 1, ... LANES - 1."""
    return _translated()


def select(mask: Any, a: Any, b: Any) -> Any:
    """Where the mask holds a, elsewhere b. Both are worked out."""
    return _translated(mask, a, b)


def total(vector: Any) -> Any:
    """The sum of all lanes, as Real or Word: the upper half is added to the lower, and so on."""
    return _translated(vector)


def parity(x: Any) -> Any:
    """1 where an odd number of bits is set, else 0."""
    return _translated(x)


def count_ones(x: Any) -> Any:
    """How many bits are set."""
    return _translated(x)


def ctz(x: Any) -> Any:
    """How many low bits are 0: all of them, for 0."""
    return _translated(x)


def sqrt(x: Any) -> Any:
    """The square root."""
    return _translated(x)


def minimum(*items: Any) -> Any:
    """The smallest; NaN if one is. Python's `min` is the same."""
    return _translated(*items)


def maximum(*items: Any) -> Any:
    """The greatest; NaN if one is. Python's `max` is the same."""
    return _translated(*items)


def round_even(x: Any) -> Any:
    """The nearest whole number; of two the even one."""
    return _translated(x)


def to_real(x: Any) -> Any:
    """Real or Vector: the nearest one."""
    return _translated(x)


def to_double(x: Any) -> Any:
    """Double or DoubleVector."""
    return _translated(x)


def to_int(x: Any) -> Any:
    """Int or IntVector: towards zero, the nearest one there is if it is too great; 0 for NaN."""
    return _translated(x)


def to_word(x: Any) -> Word:
    """The low bits of an Int."""
    return _translated(x)


def bits(x: Any) -> Any:
    """The same bits as an integer: Word of a Real, Int of a Double, IntVector of a Vector."""
    return _translated(x)


def from_bits(x: Any) -> Any:
    """The Real of a Word, or the Vector of an IntVector, with the same bits."""
    return _translated(x)


def ints(x: Any) -> Ints:
    """A pointer to Int at an address (an Int) or where another pointer points."""
    return _translated(x)


def reals(x: Any) -> Reals:
    """A pointer to Real."""
    return _translated(x)


def doubles(x: Any) -> Doubles:
    """A pointer to Double."""
    return _translated(x)


def vectors(x: Any) -> Vectors:
    """A pointer to Vector."""
    return _translated(x)


def int_vectors(x: Any) -> IntVectors:
    """A pointer to IntVector."""
    return _translated(x)


def words(x: Any) -> Words:
    """A pointer to Word."""
    return _translated(x)


def address(pointer: Any) -> Int:
    """Where a pointer points, in bytes."""
    return _translated(pointer)


def prefetch(pointer: Any, index: Int) -> None:
    """Ask for the line of `pointer[index]`, which need not exist."""
    _translated(pointer, index)


def call_void(at: Int, *arguments: Int) -> None:
    """Call the C function at an address: `void f(int64_t...)`."""
    _translated(at, *arguments)


def call_int(at: Int, *arguments: Int) -> Int:
    """Call the C function at an address: `int64_t f(int64_t...)`."""
    return _translated(at, *arguments)
