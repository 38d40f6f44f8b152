"""Errors of rewrite rules."""

from __future__ import annotations

from typing import ClassVar

from qmlc.source.diagnostic import Problem


class WrongRule(Problem):
    """The two sides of a rewrite rule do not mean the same.

    Rules of circuits are compared as matrices on random angles, the global phase included: under a
    control it counts. Rules of tensors are computed on random tensors, also on such that broadcast.

    ```hqm
    rewrite merge(u: real, v: real) a {
        rz(u) a
        rz(v) a
    } => {
        rz(u - v) a
    }
    ```

    ```hqm
    rewrite merge(u: real, v: real) a {
        rz(u) a
        rz(v) a
    } => {
        rz(u + v) a
    }
    ```
    """

    code: ClassVar[str] = "E0321"
    title: ClassVar[str] = "the two sides of a rule differ"


class UnusableRule(Problem):
    """A rewrite rule that cannot be applied, or that would be applied without end.

    The left side must name every angle, qubit and tensor of the rule, in gates that hang together
    by their qubits. The right side must be cheaper: fewer operations, or fewer gates, where a gate
    on more qubits costs more than any number of gates on fewer.

    ```hqm
    rewrite turn() a, b {
        swap a, b
    } => {
        swap b, a
    }
    ```

    ```hqm
    rewrite turn() a, b {
        swap a, b
        swap b, a
    } => {
    }
    ```
    """

    code: ClassVar[str] = "E0322"
    title: ClassVar[str] = "a rule that cannot be used"
