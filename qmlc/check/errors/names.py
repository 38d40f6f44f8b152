"""Errors of phase 2: names."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class UnknownName(Problem):
    """A name is used that nothing declares.

    Names come from the declaration's settings, inputs and `let`s, from the file, from `use`,
    and from what is there without import: PyTorch's layers and functions, gates, Pauli
    operators.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[0]
        cnott q[0], q[1]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[0]
        cnot q[0], q[1]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0201"
    title: ClassVar[str] = "unknown name"


class AlreadyDeclared(Problem):
    """A name is given twice in one place.

    A name means one thing. `x = …` binds a name again, but only inside a `for`.

    ```hqm
    model m(x: real[B, 4]) -> real[B, 2] {
        let h = linear(8)(x)
        let h = relu(h)
        return linear(2)(h)
    }
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 2] {
        let h = linear(8)(x)
        let a = relu(h)
        return linear(2)(a)
    }
    ```
    """

    code: ClassVar[str] = "E0202"
    title: ClassVar[str] = "declared twice"


class ImportFailed(Problem):
    """A `use` names a module, a file or a name that is not there.

    Library modules are `std.encodings`, `std.ansatz` and others; files are named relative to
    this one.

    ```hqm
    use std.encodings (angel)

    circuit c(x: real) -> real {
        qubit q[2]
        angle([x, x]) q
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    use std.encodings (angle)

    circuit c(x: real) -> real {
        qubit q[2]
        angle([x, x]) q
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0203"
    title: ClassVar[str] = "import fails"


class SelfReference(Problem):
    """A declaration needs itself, directly or through others.

    Nothing runs while a program is read, so there is no recursion: write a `for` over a setting.

    ```hqm
    const a = b + 1
    const b = a + 1
    ```

    ```hqm
    const a = 1
    const b = a + 1
    ```
    """

    code: ClassVar[str] = "E0204"
    title: ClassVar[str] = "refers to itself"


class WrongKind(Problem):
    """A name stands where another kind of thing is needed.

    The head of a gate statement is looked up among gates only; an expression never finds gates
    (except as a setting of kind `gate`).

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] {
        let k = 3
        return k(x)
    }
    ```

    ```hqm
    model m(x: real[B, 4]) -> real[B, 4] {
        let k = linear(4)
        return k(x)
    }
    ```
    """

    code: ClassVar[str] = "E0205"
    title: ClassVar[str] = "wrong kind of thing"


class NotAvailable(Problem):
    """Something of the language that this version does not do yet.

    The compiler refuses it rather than pretend. The message says what there is instead.

    ```hqm
    rewrite twice(x: real[n, n]) = inv(inv(x)) => x
    ```

    ```hqm
    rewrite twice(x: real[...]) = relu(relu(x)) => relu(x)
    ```
    """

    code: ClassVar[str] = "E0206"
    title: ClassVar[str] = "not available yet"
