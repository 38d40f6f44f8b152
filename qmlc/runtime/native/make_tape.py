"""From stages to the records of a forward and a backward tape, with their tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from qmlc.kernels import layout
from qmlc.runtime.native.angle_rows import Angle, AngleRows, whole
from qmlc.runtime.native.coset_tables import CosetTables, independent, null_space
from qmlc.runtime.native.rotations import Held, NotNative, Turn
from qmlc.runtime.native.stages import Block, Stage
from qmlc.runtime.normal_form import Array

FORWARD_WIDTH, BACKWARD_WIDTH = 3, 2
"""So many turns at once fit into the registers of AVX-512."""

Record = list[int]


@dataclass(frozen=True)
class Layout:
    """What the lanes of a row are: samples, or the `lane_bits` lowest bits of the storage index."""

    samples: bool
    rows_log: int
    lane_bits: int
    """0 where the lanes are samples."""
    lanes: int


@dataclass
class Diagonals:
    """The terms of all diagonals, those that all samples share first."""

    shared: list[tuple[list[tuple[int, Angle]], list[tuple[Held, Angle]]]] = field(
        default_factory=list
    )
    sample: list[tuple[list[tuple[int, Angle]], list[tuple[Held, Angle]]]] = field(
        default_factory=list
    )


@dataclass
class Slots:
    """Coefficients of turns: an angle and the signs of its lanes, each pair once."""

    shared: dict[tuple[int, int], int] = field(default_factory=dict)
    sample: dict[tuple[int, int], int] = field(default_factory=dict)

    uses: Counter[int] = field(default_factory=Counter)
    """How many turns of a forward pass a slot is for."""

    def add(self, angle: Angle, signs: int) -> int:
        """The number of a slot."""
        slots = self.sample if angle.sample else self.shared
        return self.number(angle.sample, slots.setdefault((angle.row, signs), len(slots)))

    @staticmethod
    def number(sample: bool, slot: int) -> int:
        """0, 1, ... for slots that all units share, and -1, -2, ... for those of samples."""
        return -1 - slot if sample else slot


@dataclass
class Tape:
    """What the kernels are told to do."""

    layout: Layout
    angles: AngleRows
    slots: Slots = field(default_factory=Slots)
    diagonals: Diagonals = field(default_factory=Diagonals)
    cosets: CosetTables = field(default_factory=CosetTables)
    start: list[Record] = field(default_factory=list)
    members: list[int] = field(default_factory=lambda: [0])
    forward: list[Record] = field(default_factory=list)
    backward: list[Record] = field(default_factory=list)
    """In the order of the forward tape; it is run from its end."""


def make_tape(stages: Sequence[Stage | Block], form: Layout, inputs: frozenset[str]) -> Tape:
    """The tape of stages on |0...0>; NotNative for what no kernel does."""
    tape = Tape(form, AngleRows(inputs))
    first = True
    for stage in stages:
        if not isinstance(stage, Stage):
            raise NotNative(f"it has a {type(stage).__name__.lower()}")
        rest = stage.turns
        if first and not stage.phases and not stage.held:
            rest = add_start(tape, stage.turns)
        first = False
        diagonal = add_diagonal(tape, stage)
        tape.forward += stage_records(tape, rest, diagonal, FORWARD_WIDTH)
        tape.slots.uses.update(slot_of(tape, turn) for turn in stage.turns)
        tape.backward += stage_records(tape, stage.turns, diagonal, BACKWARD_WIDTH, back=True)
    return tape


def add_start(tape: Tape, turns: Sequence[Turn]) -> tuple[Turn, ...]:
    """Make a product state by turns whose rows are independent; the others come back."""
    bits = tape.layout.lane_bits
    rest: list[Turn] = []
    basis: list[int] = []
    ordered = sorted(turns, key=lambda turn: turn.flips >> bits != 0)
    for turn in ordered:
        row = reduced(turn.flips >> bits, basis)
        if turn.flips >> bits and not row:
            rest.append(turn)
            continue
        if row:
            basis.append(row)
            tape.members += [member ^ turn.flips >> bits for member in tape.members]
        tape.start.append(turn_record(tape, (turn,), 0))
    return tuple(rest)


def reduced(vector: int, basis: Sequence[int]) -> int:
    """What is left of a vector modulo a basis; 0 where it is a sum of it."""
    for other in sorted(basis, reverse=True):
        vector = min(vector, vector ^ other)
    return vector


@dataclass(frozen=True)
class Diagonal:
    """Where a stage's diagonal is: its number, the kind and place of its table."""

    number: int
    sample: bool
    kind: int
    place: int
    collect: bool


NO_DIAGONAL = Diagonal(0, False, layout.NO_TABLE, 0, False)


def add_diagonal(tape: Tape, stage: Stage) -> Diagonal:
    """The diagonal of a stage; the kind is NO_TABLE where it has none."""
    if not stage.phases and not stage.held:
        return NO_DIAGONAL
    form = tape.layout
    terms = [(phase.mask, tape.angles.add(phase.angle)) for phase in stage.phases]
    helds = [(held, tape.angles.add(held.angle)) for held in stage.held]
    sample = any(angle.sample for _, angle in (*terms, *helds))
    collect = True
    if sample:
        tape.diagonals.sample.append((terms, helds))
        return Diagonal(len(tape.diagonals.sample) - 1, True, layout.VECTOR_TABLE, -1, collect)
    tape.diagonals.shared.append((terms, helds))
    number = len(tape.diagonals.shared) - 1
    kind = layout.NUMBER_TABLE if form.samples else layout.VECTOR_TABLE
    size = max(1 << form.rows_log, form.lanes) if form.samples else form.lanes << form.rows_log
    return Diagonal(number, False, kind, 2 * number * size, collect)


