"""From a circuit to what the kernels read for one layout: arrays of numbers, tapes and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from qmlc.ir.circuit import Circuit
from qmlc.kernels import layout
from qmlc.runtime.native.angle_rows import Angle, AngleRows, Sums, make_sums, whole
from qmlc.runtime.native.make_tape import make_tape
from qmlc.runtime.native.measured_groups import measured_groups
from qmlc.runtime.native.prepared_amplitudes import prepared_amplitudes
from qmlc.runtime.native.rotations import Frame, Rotated
from qmlc.runtime.native.stages import to_stages
from qmlc.runtime.native.tape import Layout, Tape, records_array
from qmlc.runtime.normal_form import Array
from qmlc.runtime.plan_circuit import symbol_positions
from qmlc.types.polynomial import Symbol

BLOCK_LOG = 7
"""Results are worked out for so many rows at a time (as a power of two), in the first cache."""

CALL_BYTES = 8 * 16
"""The numbers of a call, in whole cache lines."""

MAX_IDLE = 1 << 26
"""Bytes of a thread's memory that are kept from one call to the next."""


class Workspace(NamedTuple):
    """What so many threads work in, from an address on."""

    threads: int
    memory: Tensor
    address: int


def aligned(memory: Tensor) -> int:
    """The first address of a tensor's memory that a cache line begins at."""
    return memory.data_ptr() + 63 & -64


