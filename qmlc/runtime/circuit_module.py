"""`CircuitModule`: a quantum circuit as a torch module."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from qmlc.ir.circuit import Circuit, Distribution
from qmlc.runtime.bind_inputs import (
    Binding,
    bind_inputs,
    declared_text,
    flatten_inputs,
    flatten_weights,
    make_binding,
)
from qmlc.runtime.check_memory import check_memory
from qmlc.runtime.initialise import initialise
from qmlc.runtime.measure_shots import measure_shots
from qmlc.runtime.module import Module
from qmlc.runtime.plan import Placed, Plan, place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.plan_noise import plan_noise
from qmlc.runtime.plan_shots import ShotPlan, plan_shots
from qmlc.runtime.run_plan import run_plan
from qmlc.targets.read_target import Target, read_target

EAGER_QUBITS = 12
"""Circuits of so many qubits are planned when made, wider ones when first called."""

MAX_BINDINGS = 64
"""For how many shapes of its tensors a module remembers what follows from them."""


class CircuitModule(Module):
    """A circuit whose parameters are the module's, by the author's names.

    Called with tensors that have more leading dimensions than declared, it maps over them; those
    of several inputs broadcast together. It computes in the precision to which its parameters
    (without any, the module itself: `.double()`) and its floating-point inputs promote, at least
    in float32; whole numbers are converted.
    """

    circuit_ir: Circuit
    """The circuit for one example."""

    _like: Tensor

    @staticmethod
    def circuit() -> Circuit:
        """The circuit; subclasses say which."""
        raise NotImplementedError("a subclass of CircuitModule returns its circuit here")

    def __init__(self) -> None:
        super().__init__()
        self._adopt(type(self).circuit())

    @staticmethod
    def from_circuit(circuit: Circuit) -> CircuitModule:
        """A module that computes `circuit`."""
        module = CircuitModule.__new__(CircuitModule)
        nn.Module.__init__(module)
        module._adopt(circuit)
        return module

    def _adopt(self, circuit: Circuit) -> None:
        self.circuit_ir = circuit
        # remembers precision and device where there are no parameters
        self.register_buffer("_like", torch.empty(0), persistent=False)
        for variable in circuit.parameters:
            # not register_parameter: it refuses names that are methods (`half`), which are the
            # author's to use
            self._parameters[variable.name] = nn.Parameter(torch.empty(variable.shape))
        self._device: Target | None = None
        self._shots: ShotPlan | None = None
        self._plans: dict[bool, Plan] = {}
        self._placed: dict[tuple[str, torch.dtype, torch.device], Any] = {}
        self._bindings: dict[Any, Binding] = {}
        self._record = _record_type(circuit)
        self.reset_parameters()
        self._prepare()

    def _weights(self) -> list[Tensor]:
        """The parameters in the order of the circuit."""
        found = (self._parameters[variable.name] for variable in self.circuit_ir.parameters)
        return [parameter for parameter in found if parameter is not None]

    def reset_parameters(self) -> None:
        """Draw all parameters anew from their distributions."""
        for variable, weight in zip(self.circuit_ir.parameters, self._weights(), strict=True):
            start = variable.distribution or Distribution("zeros")
            try:
                initialise(weight, start.name, *start.arguments)
            except ValueError as error:
                name = f"{self.circuit_ir.name}.{variable.name}"
                raise ValueError(f"{name}: {error}") from error

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The results `[...batch, *shape]`; a named tuple where there are several, or named ones.

        ValueError for inputs whose shapes are not those declared, in the author's names.
        """
        circuit, weights = self.circuit_ir, self._weights() or [self._like]
        tensors = bind_inputs(circuit, inputs, named, weights[0])
        binding = self._binding(weights, tensors)
        parameters = flatten_weights(weights, binding)
        plan = self._plan_for(binding.precision, binding.device, binding.samples)
        rows = flatten_inputs(circuit, tensors, binding, parameters).T
        # autocast would round angles and observables to half precision
        with torch.autocast(binding.device.type, enabled=False):
            results = run_plan(plan, rows, parameters[:, None])
            if self.training and self._shots is not None:
                shots = self._place("shots", self._shots, binding.precision, binding.device)
                results = measure_shots(shots, results, rows, parameters[:, None])
        shaped = [_shape(result, binding) for result in results]
        return shaped[0] if self._record is None else self._record(*shaped)

    def _binding(self, weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> Binding:
        """What follows for tensors like these, worked out once."""
        if torch.compiler.is_compiling():
            return make_binding(self.circuit_ir, weights, inputs)
        key = tuple([(t.shape, t.dtype, t.device) for t in (*weights, *inputs)])
        binding = self._bindings.get(key)
        if binding is None:
            binding = make_binding(self.circuit_ir, weights, inputs)
            if len(self._bindings) >= MAX_BINDINGS:
                self._bindings.clear()
            self._bindings[key] = binding
        return binding

    def simulate_noise(self, target: str | None) -> None:
        """From now on compute under the noise of a device (`ibm:torino`) in training mode.

        The circuit is compiled for the device, and simulated with density matrices; evaluation
        mode stays without noise, and None ends it. ValueError for a device that is not known or
        has no figures of noise, and for what it cannot run.
        """
        self._plans.pop(True, None)
        self._placed.clear()
        self._device = read_target(target) if target is not None else None
        if self._device is not None:
            if not self._device.noise:
                raise ValueError(f"the noise of {target} is not known here")
            self._plans[True] = self._make_plan(self.circuit_ir)
        self.simulate_shots(self._shots.shots if self._shots is not None else None)

    def simulate_shots(self, shots: int | None) -> None:
        """From now on measure results so many times in training mode.

        What is drawn is the mean of `shots` measurements, of a noisy device's where noise is
        simulated; its gradient is that of the exact result. Evaluation mode stays exact, and None
        ends it. ValueError for results that no measurement yields.
        """
        self._shots = None
        self._placed.clear()
        if shots is not None:
            self._shots = plan_shots(self.circuit_ir, shots, self._make_plan)

    def _make_plan(self, circuit: Circuit) -> Plan:
        """The plan of a circuit in training mode."""
        from qmlc.backends.qasm.physical_circuit import physical_circuit

        if self._device is None:
            return plan_circuit(circuit)
        return plan_noise(physical_circuit(circuit, self._device), self._device)

    def _plan_for(self, dtype: torch.dtype, device: torch.device, samples: int) -> Plan:
        """The plan on a device; made when first needed, as its tables can be large."""
        circuit, noisy = self.circuit_ir, self.training and self._device is not None
        item = 16 if dtype == torch.float64 else 8
        if noisy not in self._plans:
            check_memory(circuit.name, circuit.num_qubits, samples, item, device)
            self._plans[noisy] = plan_circuit(circuit)
        plan = self._plans[noisy]
        check_memory(circuit.name, plan.num_qubits, samples * plan.branches, item, device)
        return self._place("noisy" if noisy else "exact", plan, dtype, device)

    def _place(self, name: str, plan: Placed, dtype: torch.dtype, device: torch.device) -> Placed:
        """The plan on a device, kept for the next call."""
        key = (name, dtype, device)
        if key not in self._placed:
            self._placed[key] = place_plan(plan, dtype, device)
        placed: Placed = self._placed[key]
        return placed

    def _prepare(self) -> None:
        """Plan small circuits now, so that torch.compile meets ready tables."""
        if self.circuit_ir.num_qubits <= EAGER_QUBITS:
            like = (self._weights() or [self._like])[0]
            self._plan_for(torch.promote_types(like.dtype, torch.float32), like.device, 1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._placed.clear()
        self._prepare()
        return self

    def __getstate__(self) -> dict[str, Any]:
        # made again on arrival: tables are large, and a local named tuple cannot be pickled
        return {**self.__dict__, "_placed": {}, "_bindings": {}, "_record": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._record = _record_type(self.circuit_ir)

    def extra_repr(self) -> str:
        """What `print` shows."""
        circuit = self.circuit_ir
        inputs = ", ".join(f"{v.name}: {declared_text(v)}" for v in circuit.inputs)
        return f"({inputs}), qubits={circuit.num_qubits}"

    def parameter_values(self) -> dict[str, Any]:
        """The parameters now, as nested lists by name."""
        names = (variable.name for variable in self.circuit_ir.parameters)
        return {
            name: weight.detach().cpu().tolist()
            for name, weight in zip(names, self._weights(), strict=True)
        }

    def qasm(
        self,
        version: int = 3,
        target: str | None = None,
        bind: bool = False,
        inputs: Mapping[str, Any] | None = None,
        level: int = 3,
    ) -> str:
        """The circuit as OpenQASM 3 or 2.

        Parameters and inputs are `input float[64]`s; with `bind` the parameters are the module's
        numbers, and `inputs` gives numbers for inputs by name. For a `target` (`ibm:torino`), the
        circuit in the device's own gates. ValueError for what cannot be written so.
        """
        # qiskit takes seconds to import, and running a model does not need it
        from qmlc.backends.qasm.emit_openqasm import emit_openqasm

        device = read_target(target) if target is not None else None
        values = self._known_values(bind, inputs)
        return emit_openqasm(self.circuit_ir, version, values, device, level=level)

    def to_qiskit(self, bind: bool = False, inputs: Mapping[str, Any] | None = None) -> Any:
        """The circuit as a qiskit QuantumCircuit; see `qasm` for the arguments."""
        from qmlc.backends.qasm.build_qiskit import to_qiskit

        return to_qiskit(self.circuit_ir, self._known_values(bind, inputs))

    def draw(self, output: str = "text", bind: bool = False, **options: Any) -> Any:
        """A drawing of the circuit, by qiskit: `text`, `mpl` or `latex`."""
        return self.to_qiskit(bind).draw(output=output, **options)

    def _known_values(self, bind: bool, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**(self.parameter_values() if bind else {}), **(inputs or {})}


def _shape(result: Tensor, binding: Binding) -> Tensor:
    """`result` for the whole batch, in the caller's precision where that is less than float32."""
    shape = result.shape[1:]
    shaped = result.expand((binding.samples, *shape)).reshape((*binding.batch, *shape))
    lower = result.is_floating_point() and binding.dtype != binding.precision
    return shaped.to(binding.dtype) if lower else shaped


def _record_type(circuit: Circuit) -> Any:
    """The named tuple of a circuit's results, or None where there is one without a name."""
    results = circuit.results
    if len(results) == 1 and not results[0].name:
        return None
    fields = [result.name or f"result_{i}" for i, result in enumerate(results)]
    return namedtuple(f"{circuit.name}_results", fields, rename=True)
