"""A circuit on the native engine: its program, what comes before and after, and its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.runtime.bind_inputs import Binding
from qmlc.runtime.check_memory import check_memory, states_bytes
from qmlc.runtime.native.custom_operator import circuit, register_program
from qmlc.runtime.native.lower_circuit import Lowered, Reading, lower_circuit, read_result
from qmlc.runtime.native.program import NativeProgram
from qmlc.runtime.native.rotations import NotNative
from qmlc.runtime.plan import Plan, place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.run_plan import run_plan
from qmlc.runtime.unusual import unusual_context, unusual_tensors

CPU = torch.device("cpu")

SIMPLE = frozenset({"expval", "variance", "probs", "state"})
"""Kinds of results whose reading autocast leaves alone: it would round products of matrices."""


@dataclass(frozen=True)
class Layout:
    """Of the tensors of a call the first `inputs` are inputs, for so many samples each."""

    inputs: int
    samples: int
    values: tuple[int, ...]
    """The shape in which the observables come out."""
    batch: tuple[int, ...] | None
    """The shape of the batch where results are read off observables and states; None where the
    observables are the only result."""
    flat: bool = False
    """Whether they are `[samples, numbers]`, and parameters."""


@dataclass(frozen=True, eq=False)
class NativeCircuit:
    """A program for a circuit in one precision, on the processor."""

    lowered: Lowered
    program: NativeProgram
    precision: torch.dtype
    name: str
    """Of the program, among the operators of torch."""

    @cached_property
    def plan(self) -> Plan:
        """The plan by which the reference does what `program` does."""
        return place_plan(plan_circuit(self.lowered.circuit), self.precision, CPU)

    def describe(self, samples: int) -> str:
        """In which precision and layout so many samples are computed."""
        lanes = "samples" if self.program.in_lanes(samples) else "amplitudes"
        dtype = str(self.precision).removeprefix("torch.")
        return f"{dtype}, {self.program.lanes} lanes, {lanes} in lanes"

    def memory(self, samples: int, keep: bool) -> int:
        """Bytes that a call takes, and leaves behind where it is to `keep` states."""
        states = samples << self.program.circuit.num_qubits if self.program.gives_state else 0
        memory = self.program.memory(samples, keep, torch.get_num_threads())
        return memory + states * self.precision.to_complex().itemsize

    def layout(
        self, binding: Binding, weights: Sequence[Tensor], inputs: Sequence[Tensor]
    ) -> Layout | None:
        """How `run_results` takes these tensors as they are, if it does."""
        readings = self.lowered.readings
        simple = all(r.kind in SIMPLE and r.coefficients is None for r in readings)
        ready = all(t.dtype == binding.dtype == self.precision for t in (*weights, *inputs))
        variables = self.lowered.circuit.inputs
        whole = all(
            t.shape == (*binding.batch, *v.shape) for v, t in zip(variables, inputs, strict=False)
        )
        if not (simple and ready and whole) or any(self.lowered.before):
            return None
        flat = len(inputs) == len(weights) == 1 and inputs[0].dim() == 2
        flat = flat and len(inputs[0]) == binding.samples
        samples, batch = binding.samples, binding.batch
        if len(readings) == 1 and readings[0].kind == "expval":
            return Layout(len(inputs), samples, (*batch, *readings[0].shape), None, flat)
        return Layout(len(inputs), samples, (samples, self.program.num_values), batch, flat)

    def run_results(self, layout: Layout, *tensors: Tensor) -> list[Tensor]:
        """Each result `[*batch, *shape]`, for tensors as in `run`."""
        values, state = self.run(layout, *tensors)
        if layout.batch is None:
            return [values]
        results = [read_result(reading, values, state, None) for reading in self.lowered.readings]
        if layout.batch == (layout.samples,):
            return results
        return [result.reshape((*layout.batch, *result.shape[1:])) for result in results]

    def run_flat(self, inputs: Tensor, parameters: Tensor) -> list[Tensor]:
        """Each result `[batch, *shape]`, for inputs `[batch, numbers]` and flat parameters."""
        rows, weights = inputs, parameters
        sample, shared = self.lowered.before
        if sample is not None:
            rows = torch.cat([inputs, sample.evaluate(inputs, parameters).T], 1)
        if shared is not None:
            weights = torch.cat([parameters, shared.evaluate(inputs, parameters)[:, 0]])
        if torch.compiler.is_compiling():
            values, state = circuit(self.name, rows, weights)
        else:
            shape = len(inputs), self.program.num_values
            layout = Layout(1, len(inputs), shape, (len(inputs),), True)
            values, state = self.run(layout, rows, weights)
        return [
            read_result(reading, values, state, _weights(reading, inputs, parameters))
            for reading in self.lowered.readings
        ]

    def run(self, layout: Layout, *tensors: Tensor) -> tuple[Tensor, Tensor | None]:
        """The observables and, where a result needs them, states `[batch, 2**qubits]`.

        The tensors are inputs, then parameters, in any shapes, of this precision.
        """
        if torch.is_grad_enabled() and any([t.requires_grad for t in tensors]):
            found = _apply(self, layout, *tensors)
            return found if self.program.gives_state else (found, None)
        rows, weights = flatten(layout, tensors)
        return run_forward(self, layout, rows, weights, False)[:2]


def native_circuit(circuit: Circuit, precision: torch.dtype) -> NativeCircuit | str:
    """`circuit` on the native engine, or why it is not for it; ValueError where it does not fit."""
    try:
        lowered = lower_circuit(circuit)
    except NotNative as reason:
        return str(reason)
    qubits = lowered.circuit.num_qubits
    check_memory(circuit.name, qubits, 1, states_bytes(qubits, 1, precision), CPU)
    name, program = register_program(lowered.circuit, precision)
    if isinstance(program, str):
        return program
    return NativeCircuit(place_plan(lowered, precision, CPU), program, precision, name)


def _weights(reading: Reading, inputs: Tensor, parameters: Tensor) -> Tensor | None:
    coefficients = reading.coefficients
    return None if coefficients is None else coefficients.weights.evaluate(inputs, parameters)


def run_forward(
    native: NativeCircuit, layout: Layout, rows: Tensor, weights: Tensor, keep: bool
) -> tuple[Tensor, Tensor | None, Any]:
    """Observables, states, and what a backward pass needs where it is to `keep` that."""
    values, state, kept = native.program.forward(rows, weights, torch.get_num_threads(), keep)
    if values.shape != layout.values:
        # a view could not be changed in place by whoever gets it
        values.resize_(layout.values)
    return values, state, kept


def flatten(layout: Layout, tensors: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Inputs `[samples, numbers]`, and parameters one after the other in any shape."""
    if layout.flat:
        rows, weights = tensors
        return solid(rows), solid(weights)
    flat = [tensor.reshape(-1) for tensor in tensors[layout.inputs :]]
    weights = solid(flat[0] if len(flat) == 1 else torch.cat(flat))
    columns = [tensor.reshape(layout.samples, -1) for tensor in tensors[: layout.inputs]]
    if not columns:
        return weights.new_empty((layout.samples, 0)), weights
    return solid(columns[0] if len(columns) == 1 else torch.cat(columns, 1)), weights


