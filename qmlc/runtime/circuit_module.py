"""`CircuitModule`: a quantum circuit as a torch module."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from qmlc.ir.circuit import Circuit, Distribution
from qmlc.runtime.bind_inputs import bind_inputs, declared_text
from qmlc.runtime.engines import Engines
from qmlc.runtime.estimate_gradient import GradientEstimator
from qmlc.runtime.initialise import initialise
from qmlc.runtime.module import Module
from qmlc.targets.read_target import read_target


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

    @classmethod
    def from_circuit(cls, circuit: Circuit) -> Self:
        """A module that computes `circuit`."""
        module = cls.__new__(cls)
        nn.Module.__init__(module)
        module._adopt(circuit)
        return module

    def _adopt(self, circuit: Circuit) -> None:
        self.circuit_ir = circuit
        # remembers precision and device where there are no parameters
        self.register_buffer("_like", torch.empty(0), persistent=False)
        self._names = [variable.name for variable in circuit.parameters]
        for variable in circuit.parameters:
            # not register_parameter: it refuses names that are methods (`half`), which are the
            # author's to use
            self._parameters[variable.name] = nn.Parameter(torch.empty(variable.shape))
        self._engines = Engines(circuit)
        self._estimator: GradientEstimator | None = None
        self._record = _record_type(circuit)
        self.reset_parameters()
        self._engines.prepare((self._weights() or [self._like])[0])

    def _weights(self) -> list[Tensor]:
        """The parameters in the order of the circuit."""
        own: Any = self._parameters
        return [own[name] for name in self._names]

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
        weights = self._weights() or [self._like]
        tensors = bind_inputs(self.circuit_ir, inputs, named, weights[0])
        runner = self._estimator if self.training and self._estimator else self._engines
        results = runner.run(weights, tensors, self.training)
        return results[0] if self._record is None else self._record(*results)

    @property
    def engine(self) -> str:
        """Which engine ran the last call and how, or why the native one did not.

        Before the first call in this precision and on this device: what will run one.
        """
        return self._engines.describe((self._weights() or [self._like])[0], self.training)

    def memory(self, samples: int = 1) -> int:
        """Bytes in which a call for so many samples works, states kept for gradients included.

        For the reference: without gradients, for which it keeps what each step needs. ValueError
        where kernels would run it and not even one state fits.
        """
        return self._engines.memory((self._weights() or [self._like])[0], samples)

    def run_plainly(self, why: str) -> None:
        """From now on compute with torch's own operations alone, for a reason to be told."""
        self._engines.refuse_native(why)
        self._engines.prepare((self._weights() or [self._like])[0])

    def simulate_noise(self, target: str | None) -> None:
        """From now on compute under the noise of a device (`ibm:torino`) in training mode.

        The circuit is compiled for the device, and simulated with density matrices; evaluation
        mode stays without noise, and None ends it. ValueError for a device that is not known or
        has no figures of noise, and for what it cannot run.
        """
        for engines in self._all_engines():
            engines.clear()
            engines.reference.simulate_noise(target)

    def simulate_shots(self, shots: int | None) -> None:
        """From now on measure results so many times in training mode.

        What is drawn is the mean of `shots` measurements, of a noisy device's where noise is
        simulated; its gradient is that of the exact result, unless gradients are estimated.
        Evaluation mode stays exact, and None ends it. ValueError for results that no measurement
        yields.
        """
        for engines in self._all_engines():
            engines.clear()
            engines.reference.simulate_shots(shots)

    def estimate_gradients(self, method: str | None, **settings: Any) -> None:
        """From now on find gradients from values in training mode, as a device has to.

        By `parameter_shift` or `spsa` (`step`, `directions`): see `GradientEstimator`. None ends
        it. What a device does wrong is to be simulated after this. ValueError for circuits of
        which values do not tell them.
        """
        circuit = self.circuit_ir
        self._estimator = None if method is None else GradientEstimator(circuit, method, **settings)

    def _all_engines(self) -> list[Engines]:
        return [self._engines, *([self._estimator.engines] if self._estimator else [])]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for engines in self._all_engines():
            engines.clear()
        self._engines.prepare((self._weights() or [self._like])[0])
        return self

    def __getstate__(self) -> dict[str, Any]:
        # made again on arrival: a local named tuple cannot be pickled
        return {**self.__dict__, "_record": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._record = _record_type(self.circuit_ir)

    def extra_repr(self) -> str:
        """What `print` shows."""
        circuit = self.circuit_ir
        inputs = ", ".join(f"{v.name}: {declared_text(v, '...')}" for v in circuit.inputs)
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
        dialect: str | None = None,
        target: str | None = None,
        bind: bool = False,
        inputs: Mapping[str, Any] | None = None,
        level: int = 3,
    ) -> str:
        """The circuit as OpenQASM 3, or in another `dialect` (`openqasm2`, `braket`).

        Parameters and inputs are `input float[64]`s; with `bind` the parameters are the module's
        numbers, and `inputs` gives numbers for inputs by name. For a `target` (`ibm:torino`), the
        circuit in the device's own gates and dialect. ValueError for what cannot be written so.
        """
        # qiskit takes seconds to import, and running a model does not need it
        from qmlc.backends.qasm.emit_openqasm import emit_openqasm

        device = read_target(target) if target is not None else None
        values = self._known_values(bind, inputs)
        return emit_openqasm(self.circuit_ir, dialect, values, device, level=level)

    def device_templates(self, target: str, level: int = 3) -> Any:
        """The circuit compiled for a target once, to be given numbers many times.

        A `DeviceTemplate` for each group of measurements: `text(values)` is its OpenQASM with
        numbers for inputs and parameters by name (`parameter_values()`), `circuit(values)` the same
        in qiskit, `angles(values)` the numbers alone. ValueError for what the target cannot run.
        """
        from qmlc.backends.qasm.device_template import device_templates

        return device_templates(self.circuit_ir, read_target(target), level=level)

    def to_qiskit(self, bind: bool = False, inputs: Mapping[str, Any] | None = None) -> Any:
        """The circuit as a qiskit QuantumCircuit; see `qasm` for the arguments."""
        from qmlc.backends.qasm.build_qiskit import to_qiskit

        return to_qiskit(self.circuit_ir, self._known_values(bind, inputs))

    def draw(self, output: str = "text", bind: bool = False, **options: Any) -> Any:
        """A drawing of the circuit, by qiskit: `text`, `mpl` or `latex`."""
        return self.to_qiskit(bind).draw(output=output, **options)

    def _known_values(self, bind: bool, inputs: Mapping[str, Any] | None) -> dict[str, Any]:
        return {**(self.parameter_values() if bind else {}), **(inputs or {})}


def _record_type(circuit: Circuit) -> Any:
    """The named tuple of a circuit's results, or None where there is one without a name."""
    results = circuit.results
    if len(results) == 1 and not results[0].name:
        return None
    fields = [result.name or f"result_{i}" for i, result in enumerate(results)]
    return namedtuple(f"{circuit.name}_results", fields, rename=True)
