"""Conditions in dialects without blocks: asked before each statement, of a bit or a register."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qmlc.backends.qasm.errors import NotExpressible
from qmlc.targets.read_dialect import Dialect

MAX_COMPARED_BITS = 8
"""A condition is written out for each value of its register: wider ones would flood the file."""

Tests = tuple[tuple[str, int], ...]
"""(name of a bit, its value) pairs that must hold together."""


def prefixes(tests: Tests, sizes: Mapping[str, int], dialect: Dialect) -> list[str]:
    """What stands before a statement that runs where `tests` hold; several exclude each other.

    `sizes` are those of the registers by name. NotExpressible where the dialect cannot say it.
    """
    if not tests:
        return [""]
    if dialect.conditions == "bits":
        if len(tests) > 1:
            what = f"{dialect.title} cannot ask for several bits at once"
            raise NotExpressible(what, "emit OpenQASM 3")
        bit, value = tests[0]
        return [f"if ({(dialect.one if value else dialect.zero).format(bit)}) "]
    register = _compared(tests, sizes, dialect)
    places = [(int(bit.partition("[")[2].rstrip("]")), value) for bit, value in tests]
    return [
        f"if ({register}=={value}) "
        for value in range(1 << sizes[register])
        if all(value >> place & 1 == wanted for place, wanted in places)
    ]


def require_unchanged(tests: Tests, written: Sequence[str], dialect: Dialect) -> None:
    """NotExpressible where a branch writes bits that its further statements would ask for again."""
    whole = dialect.conditions == "registers"
    for bit in written:
        for tested, _ in tests:
            if bit == tested or (whole and _register(bit) == _register(tested)):
                what = (
                    f"{dialect.title} cannot measure into `{_register(bit)}` on a condition on it"
                )
                raise NotExpressible(what, "emit OpenQASM 3")


def _register(bit: str) -> str:
    return bit.partition("[")[0]


def _compared(tests: Tests, sizes: Mapping[str, int], dialect: Dialect) -> str:
    """The one register that `tests` look at."""
    registers = {_register(bit) for bit, _ in tests}
    register = registers.pop()
    if registers:
        what = f"{dialect.title} cannot compare bits of several registers at once"
        raise NotExpressible(what, "emit OpenQASM 3")
    if sizes[register] > MAX_COMPARED_BITS:
        what = (
            f"{dialect.title} cannot compare one bit of `{register}`, which has {sizes[register]}"
        )
        raise NotExpressible(what, "emit OpenQASM 3")
    return register
