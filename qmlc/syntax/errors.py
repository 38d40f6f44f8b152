"""Errors of phase 1: the text is not a program."""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.source.diagnostic import Diagnostic, Problem


@dataclass(frozen=True)
class UnexpectedToken(Diagnostic):
    """Something stands where the grammar allows something else.

    A statement ends at the end of its line. Inside `( )` and `[ ]`, after a binary operator,
    `=` or a comma, and before a line that begins with `->`, `=>`, `|>`, `{` or a binary
    operator, it goes on.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0] q[1]
        return expval(Z(q[1]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0], q[1]
        return expval(Z(q[1]))
    }
    ```
    """

    code = "E0101"
    title = "unexpected token"
    message = "{found} is not expected here"
    label = "expected {expected}"
    help = "{proposal}"

    found: str = ""
    expected: str = ""
    proposal: str = ""


@dataclass(frozen=True)
class Unclosed(Diagnostic):
    """A bracket is opened and never closed, or closed without being open.

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        return expval(Z(q))
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        return expval(Z(q))
    }
    ```
    """

    code = "E0102"
    title = "brackets do not match"
    message = "{found}"
    label = "{what}"
    help = "{proposal}"

    found: str = ""
    what: str = ""
    proposal: str = ""


@dataclass(frozen=True)
class InvalidText(Diagnostic):
    """A character that begins nothing, or a string without an end.

    Strings stand in `"…"` or `'…'` on one line. Names are letters, digits and `_`.

    ```hqm
    const path = "data.csv
    ```

    ```hqm
    const path = "data.csv"
    ```
    """

    code = "E0103"
    title = "no token"
    message = "{found}"
    label = "{what}"
    help = "{proposal}"

    found: str = ""
    what: str = "not part of the language"
    proposal: str = ""


@dataclass(frozen=True)
class TooLarge(Problem):
    """A program is larger, or nests deeper, than any person writes.

    A text may have at most 200,000 characters, and brackets, expressions and blocks may nest
    200 deep. Put long tables of numbers into a file and read it with `numpy("table.npy")`.

    ```hqm
    const x = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
        ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
        ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((
        1
        ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
        ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
        ))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))
    ```

    ```hqm
    const x = 1
    ```
    """

    code = "E0104"
    title = "too large"
