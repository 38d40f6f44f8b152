"""Every row of LAYERS against torch: its law raises where torch does, and agrees elsewhere."""

from __future__ import annotations

import math
import warnings

import pytest
import torch
from draw_shapes import (
    AXIS,
    SIZES,
    accepts,
    dims,
    kinds,
    make_tensor,
    nearly,
    tensor,
    type_of,
    with_numbers,
    with_symbols,
)  # fmt: skip
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from torch import nn

from qmlc.ops.fill_template import write_constructor
from qmlc.ops.layer_parameters import layer_parameters
from qmlc.ops.layers import LAYERS
from qmlc.ops.parameters import REQUIRED
from qmlc.types.tensors import RecordType, ShapeError, TensorType, UnknownDimension

SMALL = st.integers(1, 3)


@st.composite
def each(draw, number, spatial):
    """A number for all axes, or one for each, seldom a wrong count."""
    if draw(st.booleans()):
        return draw(number)
    wrong = draw(st.integers(0, 19)) == 0
    return tuple(draw(number) for _ in range(spatial + wrong))


def spatial_of(name):
    return int(name[-2]) if name.endswith("d") and name[-2].isdigit() else 2


PICTURES = ["nearest", "linear", "bilinear", "bicubic", "trilinear"]
MODES = {"embedding_bag": ["mean", "sum", "max"]}


def choices(name):
    """Strategies for settings by name."""
    if name == "fold":
        return {
            "output_size": each(st.integers(2, 4), 2),
            "kernel_size": each(SMALL, 2),
            "stride": each(st.integers(1, 2), 2),
            "padding": each(st.integers(0, 1), 2),
        }
    n = spatial_of(name)
    odd = st.integers(0, 1)
    padding = each(st.integers(0, 2), n)
    if name.startswith("conv") and "transpose" not in name:
        padding = st.one_of(padding, st.sampled_from(["same", "valid", "full"]))
    if "_pad" in name:
        padding = each(st.integers(0, 2), 2 * n)
    window = st.one_of(each(SMALL, n), SMALL)
    return {
        "out_features": st.sampled_from([-1, 1, 2, 3]), "num_embeddings": st.integers(2, 4),
        "embedding_dim": st.integers(1, 3), "padding_idx": st.integers(-5, 5),
        "num_groups": SMALL, "p": st.sampled_from([0.0, 0.5, 1.0, 1.5]),
        "out_channels": st.sampled_from([2, 4, 6]), "kernel_size": window,
        "stride": each(st.integers(1, 2), n), "padding": padding,
        "dilation": each(st.integers(1, 2), n), "groups": st.sampled_from([1, 1, 2]),
        "value": st.just(1.5), "norm_type": st.sampled_from([1, 2.0]),
        "padding_mode": st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
        "output_padding": each(odd, n), "ceil_mode": st.booleans(),
        "count_include_pad": st.booleans(), "divisor_override": st.sampled_from([1, 2]),
        "output_size": st.one_of(st.none(), each(st.one_of(SMALL, st.none()), n)),
        "start_dim": AXIS, "end_dim": AXIS, "dim": st.integers(-3, 2),
        "unflattened_size": st.lists(st.sampled_from([-1, 1, 2, 3]), max_size=2).map(tuple),
        "num_parameters": SMALL, "upscale_factor": st.integers(1, 2),
        "downscale_factor": st.integers(1, 2),
        "size": st.integers(1, 3), "scale_factor": st.sampled_from([1, 2, 2.0, 0.5, 1.5]),
        "mode": st.sampled_from(MODES.get(name, PICTURES)),
        "align_corners": st.booleans(), "hidden_size": st.integers(2, 3), "num_layers": SMALL,
        "batch_first": st.booleans(), "bidirectional": st.booleans(), "proj_size": odd,
        "num_heads": SMALL, "nhead": SMALL, "dim_feedforward": st.just(4),
        "add_bias_kv": st.booleans(), "add_zero_attn": st.booleans(),
        "activation": st.just("gelu"), "bias": st.booleans(),
    }  # fmt: skip


RANKS = {"dropout": (0, 3), "identity": (0, 3), "flatten": (0, 4), "unflatten": (1, 3)}


