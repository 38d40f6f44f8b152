"""The records of what is no rotation: matrices and permutations of a few bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from qmlc.kernels import layout
from qmlc.runtime.native.angle_rows import whole
from qmlc.runtime.native.coset_tables import span
from qmlc.runtime.native.rotations import Gather, Matrix, NotNative, Place
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stages import Block
from qmlc.runtime.native.tape import Layout, Record, Tape, blank, set_rows
from qmlc.runtime.normal_form import Array, parity

MAX_BITS = 8
"""A matrix on more is as large as many states; torch is made for these."""


class Parts(NamedTuple):
    """Masks, those of each place, over lanes, over the rows of a block, and over blocks."""

    lanes: list[int]
    rows: list[int]
    blocks: list[int]

    @staticmethod
    def of(masks: Sequence[int], form: Layout) -> Parts:
        """The parts of masks over all bits."""
        lanes, rows = (1 << form.lane_bits) - 1, (1 << form.rows_log) - 1
        return Parts(
            [mask & lanes for mask in masks],
            [mask >> form.lane_bits & rows for mask in masks],
            [mask >> form.local_bits for mask in masks],
        )


def block_record(tape: Tape, block: Block, form: Layout, *, back: bool) -> Record:
    """The record of a block; in `back` that of its inverse. NotNative for what no kernel does."""
    match block:
        case Matrix(places, matrix):
            return matrix_record(tape, places, matrix.conj().T if back else matrix, form)
        case Gather(places, source):
            images = np.array(source)
            return gather_record(tape, places, np.argsort(images) if back else images, form)
        case _:
            raise NotNative("it prepares amplitudes")


def matrix_record(tape: Tape, places: Sequence[Place], matrix: Array, form: Layout) -> Record:
    """The record of a matrix of numbers."""
    if len(places) > MAX_BITS:
        raise NotNative(f"a matrix is on more than {MAX_BITS} qubits")
    flips = Parts.of([place.flips for place in places], form)
    reads = Parts.of([place.reads for place in places], form)
    by_lanes = any(flips.lanes) or any(reads.lanes)
    if by_lanes:
        # lane l has the values of its own bits besides those of the row
        local = np.arange(len(matrix))[:, None] ^ values_at(reads.lanes, form.lanes)
        matrix = matrix[local[:, None], local[None, :]]
    numbers = np.stack([matrix.real, matrix.imag], 2).astype(f"f{form.item}")
    record = bits_record(layout.MATRIX, by_lanes, len(places))
    put(tape, record, layout.NUMBERS, np.ascontiguousarray(numbers))
    reached = span(flips.rows)
    first_places = {row: place for place, row in reversed(list(enumerate(reached)))}
    made = sorted(first_places.values()) * (2 if len(first_places) == 1 else 1)
    record[layout.PAIRS] = len(made) // 2
    put(tape, record, layout.PLACES, whole(made))
    put(tape, record, layout.ROW_FLIPS, whole(reached))
    put(tape, record, layout.LANE_FLIPS, whole(span(flips.lanes)))
    put(tape, record, layout.ROW_READS, whole(reads.rows))
    put(tape, record, layout.BLOCK_READS, whole(reads.blocks))
    rows = Span.of(flips.rows)
    set_rows(tape, record, [1 << bit for bit in range(form.rows_log) if bit not in rows.basis])
    tape.work = max(tape.work, 2 * len(numbers))
    return record


def gather_record(tape: Tape, places: Sequence[Place], source: Array, form: Layout) -> Record:
    """The record of a permutation: values l of the bits become those of source[l]."""
    local = (1 << form.local_bits) - 1
    flips = np.array(span([place.flips & local for place in places]))
    reads = Parts.of([place.reads for place in places], form)
    record = bits_record(layout.GATHER, not form.samples, len(places))
    masks = [place.reads & local for place in places]
    put(tape, record, layout.ROW_READS, values_at(masks, 1 << form.local_bits))
    put(tape, record, layout.BLOCK_READS, whole(reads.blocks))
    put(tape, record, layout.ROW_FLIPS, flips[np.arange(len(source)) ^ source])
    tape.work = max(tape.work, 2 << form.rows_log)
    return record


def bits_record(operation: int, by_lanes: bool, bits: int) -> Record:
    """A record without its tables."""
    record = blank(operation)
    record[layout.BY_LANES] = int(by_lanes)
    record[layout.BITS] = bits
    return record


def values_at(masks: Sequence[int], count: int) -> Array:
    """At each index below `count` the parities that it has with `masks`, as one number."""
    index = np.arange(count)
    return whole(sum((parity(index & mask) << bit for bit, mask in enumerate(masks)), 0 * index))


def put(tape: Tape, record: Record, place: int, values: Array) -> None:
    """Write the address of a table down."""
    tape.tables.append(values)
    record[place] = values.ctypes.data
