"""From stages to the tapes of a forward and a backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from qmlc.kernels import layout
from qmlc.kernels.host import cache_bytes
from qmlc.runtime.native.angle_rows import AngleRows, whole
from qmlc.runtime.native.block_records import block_record
from qmlc.runtime.native.coset_tables import span
from qmlc.runtime.native.rotations import Basis, Place, Prepare, Turn
from qmlc.runtime.native.segments import Segment, to_segments
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stage_records import stage_records, turn_record
from qmlc.runtime.native.stages import Block, Stage, to_stages
from qmlc.runtime.native.tape import Layout, Record, Tape, blank, set_rows

JOINT_BLOCKS = 3
"""So many bits of a row's number are of its block where threads share the blocks of a state."""


def make_tape(
    stages: Sequence[Stage | Block], form: Layout, inputs: frozenset[str], *,
    joint: bool = False, global_phase: bool = True,
) -> Tape:  # fmt: skip
    """The tape of stages on |0...0>, or on what the first of them prepare.

    It goes through blocks of rows where the cache asks for it, or threads do that are to work on a
    state jointly. Without `global_phase` that does not matter.
    """
    tape = Tape(form, AngleRows(inputs), global_phase)
    prepared = sum(isinstance(stage, Prepare) for stage in stages)
    stages = stages[prepared:]
    limits = [block_rows_log(form, back) for back in (False, True)]
    if joint:
        limits = [min(limit, form.rows_log - JOINT_BLOCKS) for limit in limits]
    tape.segmented = form.rows_log > max(limits)
    after_start = list(stages)
    if stages and isinstance(stages[0], Stage) and not prepared:
        after_start[0] = started(tape, stages[0])
    for back, steps, records in ((False, after_start, tape.forward), (True, stages, tape.backward)):
        if tape.segmented:
            items = [
                i for step in steps for i in (step.items if isinstance(step, Stage) else [step])
            ]
            for segment in to_segments(items, form.local_bits, form.lane_bits, limits[back]):
                records += segment_records(tape, segment, limits[back], back)
        else:
            tables = len(stages) * 2 * form.lanes * form.item << form.rows_log
            keep = form.samples or tables <= cache_bytes(2) // 4
            for position, step in enumerate(steps):
                first = position == 0 and not prepared
                records += step_records(tape, step, form, keep, back, first=first)
    return tape


def step_records(
    tape: Tape, step: Stage | Block, form: Layout, keep: bool, back: bool, *, first: bool = False
) -> Iterable[Record]:
    """The records of a step; before the `first` there is nothing that a backward pass goes to.

    Tables of diagonals that all samples share are made once a call if they are to be kept.
    """
    if isinstance(step, Stage):
        return stage_records(tape, step, form, keep_table=keep, back=back, first=first)
    return [block_record(tape, step, form, back=back)]


def started(tape: Tape, stage: Stage) -> Stage:
    """The first stage without the turns that make a product state."""
    if stage.phases or stage.held:
        return stage
    return replace(stage, turns=add_start(tape, stage.turns))


def add_start(tape: Tape, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Make a product state by turns whose rows are independent; the others come back."""
    bits = tape.layout.lane_bits
    rest: list[Turn] = []
    rows = Span()
    for turn in sorted(turns, key=lambda turn: turn.flips >> bits != 0):
        flips = turn.flips >> bits
        if flips and not rows.add(flips):
            rest.append(turn)
            continue
        if flips:
            tape.members = np.concatenate([tape.members, tape.members ^ flips])
        tape.start.append(turn_record(tape, (turn,), tape.layout, 0))
        tape.slots.uses[tape.slot_of(turn)] += 1
    return tuple(rest)


def block_rows_log(form: Layout, back: bool) -> int:
    """How many rows fit well into half of the second cache, as a power of two.

    The first cache would spare time in every pass, but less than the copies cost that it needs.
    """
    bytes_of_row = 2 * form.lanes * form.item * (2 if back else 1)
    return max((cache_bytes(2) // 2 // bytes_of_row).bit_length() - 1, 3)


def segment_records(tape: Tape, segment: Segment, rows_log: int, back: bool) -> list[Record]:
    """The records of a segment: one that goes through blocks of rows, and those for each block.

    A block has at least 2**rows_log rows, neighbours where the segment's directions are fewer.
    """
    form = tape.layout
    rows = Span.of(d >> form.lane_bits for d in segment.directions)
    for bit in range(form.rows_log):
        if len(rows) < rows_log:
            rows.add(1 << bit)
    directions = sorted(rows.basis.values())
    between = [1 << bit for bit in range(form.rows_log) if bit not in rows.basis]
    basis = block_basis(directions, between, form)
    local = replace(form, rows_log=len(directions))
    steps = to_stages(
        (item.over(basis) for item in segment.items),
        at_zero=False,
        global_phase=tape.global_phase,
    )
    parts = [r for step in steps for r in step_records(tape, step, local, form.samples, back)]
    header = blank(layout.SEGMENT)
    set_rows(tape, header, between)
    members = whole(span(directions))
    tape.tables.append(members)
    header[layout.MEMBERS] = members.ctypes.data
    header[layout.LOCAL_LOG] = len(directions)
    header[layout.STEPS] = len(parts)
    return [*parts, header] if back else [header, *parts]  # the backward tape is run from its end


def block_basis(directions: Sequence[int], between: Sequence[int], form: Layout) -> Basis:
    """The storage in which a row's number is its place in its block, then the block's number.

    The directions are reduced: each is the only one with its highest bit, and none has a bit of
    `between`'s own besides others'.
    """
    pivots = {d.bit_length() - 1: i for i, d in enumerate(directions)}
    after = {row.bit_length() - 1: len(directions) + i for i, row in enumerate(between)}
    columns = [*directions, *between]
    result = [Place(1 << bit, 1 << bit) for bit in range(form.lane_bits)]
    for bit in range(form.rows_log):
        reads = sum((column >> bit & 1) << i for i, column in enumerate(columns))
        if bit in pivots:
            direction = directions[pivots[bit]]
            flips = 1 << pivots[bit]
            for other in range(bit):
                if direction >> other & 1:
                    flips ^= 1 << after[other]
        else:
            flips = 1 << after[bit]
        result.append(Place(flips << form.lane_bits, reads << form.lane_bits))
    return tuple(result)
