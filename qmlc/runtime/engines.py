"""What runs a circuit: the native engine where it can, else the reference."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.runtime.bind_inputs import Binding, flatten_inputs, flatten_weights, make_binding
from qmlc.runtime.check_memory import SMALL, check_memory, states_bytes
from qmlc.runtime.reference import COPIES, Reference
from qmlc.runtime.unusual import unusual_context, unusual_tensors

EAGER_QUBITS = 12
"""Circuits of so many qubits are prepared when made, wider ones when first called."""

VARIABLE = "QMLC_ENGINE"
"""The environment variable that is `reference` where the native engine is not to be used."""

MAX_CALLS = 64
"""For how many shapes of tensors it is remembered how they are run."""


@dataclass(frozen=True, eq=False)
class Call:
    """How a circuit is run for tensors of certain shapes, dtypes and devices."""

    binding: Binding
    native: Any
    """The `NativeCircuit`, or why the reference runs."""
    layout: Any = None
    """Where the native engine takes the tensors as they are: how."""
    needed: int = 0
    """Bytes that the native engine takes, where gradients are wanted."""


class Engines:
    """What runs a circuit, made when first needed and then kept."""

    def __init__(self, circuit: Circuit) -> None:
        self.reference = Reference(circuit)
        self._circuit = circuit
        self._natives: dict[torch.dtype, Any] = {}
        self._calls: dict[Any, Call] = {}
        self._last: tuple[Call, str] | None = None

    def run(
        self, weights: Sequence[Tensor], inputs: Sequence[Tensor], training: bool
    ) -> list[Tensor]:
        """Each result `[*batch, *shape]`.

        There must be a weight. ValueError for inputs whose shapes are not those declared, and where
        the computation does not fit in memory.
        """
        if torch.compiler.is_compiling():
            return self._trace(weights, inputs, training)
        call = self._call(weights, inputs)
        binding, why = call.binding, self._exception(call, training)
        self._last = call, why
        if call.needed > SMALL and not why:
            self._check(call, (*weights, *inputs))
        if not why and call.layout is not None:
            found: list[Tensor] = call.native.run_results(call.layout, *inputs, *weights)
            return found
        parameters = flatten_weights(weights, binding)
        rows = flatten_inputs(self._circuit, inputs, binding, parameters)
        # autocast would round angles and observables to half precision
        with torch.autocast(binding.device.type, enabled=False):
            if why:
                results = self.reference.run(rows, parameters, training)
            else:
                results = call.native.run_flat(rows, parameters)
        return [_shape(result, binding) for result in results]

    def run_many(
        self, sets: Sequence[Sequence[Tensor]], inputs: Sequence[Tensor], training: bool
    ) -> Tensor | None:
        """The one result `[sets, *batch, *shape]`, for weights of several modules of this circuit.

        Inputs are `[sets, *batch, *shape]`. None where the modules have to be called one by one.
        """
        weights = [weight for own in sets for weight in own]
        if not weights or not inputs or unusual_tensors((*inputs, *weights)):
            return None
        dtype = weights[0].dtype
        if not all([tensor.dtype == dtype for tensor in weights]):
            return None
        with torch.no_grad():
            call = self._call(sets[0], [tensor[0] for tensor in inputs])
        if self._exception(call, training) or call.needed * len(sets) > SMALL:
            return None
        if call.layout is None or call.layout.batch is not None:
            return None
        # what follows from it is the native engine's alone
        from qmlc.runtime.native.run_many import run_many

        return run_many(call.native, call.layout, inputs, weights)

    def _trace(
        self, weights: Sequence[Tensor], inputs: Sequence[Tensor], training: bool
    ) -> list[Tensor]:
        """The same for torch.compile, which follows each operation but the native engine's."""
        binding = make_binding(self._circuit, weights, inputs)
        parameters = flatten_weights(weights, binding)
        rows = flatten_inputs(self._circuit, inputs, binding, parameters)
        self._make(binding.precision)
        native = self._natives[binding.precision]
        with torch.autocast(binding.device.type, enabled=False):
            if (
                isinstance(native, str)
                or binding.device.type != "cpu"
                or (training and self.reference.imitates)
            ):
                results = self.reference.run(rows, parameters, training)
            else:
                results = native.run_flat(rows, parameters)
        return [_shape(result, binding) for result in results]

    def prepare(self, like: Tensor) -> None:
        """Make what a call with weights like this one needs: errors come early, calls run fast."""
        if self._circuit.num_qubits <= EAGER_QUBITS:
            precision = torch.promote_types(like.dtype, torch.float32)
            if like.device.type != "cpu" or isinstance(self._native(precision), str):
                self.reference.prepare(precision, like.device, 1, False)

    def refuse_native(self, why: str) -> None:
        """From now on the reference runs all calls, for a reason."""
        self._natives = {torch.float32: why, torch.float64: why}
        self._calls.clear()

    def clear(self) -> None:
        """Forget what lies on devices, and how calls were run."""
        self.reference.clear()
        self._calls.clear()
        self._last = None

    def describe(self, like: Tensor, training: bool) -> str:
        """See `CircuitModule.engine`; before there was a call, for one with tensors like this."""
        if self._last is not None:
            call, why = self._last
            native, samples = call.native, call.binding.samples
        else:
            native = self._native(torch.promote_types(like.dtype, torch.float32))
            call = Call(Binding((), 1, like.dtype, like.dtype, like.device), native)
            why = unusual_tensors([like]) or self._exception(call, training)
            samples = 1
        return f"reference: {why}" if why else f"native: {native.describe(samples)}"

    def memory(self, like: Tensor, samples: int) -> int:
        """See `CircuitModule.memory`."""
        precision = torch.promote_types(like.dtype, torch.float32)
        native = unusual_tensors([like]) or self._native(precision)
        if isinstance(native, str):
            return COPIES * states_bytes(self._circuit.num_qubits, samples, precision)
        return int(native.memory(samples, True))

    def _exception(self, call: Call, training: bool) -> str:
        """Why the reference runs a call; "" where the native engine does."""
        if isinstance(call.native, str):
            return call.native
        imitated = self.reference.imitates if training else ""
        return f"{imitated} is simulated" if imitated else unusual_context()

    def _call(self, weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> Call:
        """How tensors like these are run, worked out once."""
        key = tuple([(type(t), t.shape, t.dtype, t.device, t.layout) for t in (*weights, *inputs)])
        call = self._calls.get(key)
        if call is None:
            if len(self._calls) >= MAX_CALLS:
                self._calls.clear()
            call = self._calls[key] = self._plan_call(weights, inputs)
        return call

    def _plan_call(self, weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> Call:
        binding = make_binding(self._circuit, weights, inputs)
        why = unusual_tensors((*weights, *inputs))
        if not binding.samples:
            why = why or "the batch is empty"
        native = why or self._native(binding.precision)
        if isinstance(native, str):
            return Call(binding, native)
        layout = native.layout(binding, weights, inputs)
        return Call(binding, native, layout, native.memory(binding.samples, True))

    def _check(self, call: Call, tensors: Sequence[Tensor]) -> None:
        """Refuse what does not fit; without gradients less is kept."""
        keep = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
        samples, device = call.binding.samples, call.binding.device
        needed = call.needed if keep else call.native.memory(samples, False)
        check_memory(self._circuit.name, self._circuit.num_qubits, samples, needed, device)

    def _native(self, precision: torch.dtype) -> Any:
        """The `NativeCircuit`, or why there is none; ValueError where not even one state fits."""
        if precision not in self._natives:
            self._natives[precision] = make_native(self._circuit, precision)
        return self._natives[precision]

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def _make(self, precision: torch.dtype) -> None:
        """Make the native circuit while torch.compile traces, out of its sight."""
        self._native(precision)

    def __getstate__(self) -> dict[str, Any]:
        # made again on arrival
        return {**self.__dict__, "_natives": {}, "_calls": {}, "_last": None}


def make_native(circuit: Circuit, precision: torch.dtype = torch.float32) -> Any:
    """The `NativeCircuit`, or why there is none; ValueError for what no engine can run."""
    chosen = os.environ.get(VARIABLE, "native")
    if chosen not in ("native", "reference"):
        raise ValueError(f"{VARIABLE} is `{chosen}`: it must be `native` or `reference`")
    if chosen == "reference":
        return f"{VARIABLE} says so"
    if importlib.util.find_spec("llvmlite") is None:
        return "llvmlite is not installed"
    # compiles by a package that not every machine has
    from qmlc.runtime.native.native_circuit import native_circuit

    return native_circuit(circuit, precision)


def _shape(result: Tensor, binding: Binding) -> Tensor:
    """`result` for the whole batch, in the caller's precision where that is less than float32."""
    shape = result.shape[1:]
    shaped = result.expand((binding.samples, *shape)).reshape((*binding.batch, *shape))
    lower = result.is_floating_point() and binding.dtype != binding.precision
    return shaped.to(binding.dtype) if lower else shaped
