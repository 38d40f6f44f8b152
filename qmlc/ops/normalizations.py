"""Rows of `ops.layers`: normalisation and dropout."""

from __future__ import annotations

from typing import Any

from qmlc.ops.layer_laws import channels, divides, need_ranks, need_real, probability
from qmlc.ops.layer_laws import positive as at_least_one
from qmlc.ops.rows import Layer, LayerShape, Settings, layer, settings
from qmlc.ops.shape_laws import known, need_rank
from qmlc.types.sizes import product
from qmlc.types.tensors import ShapeError


def _last(name: str) -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        need_real(x, name)
        need_rank(x, 1, name)
        return LayerShape(x, {"normalized_shape": known(x.dims[-1])})

    return law


def _group(types: Any, s: Settings) -> LayerShape:
    x = types[0]
    need_real(x, "group_norm")
    need_rank(x, 2, "group_norm")
    size, groups = known(x.dims[1]), at_least_one(s["num_groups"], "num_groups")
    divides(groups, size, "`num_groups` shares out the channels")
    if product((x.dims[0], size // groups, *x.dims[2:])) == 1:
        raise ShapeError(f"`group_norm` needs more than one element a group, this is `{x}`", 0)
    return LayerShape(x, {"num_channels": size})


def _batch(spatial: int) -> Any:
    name = f"batch_norm{spatial}d"
    axes = ("[batch, features] or [batch, channels, length]", "[batch, channels, height, width]",
            "[batch, channels, depth, height, width]")[spatial - 1]  # fmt: skip

    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        need_real(x, name)
        need_ranks(x, (2, 3) if spatial == 1 else (spatial + 2,), name, axes)
        return LayerShape(x, {"num_features": known(x.dims[1])})

    return law


def _instance(spatial: int) -> Any:
    name = f"instance_norm{spatial}d"

    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        features = channels(x, spatial, name)
        if not s["track_running_stats"] and product(x.dims[-spatial:]) == 1:
            raise ShapeError(f"`{name}` needs more than one element a channel, this is `{x}`", 0)
        return LayerShape(x, {"num_features": known(features)})

    return law


def _dropout(name: str, ranks: tuple[int, ...], axes: str = "") -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x = types[0]
        need_real(x, name)
        if ranks:
            need_ranks(x, ranks, name, axes)
        probability(s)
        return LayerShape(x)

    return law


_NORM = settings(eps=1e-5, momentum=0.1, affine=True, track_running_stats=True)
_INSTANCE = settings(eps=1e-5, momentum=0.1, affine=False, track_running_stats=False)
_P = settings(p=0.5)

NORMALIZATIONS: dict[str, Layer] = {
    "layer_norm": layer(
        "LayerNorm", _last("layer_norm"), "Each vector on the last axis to mean 0, variance 1.",
        settings(eps=1e-5, elementwise_affine=True, bias=True), "normalized_shape"),
    "rms_norm": layer(
        "RMSNorm", _last("rms_norm"), "Each vector on the last axis to mean square 1.",
        settings(eps=None, elementwise_affine=True), "normalized_shape"),
    "group_norm": layer(
        "GroupNorm", _group, "Groups of channels to mean 0, variance 1.",
        settings("num_groups", eps=1e-5, affine=True),
        order=("num_groups", "num_channels", "eps", "affine")),
    "dropout": layer("Dropout", _dropout("dropout", ()), "In training, some elements are 0.", _P,
                     random=True),
    "alpha_dropout": layer("AlphaDropout", _dropout("alpha_dropout", ()),
                           "Dropout that keeps mean and variance, for selu.", _P, random=True),
    "feature_alpha_dropout": layer(
        "FeatureAlphaDropout", _dropout("feature_alpha_dropout", ()),
        "Dropout of whole channels that keeps mean and variance.", _P, random=True),
    "dropout1d": layer(
        "Dropout1d", _dropout("dropout1d", (2, 3), "[batch, channels, length]"),
        "In training, some channels are 0.", _P, random=True),
    "dropout2d": layer(
        "Dropout2d", _dropout("dropout2d", (3, 4), "[batch, channels, height, width]"),
        "In training, some channels are 0.", _P, random=True),
    "dropout3d": layer(
        "Dropout3d", _dropout("dropout3d", (4, 5), "[batch, channels, depth, height, width]"),
        "In training, some channels are 0.", _P, random=True),
    **{
        f"batch_norm{n}d": layer(
            f"BatchNorm{n}d", _batch(n), "Each channel to mean 0, variance 1, over the batch.",
            _NORM, "num_features")
        for n in (1, 2, 3)
    },
    **{
        f"instance_norm{n}d": layer(
            f"InstanceNorm{n}d", _instance(n), "Each channel of an example to mean 0, variance 1.",
            _INSTANCE, "num_features")
        for n in (1, 2, 3)
    },
}  # fmt: skip