def solid(tensor: Tensor) -> Tensor:
    """The same numbers one after the other: torch negates and conjugates lazily."""
    if tensor.is_contiguous() and not (tensor.is_neg() or tensor.is_conj()):
        return tensor
    return tensor.resolve_conj().resolve_neg().contiguous()


class _Run(torch.autograd.Function):
    """`NativeCircuit.run` with gradients."""

    @staticmethod
    def forward(ctx: Any, native: NativeCircuit, layout: Layout, *tensors: Tensor) -> Any:
        """See `NativeCircuit.run`."""
        rows, weights = flatten(layout, tensors)
        values, state, ctx.kept = run_forward(native, layout, rows, weights, True)
        ctx.save_for_backward(*tensors)
        ctx.call = native, layout, rows, weights
        if state is None:
            return values
        ctx.set_materialize_grads(False)
        return values, state

    @staticmethod
    def backward(ctx: Any, *outer: Tensor | None) -> Any:
        """The gradients of all tensors, by the reference where they need gradients themselves."""
        # asks whether any of these was changed since
        tensors, needs = ctx.saved_tensors, ctx.needs_input_grad[2:]
        native, layout, rows, weights = ctx.call
        if torch.is_grad_enabled() or unusual_context() or unusual_tensors(outer):
            return None, None, *gradients_by_reference(native, layout, tensors, needs, outer)
        # a program may use up what it kept; whoever asks twice waits longer
        kept, ctx.kept = ctx.kept, None
        if kept is None:
            *_, kept = run_forward(native, layout, rows, weights, True)
        given = [None if gradient is None else solid(gradient) for gradient in outer]
        d_values, d_state = given if len(given) == 2 else (given[0], None)
        count = layout.inputs
        parts = native.program.backward(kept, rows, weights, d_values, d_state, any(needs[:count]))
        if layout.flat:
            return None, None, *parts
        inputs, parameters = tensors[:count], tensors[count:]
        return (
            None,
            None,
            *split_gradient(parts[0], inputs, 1),
            *split_gradient(parts[1], parameters, 0),
        )


