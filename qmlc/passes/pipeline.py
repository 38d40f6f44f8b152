"""The passes, in the order in which they run, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from qmlc.ir.program import Program
from qmlc.ir.verify import verify
from qmlc.passes.apply_rules import apply_gate_rules, apply_tensor_rules
from qmlc.passes.attention.find_windows import find_windows
from qmlc.passes.attention.fit_attention import fit_attention
from qmlc.passes.attention.leave_out_masks import leave_out_masks
from qmlc.passes.attention.lower_attention import lower_attention
from qmlc.passes.drop_dead_nodes import drop_dead_nodes
from qmlc.passes.drop_identities import drop_identities
from qmlc.passes.merge_rotations import merge_rotations
from qmlc.passes.models.batch_calls import batch_calls
from qmlc.passes.models.split_frozen import split_frozen
from qmlc.passes.rewrite_circuits import rewrite_circuits

MAX_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class Pass:
    """A step of the pipeline; `level` is the lowest at which it runs."""

    name: str
    run: Callable[[Program], Program]
    level: int
    doc: str
    """Why it is there, in a sentence."""


PIPELINE = (
    Pass(
        "apply_tensor_rules", partial(apply_tensor_rules, ("attention", "arithmetic")), 2,
        "Apply the program's own rules of tensors, then the library's.",
    ),
    Pass(
        "lower_attention", lower_attention, 2,
        "Say attention that is written as its formula as one operation: it does not hold the "
        "scores of all pairs in memory at once.",
    ),
    Pass(
        "fit_attention", fit_attention, 2,
        "Give attention the four dimensions for which there are fast kernels.",
    ),
    Pass(
        "batch_calls", batch_calls, 2,
        "Call a circuit once for all that it can be given at a time: a call costs more than a few "
        "samples.",
    ),
    Pass(
        "drop_dead_nodes", drop_dead_nodes, 1,
        "Leave out what no output needs: a `let` that nothing uses should cost nothing.",
    ),
    Pass(
        "split_frozen", split_frozen, 2,
        "Take what a loss computes of data and fixed parts alone out of it: training computes it "
        "once, not in each epoch.",
    ),
    Pass(
        "leave_out_masks", leave_out_masks, 2,
        "Do without masks that are true by default where no mask is given.",
    ),
    Pass(
        "find_windows", find_windows, 2,
        "Compute nothing outside of the windows that attention sees: a mask would hide it after.",
    ),
    Pass(
        "cancel_gates", partial(apply_gate_rules, ("cancel",), False), 1,
        "Cancel gates of library and user that undo each other where they meet.",
    ),
    Pass(
        "merge_rotations", partial(rewrite_circuits, merge_rotations), 1,
        "Join rotations about one axis, also past what commutes with them: data re-uploading and "
        "product formulas turn twice about one axis.",
    ),
    Pass(
        "apply_gate_rules", partial(apply_gate_rules, ("cancel", "simplify", "conjugate"), True), 2,
        "Apply the program's own rules of gates, then the library's.",
    ),
    Pass(
        "drop_identities", partial(rewrite_circuits, drop_identities), 1,
        "Leave out rotations by 0: what was merged may have come to nothing.",
    ),
)  # fmt: skip


Watch = Callable[[str, Program], None]
"""Something told the name of each pass that has run, and the program after it."""


def optimise(program: Program, level: int = 2, watch: Watch | None = None) -> Program:
    """`program` after all passes up to `level`, verified after each.

    0: as written; 1: what is dead or cancels goes; 2: rules are applied; 3: all of it again until
    nothing changes.
    """
    verify(program, "elaboration")
    for _ in range(MAX_ROUNDS if level == 3 else 1):
        start = program
        for step in PIPELINE:
            if step.level <= level:
                before, program = program, step.run(program)
                verify(program, step.name, before)
                if watch is not None:
                    watch(step.name, program)
        if program == start:
            break
    return program
