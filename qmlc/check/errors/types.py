"""Errors of phase 3: types, shapes and arguments."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class ShapeMismatch(Problem):
    """Tensors meet whose shapes do not fit.

    A name that stands in several places of a type is the same number in all of them. Circuits
    are written for one example and map over further leading dimensions; layers and models take
    exactly the dimensions that they declare.

    ```hqm
    model m(x: real[B, 4], w: real[3, 2]) -> real[B, 2] = x @ w
    ```

    ```hqm
    model m(x: real[B, 4], w: real[4, 2]) -> real[B, 2] = x @ w
    ```
    """

    code: ClassVar[str] = "E0301"
    title: ClassVar[str] = "shapes do not agree"


class WrongArguments(Problem):
    """Too many or too few arguments, or one of another name.

    A component with two parameter lists takes settings first and inputs second: `linear(4)(x)`, or
    `x |> linear(4)`. Layers take PyTorch's arguments, less the input size.

    ```hqm
    model m(x: real[B, 4]) -> real[B, 2] = x |> linear(2, biass=false)
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 2] = x |> linear(2, bias=false)
    ```
    """

    code: ClassVar[str] = "E0302"
    title: ClassVar[str] = "arguments do not fit"


class NotKnown(Problem):
    """A value is needed while compiling, but only running yields it.

    Loop bounds, settings, shapes and conditions of `if` are compile-time values. To choose between
    tensors, use `where(mask, a, b)`; on measured bits, `if` is feed-forward.

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] {
        if x[0, 0] > 0 { return x }
        return -x
    }
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] = where(x > 0, x, -x)
    ```
    """

    code: ClassVar[str] = "E0303"
    title: ClassVar[str] = "not known before it runs"


class UnknownDimension(Problem):
    """A dimension has to be a number here, and nothing says which.

    Dimensions are fixed by a setting, by the caller's tensors, or by a keyword of the generated
    constructor.

    ```hqm
    circuit c(x: real) -> real[k] {
        qubit q[2]
        rx(x) q
        return expval(Z(q))
    }
    ```

    ```hqm
    circuit c(x: real) -> real[2] {
        qubit q[2]
        rx(x) q
        return expval(Z(q))
    }
    ```
    """

    code: ClassVar[str] = "E0304"
    title: ClassVar[str] = "unknown dimension"


class ResultMismatch(Problem):
    """What is returned is not of the declared type.

    ```hqm
    circuit c(x: real) -> real[3] {
        qubit q[2]
        rx(x) q
        return expval(Z(q))
    }
    ```

    ```hqm
    circuit c(x: real) -> real[2] {
        qubit q[2]
        rx(x) q
        return expval(Z(q))
    }
    ```
    """

    code: ClassVar[str] = "E0305"
    title: ClassVar[str] = "result differs from its type"


class BadOperation(Problem):
    """An operator or a function is applied to values that it is not for.

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] = x + "one"
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] = x + 1
    ```
    """

    code: ClassVar[str] = "E0306"
    title: ClassVar[str] = "operation does not apply"


class BadIndex(Problem):
    """An index, a slice or a field that is not there.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[2]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[1]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0307"
    title: ClassVar[str] = "index out of range"


class TooMuch(Problem):
    """Compiling this would take more steps or memory than any real program needs.

    Loops over compile-time values unroll. The bounds are 1,000,000 steps, 1,000,000 numbers in a
    circuit's tensors and 1,000 qubits.

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        for i in range(1000) { for j in range(1000) { rx(x) q } }
        return expval(Z(q))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(1000 * x) q
        return expval(Z(q))
    }
    ```
    """

    code: ClassVar[str] = "E0308"
    title: ClassVar[str] = "too much to unroll"


class Misplaced(Problem):
    """A statement stands where it means nothing, or one that must be there is missing.

    A body ends with `return`. `qubit` and gates belong into circuits and gates, `param` into
    circuits and layers, and a name is bound again only inside a `for`.

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] {
        let h = relu(x)
    }
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] {
        let h = relu(x)
        return h
    }
    ```
    """

    code: ClassVar[str] = "E0309"
    title: ClassVar[str] = "statement out of place"


class BadType(Problem):
    """A type or a distribution that the language does not have.

    Types are `real int bool complex label`, with dimensions in brackets; `str`; `operator[n]`;
    `layer`, `circuit` and `gate` as kinds of settings.

    ```hqm
    model m(x: float[B, 4]) -> real[B, 4] = x
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] = x
    ```
    """

    code: ClassVar[str] = "E0310"
    title: ClassVar[str] = "no such type"
