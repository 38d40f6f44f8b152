"""Twins of a model or a kernel: without entanglement, or with something classical in its place.

Bowles, Ahmed, Schuld, "Better than classical? The subtle art of benchmarking quantum machine
learning models", 2024, compares with both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from qmlc.ir.circuit import Circuit
from qmlc.runtime.bind_inputs import bind_inputs
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.kernel_module import KernelModule
from qmlc.training.errors import DataError

NOT_GATES = frozenset({"prepare", "barrier", "measure", "reset", "delay"})
"""What remains of a circuit besides the gates on one qubit."""


class ClassicalTwin(nn.Module):
    """A network of one hidden layer in the place of a circuit, with about as many parameters.

    The layer is as wide as that asks for, and has one neuron at least.

    It takes the circuit's inputs and yields what has the shapes of its results; in the place of
    probabilities, a softmax.
    """

    def __init__(self, circuit: CircuitModule) -> None:
        super().__init__()
        self.circuit_ir = circuit.circuit_ir
        inputs = [torch.zeros(v.shape) for v in self.circuit_ir.inputs]
        with torch.no_grad():
            example = circuit.eval()(*inputs)
        parts = (example,) if isinstance(example, Tensor) else tuple(example)
        self.record = None if isinstance(example, Tensor) else type(example)
        self.shapes = [part.shape for part in parts]
        wide, out = sum(v.numel() for v in inputs), sum(part.numel() for part in parts)
        wanted = sum(weight.numel() for weight in circuit.parameters())
        hidden = max(1, round((wanted - out) / (wide + out + 1)))
        self.inner = nn.Linear(wide, hidden)
        self.outer = nn.Linear(hidden, out)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Results `[...batch, *shape]`, as those of the circuit."""
        weight = self.outer.weight
        tensors = bind_inputs(self.circuit_ir, inputs, named, weight)
        ranks = [len(variable.shape) for variable in self.circuit_ir.inputs]
        flat = [
            tensor.flatten(tensor.dim() - rank) if rank else tensor[..., None]
            for tensor, rank in zip(tensors, ranks, strict=True)
        ]
        batch = torch.broadcast_shapes(*(t.shape[:-1] for t in flat))  # type: ignore[no-untyped-call]
        columns = [tensor.expand(*batch, -1) for tensor in flat]
        values = self.outer(torch.tanh(self.inner(torch.cat(columns, -1).to(weight.dtype))))
        parts = values.split([shape.numel() for shape in self.shapes], -1)
        results = [
            (part.softmax(-1) if result.kind == "probs" else part).reshape(*batch, *shape)
            for part, shape, result in zip(parts, self.shapes, self.circuit_ir.results, strict=True)
        ]
        return results[0] if self.record is None else self.record(*results)


def without_entanglement(circuit: CircuitModule) -> CircuitModule:
    """The circuit, or kernel, with its gates on single qubits alone; prepared states are left."""
    kind = KernelModule if isinstance(circuit, KernelModule) else CircuitModule
    return kind.from_circuit(_separate(circuit.circuit_ir))


def _separate(circuit: Circuit) -> Circuit:
    return replace(
        circuit,
        instructions=tuple(
            i for i in circuit.instructions if len(i.qubits) < 2 or i.name in NOT_GATES
        ),
    )


class RadialKernel(nn.Module):
    """exp(-gamma abs(a - b)**2) of rows `[M, n]` and `[N, n]`: `[M, N]`."""

    gamma: Tensor

    def __init__(self, rows: Tensor) -> None:
        super().__init__()
        # one over the number of features and their variance: "scale" of scikit-learn's SVC
        spread = rows.shape[1] * rows.var(unbiased=False)
        self.register_buffer("gamma", 1 / spread if spread > 0 else torch.ones_like(spread))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The value for each row of `a` with each row of `b`."""
        return (-self.gamma * torch.cdist(a, b).square()).exp()


class LinearKernel(nn.Module):
    """The products of rows `[M, n]` and `[N, n]`: `[M, N]`."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """The value for each row of `a` with each row of `b`."""
        return a @ b.mT


KERNEL_TWINS: dict[str, Callable[[CircuitModule, Tensor], nn.Module]] = {
    "entanglement-free": lambda kernel, rows: without_entanglement(kernel),
    "radial": lambda kernel, rows: RadialKernel(rows),
    "linear": lambda kernel, rows: LinearKernel(),
}
"""Kernels in the place of a quantum kernel, for the rows that a machine learns from."""

Twin = Callable[[CircuitModule], nn.Module]

TWINS: dict[str, Twin] = {
    "entanglement-free": without_entanglement,
    "classical": ClassicalTwin,
}


def replace_circuits(model: nn.Module, twin: Twin) -> int:
    """How many circuits of `model` have been replaced by their twins: all of them.

    DataError E0706 for circuits that take no data, or yield states or samples.
    """
    found = [(name, m) for name, m in model.named_modules() if isinstance(m, CircuitModule)]
    if not found or found[0][0] == "":
        raise DataError("E0706", "there is no circuit in a model whose twins could be compared")
    for name, circuit in found:
        parent, _, attribute = name.rpartition(".")
        _check(name, circuit.circuit_ir)
        setattr(model.get_submodule(parent), attribute, twin(circuit))
    return len(found)


MODEL_TWINS = {name: partial(replace_circuits, twin=twin) for name, twin in TWINS.items()}
"""What is done to a fresh model to make a twin of it."""


def _check(name: str, circuit: Circuit) -> None:
    """Nothing; DataError E0706 where a circuit has no classical twin."""
    if not circuit.inputs:
        raise DataError("E0706", f"`{name}` takes no data: its classical twin is a constant")
    kinds = {"state", "counts", "sample"} & {result.kind for result in circuit.results}
    if kinds:
        raise DataError("E0706", f"`{name}` yields a {kinds.pop()}, which no layer imitates")
