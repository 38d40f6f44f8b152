"""Train circuits as a device would run them, where a block says so."""

from __future__ import annotations

from typing import Any

from torch import nn

from qmlc.ops.optimizers import GRADIENTS
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.runtime.kernel_module import KernelModule
from qmlc.training.construct import bind_call, find_row
from qmlc.training.errors import DataError
from qmlc.training.read_options import Plan


def imitate_device(module: nn.Module, plan: Plan) -> None:
    """Nothing; the circuits in `module` find gradients, make errors and are measured as planned.

    In training mode alone. DataError E0706 where one of them cannot.
    """
    arguments = gradient_arguments(plan)
    exact = plan.gradient.function == "adjoint"
    if exact and plan.noise is None and plan.shots is None:
        return
    how = "with shots" if plan.shots is not None else f"by {plan.gradient.function}"
    how = how if plan.noise is None else f"under the noise of {plan.noise}"
    for name, circuit in module.named_modules():
        if isinstance(circuit, KernelModule):
            raise DataError("E0706", f"the kernel `{name}` is not trained {how} yet")
        if isinstance(circuit, CircuitModule):
            try:
                if not exact:
                    circuit.estimate_gradients(plan.gradient.function, **arguments)
                circuit.simulate_noise(plan.noise)
                circuit.simulate_shots(plan.shots)
            except ValueError as error:
                what = f"`{name}` cannot be trained {how}: {error}"
                raise DataError("E0706", what) from error


def gradient_arguments(plan: Plan) -> dict[str, Any]:
    """The settings of the way in which gradients are found, by name; DataError E0706."""
    row = find_row(plan.gradient, GRADIENTS, "gradient")
    return bind_call(plan.gradient, row.parameters)
