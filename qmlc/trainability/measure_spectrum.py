"""The Fourier coefficients of a circuit as a function of each of its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial, reduce
from itertools import product

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit, Variable
from qmlc.runtime.circuit_module import CircuitModule
from qmlc.trainability.draw_angles import CIRCLE, affordable, draw_circle, open_circuit, whole_state
from qmlc.trainability.find_frequencies import find_frequencies
from qmlc.types.polynomial import Symbol

MOST_AMPLITUDES = 2**21
"""Of the states of all samples together."""
MOST_POINTS = 1025
"""Along one input."""
MOST_INPUTS = 16
"""Elements of inputs that are looked at, the first ones."""
KERNEL_ROWS = 16
"""States with which those of a kernel are compared."""
COARSEST = 64
"""Frequencies are multiples of a fraction, of at most this denominator, of the least of them."""

Function = Callable[..., Tensor]


@dataclass(frozen=True)
class Spectrum:
    """What frequencies a circuit has in an element of an input, the others being random.

    `sizes` are the root mean squares of the coefficients of exp(i frequency x), over random other
    inputs and parameters and over what is returned; that of a negative frequency is the same.
    Where there is no Fourier series, or no period that is short enough, `why` says so.
    """

    input: str
    frequencies: tuple[float, ...] = ()
    sizes: tuple[float, ...] = ()
    why: str = ""


def measure_spectra(circuit: Circuit, samples: int) -> tuple[Spectrum, ...]:
    """The spectrum in each element of each input, the first sixteen of them."""
    compute = _function(circuit)
    return tuple(
        _measure(circuit, compute, variable, index, samples)
        for variable, index in list(_elements(circuit.inputs))[:MOST_INPUTS]
    )


def _function(circuit: Circuit) -> Function | None:
    """What computes all that a circuit returns, `[..., numbers]`; None where that is drawn.

    Where that is the state, as in kernels, the overlaps with some others.
    """
    kinds = {result.kind for result in circuit.results}
    if kinds & {"counts", "sample"}:
        return None
    if "state" in kinds:
        states = partial(_call, open_circuit(circuit, whole_state(circuit)))
        others = states(*draw_circle((*circuit.inputs, *circuit.parameters), KERNEL_ROWS))
        return lambda *inputs: (states(*inputs) @ others.mH).abs().square()
    return partial(_call, open_circuit(circuit))


def _call(module: CircuitModule, *inputs: Tensor) -> Tensor:
    """The results of a circuit, each as one row of numbers, side by side."""
    with torch.no_grad():
        found = module(*inputs)
    leading = torch.broadcast_shapes(  # type: ignore[no-untyped-call]
        *(
            tensor.shape[: tensor.dim() - len(variable.shape)]
            for tensor, variable in zip(inputs, module.circuit_ir.inputs, strict=True)
        )
    )
    parts = (found,) if isinstance(found, Tensor) else found
    return torch.cat([part.reshape(*leading, -1) for part in parts], -1)


def _elements(variables: Sequence[Variable]) -> Iterator[tuple[Variable, tuple[int, ...]]]:
    for variable in variables:
        for index in product(*map(range, variable.shape)):
            yield variable, index


def _measure(
    circuit: Circuit,
    compute: Function | None,
    variable: Variable,
    index: tuple[int, ...],
    samples: int,
) -> Spectrum:
    symbol = Symbol(variable.name, index)
    frequencies: tuple[float, ...] = ()
    try:
        frequencies = find_frequencies(circuit, symbol)
        if compute is None:
            raise ValueError("what is returned is drawn at random")
        unit = common_unit(frequencies)
        multiples = [round(frequency / unit) for frequency in frequencies]
        points = 2 * multiples[-1] + 1
        if points > MOST_POINTS:
            raise ValueError("its period is too long to be sampled")
        draws = max(1, affordable(samples, circuit.num_qubits, MOST_AMPLITUDES) // points)
    except ValueError as error:
        return Spectrum(str(symbol), frequencies, why=str(error))
    grid = torch.arange(points, dtype=torch.float64) * (CIRCLE / unit / points)
    tensors = draw_circle((*circuit.inputs, *circuit.parameters), draws, 1)
    place = [v.name for v in circuit.inputs].index(variable.name)
    moved = tensors[place].repeat(1, points, *(1,) * len(variable.shape))
    where: tuple[slice | int, ...] = (slice(None), slice(None), *index)
    moved[where] = grid
    tensors[place] = moved
    coefficients = torch.fft.fft(compute(*tensors), dim=1, norm="forward")
    sizes = coefficients.abs().square().mean(dim=(0, 2)).sqrt()
    return Spectrum(str(symbol), frequencies, tuple(sizes[multiples].tolist()))


def common_unit(frequencies: Sequence[float]) -> float:
    """The greatest number of which all `frequencies` are multiples; ValueError where none is."""
    least = next((f for f in frequencies if f), 1.0)
    ratios = [Fraction(f / least).limit_denominator(COARSEST) for f in frequencies]
    if any(abs(ratio * least - f) > 1e-6 for ratio, f in zip(ratios, frequencies, strict=True)):
        raise ValueError("its frequencies have no common measure")
    return least / reduce(math.lcm, (ratio.denominator for ratio in ratios))
