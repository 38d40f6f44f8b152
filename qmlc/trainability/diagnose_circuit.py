"""How well a circuit can be trained: all that is measured of it at random parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from qmlc.ir.circuit import Circuit
from qmlc.trainability.measure_gradients import Gradient, measure_gradients, random_variance
from qmlc.trainability.measure_spectrum import Spectrum, measure_spectra
from qmlc.trainability.measure_states import StateFigures, measure_states

SAMPLES = 1000


@dataclass(frozen=True)
class Diagnosis:
    """What was measured of a circuit; `notes` say what could not be, and why."""

    name: str
    qubits: int
    parameters: int
    samples: int
    gradients: tuple[Gradient, ...]
    random_variance: float | None
    """The variance of a gradient in circuits that are as good as random, where it is known."""
    states: StateFigures | None
    spectra: tuple[Spectrum, ...]
    notes: tuple[str, ...] = ()


def diagnose_circuit(
    circuit: Circuit, name: str = "", samples: int = SAMPLES, seed: int = 0
) -> Diagnosis:
    """The gradients, states and spectra of a circuit, over so many draws under a seed.

    The caller's random numbers stay as they were. ValueError where it needs more memory than there
    is.
    """
    notes = []
    gradients: tuple[Gradient, ...] = ()
    states = None
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        try:
            gradients = measure_gradients(circuit, samples)
        except ValueError as error:
            notes.append(f"gradients are not measured: {error}")
        try:
            states = measure_states(circuit, samples)
        except ValueError as error:
            notes.append(f"states are not measured: {error}")
        spectra = measure_spectra(circuit, samples)
    return Diagnosis(
        name or circuit.name,
        circuit.num_qubits,
        sum(math.prod(variable.shape) for variable in circuit.parameters),
        samples,
        gradients,
        random_variance(circuit) if gradients else None,
        states,
        spectra,
        tuple(notes),
    )