def stage_records(
    tape: Tape, turns: Sequence[Turn], diagonal: Diagonal, width: int, *, back: bool = False
) -> Iterator[Record]:
    """The records of one stage in their order; in `back` as the backward tape needs them."""
    lane_mask = (1 << tape.layout.lane_bits) - 1
    rows = [turn for turn in turns if not turn.flips & lane_mask]
    lanes = [turn for turn in turns if turn.flips & lane_mask]
    groups = list(tiles(rows, width, tape.layout.lane_bits))
    if diagonal.kind != layout.NO_TABLE:
        if back and diagonal.collect and diagonal.kind == layout.VECTOR_TABLE:
            yield marked(layout.COLLECT_TABLE, diagonal)
        if diagonal.sample and not back:
            yield marked(layout.MAKE_TABLE, diagonal)
        first = groups.pop(0) if groups else ()
        yield tile_record(tape, first, diagonal)
        if diagonal.sample and back:
            yield marked(layout.MAKE_TABLE, diagonal)
    for group in groups:
        yield tile_record(tape, group, NO_DIAGONAL)
    for turn in lanes:
        yield lane_record(tape, turn)


def tiles(turns: Sequence[Turn], width: int, lane_bits: int) -> Iterator[tuple[Turn, ...]]:
    """Turns in groups that can be carried out in registers at once."""
    waiting = list(turns)
    while waiting:
        group: list[tuple[int, int]] = []
        chosen: list[Turn] = []
        rest: list[Turn] = []
        for turn in waiting:
            flips, signs = turn.flips >> lane_bits, turn.signs >> lane_bits
            if len(chosen) < width and independent(group, flips, signs):
                group.append((flips, signs))
                chosen.append(turn)
            else:
                rest.append(turn)
        yield tuple(chosen)
        waiting = rest


def blank() -> Record:
    """A record of zeros."""
    return [0] * layout.RECORD_SIZE


def marked(operation: int, diagonal: Diagonal) -> Record:
    """A record about a diagonal's table."""
    record = blank()
    record[layout.OPERATION] = operation
    record[layout.DIAGONAL] = diagonal.number + (SAMPLE_DIAGONAL if diagonal.sample else 0)
    return record


SAMPLE_DIAGONAL = 1 << 40
"""Added to the numbers of diagonals per sample until all shared ones are counted."""


def slot_of(tape: Tape, turn: Turn) -> int:
    """The number of the slot of a turn's coefficients."""
    signs = turn.signs & (1 << tape.layout.lane_bits) - 1
    return tape.slots.add(tape.angles.add(turn.angle), signs)


def turn_record(tape: Tape, turns: Sequence[Turn], operation: int) -> Record:
    """A record of turns, without its rows."""
    bits = tape.layout.lane_bits
    record = blank()
    record[layout.OPERATION] = operation
    for i, turn in enumerate(turns):
        record[layout.FLIP + i] = turn.flips >> bits
        record[layout.SLOT + i] = slot_of(tape, turn)
    if len(turns) == 1:
        record[layout.SIGNS] = turns[0].signs >> bits
        record[layout.EXCHANGE] = turns[0].flips & (1 << bits) - 1
    return record


def tile_record(tape: Tape, turns: Sequence[Turn], diagonal: Diagonal) -> Record:
    """A record of turns among rows, after a diagonal."""
    bits = tape.layout.lane_bits
    record = turn_record(tape, turns, layout.TURNS + 3 * len(turns) + diagonal.kind)
    signs = [turn.signs >> bits for turn in turns]
    set_rows(tape, record, null_space(signs, tape.layout.rows_log))
    record[layout.TABLE] = diagonal.place
    record[layout.COLLECT] = int(diagonal.collect)
    record[layout.DIAGONAL] = diagonal.number + (SAMPLE_DIAGONAL if diagonal.sample else 0)
    return record


def lane_record(tape: Tape, turn: Turn) -> Record:
    """A record of a turn among lanes."""
    flips = turn.flips >> tape.layout.lane_bits
    operation = layout.LANE_PAIR_TURN if flips else layout.LANE_TURN
    record = turn_record(tape, (turn,), operation)
    highest = [1 << flips.bit_length() - 1] if flips else []
    set_rows(tape, record, null_space(highest, tape.layout.rows_log))
    return record


def set_rows(tape: Tape, record: Record, basis: Sequence[int]) -> None:
    """Write down which rows a record's tiles begin with."""
    low, high, shift = tape.cosets.of(basis)
    record[layout.COUNT] = 1 << len(basis)
    record[layout.LOW] = low.ctypes.data
    record[layout.HIGH] = high.ctypes.data
    record[layout.SHIFT] = shift


def records_array(records: Iterable[Record], shared_diagonals: int, item: int) -> Array:
    """Records as one array: diagonals per sample counted after shared ones, places in bytes."""
    rows = []
    for record in records:
        row = list(record)
        if row[layout.DIAGONAL] >= SAMPLE_DIAGONAL:
            row[layout.DIAGONAL] += shared_diagonals - SAMPLE_DIAGONAL
        if row[layout.TABLE] > 0:
            row[layout.TABLE] *= item
        rows.append(row)
    return whole(number for row in rows for number in row)
