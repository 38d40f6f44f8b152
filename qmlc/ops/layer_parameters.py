"""What torch's layers learn: names and shapes, by the arguments of their constructors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Arguments = Mapping[str, Any]
"""The arguments of a constructor by name, inferred sizes and defaults among them."""
Shapes = dict[str, tuple[int, ...]]


def layer_parameters(name: str, arguments: Arguments) -> Shapes:
    """The shape of each parameter of a row of `ops.layers`; {} for a layer without any."""
    return _RULES[name](arguments) if name in _RULES else {}


def _affine(weight: tuple[int, ...], bias: tuple[int, ...], biased: bool) -> Shapes:
    return {"weight": weight, **({"bias": bias} if biased else {})}


def _linear(a: Arguments) -> Shapes:
    return _affine((a["out_features"], a["in_features"]), (a["out_features"],), a["bias"])


def _bilinear(a: Arguments) -> Shapes:
    width = a["out_features"]
    return _affine((width, a["in1_features"], a["in2_features"]), (width,), a["bias"])


def _embedding(a: Arguments) -> Shapes:
    return {"weight": (a["num_embeddings"], a["embedding_dim"])}


def _layer_norm(a: Arguments) -> Shapes:
    shape = _sizes(a["normalized_shape"], 1)
    return _affine(shape, shape, a.get("bias", False)) if a["elementwise_affine"] else {}


def _channel_norm(a: Arguments) -> Shapes:
    shape = (a["num_channels"] if "num_channels" in a else a["num_features"],)
    return _affine(shape, shape, True) if a["affine"] else {}


def _prelu(a: Arguments) -> Shapes:
    return {"weight": (a["num_parameters"],)}


def _convolution(spatial: int, transposed: bool) -> Callable[[Arguments], Shapes]:
    def shapes(a: Arguments) -> Shapes:
        into, out, groups = a["in_channels"], a["out_channels"], a["groups"]
        channels = (into, out // groups) if transposed else (out, into // groups)
        return _affine((*channels, *_sizes(a["kernel_size"], spatial)), (out,), a["bias"])

    return shapes


def _sizes(value: Any, count: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * count


def _recurrent(gates: int) -> Callable[[Arguments], Shapes]:
    def shapes(a: Arguments) -> Shapes:
        hidden = a["hidden_size"]
        found: Shapes = {}
        projected = a.get("proj_size", 0)
        width = projected or hidden
        ways = ("", "_reverse") if a["bidirectional"] else ("",)
        for depth in range(a["num_layers"]):
            size = a["input_size"] if depth == 0 else width * len(ways)
            for way in ways:
                found[f"weight_ih_l{depth}{way}"] = (gates * hidden, size)
                found[f"weight_hh_l{depth}{way}"] = (gates * hidden, width)
                if a["bias"]:
                    found[f"bias_ih_l{depth}{way}"] = (gates * hidden,)
                    found[f"bias_hh_l{depth}{way}"] = (gates * hidden,)
                if projected:
                    found[f"weight_hr_l{depth}{way}"] = (projected, hidden)
        return found

    return shapes


def _cell(gates: int) -> Callable[[Arguments], Shapes]:
    def shapes(a: Arguments) -> Shapes:
        layer = {**a, "bidirectional": False, "num_layers": 1}
        found = _recurrent(gates)(layer)
        return {name.removesuffix("_l0"): shape for name, shape in found.items()}

    return shapes


def _attention(a: Arguments) -> Shapes:
    width, key, value = a["embed_dim"], a.get("kdim"), a.get("vdim")
    found: Shapes = {"in_proj_weight": (3 * width, width)}
    if key is not None or value is not None:
        found = {
            "q_proj_weight": (width, width),
            "k_proj_weight": (width, key or width),
            "v_proj_weight": (width, value or width),
        }
    if a["bias"]:
        found["in_proj_bias"] = (3 * width,)
    if a["add_bias_kv"]:
        found |= {"bias_k": (1, 1, width), "bias_v": (1, 1, width)}
    return found | _under("out_proj", _affine((width, width), (width,), a["bias"]))


def _encoder(a: Arguments) -> Shapes:
    width, hidden, bias = a["d_model"], a["dim_feedforward"], a["bias"]
    attention = {"embed_dim": width, "bias": bias, "add_bias_kv": False}
    return {
        **_under("self_attn", _attention(attention)),
        **_under("linear1", _affine((hidden, width), (hidden,), bias)),
        **_under("linear2", _affine((width, hidden), (width,), bias)),
        **_under("norm1", _affine((width,), (width,), bias)),
        **_under("norm2", _affine((width,), (width,), bias)),
    }


def _decoder(a: Arguments) -> Shapes:
    width, bias = a["d_model"], a["bias"]
    attention = {"embed_dim": width, "bias": bias, "add_bias_kv": False}
    return {
        **_encoder(a),
        **_under("multihead_attn", _attention(attention)),
        **_under("norm3", _affine((width,), (width,), bias)),
    }


def _under(part: str, shapes: Shapes) -> Shapes:
    return {f"{part}.{name}": shape for name, shape in shapes.items()}


_RULES: dict[str, Callable[[Arguments], Shapes]] = {
    "linear": _linear,
    "bilinear": _bilinear,
    "embedding": _embedding,
    "embedding_bag": _embedding,
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "group_norm": _channel_norm,
    "prelu": _prelu,
    "rnn": _recurrent(1),
    "gru": _recurrent(3),
    "lstm": _recurrent(4),
    "rnn_cell": _cell(1),
    "gru_cell": _cell(3),
    "lstm_cell": _cell(4),
    "multihead_attention": _attention,
    "transformer_encoder_layer": _encoder,
    "transformer_decoder_layer": _decoder,
    **{f"{kind}_norm{n}d": _channel_norm for kind in ("batch", "instance") for n in (1, 2, 3)},
    **{f"conv{n}d": _convolution(n, False) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": _convolution(n, True) for n in (1, 2, 3)},
}
