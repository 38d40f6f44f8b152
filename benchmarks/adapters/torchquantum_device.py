"""TorchQuantum in its dynamic mode, complex64."""

from __future__ import annotations

import sys
import types
from typing import Any

import torch

from benchmarks.adapters.measure_states import measure_states
from benchmarks.adapters.side import TorchSide
from benchmarks.circuits import Case
from benchmarks.workloads import z_of_each


class AnythingOfClass(type):
    """A class whose attributes are all None."""

    def __getattr__(cls, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


class Anything(types.ModuleType):
    """A module in which every name is a class."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return AnythingOfClass(name, (), {})


# imported for its data sets alone; the wheels of PyPI do not load beside torch for processors
for part in ("", ".datasets", ".datasets.utils", ".transforms", ".models"):
    sys.modules[f"torchvision{part}"] = Anything(f"torchvision{part}")
    sys.modules[f"torchvision{part}"].__path__ = []

import torchquantum  # noqa: E402

NAMES = {"cx": "cnot", "ccx": "toffoli", "p": "phaseshift", "u": "u3"}
"""Where they differ from OpenQASM's."""


def make(case: Case) -> TorchSide:
    """The case; its own `MeasureAll` where it is enough.

    Joint expectation values would build a matrix of all states: products with the state instead.
    """
    own = case.observables == z_of_each(case.num_qubits)
    measure_all = torchquantum.MeasureAll(torchquantum.PauliZ)
    measure = None if own else measure_states(case, torch, torch.tensor)

    def call(inputs: Any, weights: Any) -> Any:
        features = case.features(inputs, torch.cat)
        device = torchquantum.QuantumDevice(case.num_qubits, bsz=case.batch, device="cpu")
        if case.start == "amplitudes":
            device.set_states((features / features.norm(dim=-1, keepdim=True)).cfloat())
        for name, qubits, angles in case.gates:
            values = [angle.value(features, weights) for angle in angles]
            gate = getattr(device, NAMES.get(name, name))
            if len(values) > 1:
                gate(wires=list(qubits), params=torch.stack(values, -1)[None])
            else:
                gate(wires=list(qubits), **({"params": values[0]} if values else {}))
        return measure_all(device) if own else measure(device.get_states_1d())

    return TorchSide(case, call)
