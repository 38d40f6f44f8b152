"""Diagnoses of circuits as text: what was measured, beside what it is to be compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from qmlc.trainability.diagnose_circuit import Diagnosis
from qmlc.trainability.diagnose_program import Sweep
from qmlc.trainability.fit_decay import Decay
from qmlc.trainability.measure_spectrum import Spectrum
from qmlc.training.show_number import show_number

MUCH = 4
"""A fit is better if the other one leaves so many times as much unexplained."""
MANY = 7
"""So many frequencies are all printed; of more, the first and the last."""


def print_diagnosis(diagnosis: Diagnosis) -> Iterator[str]:
    """The lines on one circuit."""
    numbers = "1 parameter" if diagnosis.parameters == 1 else f"{diagnosis.parameters} parameters"
    yield f"{diagnosis.name}: {diagnosis.qubits} qubits, {numbers}, {diagnosis.samples} draws"
    if diagnosis.gradients:
        yield ""
        rows = [
            (g.name, show_number(g.variance), show_number(g.start)) for g in diagnosis.gradients
        ]
        yield from _table([("gradient by", "variance", "mean square at the start"), *rows])
        if diagnosis.random_variance is not None:
            yield f"  in a random circuit the variance is {show_number(diagnosis.random_variance)}"
    if diagnosis.states is not None:
        yield ""
        yield from _table(_state_rows(diagnosis))
    if diagnosis.spectra:
        yield ""
        heads = ("as a function of", "frequencies", "sizes of coefficients")
        yield from _table([heads, *map(spectrum_row, group_spectra(diagnosis.spectra))])
    for note in diagnosis.notes:
        yield f"  {note}"


def _state_rows(diagnosis: Diagnosis) -> list[tuple[str, ...]]:
    states = diagnosis.states
    assert states is not None
    rows: list[tuple[str, ...]] = [
        ("states", "this circuit", "random states"),
        (
            "expressibility",
            show_number(states.expressibility.value),
            show_number(states.expressibility.random),
        ),
        (
            "entangling capability",
            show_number(states.entanglement.value),
            show_number(states.entanglement.random),
        ),
    ]
    if states.overlap_variance is not None:
        size = 2**diagnosis.qubits
        random = (size - 1) / (size**2 * (size + 1))
        rows.append(
            ("variance of overlaps", show_number(states.overlap_variance), show_number(random))
        )
    return rows


def group_spectra(spectra: Sequence[Spectrum]) -> list[tuple[Spectrum, ...]]:
    """Neighbours with the same frequencies, together."""
    alike = groupby(spectra, key=lambda s: (s.frequencies, s.why, s.input.partition("[")[0]))
    return [tuple(group) for _, group in alike]


def spectrum_row(group: Sequence[Spectrum]) -> tuple[str, str, str]:
    """The inputs of a group, their frequencies, and the sizes, or why there are none."""
    first, last = group[0], group[-1]
    name = first.input if len(group) == 1 else f"{first.input} … {last.input}"
    sizes = [sum(column) / len(group) for column in zip(*(s.sizes for s in group), strict=True)]
    shown = ", ".join(_few([f"{size:.4f}" for size in sizes])) or first.why
    return name, ", ".join(_few([f"{f:.4g}" for f in first.frequencies])) or "-", shown


def _few(texts: Sequence[str]) -> list[str]:
    return list(texts) if len(texts) <= MANY else [*texts[:3], "…", *texts[-2:]]


def print_sweep(sweep: Sweep) -> Iterator[str]:
    """A line for each value of the setting, and how the variance of gradients falls."""
    heads = (
        sweep.setting,
        "qubits",
        "parameters",
        "variance of gradients",
        "in a random circuit",
        "expressibility",
        "entangling capability",
    )
    rows = [_sweep_row(v, d) for v, d in zip(sweep.values, sweep.diagnoses, strict=True)]
    yield f"{sweep.diagnoses[0].name.partition('(')[0]}: {sweep.diagnoses[0].samples} draws each"
    yield ""
    yield from _table([heads, *rows])
    if sweep.decay is not None:
        yield ""
        yield from (f"  {line}" for line in explain_decay(sweep))


def _sweep_row(value: object, diagnosis: Diagnosis) -> tuple[str, ...]:
    states = diagnosis.states
    figures = (
        diagnosis.gradients[-1].variance if diagnosis.gradients else None,
        diagnosis.random_variance,
        states.expressibility.value if states else None,
        states.entanglement.value if states else None,
    )
    shown = ["-" if figure is None else show_number(figure) for figure in figures]
    return (str(value), str(diagnosis.qubits), str(diagnosis.parameters), *shown)


def explain_decay(sweep: Sweep) -> Iterator[str]:
    """In sentences, how fast the variance falls, and whether that is as on a barren plateau."""
    decay, unit = sweep.decay, sweep.counted
    assert decay is not None
    each = "qubit" if unit == "qubit" else f"step of `{unit}`"
    beside = f"; of random circuits by {sweep.random.factor:.2f}" if sweep.random else ""
    yield (
        f"With each {each} the variance falls by the factor {decay.factor:.2f}"
        f" ({decay.low:.2f} to {decay.high:.2f}){beside}."
    )
    if unit == "qubit":
        yield _verdict(decay)


def _verdict(decay: Decay) -> str:
    if decay.low <= 1:
        return "That it falls with each further one is not shown over these sizes."
    rest, other = 1 - decay.exponential, 1 - decay.power
    shares = f"exponential {decay.exponential:.3f}, power {decay.power:.3f}"
    if other > MUCH * rest:
        return f"It falls exponentially, a barren plateau (R²: {shares})."
    if rest > MUCH * other:
        return f"It falls as a power, no barren plateau (R²: {shares})."
    return f"These sizes do not tell an exponential, a barren plateau, from a power (R²: {shares})."


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Aligned lines; the first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            row[0].ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)),
        ]
        yield ("  " + "  ".join(cells)).rstrip()
