"""Errors of phase 4: qubits."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class QubitTwice(Problem):
    """A gate is given the same qubit twice.

    Qubits are linear: one cannot be copied, so no gate can act on a qubit and itself.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0], q[0]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0], q[1]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0401"
    title: ClassVar[str] = "qubit used twice"


class AfterMeasure(Problem):
    """A gate acts on a qubit that was measured and not reset.

    That is allowed, but often a mistake: the qubit is in the measured state, its superposition
    is gone. A `reset` first says that it is meant.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[0]
        let m = measure q[0]
        h q[0]
        if m == 1 { x q[1] }
        return expval(Z(q[1]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[0]
        let m = measure q[0]
        reset q[0]
        h q[0]
        if m == 1 { x q[1] }
        return expval(Z(q[1]))
    }
    ```
    """

    code: ClassVar[str] = "E0402"
    title: ClassVar[str] = "gate after measurement"
    severity: ClassVar[str] = "warning"


class UnusedQubit(Problem):
    """A qubit is declared, and nothing ever acts on it or reads it.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q[0]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q[0]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0403"
    title: ClassVar[str] = "unused qubit"
    severity: ClassVar[str] = "warning"


class WrongOperands(Problem):
    """A gate is given more or fewer qubits than it acts on, or registers of different sizes.

    A register where a qubit is expected means each of its qubits (`h q`, `cx a, b` pairwise). Each
    `ctrl` takes one more qubit, in front.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        rx(x) q
        cx q[0], q[1]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0404"
    title: ClassVar[str] = "wrong number of qubits"


class NotInvertible(Problem):
    """`inv`, `ctrl` or `pow` stands before something that has no inverse.

    Measurement, reset and feed-forward are no unitaries; a gate that contains them cannot be
    inverted, controlled or raised to a power.

    ```hqm
    gate g() a {
        h a
        reset a
    }

    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        inv @ g q[0]
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    gate g() a {
        h a
        s a
    }

    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        inv @ g q[0]
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0405"
    title: ClassVar[str] = "not a unitary"


class NotHermitian(Problem):
    """An operator is measured or evolved under that is not Hermitian.

    The coefficients of its Pauli strings must be real; the product of `X` and `Y` on one qubit
    is `i Z`.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        return expval(X(q[0]) * Y(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0406"
    title: ClassVar[str] = "not an observable"


class NoSingleState(Problem):
    """A state vector is asked for where there is none.

    `state(q)` needs all qubits, none of them measured or reset: otherwise what is left is a
    mixture.

    ```hqm
    circuit c(x: real) -> complex[2] {
        qubit q[2]
        rx(x) q
        return state(q[0])
    }
    ```

    ```hqm
    circuit c(x: real) -> complex[4] {
        qubit q[2]
        rx(x) q
        return state(q)
    }
    ```
    """

    code: ClassVar[str] = "E0407"
    title: ClassVar[str] = "no single state"


class BitsReturned(Problem):
    """A measured bit is returned as if it were a number.

    A circuit's result is an expectation: return `expval(Z(q))`, `probs(q)` or another result.

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        let m = measure q
        return m
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        return expval((1 - Z(q)) / 2)
    }
    ```
    """

    code: ClassVar[str] = "E0408"
    title: ClassVar[str] = "bits are returned only through results"


class TooWide(Problem):
    """A network applies a circuit of more qubits than can be simulated.

    A circuit by itself may be as wide as a device. A layer, a model or a loss that applies it runs
    it on a simulator, which holds 2**n amplitudes: 30 qubits take 8 GiB for one example. Where the
    number of qubits follows from a tensor's size, this is the error E0301.

    ```hqm
    circuit ghz() -> real {
        qubit q[40]
        h q[0]
        for a, b in chain(q) { cx a, b }
        return expval(Z(q[39]))
    }

    model m(x: real[B, 4]) -> real[B, 4] = x * ghz()
    ```

    ```hqm
    circuit ghz() -> real {
        qubit q[10]
        h q[0]
        for a, b in chain(q) { cx a, b }
        return expval(Z(q[9]))
    }

    model m(x: real[B, 4]) -> real[B, 4] = x * ghz()
    ```
    """

    code: ClassVar[str] = "E0409"
    title: ClassVar[str] = "too wide to simulate"
    severity: ClassVar[str] = "warning"


class QubitLeft(Problem):
    """A qubit of an inner block or of a gate is still in use where that ends.

    A qubit belongs to the block that declares it. Where that ends, it must have been measured or
    reset, or be provably back in |0> (the gates of the block are worked out on random angles, for
    up to 14 qubits): otherwise it would stay entangled with the rest, unseen.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        for i in range(2) {
            qubit helper
            cx q[0], helper
        }
        return expval(Z(q[0]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[1]
        rx(x) q
        for i in range(2) {
            qubit helper
            cx q[0], helper
            reset helper
        }
        return expval(Z(q[0]))
    }
    ```
    """

    code: ClassVar[str] = "E0410"
    title: ClassVar[str] = "qubit left in use"


class ReadTooEarly(Problem):
    """A result is asked for before a gate that still changes its qubits.

    Results are read when all gates have acted, wherever they are written: there is no expectation
    value of the middle of a circuit. So an operator, or `probs`, stands behind the last gate on its
    qubits; gates on other qubits may follow.

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        let e = expval(Z(q))
        h q
        return e
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(x) q
        h q
        let e = expval(Z(q))
        return e
    }
    ```
    """

    code: ClassVar[str] = "E0417"
    title: ClassVar[str] = "result read too early"
