"""What laws say to the author, and what they make of symbols."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from qmlc.ops.fill_template import fill_template
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.indexing import Slice
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import bind
from qmlc.ops.rows import ATOM
from qmlc.runtime import masked
from qmlc.types.polynomial import Polynomial
from qmlc.types.sizes import divide_exactly, floor_divide
from qmlc.types.tensors import ShapeError, TensorType, UnknownDimension

B, T, D = (Polynomial.symbol(name) for name in "BTd")


def real(*dims):
    return TensorType("real", dims)


def law(name, *types, sizes=None, **chosen):
    row = FUNCTIONS[name]
    values = bind(row.settings, (), chosen)
    return row.law(types, values | ({"sizes": sizes} if sizes is not None else {}))


def layer(name, x, *positional, **named):
    row = LAYERS[name]
    return row.law([x], bind(row.parameters, positional, named))


def test_heads_are_split_and_merged():
    split, merge = "b t (h e) -> b h t e", "b h t e -> b t (h e)"
    heads = law("rearrange", real(B, T, 128), pattern=split, sizes=(("h", 4),))
    assert heads == real(B, 4, T, 32)
    assert law("rearrange", heads, pattern=merge, sizes=()) == real(B, T, 128)
    symbolic = law("rearrange", real(B, T, 4 * D), pattern=split, sizes=(("h", 4),))
    assert symbolic == real(B, 4, T, D)


def test_heads_that_do_not_divide_propose_some_that_do():
    with pytest.raises(ShapeError, match="`h` is 5, which does not divide 128") as error:
        law("rearrange", real(B, T, 128), pattern="b t (h e) -> b h t e", sizes=(("h", 5),))
    assert error.value.proposal == "choose from 1, 2, 4, 8, 16, 32, 64, 128"


def test_broadcast_names_both_sizes():
    with pytest.raises(ShapeError, match="`B` and `T` do not agree") as error:
        law("add", real(B, 4), real(T, 4))
    assert error.value.argument == 1


def test_leading_dimensions_are_one_opaque_one():
    dots = Polynomial.symbol("...")
    scores = law("matmul", real(dots, T, D), law("transpose_last", real(dots, 7, D)))
    assert scores == real(dots, T, 7)


def test_matmul_proposes_a_transpose():
    with pytest.raises(ShapeError) as error:
        law("matmul", real(B, T, 8), real(B, T, 8))
    assert ".T" in error.value.proposal


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ((Slice(), 0), real(B, 8)),
        ((Slice(), Slice(1)), real(B, T - 1, 8)),
        ((Slice(), Slice(None, -2)), real(B, T - 2, 8)),
        ((..., None), real(B, T, 8, 1)),
    ],
)
def test_index_of_symbols(index, expected):
    assert law("index", real(B, T, 8), index=index) == expected


def test_reshape_solves_for_symbols():
    assert law("reshape", real(B, T, 4), shape=(-1, 4)) == real(B * T, 4)
    assert law("reshape", real(B, 2 * D), shape=(B, 2, -1)) == real(B, 2, D)


def test_exact_division_of_polynomials():
    assert divide_exactly((B + T) * (B + 2), B + T) == B + 2
    assert divide_exactly(B * T + 1, B) is None
    assert floor_divide(4 * B + 3, 2) == 2 * B + 1
    assert str(floor_divide(T, 2)) == "T // 2"


def test_layers_infer_their_input_sizes():
    shape = layer("linear", real(B, T, 384), 4)
    assert (shape.output, shape.inferred) == (real(B, T, 4), {"in_features": 384})
    image = layer("conv2d", real(B, 4, 4, 4), 16, 3, padding=1).output
    pooled = layer("max_pool2d", image, 2).output
    assert layer("flatten", pooled).output == real(B, 64)


def test_unknown_parameter_shapes_are_told_apart():
    with pytest.raises(UnknownDimension) as error:
        layer("linear", real(B, D), 4)
    assert error.value.dimension == D


def test_classes_stand_on_the_last_axis():
    with pytest.raises(ShapeError, match=r"need a target `int\[B, T\]`") as error:
        law("cross_entropy", real(B, T, 5), TensorType("int", (B,)), None)
    assert error.value.argument == 1


def evaluate(name, settings=(), **tensors):
    row = FUNCTIONS[name]
    sources = {p.name: (p.name, ATOM) if p.name in tensors else None for p in row.tensors}
    source = fill_template(row, sources, bind(row.settings, (), dict(settings)))
    return eval(source, {"torch": torch, "F": F, "masked": masked, **tensors})


def test_losses_over_leading_dimensions():
    scores, target = torch.randn(2, 3, 5), torch.tensor([[0, -100, 4], [1, 2, -100]])
    chosen = target >= 0
    expected = F.cross_entropy(scores[chosen], target[chosen])
    assert_close(evaluate("cross_entropy", scores=scores, target=target), expected)
    each = evaluate("cross_entropy", {"reduction": "none"}, scores=scores, target=target)
    assert each.shape == target.shape
    assert_close(each[chosen].mean(), expected)
    teacher = torch.randn(2, 3, 5)
    p, q = teacher.softmax(-1), scores.softmax(-1)
    expected = (p * (p / q).log()).sum(-1).mean()
    assert_close(evaluate("kl_divergence", student=scores, teacher=teacher), expected)


def test_masked_mean_counts_what_is_chosen():
    x = torch.tensor([[[1.0, 2], [3, 4], [torch.nan, 6]], [[7, 8], [9, 10], [11, 12]]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    found = masked.mean(x, mask, dim=1)
    assert_close(found, torch.tensor([[2.0, 3], [0, 0]]))
    assert_close(masked.sum(x, mask), torch.tensor(10.0))
    assert masked.mean(x, mask, dim=(1, 2), keepdim=True).shape == (2, 1, 1)
    assert_close(masked.mean(x, mask, dim=(1, 2)), torch.tensor([2.5, 0]))
