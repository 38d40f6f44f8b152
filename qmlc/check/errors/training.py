"""Errors of phase 7 that show before any data is read: train, data and deploy blocks."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class BadOption(Problem):
    """An option, optimizer, schedule or metric that does not exist.

    A train block accepts `loss metrics optimizer schedule epochs steps batch holdout validation
    test seed precision clip early_stop accumulate device`. Optimizers are PyTorch's, in lower
    case.

    ```hqm
    circuit c() -> real {
        param w: real ~ constant(0.1)
        qubit q
        rx(w) q
        return expval(Z(q))
    }

    train c {
        loss      = c()
        optimizer = adamm(lr=0.1)
        steps     = 10
    }
    ```

    ```hqm
    circuit c() -> real {
        param w: real ~ constant(0.1)
        qubit q
        rx(w) q
        return expval(Z(q))
    }

    train c {
        loss      = c()
        optimizer = adam(lr=0.1)
        steps     = 10
    }
    ```
    """

    code: ClassVar[str] = "E0720"
    title: ClassVar[str] = "no such option"


class BadLoss(Problem):
    """The loss of a train block is missing, is not one number, or does not concern the model.

    ```hqm
    circuit c(x: real) -> real {
        param w: real ~ constant(0.1)
        qubit q
        rx(w * x) q
        return expval(Z(q))
    }

    data d = csv("d.csv") {
        x = position
    }

    train c on d {
        loss  = c(x)
        steps = 10
    }
    ```

    ```hqm
    circuit c(x: real) -> real {
        param w: real ~ constant(0.1)
        qubit q
        rx(w * x) q
        return expval(Z(q))
    }

    data d = csv("d.csv") {
        x = position
    }

    train c on d {
        loss  = mean(c(x))
        steps = 10
    }
    ```
    """

    code: ClassVar[str] = "E0721"
    title: ClassVar[str] = "no loss"


class NoSuchColumn(Problem):
    """A data block names a column that its file does not have.

    The header of a CSV file is read where the file is at hand; without it, training says what is
    missing (E0701).
    """

    code: ClassVar[str] = "E0722"
    title: ClassVar[str] = "no such column"
