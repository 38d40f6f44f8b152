"""Circuits as one operator of torch's, `qmlc::circuit`, for torch.compile and torch.export.

A circuit is named by a hash of what it is: an exported program runs in every process that has made
the same circuit. The backward pass runs the forward pass again, as operators keep nothing.
"""

from __future__ import annotations

import hashlib
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.runtime.native.program import NativeProgram, native_program

_programs: WeakValueDictionary[str, NativeProgram] = WeakValueDictionary()


def register_program(circuit: Circuit, dtype: torch.dtype) -> tuple[str, NativeProgram | str]:
    """The name under which the operator finds a program, and the one program for all modules.

    In the place of the program: why there is none.
    """
    name = hashlib.sha256(f"{dtype} {circuit!r}".encode()).hexdigest()[:24]
    program = _programs.get(name) or native_program(circuit, dtype)
    if not isinstance(program, str):
        _programs[name] = program
    return name, program


def _program(name: str) -> NativeProgram:
    program = _programs.get(name)
    if program is None:
        raise RuntimeError(f"no circuit of this process is {name}: make the module that holds it")
    return program


def _forward(
    name: str, inputs: Tensor, parameters: Tensor, keep: bool
) -> tuple[Tensor, Tensor, Any]:
    program = _program(name)
    rows, weights = inputs.contiguous(), parameters.contiguous()
    values, state, kept = program.forward(rows, weights, torch.get_num_threads(), keep)
    if state is None:
        state = values.new_empty((0,), dtype=program.state_dtype)
    return values, state, kept


@torch.library.custom_op("qmlc::circuit", mutates_args=())
def circuit(name: str, inputs: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Observables `[batch, observables]`, and states `[batch, 2**qubits]` where they are needed."""
    return _forward(name, inputs, parameters, False)[:2]


@circuit.register_fake
def _(name: str, inputs: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    program = _program(name)
    batch = inputs.shape[0]
    values = inputs.new_empty((batch, program.num_values), dtype=program.dtype)
    shape = (batch, 1 << program.circuit.num_qubits) if program.gives_state else (0,)
    return values, inputs.new_empty(shape, dtype=program.state_dtype)


@torch.library.custom_op("qmlc::circuit_backward", mutates_args=())
def circuit_backward(
    name: str, inputs: Tensor, parameters: Tensor, d_values: Tensor, d_state: Tensor
) -> tuple[Tensor, Tensor]:
    """The gradients of inputs and parameters."""
    *_, kept = _forward(name, inputs, parameters, True)
    program = _program(name)
    d_inputs, d_parameters = program.backward(
        kept,
        inputs.contiguous(),
        parameters.contiguous(),
        d_values.contiguous(),
        d_state.contiguous() if program.gives_state else None,
    )
    assert d_inputs is not None
    return d_inputs, d_parameters


@circuit_backward.register_fake
def _(
    name: str, inputs: Tensor, parameters: Tensor, d_values: Tensor, d_state: Tensor
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(inputs), torch.empty_like(parameters)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.circuit, *tensors = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, d_values: Tensor, d_state: Tensor) -> tuple[None, Tensor, Tensor]:
    d_inputs, d_parameters = circuit_backward(ctx.circuit, *ctx.saved_tensors, d_values, d_state)
    return None, d_inputs, d_parameters


circuit.register_autograd(_backward, setup_context=_save)
