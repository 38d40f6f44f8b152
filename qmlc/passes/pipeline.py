"""The passes, in the order in which they run, each with its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from qmlc.ir.program import Program
from qmlc.ir.verify import verify
from qmlc.passes.cancel_inverses import cancel_inverses
from qmlc.passes.drop_dead_nodes import drop_dead_nodes
from qmlc.passes.drop_identities import drop_identities
from qmlc.passes.merge_rotations import merge_rotations
from qmlc.passes.rewrite_circuits import rewrite_circuits


@dataclass(frozen=True, slots=True)
class Pass:
    """A step of the pipeline; `level` is the lowest at which it runs."""

    name: str
    run: Callable[[Program], Program]
    level: int


PIPELINE = (
    # a `let` that nothing uses should cost nothing
    Pass("drop_dead_nodes", drop_dead_nodes, 1),
    # gates of library and user meet at their seams: h h, cx cx
    Pass("cancel_inverses", partial(rewrite_circuits, cancel_inverses), 1),
    # data re-uploading and product formulas turn one qubit twice about one axis
    Pass("merge_rotations", partial(rewrite_circuits, merge_rotations), 1),
    # what was merged may have come to nothing
    Pass("drop_identities", partial(rewrite_circuits, drop_identities), 1),
)


def optimise(program: Program, level: int = 2) -> Program:
    """`program` after all passes up to `level`, verified after each."""
    verify(program, "elaboration")
    for step in PIPELINE:
        if step.level <= level:
            before, program = program, step.run(program)
            verify(program, step.name, before)
    return program
