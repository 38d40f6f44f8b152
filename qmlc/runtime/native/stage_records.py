"""The records of one stage: of its diagonal, and of its turns in groups that fit into registers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from qmlc.kernels import layout
from qmlc.runtime.native.coset_tables import null_space
from qmlc.runtime.native.rotations import Turn, odd
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stages import Stage
from qmlc.runtime.native.tape import Layout, Record, Tape, Terms, blank, set_rows

WIDEST = 3
"""How many turns are done at once at most."""


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
    width = WIDEST if form.lanes * form.item == 64 else WIDEST - 1  # with half as many registers
    groups, within = group_turns(stage.turns, width, form)
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
        alone = back and first and diagonal.kind == layout.NO_TABLE
        if alone and record[layout.OPERATION] < layout.EXCHANGING_TURNS:
            record[layout.OPERATION] = layout.TURN_GRADIENTS + len(group)
        yield record
    for group in within:
        yield lanes_record(tape, group, form)
    if not back:
        tape.slots.uses.update(tape.slot_of(turn) for turn in stage.turns)


def add_diagonal(tape: Tape, stage: Stage, form: Layout, keep_table: bool) -> Diagonal:
    """The diagonal of a stage; its kind is NO_TABLE where it has none."""
    if not stage.phases and not stage.held:
        return NO_DIAGONAL
    phases = tuple((phase.mask, tape.angles.add(phase.angle)) for phase in stage.phases)
    held = tuple((held, tape.angles.add(held.angle)) for held in stage.held)
    terms = Terms(phases, held, form.local_bits)
    number = tape.number_of(terms)
    of_numbers = form.samples and not terms.sample
    kind = layout.NUMBER_TABLE if of_numbers else layout.VECTOR_TABLE
    if terms.sample or not keep_table:
        return Diagonal(number, kind, -1)
    return Diagonal(number, kind, tape.kept.setdefault(number, len(tape.kept)))


def group_turns(
    turns: Sequence[Turn], width: int, form: Layout
) -> tuple[list[tuple[Turn, ...]], list[tuple[Turn, ...]]]:
    """Turns in groups that can be carried out in registers at once: of several rows, of one.

    Those that exchange no lanes come first, and by themselves.
    """
    lanes = (1 << form.lane_bits) - 1
    within = [turn for turn in turns if not row_masks(turn, form)[0]]
    among = [turn for turn in turns if row_masks(turn, form)[0]]
    mixed = [turn for turn in among if turn.flips & lanes]
    groups = tiles([turn for turn in among if not turn.flips & lanes], width, form)
    if mixed and groups and len(groups[-1]) < width:
        mixed = [*groups.pop(), *mixed]
    alone = [tuple(within[i : i + WIDEST]) for i in range(0, len(within), WIDEST)]
    return [*groups, *tiles(mixed, width, form)], alone


def tiles(turns: Sequence[Turn], width: int, form: Layout) -> list[tuple[Turn, ...]]:
    """Turns in groups whose rows are independent and that do not turn each other round."""
    groups: list[tuple[Turn, ...]] = []
    waiting = list(turns)
    while waiting:
        rows = Span()
        chosen: list[Turn] = []
        rest: list[Turn] = []
        for turn in waiting:
            fits = len(chosen) < width and not any(
                odd(turn.flips & other.signs) for other in chosen
            )
            if fits and rows.add(row_masks(turn, form)[0]):
                chosen.append(turn)
            else:
                rest.append(turn)
        groups.append(tuple(chosen))
        waiting = rest
    return groups


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
        record[layout.FLIP + i], signs = row_masks(turn, form)
        record[layout.SLOT + i] = tape.slot_of(turn)
        record[layout.OUTER + i] = turn.signs >> form.local_bits
        record[layout.EXCHANGE + i] = turn.flips & (1 << form.lane_bits) - 1
    if len(turns) == 1:
        record[layout.SIGNS] = signs
    return record


def tile_record(tape: Tape, turns: Sequence[Turn], diagonal: Diagonal, form: Layout) -> Record:
    """A record of turns among rows, after a diagonal."""
    operation = layout.TURNS + 3 * len(turns) + diagonal.kind
    record = turn_record(tape, turns, form, operation)
    record[layout.TABLE] = diagonal.kept
    masks = [row_masks(turn, form) for turn in turns]
    if any(record[layout.EXCHANGE : layout.EXCHANGE + len(turns)]):
        record[layout.OPERATION] += layout.EXCHANGING_TURNS - layout.TURNS
        pivots = Span.of(flips for flips, _ in masks).basis
        basis = [1 << bit for bit in range(form.rows_log) if bit not in pivots]
        set_rows(tape, record, [row | sign_bits(turns, row, form) for row in basis])
    else:
        set_rows(tape, record, null_space([signs for _, signs in masks], form.rows_log))
    return record


def lanes_record(tape: Tape, turns: Sequence[Turn], form: Layout) -> Record:
    """A record of turns within rows."""
    record = turn_record(tape, turns, form, layout.LANE_TURNS + len(turns))
    rows = [1 << bit for bit in range(form.rows_log)]
    set_rows(tape, record, [sign_bits(turns, row, form) for row in rows])
    return record


def sign_bits(turns: Sequence[Turn], row: int, form: Layout) -> int:
    """From the highest bit of a number of the kernels on: which turns a row has the sign of."""
    top = 8 * form.item - 1
    number = sum(odd(row_masks(turn, form)[1] & row) << top - i for i, turn in enumerate(turns))
    return number - (number >> 63 << 64)
