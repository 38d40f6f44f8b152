"""From stages to the tapes of a forward and a backward pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from qmlc.kernels import layout
from qmlc.kernels.host import cache_bytes
from qmlc.runtime.native.angle_rows import AngleRows, whole
from qmlc.runtime.native.block_records import block_record
from qmlc.runtime.native.choose_lanes import Lanes, Step, insert_lanes
from qmlc.runtime.native.coset_tables import span
from qmlc.runtime.native.rotations import Basis, Place, Turn, reads_over, same_basis
from qmlc.runtime.native.segments import Segment, to_segments
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stage_records import lanes_record, stage_records, turn_record
from qmlc.runtime.native.stages import Block, Stage, to_stages
from qmlc.runtime.native.tape import Layout, Record, Tape, blank, set_rows

JOINT_BLOCKS = 3
"""So many bits of a row's number are of its block where threads share the blocks of a state."""


def make_tape(
    stages: Sequence[Stage | Block], form: Layout, inputs: frozenset[str], *, joint: bool = False
) -> tuple[Tape, Basis]:
    """The tape of stages on |0...0>, and where the bits of the storage are in the end.

    It goes through blocks of rows where the cache asks for it, or threads do that are to work on a
    state jointly. NotNative for what no kernel does.
    """
    tape = Tape(form, AngleRows(inputs))
    turns = (turn for stage in stages if isinstance(stage, Stage) for turn in stage.turns)
    tape.slots.uses.update(map(tape.slot_of, turns))
    limits = [block_rows_log(form, back) for back in (False, True)]
    if joint:
        limits = [min(limit, form.rows_log - JOINT_BLOCKS) for limit in limits]
    tape.segmented = form.rows_log > max(limits)
    if tape.segmented:
        return tape, segmented_tapes(tape, stages, limits)
    tables = len(stages) * 2 * form.lanes * form.item << form.rows_log
    keep = form.samples or tables <= cache_bytes(2) // 4
    steps, basis = insert_lanes(stages, same_basis(form.local_bits), form.lane_bits)
    for back, records in ((False, tape.forward), (True, tape.backward)):
        for position, step in enumerate(steps):
            if position == 0 and not back and isinstance(step, Stage):
                step = started(tape, step)
            records += step_records(tape, step, form, keep, back, first=position == 0)
    return tape, basis


def step_records(
    tape: Tape, step: Step, form: Layout, keep: bool, back: bool, *, first: bool = False
) -> Iterable[Record]:
    """The records of a step; before the `first` there is nothing that a backward pass goes to.

    Tables of diagonals that all samples share are made once a call if they are to be kept.
    """
    match step:
        case Lanes():
            return [lanes_record(tape, step.reads, form, back)]
        case Stage():
            return stage_records(tape, step, form, keep_table=keep, back=back, first=first)
        case _:
            return [block_record(tape, step, form, back=back)]


def segmented_tapes(tape: Tape, stages: Sequence[Stage | Block], limits: Sequence[int]) -> Basis:
    """Make tapes that go through blocks of rows; where the bits are in the end comes back."""
    first = list(stages)
    if stages and isinstance(stages[0], Stage):
        first[0] = started(tape, stages[0])
    basis = segment_pass(tape, tape.forward, first, limits[0], False)
    other = segment_pass(tape, tape.backward, stages, limits[1], True)
    # both tapes must end with the same lanes
    reads = [
        sum((place.flips >> k & 1) << bit for bit, place in enumerate(basis))
        for k in range(tape.layout.lane_bits)
    ]
    wanted = tuple(reads_over(mask, other) for mask in reads)
    if wanted != tuple(1 << k for k in range(tape.layout.lane_bits)):
        form = replace(tape.layout, rows_log=min(limits[1], tape.layout.rows_log))
        parts = [lanes_record(tape, wanted, form, True)]
        directions = [1 << bit for bit in range(form.rows_log)]
        tape.backward += segment_header(tape, directions, parts, True)
    return basis


