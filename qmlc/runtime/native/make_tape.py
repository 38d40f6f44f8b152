"""From stages to the tapes of a forward and a backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from qmlc.kernels import layout
from qmlc.kernels.host import cache_bytes
from qmlc.runtime.native.angle_rows import AngleRows, whole
from qmlc.runtime.native.coset_tables import span
from qmlc.runtime.native.rotations import Basis, NotNative, Place, Turn
from qmlc.runtime.native.segments import Segment, to_segments
from qmlc.runtime.native.span import Span
from qmlc.runtime.native.stage_records import stage_records, turn_record
from qmlc.runtime.native.stages import Block, Stage, to_stages
from qmlc.runtime.native.tape import Layout, Record, Tape, blank, set_rows


def make_tape(stages: Sequence[Stage | Block], form: Layout, inputs: frozenset[str]) -> Tape:
    """The tape of stages on |0...0>; NotNative for what no kernel does."""
    tape = Tape(form, AngleRows(inputs))
    found: list[Stage] = []
    for stage in stages:
        if not isinstance(stage, Stage):
            raise NotNative(f"it has a {type(stage).__name__.lower()}")
        found.append(stage)
        tape.slots.uses.update(tape.slot_of(turn) for turn in stage.turns)
    started = list(found)
    if found and not found[0].phases and not found[0].held:
        started[0] = replace(found[0], turns=add_start(tape, found[0].turns))
    tape.forward += pass_records(tape, started, back=False)
    tape.backward += pass_records(tape, found, back=True)
    tape.segmented = all(
        records and form.rows_log > block_rows_log(form, back)
        for records, back in ((tape.forward, False), (tape.backward, True))
    )
    return tape


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


def pass_records(tape: Tape, stages: Sequence[Stage], *, back: bool) -> Iterator[Record]:
    """The records of all stages, block by block where the state is larger than the cache."""
    form = tape.layout
    fitting = block_rows_log(form, back)
    if form.rows_log <= fitting:
        for position, stage in enumerate(stages):
            yield from stage_records(
                tape, stage, form, keep_table=True, back=back, first=position == 0
            )
        return
    items = [item for stage in stages for item in stage.items]
    size = form.local_bits
    for segment in to_segments(items, size, form.lane_bits, fitting):
        yield from segment_records(tape, segment, fitting, back)


def block_rows_log(form: Layout, back: bool) -> int:
    """How many rows fit well into half of the second cache, as a power of two.

    The first cache would spare time in every pass, but less than the copies cost that it needs.
    """
    bytes_of_row = 2 * form.lanes * form.item * (2 if back else 1)
    return max((cache_bytes(2) // 2 // bytes_of_row).bit_length() - 1, 3)


def segment_records(tape: Tape, segment: Segment, rows_log: int, back: bool) -> Iterator[Record]:
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
    parts: list[Record] = []
    for stage in to_stages((item.over(basis) for item in segment.items), at_zero=False):
        assert isinstance(stage, Stage)
        parts += stage_records(tape, stage, local, keep_table=form.samples, back=back)
    header = blank(layout.SEGMENT)
    set_rows(tape, header, between)
    members = whole(span(directions))
    tape.tables.append(members)
    header[layout.MEMBERS] = members.ctypes.data
    header[layout.LOCAL_LOG] = len(directions)
    header[layout.STEPS] = len(parts)
    if not back:
        yield header
    yield from parts
    if back:
        yield header  # the backward tape is run from its end


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