def draw_inputs(draw, name):
    row = LAYERS[name]
    kind = kinds(*["int" if name.startswith("embedding") else "real"] * 9, "int", "real")
    if name == "transformer_decoder_layer":
        return draw_decoder(draw)
    if name.startswith(("multihead", "transformer")):
        return draw_attention(draw, len(row.inputs))
    if name.endswith("_cell") or name in ("rnn", "gru", "lstm"):
        return draw_states(draw, name, kind)
    if name == "fold":
        shape = (
            *draw(dims(0, 1)),
            *draw(st.sampled_from([(4, 4), (4, 9), (8, 6), (2, 6), (1, 9)])),
        )
        return [TensorType(draw(kind), nearly(draw, shape))]
    if len(row.inputs) == 2:
        shape = draw(dims(1, 3))
        return [TensorType(draw(kind), nearly(draw, shape)) for _ in row.inputs]
    least, most = RANKS.get(name, (0, 4))
    if name[-2:] in ("1d", "2d", "3d") and draw(st.integers(0, 4)):
        shape = draw(dims(1, 2)) + tuple(
            draw(st.sampled_from([1, 3, 4, 4, 6])) for _ in range(spatial_of(name))
        )
        return [TensorType(draw(kind), shape)]
    if name in ("unfold", "upsample") or "pixel" in name:
        least, most = 2, 5
    return [draw(tensor(least, most, kind))]


def draw_states(draw, name, kind):
    """A sequence or an element of one, and the first states; `hidden_size` is 2 or 3."""
    cell = name.endswith("_cell")
    x = TensorType(draw(kind), draw(dims(1 if cell else 2, 2 if cell else 3)))
    number = 2 if "lstm" in name else 1
    if not draw(st.integers(0, 2)):
        return [x, *[None] * number]
    batch = x.dims[:-1] if cell else (1, *x.dims[1:2])[: len(x.dims) - 1]
    states = [TensorType("real", nearly(draw, (*batch, draw(st.sampled_from([2, 3])))))]
    states += [states[0] if draw(st.integers(0, 5)) else None] * (number - 1)
    return [x, *states]


def draw_decoder(draw):
    batch, width, t, s = (draw(SIZES) for _ in range(4))
    lead = (batch,) if draw(st.booleans()) else ()
    flip = draw(st.booleans())

    def rows(length):
        shape = (*lead, length, width) if flip or not lead else (length, *lead, width)
        return TensorType("real", nearly(draw, shape))

    masks = [TensorType("bool", nearly(draw, shape))
             for shape in ((t, t), (t, s), (*lead, t), (*lead, s))]  # fmt: skip
    return [rows(t), rows(s), *(m if draw(st.booleans()) else None for m in masks)]


def draw_attention(draw, number):
    batch = draw(st.booleans())
    size, width = draw(SIZES), draw(SIZES)
    lengths = [draw(SIZES)] * 3 if number == 3 else [draw(SIZES), *[draw(SIZES)] * 2]
    shapes = [(t, size, width) if batch else (t, width) for t in lengths]
    if draw(st.booleans()):
        shapes = [(s[1], s[0], s[2]) if batch else s for s in shapes]
    count = 1 if number == 3 else 3
    types = [TensorType("real", nearly(draw, s)) for s in shapes[:count]]
    keys = (size, lengths[1]) if batch else (lengths[1],)
    masks = [
        TensorType("bool", nearly(draw, keys)),
        TensorType(draw(kinds("bool", "real")), nearly(draw, (lengths[0], lengths[1]))),
    ]
    masks = [m if draw(st.booleans()) else None for m in masks]
    return [*types, *(masks if number == 5 else masks[::-1])]


@st.composite
def cases(draw, name):
    """(types of the inputs, settings) for a row."""
    strategies = choices(name)
    chosen = {}
    for p in LAYERS[name].parameters:
        strategy = strategies.get(p.name, st.just(p.default))
        if p.default is not REQUIRED:
            strategy = st.one_of(st.just(p.default), strategy)
        chosen[p.name] = draw(strategy)
    return draw_inputs(draw, name), chosen


def guess(name, argument, types):
    """An inferred argument, for the cases in which the law yields none."""
    shape = types[0].dims
    place = -1
    if argument == "in_channels" or (argument == "num_features" and "instance" in name):
        place = -spatial_of(name) - 1
    elif argument in ("num_features", "num_channels"):
        place = 1
    if argument == "in2_features":
        shape = types[1].dims
    if argument in ("kdim", "vdim"):
        return types[1 if argument == "kdim" else 2].dims[-1]
    return shape[place] if -len(shape) <= place < len(shape) else 1


