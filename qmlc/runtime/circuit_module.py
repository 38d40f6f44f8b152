"""`CircuitModule`: a quantum circuit as a torch module."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

from qmlc.ir.circuit import Circuit, Distribution, Variable
from qmlc.runtime.check_memory import check_memory
from qmlc.runtime.check_shapes import shape_text
from qmlc.runtime.initialise import initialise
from qmlc.runtime.module import Module
from qmlc.runtime.plan import Plan, place_plan
from qmlc.runtime.plan_circuit import plan_circuit
from qmlc.runtime.run_plan import run_plan

EAGER_QUBITS = 12
"""Circuits of so many qubits are planned when made, wider ones when first called."""


class CircuitModule(Module):
    """A circuit whose parameters are the module's, by the author's names.

    Called with tensors that have more leading dimensions than declared it maps over them; those of
    several inputs broadcast together. It computes in the precision to which its parameters (or,
    without any, the module: `.double()`) and its floating-point inputs promote, at least float32;
    whole numbers are converted.
    """

    circuit_ir: Circuit
    """The circuit for one example."""

    @staticmethod
    def circuit() -> Circuit:
        """The circuit; subclasses say which."""
        raise NotImplementedError("a subclass of CircuitModule returns its circuit here")

    def __init__(self) -> None:
        super().__init__()
        self._adopt(type(self).circuit())

    @classmethod
    def from_circuit(cls, circuit: Circuit) -> CircuitModule:
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
        self._plan: Plan | None = None
        self._placed: dict[tuple[torch.dtype, torch.device], Plan] = {}
        self._record = _record_type(circuit)
        self.reset_parameters()
        self._prepare()

    def reset_parameters(self) -> None:
        """Draw all parameters anew from their distributions."""
        for variable in self.circuit_ir.parameters:
            parameter = self._parameters[variable.name]
            assert parameter is not None
            start = variable.distribution or Distribution("zeros")
            try:
                initialise(parameter, start.name, *start.arguments)
            except ValueError as error:
                name = f"{self.circuit_ir.name}.{variable.name}"
                raise ValueError(f"{name}: {error}") from error

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """The results `[...batch, *shape]`; a named tuple where there are several, or named ones.

        ValueError for inputs whose shapes are not those declared, in the author's names.
        """
        circuit = self.circuit_ir
        tensors = self._bind(inputs, named)
        weights = [self._parameters[variable.name] for variable in circuit.parameters]
        dtype = self._precision(tensors, weights)
        real = torch.promote_types(dtype, torch.float32)
        device = weights[0].device if weights else self._like.device
        batch = self._batch_shape(tensors)
        samples = math.prod(batch)
        plan = self._plan_for(real, device, samples)
        columns = [
            tensor.to(real).expand((*batch, *variable.shape)).reshape(samples, _size(variable))
            for tensor, variable in zip(tensors, circuit.inputs, strict=True)
        ]
        rows = torch.cat(columns, 1).T if columns else torch.empty(
            (0, samples), dtype=real, device=device
        )
        flat = [weight.to(real).reshape(-1, 1) for weight in weights]
        parameters = torch.cat(flat) if flat else self._like.to(real).reshape(0, 1)
        with torch.autocast(device.type, enabled=False):
            results = run_plan(plan, rows, parameters)
        values = [
            self._round(result.expand(samples, *result.shape[1:]), dtype).reshape(
                (*batch, *result.shape[1:])
            )
            for result in results
        ]
        return values[0] if self._record is None else self._record(*values)

    def _bind(self, inputs: tuple[Any, ...], named: Mapping[str, Any]) -> list[Tensor]:
        variables, name = self.circuit_ir.inputs, self.circuit_ir.name
        if len(inputs) > len(variables):
            count = len(variables)
            raise ValueError(f"{name}: {len(inputs)} inputs, but {count} declared")
        values = dict(zip((v.name for v in variables), inputs, strict=False))
        for key, value in named.items():
            if key in values:
                raise ValueError(f"{name}: `{key}` was given twice")
            if all(key != v.name for v in variables):
                raise ValueError(f"{name}: has no input `{key}`")
            values[key] = value
        missing = [v.name for v in variables if v.name not in values]
        if missing:
            raise ValueError(f"{name}: needs `{'`, `'.join(missing)}`")
        tensors = [self._tensor(values[variable.name]) for variable in variables]
        for tensor, variable in zip(tensors, variables, strict=True):
            width = len(variable.shape)
            fits = tensor.shape[max(tensor.dim() - width, 0) :] == variable.shape
            if not fits or tensor.is_complex():
                raise ValueError(
                    f"{name}: `{variable.name}` is {shape_text(tensor)},"
                    f" but {_declared(variable)} is declared"
                )
        return tensors

    def _tensor(self, value: Any) -> Tensor:
        if isinstance(value, Tensor):
            return value
        return torch.as_tensor(value, dtype=self._precision([], None), device=self._like.device)

    def _precision(self, tensors: list[Tensor], weights: list[Tensor] | None) -> torch.dtype:
        given = [self._like.dtype] if not weights else [weight.dtype for weight in weights]
        given += [tensor.dtype for tensor in tensors if tensor.is_floating_point()]
        dtype = given[0]
        for other in given[1:]:
            dtype = torch.promote_types(dtype, other)
        return dtype

    def _batch_shape(self, tensors: list[Tensor]) -> tuple[int, ...]:
        variables = self.circuit_ir.inputs
        leading = [
            tensor.shape[: tensor.dim() - len(variable.shape)]
            for tensor, variable in zip(tensors, variables, strict=True)
        ]
        try:
            return tuple(torch.broadcast_shapes(*leading)) if leading else ()
        except RuntimeError as error:
            shapes = ", ".join(
                f"`{v.name}` is {shape_text(t)}"
                for v, t in zip(variables, tensors, strict=True)
            )
            raise ValueError(
                f"{self.circuit_ir.name}: the leading dimensions do not broadcast: {shapes}"
            ) from error

    def _round(self, result: Tensor, dtype: torch.dtype) -> Tensor:
        """`result` in the caller's precision where that is less than float32."""
        if result.is_complex() or dtype in (torch.float32, torch.float64):
            return result
        return result.to(dtype)

    def _plan_for(self, dtype: torch.dtype, device: torch.device, samples: int) -> Plan:
        name, qubits = self.circuit_ir.name, self.circuit_ir.num_qubits
        item = 16 if dtype == torch.float64 else 8
        branches = 1 if self._plan is None else self._plan.branches
        check_memory(name, qubits, samples * branches, item, device)
        placed = self._placed.get((dtype, device))
        if placed is None:
            if self._plan is None:
                self._plan = plan_circuit(self.circuit_ir)
                return self._plan_for(dtype, device, samples)
            placed = place_plan(self._plan, dtype, device)
            self._placed[dtype, device] = placed
        return placed

    def _prepare(self) -> None:
        """Plan small circuits now, so that torch.compile meets ready tables."""
        if self.circuit_ir.num_qubits <= EAGER_QUBITS:
            weights = [p for p in self._parameters.values() if p is not None]
            like = weights[0] if weights else self._like
            dtype = torch.promote_types(like.dtype, torch.float32)
            self._plan_for(dtype, like.device, 1)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        result = super()._apply(fn, recurse)
        self._placed.clear()
        self._prepare()
        return result

    def __getstate__(self) -> dict[str, Any]:
        # made again on arrival: tables are large, and a local named tuple cannot be pickled
        return {**self.__dict__, "_placed": {}, "_record": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._record = _record_type(self.circuit_ir)

    @property
    def engine(self) -> str:
        """Which engine runs, and why."""
        return "reference: plain torch operations"

    def extra_repr(self) -> str:
        """What `print` shows."""
        circuit = self.circuit_ir
        inputs = ", ".join(f"{v.name}: {_declared(v)}" for v in circuit.inputs)
        return f"({inputs}), qubits={circuit.num_qubits}"

    def parameter_values(self) -> dict[str, Any]:
        """The parameters now, as nested lists by name."""
        return {
            variable.name: self._parameters[variable.name].detach().cpu().tolist()  # type: ignore[union-attr]
            for variable in self.circuit_ir.parameters
        }

    def qasm(
        self, version: int = 3, target: str | None = None, bind: bool = False, **options: Any
    ) -> str:
        """The circuit as OpenQASM; with `bind` the parameters are numbers, not inputs."""
        # qiskit takes seconds to import, and running a model does not need it
        from qmlc.backends.qasm import emit_openqasm

        if target is not None:
            options["target"] = target
        values = self.parameter_values() if bind else None
        return str(emit_openqasm(self.circuit_ir, version=version, values=values, **options))

    def to_qiskit(self, bind: bool = False, **options: Any) -> Any:
        """The circuit as a qiskit QuantumCircuit; with `bind` the parameters are numbers."""
        from qmlc.backends.qasm import to_qiskit

        values = self.parameter_values() if bind else None
        return to_qiskit(self.circuit_ir, values=values, **options)

    def draw(self, output: str = "text", **options: Any) -> Any:
        """A drawing of the circuit, by qiskit: `text`, `mpl` or `latex`."""
        return self.to_qiskit().draw(output=output, **options)


def _record_type(circuit: Circuit) -> Any:
    """The named tuple of a circuit's results, or None where there is one without a name."""
    results = circuit.results
    if len(results) == 1 and not results[0].name:
        return None
    fields = [result.name or f"result_{i}" for i, result in enumerate(results)]
    return namedtuple(f"{circuit.name}_results", fields, rename=True)  # type: ignore[misc]


def _size(variable: Variable) -> int:
    return math.prod(variable.shape)


def _declared(variable: Variable) -> str:
    return f"real[{', '.join(['...', *map(str, variable.shape)])}]"
