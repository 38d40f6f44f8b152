"""What the passes say that they did."""

from __future__ import annotations

from qmlc.driver import analyse
from qmlc.passes.explain_passes import explain_passes
from qmlc.source.span import Source

PROGRAM = """
model causal(q: real[B, H, T, 8], v: real[B, H, T, 8]) -> real[B, H, T, 8] =
    softmax(where(range(T)[:, none] >= range(T), q @ q.T / sqrt(8), -inf)) @ v

model capped(q: real[B, H, T, 8], v: real[B, H, T, 8]) -> real[B, H, T, 8] =
    softmax(sigmoid(q @ q.T)) @ v

circuit turned_twice(x: real) -> real {
    qubit q
    rx(x) q
    rx(x) q
    return expval(Z(q))
}
"""


def explain(level):
    return list(explain_passes(analyse(Source("program.hqm", PROGRAM)).program, level))


def test_what_changed_is_said_with_its_reason():
    attention, lowered, merged, turned, kept = explain(2)
    assert attention.startswith("lower_attention: Say attention")
    assert lowered.startswith("  causal: range, index, greater_equal, transpose_last, 2 matmul, ")
    assert lowered.endswith("softmax -> scaled_dot_product_attention")
    assert (
        merged.startswith("merge_rotations: Join rotations")
        and turned == "  turned_twice: rx -> nothing"
    )
    assert kept == "attention of capped stays as it is written: `sigmoid` is taken of the scores"


def test_nothing_is_said_of_passes_that_do_not_run():
    assert [line.partition(" stays")[0] for line in explain(0)] == ["attention of capped"]
