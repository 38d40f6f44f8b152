"""A circuit as the native engine runs it: its forms, and calls of the kernels."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from qmlc.costs.read_costs import read_costs
from qmlc.ir.circuit import Circuit
from qmlc.kernels import layout
from qmlc.kernels.host import cache_bytes
from qmlc.kernels.openmp import find_openmp, may_use_threads
from qmlc.runtime.native.make_form import Form, aligned, make_form
from qmlc.runtime.native.make_tape import JOINT_BLOCKS
from qmlc.runtime.native.rotations import NotNative
from qmlc.runtime.native.to_rotations import to_rotations
from qmlc.runtime.normalise import normalise

MAX_CALLS = 256
"""For how many sizes of batches it is remembered how they are run."""

WIDE = 64
FILL, WIDE_FILL = 1 / 2, 3 / 4
"""How full lanes are to be for samples to be in them; the more in states of so many vectors, whose
amplitudes fill lanes nearly as well."""

FUNCTIONS = {layout.FORWARD_SHARE: "share_forward", layout.BACKWARD_SHARE: "share_backward"}


class Call(NamedTuple):
    """What a forward pass leaves behind for the backward pass."""

    form: Form
    memory: Tensor
    threads: int


class NativeProgram:
    """A circuit whose results are observables with numbers for coefficients, and its state.

    Its angles are polynomials in inputs and parameters.
    """

    def __init__(self, circuit: Circuit, dtype: torch.dtype, library: Any) -> None:
        self.circuit = circuit
        self.dtype = dtype
        self.state_dtype = dtype.to_complex()
        self.library = library
        self.lanes: int = library.lanes
        self._forward, self._backward = library.forward, library.backward
        self.real = np.float64 if dtype == torch.float64 else np.float32
        actions = [(a, i.condition) for i in circuit.instructions for a in normalise(i)]
        self.rotated = to_rotations(actions, circuit.num_qubits)
        self.num_values = sum(len(result.operators) for result in circuit.results)
        self.gives_state = any(result.kind == "state" for result in circuit.results)
        self.forms: dict[tuple[bool, bool], Form] = {}
        self._calls: dict[Any, tuple[Form, int, int]] = {}
        self.form(self.in_lanes(1))

    def form(self, samples: bool, joint: bool = False) -> Form:
        """The program for a layout, made when first needed; `joint`: for threads on one state."""
        key = samples, joint
        if key not in self.forms:
            made = make_form(self.circuit, self.rotated, *key, self.lanes, self.real)
            for place, name in FUNCTIONS.items():
                made.program[place] = self.library.address(name)
            openmp = find_openmp()
            if openmp is not None:
                made.program[layout.PARALLEL] = openmp.parallel
                made.program[layout.THREAD_NUMBER] = openmp.thread_number
                made.program[layout.BARRIER] = openmp.barrier
            self.forms[key] = made
        return self.forms[key]

    def plan_call(self, batch: int, threads: int) -> tuple[Form, int]:
        """The form for a batch, and how many of so many threads are worth waking."""
        samples = self.in_lanes(batch)
        form = self.form(samples)
        if threads == 1 or not may_use_threads():
            return form, 1
        units = form.units(batch)
        threads = max(1, min(threads, units * form.work // least_work()))
        if units >= threads:
            return form, threads
        if form.program[layout.PREPARED] and not form.program[layout.SEGMENTED]:
            return form, units  # inputs that are amplitudes are read best a vector at a time
        if not self._has_rows(JOINT_BLOCKS):
            return form, units
        if samples and batch >= threads:
            return self.form(False), threads  # a state for each thread, or for all of them
        return self.form(False, joint=True), threads

    def _has_rows(self, bits: int) -> bool:
        """Whether amplitudes in lanes leave so many bits for rows."""
        return 1 << self.circuit.num_qubits >= self.lanes << bits

    def forward(
        self, inputs: Tensor, parameters: Tensor, threads: int = 1, keep: bool = True
    ) -> tuple[Tensor, Tensor | None, Call]:
        """Values `[batch, observables]`, states `[batch, 2**qubits]`, and what backward needs.

        All tensors are contiguous, of the program's precision, on the CPU. Only what is to `keep`
        states can go backward.
        """
        batch = len(inputs)
        form, threads, size = self._prepared(batch, threads, keep)
        # a tensor like another is made faster than one for a dtype
        values = inputs.new_empty((batch, self.num_values))
        state = None
        if self.gives_state:
            state = torch.empty((batch, 1 << self.circuit.num_qubits), dtype=self.state_dtype)
        memory = inputs.new_empty(size)
        own = form.borrow(threads)
        self._forward(
            form.address, aligned(memory), own.address, threads, batch, inputs.data_ptr(),
            parameters.data_ptr(), values.data_ptr(), 0 if state is None else state.data_ptr(),
            keep,
        )  # fmt: skip
        form.give_back(own)
        return values, state, Call(form, memory, threads)

    def _prepared(self, batch: int, threads: int, keep: bool) -> tuple[Form, int, int]:
        """The plan of a call, and the numbers that its memory is, worked out once."""
        key = batch, threads, keep, threads == 1 or may_use_threads()
        found = self._calls.get(key)
        if found is None:
            form, useful = self.plan_call(batch, threads)
            size = -(-form.memory_bytes(batch if keep else 0) // form.layout.item)
            if len(self._calls) >= MAX_CALLS:
                self._calls.clear()
            found = self._calls[key] = form, useful, size
        return found

    def memory(self, batch: int, keep: bool, threads: int) -> int:
        """Bytes that a call works in."""
        form, threads = self.plan_call(batch, threads)
        return form.memory_bytes(batch if keep else 0) + threads * form.thread_bytes

    def in_lanes(self, batch: int) -> bool:
        """Whether lanes are samples: where few are empty, and their states fit into a cache."""
        amplitudes = 1 << self.circuit.num_qubits
        if amplitudes <= 2 * self.lanes:
            return True
        full = -(-batch // self.lanes) * self.lanes
        worth = WIDE_FILL if amplitudes >= WIDE * self.lanes else FILL
        bytes_of_unit = 4 * amplitudes * self.lanes * np.dtype(self.real).itemsize
        return batch >= worth * full and bytes_of_unit <= cache_bytes(2) * 3 // 4

    def backward(
        self,
        saved: Call,
        inputs: Tensor,
        parameters: Tensor,
        d_values: Tensor | None,
        d_state: Tensor | None,
        needs_inputs: bool = True,
    ) -> tuple[Tensor | None, Tensor]:
        """The gradients of inputs and parameters, from those of values and states.

        All tensors are as in `forward`.
        """
        form, memory, threads = saved
        if threads > 1 and not may_use_threads():
            threads = 1
        d_parameters = torch.empty_like(parameters)
        d_inputs = None
        if needs_inputs:
            d_inputs = torch.empty_like(inputs) if form.reads_all else torch.zeros_like(inputs)
        own = form.borrow(threads)
        self._backward(
            aligned(memory), own.address, threads, inputs.data_ptr(), parameters.data_ptr(),
            0 if d_values is None else d_values.data_ptr(),
            0 if d_state is None else d_state.data_ptr(),
            0 if d_inputs is None else d_inputs.data_ptr(), d_parameters.data_ptr(),
        )  # fmt: skip
        form.give_back(own)
        return d_inputs, d_parameters


@cache
def least_work() -> int:
    """Rows times records that a thread is woken for, by what work costs on this host.

    It has some 20 microseconds to do: waking it takes a few, and where another program has its core
    it keeps all waiting for a turn of the scheduler.
    """
    costs = read_costs()
    return max(int(costs.seconds["thread"] / costs.seconds_a_row["visit"]), 1)


def native_program(circuit: Circuit, dtype: torch.dtype) -> NativeProgram | str:
    """The program of a circuit, or why the native engine does not run it."""
    try:
        from qmlc.kernels.load_library import load_library  # llvmlite may be missing
    except ImportError:
        return "llvmlite is not installed"
    try:
        return NativeProgram(circuit, dtype, load_library(str(dtype).removeprefix("torch.")))
    except NotNative as reason:
        return str(reason)
