"""How much of the space of states a circuit reaches, and how entangled they are.

S. Sim, P. D. Johnson and A. Aspuru-Guzik, "Expressibility and entangling capability of
parameterized quantum circuits for hybrid quantum-classical algorithms", Advanced Quantum
Technologies 2, 1900070 (2019).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.trainability.draw_angles import affordable, draw_circle, open_circuit, whole_state

BINS = 75
"""Of fidelities between 0 and 1, as in the paper."""
GROUPS = 8
"""Of states that share their inputs: the parameters alone are to make a difference."""
MOST_AMPLITUDES = 2**21
"""Of all states together: 32 MB."""


@dataclass(frozen=True)
class Figure:
    """What was found of a circuit's states, and of random ones."""

    value: float
    random: float


@dataclass(frozen=True)
class StateFigures:
    """How far the states of a circuit are from random ones, and how entangled."""

    expressibility: Figure
    """The divergence of the distribution of fidelities from that of random states, in nats; 0 for
    states that are as good as random. Samples are few, so that as many random states, measured
    alike, have more than 0."""
    entanglement: Figure
    """The mean of Meyer and Wallach's Q: 0 for product states, 1 for most entangled ones."""
    spread: float
    """The standard deviation of Q."""
    overlap_variance: float | None
    """Of the fidelities, where the state is returned: how much the values of a kernel differ."""
    states: int


def measure_states(circuit: Circuit, samples: int) -> StateFigures:
    """The figures over states at parameters all around the circle.

    Where there are no parameters, inputs are drawn in their place; else so many groups of states
    have one input each. ValueError where the circuit has no pure state, or too many qubits.
    """
    qubits = circuit.num_qubits
    for instruction in circuit.instructions:
        if instruction.name in ("measure", "reset") or instruction.condition is not None:
            raise ValueError("it measures or resets qubits between gates: its state is not pure")
    drawn = draw_states(circuit, affordable(samples, qubits, MOST_AMPLITUDES))
    kernel = any(result.kind == "state" for result in circuit.results)
    haar = random_states(drawn.shape)
    fidelities, q = pair_fidelities(drawn), meyer_wallach(drawn)
    return StateFigures(
        Figure(*(haar_divergence(f, qubits) for f in (fidelities, pair_fidelities(haar)))),
        Figure(float(q.mean()), random_entanglement(qubits)),
        float(q.std()),
        float(fidelities.var()) if kernel else None,
        drawn.shape[0] * drawn.shape[1],
    )


def draw_states(circuit: Circuit, count: int) -> Tensor:
    """So many states `[groups, states, 2**n]`; those of a group have one input."""
    module = open_circuit(circuit, whole_state(circuit))
    groups = GROUPS if circuit.inputs and circuit.parameters else 1
    each = count // groups
    inputs = draw_circle(circuit.inputs, groups, 1 if circuit.parameters else each)
    with torch.no_grad():
        states: Tensor = module(*inputs, *draw_circle(circuit.parameters, groups, each))
    return states.expand(groups, each, -1)


def random_states(shape: tuple[int, ...]) -> Tensor:
    """States by Haar's measure, `[..., 2**n]`."""
    states = torch.randn(shape, dtype=torch.complex128)
    normed: Tensor = states / states.norm(dim=-1, keepdim=True)
    return normed


def pair_fidelities(states: Tensor) -> Tensor:
    """abs(<a|b>)**2 of all pairs of states of a group `[groups, states, N]`, as one vector."""
    count = states.shape[1]
    first, second = torch.triu_indices(count, count, 1)
    return (states @ states.mH).abs().square()[:, first, second].flatten()


def haar_divergence(fidelities: Tensor, qubits: int) -> float:
    """The Kullback-Leibler divergence of fidelities from those of random states, in nats.

    These have the density (N - 1)(1 - F)**(N - 2) in N = 2**qubits dimensions: K. Zyczkowski and
    H.-J. Sommers, Physical Review A 71, 032313 (2005). Both are compared in 75 bins.
    """
    share = torch.histc(fidelities.clamp(0, 1), BINS, 0, 1) / fidelities.numel()
    above = 1 - torch.arange(BINS, dtype=torch.float64) / BINS
    ratio = torch.cat([above[1:], torch.zeros(1)]) / above
    power = 2**qubits - 1
    log_random = power * above.log() + torch.log1p(-(ratio**power))
    full = share > 0
    return float((share[full] * (share[full].log() - log_random[full])).sum())


def meyer_wallach(states: Tensor) -> Tensor:
    """Q of states `[..., 2**n]`: twice what the qubits' mean purity lacks to 1.

    D. A. Meyer and N. R. Wallach, Journal of Mathematical Physics 43, 4273 (2002), as G. K. Brennen
    writes it, Quantum Information and Computation 3, 619 (2003).
    """
    qubits = states.shape[-1].bit_length() - 1
    purities = [_purity(states, qubit) for qubit in range(qubits)]
    return 2 * (1 - torch.stack(purities).mean(0))


def _purity(states: Tensor, qubit: int) -> Tensor:
    """The purity of a qubit: the squares of the elements of its density matrix, together."""
    split = states.reshape(*states.shape[:-1], -1, 2, 1 << qubit)
    down, up = split[..., 0, :].flatten(-2), split[..., 1, :].flatten(-2)
    weights = down.abs().square().sum(-1), up.abs().square().sum(-1)
    corner: Tensor = (down.conj() * up).sum(-1).abs()
    return weights[0].square() + weights[1].square() + 2 * corner.square()


def random_entanglement(qubits: int) -> float:
    """The mean of Q over random states: (N - 2)/(N + 1) in N = 2**qubits dimensions.

    E. Lubkin, Journal of Mathematical Physics 19, 1028 (1978), gives the purity.
    """
    return (2.0**qubits - 2) / (2.0**qubits + 1)
