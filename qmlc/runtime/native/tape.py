"""Tapes: what kernels are told to do, as records of numbers and the tables that these name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from qmlc.kernels import layout
from qmlc.runtime.native.angle_rows import Angle, AngleRows, whole
from qmlc.runtime.native.coset_tables import CosetTables
from qmlc.runtime.native.rotations import Held, Turn
from qmlc.runtime.normal_form import Array

Record = list[int]


@dataclass(frozen=True)
class Layout:
    """What the lanes of a row are: samples, or the `lane_bits` lowest bits of the storage index."""

    samples: bool
    rows_log: int
    """A state, or a block of it that is worked on, has 2**rows_log rows."""
    lane_bits: int
    """0 where the lanes are samples."""
    lanes: int
    item: int
    """Bytes of a number."""

    @property
    def local_bits(self) -> int:
        """How many bits of a mask are about lanes and rows; those above are about blocks."""
        return self.lane_bits + self.rows_log


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


@dataclass(frozen=True)
class Terms:
    """A diagonal: masks over all bits with their angles, and terms under controls."""

    phases: tuple[tuple[int, Angle], ...]
    held: tuple[tuple[Held, Angle], ...]
    local_bits: int

    def part(self, mask: int) -> tuple[int, int]:
        """A mask over the lanes and rows of a block, and over the numbers of blocks."""
        return mask & (1 << self.local_bits) - 1, mask >> self.local_bits

    @property
    def sample(self) -> bool:
        """Whether it depends on inputs."""
        return any(angle.sample for _, angle in (*self.phases, *self.held))


@dataclass
class Tape:
    """What the kernels are told to do."""

    layout: Layout
    angles: AngleRows
    global_phase: bool
    """Whether the global phase of the state matters."""
    slots: Slots = field(default_factory=Slots)
    diagonals: list[Terms] = field(default_factory=list)
    numbers: dict[Terms, int] = field(default_factory=dict)
    """Of the diagonals, each of which is there once."""
    kept: dict[int, int] = field(default_factory=dict)
    """The diagonals whose tables are made once a call, and the places of these."""
    cosets: CosetTables = field(default_factory=CosetTables)
    tables: list[Array] = field(default_factory=list)
    start: list[Record] = field(default_factory=list)
    members: Array = field(default_factory=lambda: whole([0]))
    forward: list[Record] = field(default_factory=list)
    backward: list[Record] = field(default_factory=list)
    """In the order of the forward tape; it is run from its end."""
    work: int = 0
    """Vectors that matrices and permutations need to work in."""
    segmented: bool = False
    """Whether both tapes go through the state block by block, so that threads can share it."""

    @property
    def arrays(self) -> list[Array]:
        """The tables whose addresses stand in the records."""
        cosets = (array for low, high, _ in self.cosets.tables.values() for array in (low, high))
        return [*self.tables, *cosets]

    def rows_log(self, number: int) -> int:
        """Of the rows that a diagonal's table is for."""
        return self.diagonals[number].local_bits - self.layout.lane_bits

    @property
    def most_rows_log(self) -> int:
        """Of the most rows that are worked on at once."""
        if not self.segmented:
            return self.layout.rows_log
        records = (*self.forward, *self.backward)
        return max(r[layout.LOCAL_LOG] for r in records if r[layout.OPERATION] == layout.SEGMENT)

    def number_of(self, terms: Terms) -> int:
        """The number of a diagonal."""
        number = self.numbers.setdefault(terms, len(self.diagonals))
        if number == len(self.diagonals):
            self.diagonals.append(terms)
        return number

    def slot_of(self, turn: Turn) -> int:
        """The number of the slot of a turn's coefficients."""
        signs = turn.signs & (1 << self.layout.lane_bits) - 1
        return self.slots.add(self.angles.add(turn.angle), signs)


def blank(operation: int) -> Record:
    """A record of zeros but for its operation."""
    record = [0] * layout.RECORD_SIZE
    record[layout.OPERATION] = operation
    return record


def set_rows(tape: Tape, record: Record, basis: Sequence[int]) -> None:
    """Write down the rows that a record's tiles or blocks begin with: the sums of a basis."""
    low, high, shift = tape.cosets.of(basis)
    record[layout.COUNT] = 1 << len(basis)
    record[layout.LOW] = low.ctypes.data
    record[layout.HIGH] = high.ctypes.data
    record[layout.SHIFT] = shift


def records_array(records: Iterable[Record]) -> Array:
    """Records one after the other."""
    return whole(number for record in records for number in record)
