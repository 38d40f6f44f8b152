"""How often the tapes of a program visit rows, which is what its time follows from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from qmlc.kernels import layout
from qmlc.runtime.native.make_form import Form
from qmlc.runtime.normal_form import Array

FORWARD = layout.FORWARD_COUNT, layout.FORWARD_TAPE
BACKWARD = layout.BACKWARD_COUNT, layout.BACKWARD_TAPE


def count_visits(form: Form, *, back: bool = False) -> Mapping[str, int]:
    """How many rows of one unit a tape visits, by what it does to them.

    `visit`: loads and stores them, `turn`: turns them with others, each turn counted, `exchange`:
    those whose lanes change places, `table`: makes their factors of a diagonal, for each bit of a
    row's number; `measure`: reads them for a group of observables; `fetch`: copies them between
    the state and a block; `angle`: vectors of angles that depend on inputs.
    """
    count, place = BACKWARD if back else FORWARD
    found: Counter[str] = Counter()
    program = form.program
    rows = 1 << int(program[layout.ROWS_LOG])
    inside, within = 0, rows
    for record in _records(form, count, place):
        if record[layout.OPERATION] == layout.SEGMENT:
            inside = int(record[layout.STEPS])
            within = int(record[layout.COUNT]) << int(record[layout.LOCAL_LOG])
            found["fetch"] += within
        else:
            _add(found, record, within if inside else rows, form)
            inside = max(inside - 1, 0)
    found["measure"] = int(program[layout.GROUPS]) * rows
    angles = int(program[layout.SAMPLE_ROWS])
    found["angle"] = angles if program[layout.SAMPLES] else -(-angles // form.layout.lanes)
    return found


def _records(form: Form, count: int, place: int) -> Array:
    """The records of a tape, a row each."""
    address, records = form.program[place], int(form.program[count])
    tape = next(array for array in form.kept if array.ctypes.data == address)
    return tape.reshape(records, layout.RECORD_SIZE)


def _add(found: Counter[str], record: Array, rows: int, form: Form) -> None:
    operation = int(record[layout.OPERATION])
    if operation in (layout.MAKE_TABLE, layout.COLLECT_TABLE):
        numbers = record[layout.TABLE_KIND] == layout.NUMBER_TABLE
        made = max(rows // form.layout.lanes, 1) if numbers else rows
        found["table"] += made * max(made.bit_length(), 1)
        return
    found["visit"] += rows
    if operation < layout.LANE_TURNS:
        exchanging = operation >= layout.EXCHANGING_TURNS
        width = (operation - exchanging * layout.EXCHANGING_TURNS) // 3
        found["exchange" if exchanging else "turn"] += width * rows
    elif operation < layout.TURN_GRADIENTS:
        found["exchange"] += (operation - layout.LANE_TURNS) * rows
    elif operation < layout.MAKE_TABLE:
        found["turn"] += (operation - layout.TURN_GRADIENTS) * rows
    else:  # a matrix or a permutation copies all rows and puts them back
        found["visit"] += 2 * rows
