"""Quantum attention as peers compute it from its definition: circuits for each pair of tokens.

`python -m benchmarks.adapters.pairwise_attention PEER INPUTS OUTPUT`: times and results, in an
environment of the peer. Under `jax.jit`, all pairs in one batch, and one by one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

QUBITS = 4
Circuit = Callable[[Any, Any, Sequence[str]], Any]
"""Values of Pauli strings for the angles of a token and weights."""


def pennylane() -> Circuit:
    """By PennyLane's default.qubit."""
    import pennylane as qml

    def ring(angles: Any) -> None:
        for i in range(QUBITS):
            qml.RY(angles[i], wires=i)
        for i in range(QUBITS):
            qml.CNOT([i, (i + 1) % QUBITS])

    def run(x: Any, w: Any, strings: Sequence[str]) -> Any:
        @qml.qnode(qml.device("default.qubit", wires=QUBITS), interface="jax")
        def circuit() -> Any:
            for i in range(QUBITS):
                qml.Hadamard(i)
            for angles in (*x, *w):
                ring(angles)
            return [qml.expval(qml.pauli.string_to_pauli_word(s)) for s in strings]

        return jnp.stack(circuit())

    return run


def tensorcircuit() -> Circuit:
    """By TensorCircuit-NG."""
    import tensorcircuit as tc

    tc.set_backend("jax")
    tc.set_dtype("complex64")

    def run(x: Any, w: Any, strings: Sequence[str]) -> Any:
        circuit = tc.Circuit(QUBITS)
        for i in range(QUBITS):
            circuit.h(i)
        for angles in (*x, *w):
            for i in range(QUBITS):
                circuit.ry(i, theta=angles[i])
            for i in range(QUBITS):
                circuit.cx(i, (i + 1) % QUBITS)
        places = [{a: [i for i, b in enumerate(s) if b == a] for a in "XYZ"} for s in strings]
        values = [circuit.expectation_ps(x=p["X"], y=p["Y"], z=p["Z"]) for p in places]
        return jnp.stack([jnp.real(value) for value in values])

    return run


PEERS = {"pennylane": pennylane, "tensorcircuit": tensorcircuit}


def scored(circuit: Circuit) -> Callable[..., Any]:
    """The score of a pair of tokens: two circuits."""

    def score(a: Any, b: Any, wq: Any, wk: Any) -> Any:
        return -((circuit(a, wq, ["ZIII"])[0] - circuit(b, wk, ["ZIII"])[0]) ** 2)

    return score


def attention(circuit: Circuit, strings: Sequence[str], tokens: int) -> Callable[..., Any]:
    """The layer, as a function of tokens `[T, 4, 4]` and of three times weights `[1, 4]`."""
    rows, columns = (jnp.asarray(a.ravel()) for a in np.indices((tokens, tokens)))
    score = jax.vmap(scored(circuit), (0, 0, None, None))

    def layer(x: Any, wq: Any, wk: Any, wv: Any) -> Any:
        scores = score(x[rows], x[columns], wq, wk).reshape(tokens, tokens)
        values = jax.vmap(lambda a: circuit(a, wv, strings))(x)
        return x.reshape(tokens, -1) + jax.nn.softmax(scores) @ values

    return layer


def least(call: Callable[..., Any], *arguments: Any) -> float:
    """The fewest milliseconds of the processor of some calls, after two."""
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < 4 or time.perf_counter() - start < 4:
        begin = time.process_time()
        jax.block_until_ready(call(*arguments))
        times.append(1000 * (time.process_time() - begin))
    return min(times[2:])


def main() -> None:
    """Times and results of one peer."""
    peer, inputs, output = sys.argv[1:]
    given = np.load(inputs)
    x, *weights = (jnp.asarray(given[name]) for name in ("x", "wq", "wk", "wv"))
    layer = attention(PEERS[peer](), [str(s) for s in given["strings"]], len(x))
    forward, score = jax.jit(layer), jax.jit(scored(PEERS[peer]()))
    gradient = jax.jit(jax.grad(lambda *a: (layer(*a) * given["cotangent"]).sum(), range(4)))

    def one_by_one() -> list[Any]:
        return [score(a, b, *weights[:2]) for a in x for b in x]

    times = [least(forward, x, *weights), least(gradient, x, *weights), least(one_by_one)]
    values, slopes = forward(x, *weights), gradient(x, *weights)[0]
    found = {"times": times, "values": values.tolist(), "gradient": slopes.tolist()}
    Path(output).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