# what Function.apply adds to it serves transforms, which are the reference's
_apply: Any = super(torch.autograd.Function, _Run).apply


def split_gradient(
    gradient: Tensor | None, tensors: Sequence[Tensor], dim: int
) -> list[Tensor | None]:
    """The gradient of each of `tensors`, which lay beside each other along `dim`."""
    if gradient is None:
        return [None] * len(tensors)
    if len(tensors) == 1:
        return [gradient.reshape(tensors[0].shape)]
    sizes = [tensor.numel() // len(gradient) if dim else tensor.numel() for tensor in tensors]
    parts = torch.split(gradient, sizes, dim)
    return [part.reshape(tensor.shape) for part, tensor in zip(parts, tensors, strict=True)]


def gradients_by_reference(
    native: NativeCircuit,
    layout: Layout,
    tensors: Sequence[Tensor],
    needs: Sequence[bool],
    outer: Sequence[Tensor | None],
) -> list[Tensor | None]:
    """The gradients by the reference, where they are to be differentiated or transformed."""
    graph = torch.is_grad_enabled()
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        # one tensor may have been made of another: each is to count by itself
        apart = [tensor.view_as(tensor) for tensor in tensors]
        found = _run_reference(native, layout, *flatten(layout, apart))
        pairs = [
            (result, gradient)
            for result, gradient in zip(found, outer, strict=False)
            if result is not None and gradient is not None and result.requires_grad
        ]
        wanted = [tensor for tensor, need in zip(apart, needs, strict=True) if need]
        if not pairs:
            return [None] * len(tensors)
        results, gradients = zip(*pairs, strict=True)
        parts = iter(
            torch.autograd.grad(results, wanted, gradients, create_graph=graph, allow_unused=True)
        )
    return [next(parts) if need else None for need in needs]


def _run_reference(
    native: NativeCircuit, layout: Layout, rows: Tensor, weights: Tensor
) -> tuple[Tensor | None, Tensor | None]:
    """What `NativeCircuit.run` returns, in torch operations."""
    program, samples = native.program, layout.samples
    results = run_plan(native.plan, rows.T, weights.reshape(-1, 1))
    state = results.pop().expand(samples, -1) if program.gives_state else None
    values = results.pop().expand(samples, -1).reshape(layout.values) if results else None
    return values, state
