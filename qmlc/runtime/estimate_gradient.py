"""Gradients from values of a circuit alone, as a device would find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from qmlc.ir.circuit import Circuit
from qmlc.runtime.bind_inputs import flatten_inputs, flatten_weights, make_binding
from qmlc.runtime.engines import Engines
from qmlc.runtime.evaluate_expressions import evaluate_expressions
from qmlc.runtime.open_angles import check_shiftable, open_angles
from qmlc.runtime.plan import place_plan
from qmlc.runtime.plan_circuit import symbol_positions

Probe = tuple[Tensor, Tensor, Tensor]
"""A direction `[..., angles]`, how far to go along it, and what each difference weighs."""


class NoEstimate(ValueError):
    """A gradient is asked for that values of the circuit do not tell."""


class GradientEstimator:
    """Runs a circuit so that its gradients are found from its values.

    By `parameter_shift` they are exact where values are: for each angle, two values for each
    frequency of its gate. By `spsa` they are right in the mean over random `directions`, in each of
    which two values are taken `step` away (Spall 1992). Both change angles, and go on from there to
    inputs and parameters by the chain rule. ValueError for results without shift rules.
    """

    def __init__(self, circuit: Circuit, method: str, step: float = 0.1, directions: int = 1):
        self.opened = open_angles(circuit)
        self.engines = Engines(self.opened.circuit)
        self._circuit, self._method = circuit, method
        self._step, self._directions = step, directions
        positions = symbol_positions((*circuit.inputs, *circuit.parameters))
        self._columns = [positions[symbol] for symbol in self.opened.angles.symbols]
        if method == "parameter_shift":
            check_shiftable([result.kind for result in circuit.results])
            why = next((rule for rule in self.opened.rules if isinstance(rule, str)), None)
            if why is not None:
                raise ValueError(why)

    def run(
        self, weights: Sequence[Tensor], inputs: Sequence[Tensor], training: bool
    ) -> list[Tensor]:
        """Each result `[*batch, *shape]`, as `Engines.run` yields them."""
        given = (*inputs, *weights[: len(self._circuit.parameters)])
        variables = (*self._circuit.inputs, *self._circuit.parameters)
        learning = {v.name for v, t in zip(variables, given, strict=True) if t.requires_grad}
        if torch.is_grad_enabled() and learning & self.opened.fixed:
            wanted = ", ".join(f"`{name}`" for name in sorted(learning & self.opened.fixed))
            raise NoEstimate(
                f"the gradient by {wanted} is not found by `{self._method}`: a state is prepared"
                " from it, or it weighs terms of an evolution that do not commute"
            )
        # autocast would round angles to half precision
        with torch.autocast(weights[0].device.type, enabled=False):
            angles = self._angles(weights, inputs)
            fixed = [tensor.detach() for tensor in given]
            like = angles.detach().new_empty(0)

            def values(angles: Tensor) -> tuple[Tensor, ...]:
                return tuple(self.engines.run([like], [*fixed, angles], training))

            moved = torch.tensor([bool(own & learning) for own in self.opened.names])
            probes = partial(self._probes, moved.to(angles.device))
            return list(_estimate(angles, values, probes))

    def _angles(self, weights: Sequence[Tensor], inputs: Sequence[Tensor]) -> Tensor:
        """The angles for each example, `[*batch, angles]`."""
        binding = make_binding(self._circuit, weights, inputs)
        parameters = flatten_weights(weights, binding)
        rows = flatten_inputs(self._circuit, inputs, binding, parameters)
        symbols = torch.cat([rows, parameters.expand(len(rows), -1)], 1)[:, self._columns].T
        expressions = place_plan(self.opened.angles, symbols.dtype, symbols.device)
        return evaluate_expressions(expressions, symbols).T.reshape(*binding.batch, -1)

    def _probes(self, moved: Tensor, angles: Tensor) -> Iterator[Probe]:
        """Where values are to be taken, for the angles that are `moved`."""
        if self._method == "spsa":
            far = angles.new_tensor([self._step])
            for _ in range(self._directions):
                signs = torch.randint_like(angles, 2) * 2 - 1
                yield signs * moved, far, 0.5 / (far * self._directions)
            return
        for number in moved.nonzero()[:, 0].tolist():
            rule = self.opened.rules[number]
            if rule:
                direction = torch.zeros_like(angles)
                direction[..., number] = 1
                shifts, weights = angles.new_tensor(rule).T
                yield direction, shifts, weights


class _Estimate(torch.autograd.Function):
    """Values of a circuit, with the slopes along some directions for their gradient."""

    @staticmethod
    def forward(
        ctx: Any,
        angles: Tensor,
        values: Callable[[Tensor], tuple[Tensor, ...]],
        probes: Callable[[Tensor], Iterator[Probe]],
    ) -> tuple[Tensor, ...]:
        ctx.save_for_backward(angles)
        ctx.values, ctx.probes = values, probes
        results = values(angles)
        ctx.mark_non_differentiable(*[r for r in results if not r.is_floating_point()])
        return results

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (angles,) = ctx.saved_tensors
        total = torch.zeros_like(angles)
        for direction, shifts, weights in ctx.probes(angles):
            steps = torch.cat([shifts, -shifts]).reshape(-1, *[1] * angles.dim())
            signed = torch.cat([weights, -weights])
            slope = angles.new_zeros(angles.shape[:-1])
            for result, gradient in zip(
                ctx.values(angles + steps * direction), gradients, strict=True
            ):
                if result.is_floating_point():
                    rise = torch.tensordot(signed.to(result), result, 1) * gradient
                    slope = slope + rise.reshape(*slope.shape, -1).sum(-1)
            total = total + slope[..., None] * direction
        return total, None, None


_estimate: Callable[..., tuple[Tensor, ...]] = _Estimate.apply