@dataclass(frozen=True, eq=False)
class Form:
    """A program for one layout: its array of numbers and addresses, and what these point to."""

    program: Array
    kept: list[Array]
    layout: Layout
    reads_all: bool
    """Whether each input enters an angle."""
    idle: list[Workspace] = field(default_factory=list)

    @cached_property
    def address(self) -> int:
        """Of the program's array."""
        return int(self.program.ctypes.data)

    @cached_property
    def _sizes(self) -> tuple[int, int, int]:
        """Bytes of a call without states, of a state, and of a thread."""
        state = (2 << self.layout.rows_log) * self.layout.lanes * self.layout.item
        program = self.program
        if program[layout.KEEPS_ANGLES]:
            state += int(program[layout.OF_TABLE])
        return int(program[layout.AT_AMPLITUDES]), state, int(program[layout.THREAD_BYTES])

    @cached_property
    def work(self) -> int:
        """What a unit costs: rows times records."""
        return int(self.program[layout.FORWARD_COUNT]) + 1 << self.layout.rows_log

    def units(self, batch: int) -> int:
        """How many units hold so many samples."""
        return -(-batch // self.layout.lanes) if self.layout.samples else batch

    def memory_bytes(self, batch: int) -> int:
        """What a call with so many states to keep needs."""
        call, state, _ = self._sizes
        return call + state * self.units(batch) + 64

    @property
    def thread_bytes(self) -> int:
        """What a thread works in."""
        return self._sizes[2]

    def borrow(self, threads: int) -> Workspace:
        """Memory for threads, left by a call before or new."""
        if self.idle:
            workspace = self.idle.pop()
            if workspace.threads >= threads:
                return workspace
        memory = torch.empty(threads * self._sizes[2] + 64, dtype=torch.uint8)
        return Workspace(threads, memory, aligned(memory))

    def give_back(self, workspace: Workspace) -> None:
        """Leave memory for the next call, unless it is much."""
        if workspace.memory.numel() <= MAX_IDLE:
            self.idle.append(workspace)


@dataclass
class FormMaker:
    """Collects the numbers of a program."""

    item: int
    lanes: int
    program: Array = field(default_factory=lambda: np.zeros(layout.PROGRAM_SIZE, dtype=np.int64))
    kept: list[Array] = field(default_factory=list)

    def put(self, place: int, values: Array) -> None:
        """Write the address of an array down."""
        values = np.ascontiguousarray(values)
        self.kept.append(values)
        self.program[place] = values.ctypes.data

    def put_sums(self, place: int, sums: Sums) -> None:
        """Write a table of sums down: the count, then four addresses."""
        self.program[place] = len(sums.starts) - 1
        for offset, values in enumerate(sums, 1):
            self.put(place + offset, values)

    def reserve(self, position: int, sizes: Sequence[tuple[int, int]]) -> int:
        """Lay out regions of memory, (place, vectors) each, from a position; the end comes back."""
        for place, vectors in sizes:
            self.program[place] = position
            position += -(-vectors * self.lanes * self.item // 64) * 64
        return position


def make_form(
    circuit: Circuit, rotated: Rotated, samples: bool, joint: bool, lanes: int, real: type
) -> Form:
    """The program of a circuit in one layout; NotNative for what it cannot run."""
    item = np.dtype(real).itemsize
    lane_bits = 0 if samples else lanes.bit_length() - 1
    qubits = circuit.num_qubits
    rows_log = qubits - lane_bits
    form = Layout(samples, rows_log, lane_bits, lanes, item)
    operators = [o for result in circuit.results for o in result.operators]
    needs_state = any(result.kind == "state" for result in circuit.results)
    only_z = all(letter == "Z" for o in operators for string, _ in o.terms for _, letter in string)
    stages = to_stages(
        rotated.items,
        diagonal_results=only_z and not needs_state,
        global_phase=needs_state,
    )
    names = frozenset(variable.name for variable in circuit.inputs)
    tape = make_tape(stages, form, names, joint=joint, global_phase=needs_state)
    maker = FormMaker(item, lanes)
    program = maker.program
    program[layout.ROWS_LOG] = rows_log
    program[layout.SAMPLES] = int(samples)
    program[layout.BLOCK_LOG] = min(rows_log, BLOCK_LOG)
    program[layout.ANGLES] = len(tape.angles.sample)
    prepared = prepared_amplitudes(rotated.items, tape.angles)
    program[layout.PREPARED] = len(prepared.places)
    for offset, rows in enumerate(prepared, 1):
        maker.put(layout.PREPARED + offset, rows)
    symbols = put_angles(maker, circuit, tape.angles)
    put_slots(maker, tape)
    put_diagonals(maker, tape)
    put_tapes(maker, tape)
    put_results(maker, circuit, rotated.frames, lane_bits, real)
    put_widths(maker, circuit)
    put_shared(maker, tape)
    put_thread(maker, tape, circuit, symbols)
    reads_all = int(program[layout.INPUT_COUNT]) == int(program[layout.INPUT_WIDTH])
    return Form(program, [*maker.kept, *tape.arrays], form, reads_all)


def put_widths(maker: FormMaker, circuit: Circuit) -> None:
    """Write down how many numbers the inputs of a sample are, and all parameters."""
    for place, variables in (
        (layout.INPUT_WIDTH, circuit.inputs),
        (layout.PARAMETER_WIDTH, circuit.parameters),
    ):
        maker.program[place] = sum(math.prod(variable.shape) for variable in variables)


def put_angles(maker: FormMaker, circuit: Circuit, angles: AngleRows) -> int:
    """Write down the sums that angles are; the number of symbols per sample comes back."""
    inputs, parameters = symbol_positions(circuit.inputs), symbol_positions(circuit.parameters)
    maker.put_sums(layout.SHARED_ROWS, make_sums(angles.shared, parameters))
    used = dict.fromkeys(s for polynomial in angles.sample for s in polynomial.symbols())
    own = [s for s in used if s in inputs]
    others = [s for s in used if s not in inputs]
    places: dict[Symbol, int] = {s: i for i, s in enumerate([*own, *others])}
    maker.put_sums(layout.SAMPLE_ROWS, make_sums(angles.sample, places))
    maker.program[layout.INPUT_COUNT] = len(own)
    maker.put(layout.INPUT_POSITIONS, whole(inputs[s] for s in own))
    maker.program[layout.PARAMETER_COUNT] = len(others)
    maker.put(layout.PARAMETER_POSITIONS, whole(parameters[s] for s in others))
    return len(places)


def put_slots(maker: FormMaker, tape: Tape) -> None:
    """Write down the coefficients that are to be made."""
    for place, sample, slots in (
        (layout.SHARED_SLOTS, False, tape.slots.shared),
        (layout.SAMPLE_SLOTS, True, tape.slots.sample),
    ):
        maker.program[place] = len(slots)
        maker.put(place + 1, whole(row for row, _ in slots))
        maker.put(place + 2, whole(signs for _, signs in slots))
        numbers = (tape.slots.number(sample, slot) for slot in range(len(slots)))
        maker.put(place + 3, whole(tape.slots.uses[number] % 2 for number in numbers))


def put_diagonals(maker: FormMaker, tape: Tape) -> None:
    """Write down the terms of all diagonals."""
    bounds: list[int] = []
    masks: list[tuple[int, int]] = []
    rows: list[int] = []
    helds, controls = [0], [0]
    held_masks: list[tuple[int, int]] = []
    held_angles: list[Angle] = []
    control_masks: list[tuple[int, int]] = []
    bits: list[int] = []
    for diagonal in tape.diagonals:
        ordered = sorted(diagonal.phases, key=lambda term: term[1].sample)
        shared = sum(not angle.sample for _, angle in ordered)
        bounds += [len(masks), len(masks) + shared, len(masks) + len(ordered)]
        masks += [diagonal.part(mask) for mask, _ in ordered]
        rows += [angle.row for _, angle in ordered]
        for item, angle in diagonal.held:
            held_masks.append(diagonal.part(item.mask))
            held_angles.append(angle)
            control_masks += [diagonal.part(reads) for reads, _ in item.controls]
            bits += [bit for _, bit in item.controls]
            controls.append(len(control_masks))
        helds.append(len(held_masks))
    maker.program[layout.TABLES] = len(tape.kept)
    for place, values in (
        (layout.TABLE_DIAGONALS, tape.kept),
        (layout.TABLE_ROWS, [tape.rows_log(number) for number in tape.kept]),
        (layout.DIAGONALS, bounds),
        (layout.TERM_ROWS, rows), (layout.HELDS, helds),
        (layout.HELD_ROWS, [angle.row for angle in held_angles]),
        (layout.HELD_KINDS, [int(angle.sample) for angle in held_angles]),
        (layout.HELD_CONTROLS, controls), (layout.CONTROL_BITS, bits),
    ):  # fmt: skip
        maker.put(place, whole(values))
    for place, outer, parted in (
        (layout.TERM_MASKS, layout.TERM_OUTERS, masks),
        (layout.HELD_MASKS, layout.HELD_OUTERS, held_masks),
        (layout.CONTROL_MASKS, layout.CONTROL_OUTERS, control_masks),
    ):
        maker.put(place, whole(local for local, _ in parted))
        maker.put(outer, whole(above for _, above in parted))


def put_tapes(maker: FormMaker, tape: Tape) -> None:
    """Write down the start, and both tapes in the order in which they run."""
    for count, place, records in (
        (layout.START_COUNT, layout.START_RECORDS, tape.start),
        (layout.FORWARD_COUNT, layout.FORWARD_TAPE, tape.forward),
        (layout.BACKWARD_COUNT, layout.BACKWARD_TAPE, tape.backward[::-1]),
    ):
        maker.program[count] = len(records)
        maker.put(place, records_array(records))
    maker.put(layout.START_MEMBERS, tape.members)
    full = len(tape.members) == 1 << tape.layout.rows_log
    maker.program[layout.START_FULL] = int(full)
    maker.program[layout.SEGMENTED] = int(tape.segmented)


def put_results(
    maker: FormMaker, circuit: Circuit, frames: Sequence[Frame], lane_bits: int, real: type
) -> None:
    """Write down what is measured, and where amplitudes stand."""
    operators = [o for result in circuit.results for o in result.operators]
    maker.program[layout.OPERATORS] = len(operators)
    groups = measured_groups(operators, frames, lane_bits)
    maker.program[layout.GROUPS] = len(groups.records) // 5
    maker.put(layout.GROUP_RECORDS, groups.records)
    maker.put(layout.ENTRY_MASKS, groups.masks)
    maker.put(layout.ENTRY_STARTS, groups.starts)
    maker.put(layout.ENTRY_OPERATORS, groups.operators)
    maker.put(layout.ENTRY_COEFFICIENTS, groups.coefficients.astype(real))
    maker.program[layout.STATE_BITS] = circuit.num_qubits
    if any(result.kind == "state" for result in circuit.results):
        maker.put(layout.STATE_SOURCES, storage_indices(frames))


def storage_indices(frames: Sequence[Frame]) -> Array:
    """The storage index of each logical index."""
    sources = np.zeros(1, dtype=np.int64)
    for frame in frames:
        zero, one = (frame.flips * (bit ^ frame.offset) for bit in (0, 1))
        sources = np.concatenate([sources ^ zero, sources ^ one])
    return sources


def put_shared(maker: FormMaker, tape: Tape) -> None:
    """Lay out the memory of a call, which all units share."""
    numbers = -(-len(tape.angles.shared) // maker.lanes)
    table = 2 * table_vectors(maker, tape)
    maker.program[layout.TABLE_BYTES] = table * maker.lanes * maker.item
    maker.program[layout.TABLE_SIZE] = table * maker.lanes // 2
    maker.program[layout.AT_AMPLITUDES] = maker.reserve(CALL_BYTES, [
        (layout.AT_COSINES, numbers), (layout.AT_SINES, numbers), (layout.AT_PHASES, numbers),
        (layout.AT_COEFFICIENTS, 2 * len(tape.slots.shared)),
        (layout.AT_TABLES, table * len(tape.kept)), (layout.AT_FIRST, 1),
    ])  # fmt: skip


def table_vectors(maker: FormMaker, tape: Tape) -> int:
    """The vectors of the cosines of a diagonal that all units share."""
    form = tape.layout
    if not form.samples:
        return 1 << form.rows_log
    sizes = [
        max(1 << tape.rows_log(number), form.lanes) << form.rows_log - tape.rows_log(number)
        for number in tape.kept
    ]
    return max(sizes, default=0) // form.lanes


def put_thread(maker: FormMaker, tape: Tape, circuit: Circuit, symbols: int) -> None:
    """Lay out the memory of a thread."""
    rows = 1 << tape.layout.rows_log
    # an odd number of cache lines between arrays: equal low bits of addresses delay loads
    most = 1 << tape.most_rows_log
    angles, slots = len(tape.angles.sample), tape.slots
    operators = int(maker.program[layout.OPERATORS])
    parameters = sum(int(np.prod(v.shape)) for v in circuit.parameters)
    maker.program[layout.THREAD_BYTES] = maker.reserve(0, [
        (layout.OF_SIGN, 1), (layout.OF_SYMBOLS, symbols),
        (layout.OF_ANGLES, angles), (layout.OF_COSINES, angles),
        (layout.OF_SINES, angles), (layout.OF_PHASES, angles),
        (layout.OF_COEFFICIENTS, 2 * len(slots.sample)), (layout.OF_FIRST, 1),
        (layout.OF_TABLE, 2 * most), (layout.OF_WORK, max(most, 1 << BLOCK_LOG)),
        (layout.OF_BLOCK, 2 * most + 3), (layout.OF_ADJOINT_BLOCK, 2 * most + 5),
        (layout.OF_OTHER_ORDER, tape.work),
        (layout.OF_VALUES, operators), (layout.OF_STATE, 2 * rows + 7),
        (layout.OF_ADJOINT, 2 * rows),
        (layout.OF_TOTALS, -(-len(tape.angles.shared) // maker.lanes)),
        (layout.OF_SHARED_SLOTS, len(slots.shared)), (layout.OF_SAMPLE_SLOTS, len(slots.sample)),
        (layout.OF_SHARED_ROWS, len(tape.angles.shared)), (layout.OF_SAMPLE_ROWS, angles),
        (layout.OF_SYMBOL_GRADIENTS, symbols),
        (layout.OF_PARAMETER_GRADIENTS, -(-parameters // maker.lanes)),
        (layout.OF_TABLE_GRADIENTS, table_vectors(maker, tape) * len(tape.kept)),
    ])  # fmt: skip
    state = 2 * rows * maker.lanes * maker.item
    maker.program[layout.KEEPS_ANGLES] = int(maker.program[layout.OF_TABLE] <= state)
