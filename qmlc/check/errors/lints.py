"""Warnings of phase 4: what is allowed, and hardly ever meant."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class UnusedParameter(Problem):
    """A parameter is declared, and nothing that is returned depends on it.

    It would be learned, saved and counted for nothing.

    ```hqm
    circuit c(x: real) -> real {
        param w: real ~ normal(0, 1)
        qubit q
        ry(x) q
        return expval(Z(q))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        param w: real ~ normal(0, 1)
        qubit q
        ry(x + w) q
        return expval(Z(q))
    }
    ```
    """

    code: ClassVar[str] = "E0411"
    title: ClassVar[str] = "unused parameter"
    severity: ClassVar[str] = "warning"


class UnusedName(Problem):
    """A `let` binds a name that nothing mentions: what it is worked out for is never reached.

    Measurements are spared, since they act whether or not their bits are read, and so are names
    that begin with `_`.

    ```hqm
    layer l(x: real[B, 4]) -> real[B, 2] {
        let h = relu(x)
        return x |> linear(2)
    }
    ```

    ```hqm
    layer l(x: real[B, 4]) -> real[B, 2] {
        let h = relu(x)
        return h |> linear(2)
    }
    ```
    """

    code: ClassVar[str] = "E0412"
    title: ClassVar[str] = "unused name"
    severity: ClassVar[str] = "warning"


class GatesCancel(Problem):
    """A gate statement undoes the one before it.

    Both together do nothing, and the optimiser leaves them out.

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        ry(x) q
        cx q[0], q[1]
        cx q[0], q[1]
        return expval(Z(q[1]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q[2]
        ry(x) q
        cx q[0], q[1]
        return expval(Z(q[1]))
    }
    ```
    """

    code: ClassVar[str] = "E0413"
    title: ClassVar[str] = "gates cancel"
    severity: ClassVar[str] = "warning"


class NotLearned(Problem):
    """The gradient of a parameter is 0, whatever the numbers: it cannot be learned.

    Its gates only turn the phase of |0…0>, or commute with all that is measured, or stand outside
    of the light cone of what is measured (no gate carries their effect to a qubit that is read).
    This is found by structure; only parameters of which no number can be learned are reported.

    ```hqm
    circuit c(x: real) -> real {
        param w: real[2] ~ normal(0, 1)
        qubit q[2]
        ry(x) q
        cx q[0], q[1]
        rz(w) q
        return expval(Z(q[0]) * Z(q[1]))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        param w: real[2] ~ normal(0, 1)
        qubit q[2]
        ry(x) q
        cx q[0], q[1]
        ry(w) q
        return expval(Z(q[0]) * Z(q[1]))
    }
    ```
    """

    code: ClassVar[str] = "E0414"
    title: ClassVar[str] = "parameter that cannot be learned"
    severity: ClassVar[str] = "warning"


class BarrenPlateau(Problem):
    """A wide circuit starts at random where gradients vanish exponentially with its qubits.

    Reported for 10 qubits and more whose parameters start all around the circle, where every
    string of an observable acts on half of the qubits and on 10 at least (M. Cerezo et al.,
    arXiv:2001.00550), or where each qubit meets as many two-qubit gates as there are qubits, each
    turned by numbers of its own (J. R. McClean et al., arXiv:1803.11173).

    ```hqm
    circuit c(x: real) -> real {
        param w: real[10] ~ uniform(0, 2*pi)
        qubit q[10]
        rx(x) q
        ry(w) q
        for a, b in chain(q) { cx a, b }
        return expval(prod(Z(q)))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        param w: real[10] ~ normal(0, 0.1)
        qubit q[10]
        rx(x) q
        ry(w) q
        for a, b in chain(q) { cx a, b }
        return expval(sum(Z(q)) / 10)
    }
    ```
    """

    code: ClassVar[str] = "E0415"
    title: ClassVar[str] = "barren plateau"
    severity: ClassVar[str] = "warning"


class PrecisionLost(Problem):
    """An angle has a factor or a summand so large that float32 knows it to a hundredth at best.

    float32 has 24 binary digits: 100,000 x is rounded to 0.008, and an angle counts modulo 2 pi.

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(1e6 * x) q
        return expval(Z(q))
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        qubit q
        rx(10 * x) q
        return expval(Z(q))
    }
    ```
    """

    code: ClassVar[str] = "E0416"
    title: ClassVar[str] = "precision lost"
    severity: ClassVar[str] = "warning"
