"""Quantum self-attention on 64 tokens: ours, beside circuits run for each pair of tokens.

`python -m benchmarks.quantum_attention` writes quantum_attention.md; peers live in `$QMLC_PEERS`.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

import qmlc
from benchmarks.environments import python_of
from benchmarks.run import environment
from benchmarks.take_turns import take_turns
from qmlc.check.compile_time import enumerate_paulis

TOKENS, WIDTH, QUBITS = 64, 16, 4
ROUNDS = 2
PAGE = Path(__file__).parent / "quantum_attention.md"
PEERS = {
    "PennyLane, JAX": ("pennylane_jax", "pennylane"),
    "TensorCircuit-NG, JAX": ("tensorcircuit", "tensorcircuit"),
}
"""The environment of each, and its name in `pairwise_attention.py`."""

PROGRAM = """
gate ry_ring(w: real[n]) q[n] {
    for i in range(n) { ry(w[i]) q[i] }
    for i in range(n) { cx q[i], q[(i + 1) % n] }
}

circuit ansatz(depth: int, observables: operator[m, n])(x: real[l, n]) -> real[m] {
    param w: real[depth, n] ~ normal(0, 0.01)
    qubit q[n]
    h q
    for i in range(l) { ry_ring(x[i]) q }
    for i in range(depth) { ry_ring(w[i]) q }
    return expval(observables(q))
}

layer quantum_attention(depth: int = 1)(x: real[B, T, d]) -> real[B, T, d] {
    let e = x |> rearrange("b t (l n) -> b t l n", n=4)
    let q = e |> ansatz(depth, observables=[Z(0)])
    let k = e |> ansatz(depth, observables=[Z(0)])
    let v = e |> ansatz(depth, observables=paulis(n=4, count=d, letters="XZ"))
    return x + softmax(-(q - k.T) ** 2) @ v
}

model attention(x: real[B, T, 16]) -> real[B, T, 16] = quantum_attention(depth=1)(x)
"""

INTRODUCTION = f"""# Quantum self-attention

The layer of Li, Zhao and Wang (2022) as it is written in the language: {TOKENS} tokens, {QUBITS}
qubits, weights `softmax(-(q - k.T) ** 2)`, {WIDTH} observables for the values. Ours prepares each
token three times, and takes one product. A pairwise evaluation, as the definition reads, runs both
circuits for each of the {TOKENS**2:,} pairs: the peers do so in one batch, under `jax.jit`, and,
for the scores alone, in {TOKENS**2:,} calls of a compiled function. Milliseconds of the processor,
the least of all calls in {ROUNDS} rounds, one thread; results and gradients agree. Made by
`python -m benchmarks.quantum_attention`.

| | forward | forward and backward | scores one by one |
|---|---|---|---|"""


def make_inputs() -> dict[str, np.ndarray]:
    """Angles of tokens, the weights of three circuits, observables from qubit 0 on."""
    random = np.random.default_rng(0)
    arrays = {"x": random.uniform(-1, 1, (TOKENS, WIDTH // QUBITS, QUBITS))}
    arrays |= {name: random.uniform(-1, 1, (1, QUBITS)) for name in ("wq", "wk", "wv")}
    arrays["cotangent"] = random.uniform(-1, 1, (TOKENS, WIDTH))
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    strings = [text[::-1] for text in enumerate_paulis(QUBITS, WIDTH, "XZ")]
    return arrays | {"strings": np.array(strings)}


def run_ours(inputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Times and results of the compiled layer."""
    model = qmlc.compile(PROGRAM).attention()
    for parameter, name in zip(model.parameters(), ("wq", "wk", "wv"), strict=True):
        parameter.data.copy_(torch.tensor(inputs[name]))
    x = torch.tensor(inputs["x"]).reshape(1, TOKENS, WIDTH).requires_grad_()
    cotangent = torch.tensor(inputs["cotangent"])

    def forward() -> torch.Tensor:
        with torch.no_grad():
            return model(x)[0]

    def gradient() -> torch.Tensor:
        wanted = [x, *model.parameters()]
        return torch.autograd.grad((model(x)[0] * cotangent).sum(), wanted)[0]

    measured = take_turns({"forward": forward, "gradient": gradient}, least=500)
    found = {"times": [least for least, _ in measured.values()], "values": forward().numpy()}
    return found | {"gradient": gradient().reshape(inputs["x"].shape).numpy()}


def run_peer(name: str, inputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Times and results of a peer, in a process of its own."""
    home, peer = PEERS[name]
    with tempfile.TemporaryDirectory() as folder:
        given, found = (str(Path(folder) / file) for file in ("inputs.npz", "found.json"))
        np.savez(given, **inputs)  # type: ignore[arg-type]
        module = "benchmarks.adapters.pairwise_attention"
        command = [python_of(home), "-m", module, peer, given, found]
        subprocess.run(command, check=True, env=environment(1))
        result: dict[str, Any] = json.loads(Path(found).read_text(encoding="utf-8"))
        return result


def main() -> None:
    """Measures all; AssertionError where results differ."""
    torch.set_num_threads(1)
    inputs = make_inputs()
    rounds = [
        {"qmlc": run_ours(inputs)} | {name: run_peer(name, inputs) for name in PEERS}
        for _ in range(ROUNDS)
    ]
    ours = [min(times) for times in zip(*(r["qmlc"]["times"] for r in rounds), strict=True)]
    lines = [INTRODUCTION]
    for name, side in rounds[0].items():
        for what in ("values", "gradient"):
            np.testing.assert_allclose(side[what], rounds[0]["qmlc"][what], atol=1e-4)
        times = [min(times) for times in zip(*(r[name]["times"] for r in rounds), strict=True)]
        own = [*ours, ours[0]]
        cells = [f"{t:.2f} ({t / o:.0f} times ours)" for t, o in zip(times, own, strict=False)]
        if name == "qmlc":
            cells = [f"{t:.2f}" for t in ours] + [""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    print("\n".join(lines))
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