def evaluate(name, types, arguments):
    """What torch makes of it: a type, or a record of types."""
    row = LAYERS[name]
    source = write_constructor(row, arguments)
    module = eval(source, {"nn": nn, "math": math}).eval()
    learned = {key: tuple(p.shape) for key, p in module.named_parameters()}
    assert learned == layer_parameters(name, arguments)
    integer = 0
    tensors = [None if t is None else make_tensor(t, integer) for t in types]
    required = [t for p, t in zip(row.inputs, tensors, strict=True) if p.default is REQUIRED]
    optional = {
        p.name: ~t if t is not None and t.dtype == torch.bool else t
        for p, t in zip(row.inputs, tensors, strict=True) if p.default is not REQUIRED
    }  # fmt: skip
    if row.packed:
        given = tuple(t for t in optional.values() if t is not None)
        required, optional = [*required, *([given] if given else [])], {}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        result = module(*required, **optional)
    if not row.fields:
        return type_of(result)
    spaces = {"result": result}
    return RecordType(
        tuple((field, type_of(eval(f"result{place}", spaces))) for field, place in row.fields)
    )


STRICTER = {
    "alpha_dropout": "kinds that torch passes through in evaluation mode",
    "dropout": "kinds that torch passes through in evaluation mode",
    "feature_alpha_dropout": "kinds that torch passes through in evaluation mode",
    "channel_shuffle": "groups of channels that torch does not look at",
    "dropout1d": "shapes and kinds that torch passes through in evaluation mode",
    "dropout2d": "shapes and kinds that torch passes through in evaluation mode",
    "dropout3d": "shapes and kinds that torch passes through in evaluation mode",
    "local_response_norm": "whole numbers",
    # whole numbers and too few dimensions here and there; results without elements
    **dict.fromkeys([n for n in LAYERS if "_pad" in n or "_pool" in n or "transpose" in n]),
}


@pytest.mark.parametrize("name", LAYERS)
def test_law_agrees_with_torch(name):
    accepted = []
    row = LAYERS[name]

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(name))
    def check(case):
        types, chosen = case
        try:
            found = row.law(types, chosen)
            inferred = found.inferred
        except ShapeError as error:
            found = error
            wanted = [n for n in row.order if n not in chosen]
            inferred = {n: guess(name, n, types) for n in wanted}
        accepted.append(not isinstance(found, ShapeError))
        assert {*chosen, *inferred} == set(row.order)
        try:
            expected = evaluate(name, types, {**chosen, **inferred})
        except Exception as error:
            expected = error
        if isinstance(expected, Exception):
            assert isinstance(found, ShapeError), (found, expected)
        elif not (isinstance(found, ShapeError) and name in STRICTER):
            assert not isinstance(found, ShapeError), (found, expected)
            assert found.output == expected

    check()
    assert any(accepted) or find(cases(name), lambda case: accepts(row.law, *case))


@pytest.mark.parametrize("name", LAYERS)
def test_law_on_symbols_is_the_law_on_numbers(name):
    row = LAYERS[name]

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(name), st.booleans())
    def check(case, all_of_them):
        types, chosen = case
        try:
            expected = row.law(types, chosen)
        except ShapeError:
            return
        symbols = {2, 3, 4, 6} if all_of_them else {3}
        try:
            found = row.law([with_symbols(t, symbols) for t in types], chosen)
        except UnknownDimension as error:
            assert row.order[0] not in {p.name for p in row.parameters} or name == "group_norm"
            assert not isinstance(error.dimension, int)
            return
        except ShapeError:
            # a number among the settings that a symbol is not recognised as
            assert name in ("fold", "rnn", "gru", "lstm", "rnn_cell", "gru_cell", "lstm_cell",
                            "transformer_decoder_layer", "channel_shuffle", "unflatten", "prelu",
                            "pixel_shuffle", "transformer_encoder_layer",
                            "multihead_attention")  # fmt: skip
            return
        assert found.inferred == expected.inferred
        assert with_numbers(found.output) == expected.output

    check()
