"""The records of one stage: of its diagonal, and of its turns in groups that fit into registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from qmlc.kernels import layout
from qmlc.runtime.native.angle_rows import whole
from qmlc.runtime.native.coset_tables import independent, null_space
from qmlc.runtime.native.rotations import Turn
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stages import Stage
from qmlc.runtime.native.tape import Layout, Record, Tape, Terms, blank, set_rows

REGISTERS = {64: (3, 2)}
"""How many turns at once fit into registers, forward and backward, by the bytes of a vector."""
FEW_REGISTERS = (2, 1)


class Diagonal(NamedTuple):
    """The number of a stage's diagonal, the kind of its table, and the place of a kept one."""

    number: int
    kind: int
    kept: int
    """-1 where the table is made when it is used."""


NO_DIAGONAL = Diagonal(0, layout.NO_TABLE, -1)


def stage_records(
    tape: Tape,
    stage: Stage,
    form: Layout,
    *,
    keep_table: bool,
    back: bool = False,
    first: bool = False,
) -> Iterator[Record]:
    """The records of a stage in their order; in `back` as the backward tape needs them.

    `form` is that of the rows that are worked on, the state's or a block's. Before the `first`
    stage there is nothing that a backward pass goes to.
    """
    lane_mask = (1 << form.lane_bits) - 1
    rows = [turn for turn in stage.turns if not turn.flips & lane_mask]
    width = REGISTERS.get(form.lanes * form.item, FEW_REGISTERS)[back]
    groups = list(tiles(rows, width, form))
    diagonal = add_diagonal(tape, stage, form, keep_table)
    if diagonal.kind != layout.NO_TABLE:
        made = diagonal.kept < 0
        if back and (made or diagonal.kind == layout.VECTOR_TABLE):
            yield table_record(layout.COLLECT_TABLE, diagonal)
        if made and not back:
            yield table_record(layout.MAKE_TABLE, diagonal)
        yield tile_record(tape, groups.pop(0) if groups else (), diagonal, form)
        if back and made:
            yield table_record(layout.MAKE_TABLE, diagonal)
    for group in groups:
        record = tile_record(tape, group, NO_DIAGONAL, form)
        if back and first and diagonal.kind == layout.NO_TABLE:
            record[layout.OPERATION] = layout.TURN_GRADIENTS + len(group)
        yield record
    lanes = [turn for turn in stage.turns if turn.flips & lane_mask]
    inside = [turn for turn in lanes if not row_masks(turn, form)[0]]
    for first_turn in range(0, len(inside), width):
        group = tuple(inside[first_turn : first_turn + width])
        record = turn_record(tape, group, form, layout.LANE_TURNS + len(group))
        record[layout.COUNT] = 1 << form.rows_log
        yield record
    for group in tiles([turn for turn in lanes if turn not in inside], width, form):
        yield crossing_record(tape, group, form)


def add_diagonal(tape: Tape, stage: Stage, form: Layout, keep_table: bool) -> Diagonal:
    """The diagonal of a stage; its kind is NO_TABLE where it has none."""
    if not stage.phases and not stage.held:
        return NO_DIAGONAL
    phases = tuple((phase.mask, tape.angles.add(phase.angle)) for phase in stage.phases)
    held = tuple((held, tape.angles.add(held.angle)) for held in stage.held)
    terms = Terms(phases, held, form.local_bits)
    tape.diagonals.append(terms)
    number = len(tape.diagonals) - 1
    of_numbers = form.samples and not terms.sample
    kind = layout.NUMBER_TABLE if of_numbers else layout.VECTOR_TABLE
    if terms.sample or not keep_table:
        return Diagonal(number, kind, -1)
    tape.kept.append(number)
    return Diagonal(number, kind, len(tape.kept) - 1)


def tiles(turns: Sequence[Turn], width: int, form: Layout) -> Iterator[tuple[Turn, ...]]:
    """Turns in groups that can be carried out in registers at once."""
    waiting = list(turns)
    while waiting:
        rows = Span()
        chosen: list[Turn] = []
        rest: list[Turn] = []
        for turn in waiting:
            apart = independent([(t.flips, t.signs) for t in chosen], turn.flips, turn.signs)
            if len(chosen) < width and apart and rows.add(row_masks(turn, form)[0]):
                chosen.append(turn)
            else:
                rest.append(turn)
        yield tuple(chosen)
        waiting = rest


def row_masks(turn: Turn, form: Layout) -> tuple[int, int]:
    """The flips and signs of a turn over the bits of rows."""
    return turn.flips >> form.lane_bits, turn.signs >> form.lane_bits & (1 << form.rows_log) - 1


def table_record(operation: int, diagonal: Diagonal) -> Record:
    """A record about the table of a diagonal."""
    record = blank(operation)
    record[layout.DIAGONAL] = diagonal.number
    record[layout.TABLE_KIND] = diagonal.kind
    return record


def turn_record(tape: Tape, turns: Sequence[Turn], form: Layout, operation: int) -> Record:
    """A record of turns, without its rows."""
    record = blank(operation)
    for i, turn in enumerate(turns):
        record[layout.FLIP + i], record[layout.SIGNS + i] = row_masks(turn, form)
        record[layout.EXCHANGE + i] = turn.flips & (1 << form.lane_bits) - 1
        record[layout.SLOT + i] = tape.slot_of(turn)
        record[layout.OUTER + i] = turn.signs >> form.local_bits
    return record


def tile_record(tape: Tape, turns: Sequence[Turn], diagonal: Diagonal, form: Layout) -> Record:
    """A record of turns among rows, after a diagonal."""
    operation = layout.TURNS + 3 * len(turns) + diagonal.kind
    record = turn_record(tape, turns, form, operation)
    set_rows(tape, record, null_space([row_masks(turn, form)[1] for turn in turns], form.rows_log))
    record[layout.TABLE] = diagonal.kept
    return record


def crossing_record(tape: Tape, turns: Sequence[Turn], form: Layout) -> Record:
    """A record of turns among rows whose lanes differ."""
    record = turn_record(tape, turns, form, layout.CROSSING_TURNS + len(turns))
    rows = Span.of(row_masks(turn, form)[0] for turn in turns)
    set_rows(tape, record, [1 << bit for bit in range(form.rows_log) if bit not in rows.basis])
    return record


def lanes_record(tape: Tape, reads: Sequence[int], form: Layout, back: bool) -> Record:
    """A record that moves amplitudes within rows: bit k of a lane is then the parity of reads[k].

    In `back` it moves them back.
    """
    bits = form.lane_bits
    inner = [mask & (1 << bits) - 1 for mask in reads]
    new_lane = [
        sum((lane & mask).bit_count() % 2 << k for k, mask in enumerate(inner))
        for lane in range(form.lanes)
    ]
    old_lane = sorted(range(form.lanes), key=new_lane.__getitem__)
    origin = new_lane if back else old_lane
    changes = [1 << k if back else old_lane[1 << k] for k in range(bits)]
    rows = [mask >> bits & (1 << form.rows_log) - 1 for mask in reads]
    masks = whole([*rows, *(mask >> form.local_bits for mask in reads), *changes])
    lanes = np.array(origin, dtype=f"int{8 * form.item}")
    tape.tables += [masks, lanes]
    record = blank(layout.FIX_LANES)
    record[layout.LOW], record[layout.HIGH] = masks.ctypes.data, lanes.ctypes.data
    return record
