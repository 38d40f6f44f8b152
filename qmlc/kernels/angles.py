"""Angles: sums of products of symbols, their phases, and the coefficients of turns.

A phase is an angle as a whole number of the width of a real: the full scale is one full turn, so
that sums of phases wrap as angles do, without a rounding error however large they are.
"""

from __future__ import annotations

from typing import Any

from qmlc.kernels.language import (
    REAL_BITS,
    doubles,
    fma,
    function,
    inline,
    ints,
    lane_numbers,
    parity,
    round_even,
    select,
    splat,
    to_double,
    to_int,
    to_real,
)
from qmlc.kernels.layout import (
    SUM_COEFFICIENTS,
    SUM_FACTORS,
    SUM_ROWS,
    SUM_STARTS,
    SUM_TERMS,
)


@inline
def evaluate_term(sums: Any, term: Any, symbols: Any, zero: Any) -> Any:
    """A coefficient times a product of symbols, numbers or vectors as the double `zero`."""
    product = zero + doubles(sums[SUM_COEFFICIENTS])[term]
    terms = ints(sums[SUM_TERMS])
    for factor in range(terms[term], terms[term + 1]):
        product = product * symbols[ints(sums[SUM_FACTORS])[factor]]
    return product


@function
def evaluate_sums(sums: Any, symbols: Any, out: Any) -> None:
    """Row by row, sum(coefficient * product of symbols), for numbers or vectors of them."""
    starts = ints(sums[SUM_STARTS])
    for row in range(sums[SUM_ROWS]):
        out[row] = 0.0
        zero = to_double(out[row])
        total = zero
        for term in range(starts[row], starts[row + 1]):
            total = total + evaluate_term(sums, term, symbols, zero)
        out[row] = to_real(total)


@function
def differentiate_sums(sums: Any, symbols: Any, gradients: Any, out: Any) -> None:
    """Add to `out` the gradients of symbols, from the `gradients` of rows."""
    starts = ints(sums[SUM_STARTS])
    terms = ints(sums[SUM_TERMS])
    factors = ints(sums[SUM_FACTORS])
    for row in range(sums[SUM_ROWS]):
        for term in range(starts[row], starts[row + 1]):
            for factor in range(terms[term], terms[term + 1]):
                product = gradients[row] * to_real(doubles(sums[SUM_COEFFICIENTS])[term])
                for other in range(terms[term], terms[term + 1]):
                    if other != factor:
                        product = product * symbols[factors[other]]
                out[factors[factor]] += product


@inline
def to_phase(wide: Any) -> Any:
    """The phase of an angle in double precision, reduced by a divisor in two parts."""
    turns = round_even(wide * 0.15915494309189535)
    rest = fma(wide, 0.15915494309189535, -turns) + wide * -9.839338337659403e-18
    if REAL_BITS == 32:
        return to_int(rest * 4294967296.0)
    else:
        return to_int(rest * 18446744073709551616.0)


@inline
def cosine_sine(phase: Any) -> Any:
    """The cosine and the sine of a vector of phases.

    Polynomials of the Cephes library (S. Moshier) on an eighth of a turn either way.
    """
    eighth = 1 << (REAL_BITS - 3)
    quadrant = (phase + eighth) >> (REAL_BITS - 2)
    rest = phase - (quadrant << (REAL_BITS - 2))
    if REAL_BITS == 32:
        x = to_real(rest) * 1.4629180792671596e-09
        z = x * x
        s = fma(fma(fma(-1.9515295891e-4, z, 8.3321608736e-3), z, -1.6666654611e-1), z * x, x)
        c = fma(fma(2.443315711809948e-5, z, -1.388731625493765e-3), z, 4.166664568298827e-2)
    else:
        x = to_real(rest) * 3.406121580086554e-19
        z = x * x
        s = fma(1.58962301576546568060e-10, z, -2.50507477628578072866e-8)
        s = fma(fma(s, z, 2.75573136213857245213e-6), z, -1.98412698295895385996e-4)
        s = fma(fma(s, z, 8.33333333332211858878e-3), z, -1.66666666666666307295e-1)
        s = fma(s, z * x, x)
        c = fma(-1.13585365213876817300e-11, z, 2.08757008419747316778e-9)
        c = fma(fma(c, z, -2.75573141792967388112e-7), z, 2.48015872888517045348e-5)
        c = fma(fma(c, z, -1.38888888888730564116e-3), z, 4.16666666666665929218e-2)
    c = fma(c, z * z, fma(-0.5, z, 1.0))
    odd = (quadrant & 1) != 0
    cosine = select(odd, s, c)
    sine = select(odd, c, s)
    cosine = select(((quadrant + 1) & 2) != 0, -cosine, cosine)
    sine = select((quadrant & 2) != 0, -sine, sine)
    return cosine, sine


@function
def sum_phases(first: Any, last: Any, sums: Any, symbols: Any, phases: Any) -> Any:
    """Fill in the phases of some rows; 0, or NaN where a term is not finite, comes back.

    The phases of the terms are added, not the terms: of a large one and a small one these would
    lose the small one.
    """
    starts = ints(sums[SUM_STARTS])
    zero = to_double(to_real(phases[0] * 0))
    poison = zero
    for row in range(first, last):
        phase = phases[row] * 0
        for term in range(starts[row], starts[row + 1]):
            angle = evaluate_term(sums, term, symbols, zero)
            poison = poison + (angle - angle)
            phase = phase + to_phase(angle)
        phases[row] = phase
    return to_real(poison)


@function
def prepare_angles(first: Any, last: Any, phases: Any, cosines: Any, sines: Any) -> None:
    """The cosines and sines of vectors of phases."""
    for row in range(first, last):
        cosines[row], sines[row] = cosine_sine(phases[row])


@inline
def lane_signs(mask: Any) -> Any:
    """1 or -1 for each lane: the parity of the bits that `mask` and the lane's number share."""
    return select(parity(lane_numbers() & mask) != 0, splat(-1.0), splat(1.0))


@function
def fill_slots(
    count: Any, rows: Any, signs: Any, uses: Any, cosines: Any, sines: Any, out: Any
) -> Any:
    """Two vectors a slot, with the signs of the lanes: tan(angle / 2), and the sine.

    Angles are reduced by half turns, where the tangent is at most 1. What comes back is 1, or -1
    where the states so change sign in all turns: `uses` is 1 for slots of an odd number of them.
    """
    sign = splat(1.0)
    for slot in range(count):
        cosine = splat(0.0) + cosines[rows[slot]]
        sine = splat(0.0) + sines[rows[slot]]
        half = select(cosine < 0.0, splat(-1.0), splat(1.0))
        sine = lane_signs(signs[slot]) * (half * sine)
        out[2 * slot] = sine / (1.0 + half * cosine)
        out[2 * slot + 1] = sine
        if uses[slot] != 0:
            sign = sign * half
    return sign
