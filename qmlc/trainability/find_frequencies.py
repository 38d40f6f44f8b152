"""Which frequencies a circuit can have as a function of one of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce

from qmlc.ir.circuit import Circuit
from qmlc.runtime.normal_form import (
    Action,
    Dense,
    Exponential,
    PauliTurn,
    Phases,
    Prepare,
    Spectrum,
    Turn,
)
from qmlc.runtime.normalise import normalise
from qmlc.types.polynomial import Symbol, Value, lift

DIGITS = 9
"""Frequencies that agree in so many decimals are one."""
MOST = 4097
"""So many frequencies, negative ones included, are told at most."""

Levels = Sequence[float] | None
"""The eigenvalues of what an angle is multiplied with; None where it enters otherwise."""


def find_frequencies(circuit: Circuit, symbol: Symbol) -> tuple[float, ...]:
    """The frequencies, ascending from 0, that results can have in `symbol`; 0 alone without it.

    Each turn by an angle a*x adds the differences of its eigenvalues, times a: M. Schuld, R. Sweke
    and J. J. Meyer, "Effect of data encoding on the expressive power of variational quantum machine
    learning models", Physical Review A 103, 032430 (2021). Coefficients of some may be 0. The
    negative ones are left out. ValueError, in words that follow "because", where the circuit is
    no Fourier series in the input, or one of thousands of frequencies.
    """
    for result in circuit.results:
        if any(symbol in set(operator.symbols()) for operator in result.operators):
            raise ValueError("it stands in what is measured")
    factors = (
        (_factor(angle, symbol), levels)
        for instruction in circuit.instructions
        for action in normalise(instruction)
        for angle, levels in _turns(action)
    )
    differences = (_differences(factor, levels) for factor, levels in factors if factor)
    nothing: tuple[float, ...] = (0.0,)
    return tuple(f for f in reduce(_sums, differences, nothing) if f >= 0)


def _turns(action: Action) -> Iterator[tuple[Value, Levels]]:
    """Each angle of a gate, and the levels of what it turns by."""
    match action:
        case Turn(angle=angle):
            yield angle, (-1, 1)
        case PauliTurn(angle, _, _, controls):
            yield angle, (-1, 0, 1) if controls.mask else (-1, 1)
        case Phases(terms):
            for term in terms:
                yield (
                    term.angle,
                    (-1, 0, 1)
                    if term.mask and term.controls.mask
                    else ((-1, 1) if term.mask else (0, 1)),
                )
        case Dense(matrix=Spectrum() as spectrum, controls=controls):
            yield spectrum.time, (*spectrum.values.tolist(), *([0] if controls.mask else []))
        case Dense(matrix=Exponential(angles=angles)) | Prepare(amplitudes=angles):
            yield from ((angle, None) for angle in angles)


def _differences(factor: float, levels: Levels) -> tuple[float, ...]:
    if levels is None:
        raise ValueError("it enters otherwise than by turns")
    return tuple({round(factor * (a - b), DIGITS) for a in levels for b in levels})


def _sums(left: Iterable[float], right: Iterable[float]) -> tuple[float, ...]:
    """All sums of a number of each, ascending."""
    found = sorted({round(a + b, DIGITS) for a in left for b in right})
    if len(found) > MOST:
        raise ValueError("it has thousands of frequencies")
    return tuple(found)


def _factor(angle: Value, symbol: Symbol) -> float:
    """What `symbol` is multiplied with in an angle; ValueError where that is no number."""
    factor = 0.0
    for monomial, coefficient in lift(angle).terms:
        others = [str(atom) for atom, _ in monomial if atom != symbol]
        match [exponent for atom, exponent in monomial if atom == symbol]:
            case [1] if not others:
                factor += float(coefficient.real)
            case [1]:
                raise ValueError(f"its frequencies go by {', '.join(others)}")
            case [exponent]:
                raise ValueError(f"angles hold its power {exponent}")
    if any(symbol in set(lift(a).symbols()) for a in _arguments(angle)):
        raise ValueError("it goes through a function")
    return factor


def _arguments(angle: Value) -> Iterator[Value]:
    """What functions in an angle are taken of."""
    for monomial, _ in lift(angle).terms:
        for atom, _ in monomial:
            if not isinstance(atom, Symbol):
                yield from atom.arguments
