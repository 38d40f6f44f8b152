"""Trains a model of `epoch_models.py` with PennyLane's `TorchLayer`, an epoch when told to.

It runs in PennyLane's environment: `python -m benchmarks.adapters.pennylane_epochs FOLDER FAMILY
QUBITS DEVICE METHOD`. The trainer is a loop on Accelerate, as its documentation has it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pennylane as qml
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.utils.data import DataLoader, RandomSampler, TensorDataset

from benchmarks.epoch_models import BATCH, CLASSES, FEATURES, RATE, SEED
from benchmarks.take_turns import answer_turns


def reupload(inputs: Any, w: Any) -> None:
    """Data re-uploading."""
    n = w.shape[1]
    for layer in w:
        for i in range(n):
            qml.RX(inputs[..., i], i)
            qml.RY(layer[i, 0], i)
            qml.RZ(layer[i, 1], i)
        for i in range(n):
            qml.CNOT([i, (i + 1) % n])


def entangle(inputs: Any, w: Any) -> None:
    """Angles, and strongly entangling layers."""
    wires = range(w.shape[1])
    qml.AngleEmbedding(inputs, wires)
    qml.StronglyEntanglingLayers(w, wires)


def dress(inputs: Any, w: Any) -> None:
    """The dressed circuit of Mari et al."""
    n = w.shape[1]
    for i in range(n):
        qml.Hadamard(i)
        qml.RY(inputs[..., i], i)
    for layer in w:
        for i in (*range(0, n - 1, 2), *range(1, n - 1, 2)):
            qml.CNOT([i, i + 1])
        for i in range(n):
            qml.RY(layer[i], i)


CIRCUITS = {"re-uploading": reupload, "strongly entangling": entangle, "dressed": dress}


def make_model(family: str, qubits: int, device: str, method: str, w: Tensor) -> nn.Module:
    """The model, whose circuit has weights of the shape of `w`."""

    @qml.qnode(qml.device(device, wires=qubits), interface="torch", diff_method=method)
    def circuit(inputs: Any, w: Any) -> Any:
        CIRCUITS[family](inputs, w)
        return [qml.expval(qml.PauliZ(i)) for i in range(qubits)]

    layer = qml.qnn.TorchLayer(circuit, {"w": tuple(w.shape)})
    return nn.Sequential(nn.Linear(FEATURES, qubits), layer, nn.Linear(qubits, CLASSES))


def main() -> None:
    """Trains."""
    folder, family, qubits, device, method = sys.argv[1:]
    torch.set_num_threads(1)
    given = {name: torch.from_numpy(v) for name, v in np.load(Path(folder, "given.npz")).items()}
    weights = [given[str(i)] for i in range(5)]
    model = make_model(family, int(qubits), device, method, weights[2])
    for parameter, value in zip(model.parameters(), weights, strict=True):
        parameter.data.copy_(value)
    learned = TensorDataset(given["x"], given["y"])
    order = RandomSampler(learned, generator=torch.Generator().manual_seed(SEED))
    accelerator = Accelerator(cpu=True)
    model, optimizer, batches, held_out = accelerator.prepare(
        model,
        torch.optim.Adam(model.parameters(), lr=RATE, fused=True),
        DataLoader(learned, BATCH, sampler=order),
        DataLoader(TensorDataset(given["held_x"], given["held_y"]), BATCH),
    )
    loss_of = nn.CrossEntropyLoss()

    def epoch() -> float:
        total, right = 0.0, 0
        model.train()
        for x, y in batches:
            optimizer.zero_grad()
            loss = loss_of(model(x), y)
            accelerator.backward(loss)
            optimizer.step()
            total += loss.item() * len(x)
        model.eval()
        with torch.no_grad():
            for x, y in held_out:
                scores = model(x)
                loss_of(scores, y).item()
                right += int((scores.argmax(1) == y).sum())
        return total / len(learned)

    answer_turns(epoch)


if __name__ == "__main__":
    main()