def segment_pass(
    tape: Tape, records: list[Record], stages: Sequence[Stage | Block], fitting: int, back: bool
) -> Basis:
    """Add the records of all segments; where the bits are in the end comes back."""
    form = tape.layout
    basis: Basis = same_basis(form.local_bits)
    items = [i for stage in stages for i in (stage.items if isinstance(stage, Stage) else [stage])]
    for segment in to_segments(items, form.local_bits, form.lane_bits, fitting):
        made, basis = segment_records(tape, segment, fitting, basis, back)
        records += made
    return basis


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
            tape.members += [member ^ flips for member in tape.members]
        tape.start.append(turn_record(tape, (turn,), tape.layout, 0))
    return tuple(rest)


def block_rows_log(form: Layout, back: bool) -> int:
    """How many rows fit well into half of the second cache, as a power of two.

    The first cache would spare time in every pass, but less than the copies cost that it needs.
    """
    bytes_of_row = 2 * form.lanes * form.item * (2 if back else 1)
    return max((cache_bytes(2) // 2 // bytes_of_row).bit_length() - 1, 3)


def segment_records(
    tape: Tape, segment: Segment, rows_log: int, basis: Basis, back: bool
) -> tuple[list[Record], Basis]:
    """The records of a segment, and where the bits are after it, which were by `basis` before.

    A block has at least 2**rows_log rows, neighbours where the segment's directions are fewer.
    """
    form = tape.layout
    rows = Span.of(d >> form.lane_bits for d in segment.directions)
    for bit in range(form.rows_log):
        if len(rows) < rows_log:
            rows.add(1 << bit)
    directions = sorted(rows.basis.values())
    there, again = block_bases(directions, form)
    local = replace(form, rows_log=len(directions))
    items = (item.over(basis).over(there) for item in segment.items)
    stages = to_stages(items, at_zero=False)
    steps, change = insert_lanes(stages, same_basis(form.local_bits), form.lane_bits, at_zero=False)
    keep = form.samples
    parts = [record for step in steps for record in step_records(tape, step, local, keep, back)]
    after = tuple(place.over(there).over(change).over(again) for place in basis)
    return segment_header(tape, directions, parts, back), after


def segment_header(
    tape: Tape, directions: Sequence[int], parts: list[Record], back: bool
) -> list[Record]:
    """Records for each block, after one that goes through blocks; the other way round in `back`."""
    taken = {direction.bit_length() - 1 for direction in directions}
    header = blank(layout.SEGMENT)
    set_rows(tape, header, [1 << b for b in range(tape.layout.rows_log) if b not in taken])
    members = whole(span(directions))
    tape.tables.append(members)
    header[layout.MEMBERS] = members.ctypes.data
    header[layout.LOCAL_LOG] = len(directions)
    header[layout.STEPS] = len(parts)
    return [*parts, header] if back else [header, *parts]


def block_bases(directions: Sequence[int], form: Layout) -> tuple[Basis, Basis]:
    """To the storage where a row's number is its place in its block, then the block's; and back.

    The directions are reduced: each is the only one with its highest bit.
    """
    pivots = [direction.bit_length() - 1 for direction in directions]
    between = [bit for bit in range(form.rows_log) if bit not in pivots]
    flips = [*directions, *(1 << bit for bit in between)]
    reads = [1 << pivot for pivot in pivots]
    for bit in between:
        others = (p for p, d in zip(pivots, directions, strict=True) if d >> bit & 1)
        reads.append(1 << bit | sum(1 << pivot for pivot in others))
    lanes = [Place(1 << bit, 1 << bit) for bit in range(form.lane_bits)]
    shift = form.lane_bits
    again = [Place(f << shift, r << shift) for f, r in zip(flips, reads, strict=True)]
    there = [
        Place(
            sum((read >> bit & 1) << i for i, read in enumerate(reads)) << shift,
            sum((flip >> bit & 1) << i for i, flip in enumerate(flips)) << shift,
        )
        for bit in range(form.rows_log)
    ]
    return (*lanes, *there), (*lanes, *again)
