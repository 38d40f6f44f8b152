"""What a circuit returns, and its type."""

from __future__ import annotations

from collections.abc import Sequence

from qmlc.backends.hqm.errors import NotPrintable
from qmlc.backends.hqm.print_operation import Scope, operands, print_operator
from qmlc.backends.mark_places import plain_text
from qmlc.ir.circuit import Result

SHORT = 6
"""Tensors of at most 2**6 elements have their size written out."""


def print_results(results: Sequence[Result], scope: Scope) -> tuple[str, str]:
    """The type of what is returned, and the expression; NotPrintable."""
    if not results:
        raise NotPrintable("a circuit that returns nothing", "measure, or ask for its state")
    parts = [(r.name or f"result_{i}", *_print_result(r, scope)) for i, r in enumerate(results)]
    if len(results) == 1 and not results[0].name:
        ((_, kind, text),) = parts
        return kind, text
    kinds = ", ".join(f"{name}: {kind}" for name, kind, _ in parts)
    return f"({kinds})", f"({', '.join(f'{name}={text}' for name, _, text in parts)})"


def _print_result(result: Result, scope: Scope) -> tuple[str, str]:
    qubits = plain_text(operands(scope, result.qubits)) if result.qubits else ""
    count = len(result.qubits)
    size = str(2**count) if count <= SHORT else f"2**{count}"
    match result.kind:
        case "expval" | "variance":
            texts = [plain_text(print_operator(scope, o)) for o in result.operators]
            if not result.shape:
                return "real", f"{result.kind}({texts[0]})"
            if len(result.shape) > 1:
                raise NotPrintable("a matrix of observables", "return them as a list")
            return f"real[{len(texts)}]", f"{result.kind}([{', '.join(texts)}])"
        case "probs":
            return f"real[{size}]", f"probs({qubits})"
        case "state":
            return f"complex[{size}]", f"state({qubits})"
        case "counts":
            return f"int[{size}]", f"counts({qubits}, shots={result.shots})"
        case "sample":
            return f"int[{result.shots}, {count}]", f"sample({qubits}, shots={result.shots})"
    return "real", f"{result.kind}({qubits})"
