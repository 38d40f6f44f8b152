"""The circuits of the benchmark in PennyLane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import torch
from torch import Tensor

DEVICES = {"default.qubit": "backprop", "lightning.qubit": "adjoint"}
"""PennyLane's devices and how they differentiate; both take batches by broadcasting."""


def node(device: str, circuit: Callable[..., Any], n: int) -> Callable[..., Tensor]:
    """`circuit` as a function of tensors, its values on the last axis."""
    single = torch.get_default_dtype() == torch.float32
    # default.qubit has no such option: its states are complex128
    options = {"c_dtype": np.complex64} if single and device == "lightning.qubit" else {}
    place = qml.device(device, wires=n, **options)
    run = qml.QNode(circuit, place, interface="torch", diff_method=DEVICES[device])

    def call(*tensors: Tensor) -> Tensor:
        result = run(*tensors)
        return torch.stack(result, -1) if isinstance(result, list | tuple) else result

    return call


def classifier(x: Tensor, w: Tensor) -> list[Any]:
    """`vqc` of examples/iris."""
    wires = range(w.shape[1])
    qml.AngleEmbedding(x, wires=wires, rotation="Y")
    qml.StronglyEntanglingLayers(w, wires=wires)
    return [qml.expval(qml.Z(i)) for i in wires]


def quench(t: Tensor, coupling: Tensor, field: Tensor, *, n: int, steps: int) -> list[Any]:
    """`quench` of examples/ising_dynamics; neighbouring half steps are already merged."""
    for step in range(steps + 1):
        share = 1 if 0 < step < steps else 0.5
        for i in range(n - 1):
            qml.IsingZZ(-2 * share * coupling * t / steps, wires=[i, i + 1])
        if step < steps:
            for i in range(n):
                qml.RX(-2 * field * t / steps, wires=i)
    return [qml.expval(qml.Z(i)) for i in range(n)]


def ground_state(a: Tensor, *, n: int) -> Any:
    """`ground_state` of examples/ising_dynamics."""
    for i in range(n):
        qml.Hadamard(i)
    for bond, field in a:
        for i in range(n - 1):
            qml.IsingZZ(-2 * bond, wires=[i, i + 1])
        for i in range(n):
            qml.RX(-2 * field, wires=i)
    terms = [*(qml.Z(i) @ qml.Z(i + 1) for i in range(n - 1)), *(qml.X(i) for i in range(n))]
    return qml.expval(qml.Hamiltonian([-1.0] * len(terms), terms))
