"""The text of a program for a workload, as a user of qmlc would hand it to the compiler."""

from __future__ import annotations

from benchmarks.circuits import Angle, Case, Term


def write_program(case: Case) -> str:
    """A circuit, or kernel, called `workload`, with one parameter `weights` where it has any."""
    inputs = f"x: real[{case.num_inputs}]" if case.num_inputs else ""
    if case.kind == "overlaps":
        head, results = f"kernel workload({inputs})", []
    else:
        count = len(case.observables)
        head = f"circuit workload({inputs}) -> real" + (f"[{count}]" if count > 1 else "")
        operators = [" + ".join(map(write_term, terms)) for terms in case.observables]
        listed = f"[{', '.join(operators)}]" if count > 1 else operators[0]
        results = [f"return expval({listed})"]
    weights = case.num_weights
    statements = [
        *([f"param weights: real[{weights}] ~ uniform(-pi, pi)"] if weights else []),
        f"qubit q[{case.num_qubits}]",
        *(["prepare(x) q[::-1]"] if case.start == "amplitudes" else []),
        *(
            f"{name}{write_angles(case, angles)} {', '.join(f'q[{q}]' for q in qubits)}"
            for name, qubits, angles in case.gates
        ),
        *results,
    ]
    return "\n".join([f"{head} {{", *(f"    {line}" for line in statements), "}", ""])


def write_angles(case: Case, angles: tuple[Angle, ...]) -> str:
    """The angles in parentheses; nothing where there are none."""
    return f"({', '.join(write_angle(case, angle) for angle in angles)})" if angles else ""


def write_angle(case: Case, angle: Angle) -> str:
    """A product of what the angle is made of."""
    factors = [repr(angle.factor)] if angle.factor != 1 else []
    if angle.feature is not None:
        i = angle.feature
        if i < case.num_inputs:
            factors.append(f"x[{i}]")
        else:
            a, b = case.pairs[i - case.num_inputs]
            factors.append(f"(pi - x[{a}]) * (pi - x[{b}])")
    if angle.weight is not None:
        factors.append(f"weights[{angle.weight}]")
    return " * ".join(factors) or "1.0"


def write_term(term: Term) -> str:
    """A product of Pauli operators and their coefficient."""
    letters = (f"{a}(q[{q}])" for a, q in zip(term.letters, term.qubits, strict=True))
    return " * ".join([*([] if term.coefficient == 1 else [f"({term.coefficient})"]), *letters])
