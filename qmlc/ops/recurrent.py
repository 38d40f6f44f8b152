"""Rows of `ops.layers`: recurrent networks and PyTorch's own attention layers.

They return several tensors, a record in the language; `fields` says where torch has each.
"""

from __future__ import annotations

from typing import Any

from qmlc.ops.layer_laws import divides, need_ranks, need_real, positive, probability
from qmlc.ops.rows import Layer, LayerShape, Settings, layer, settings, tensors
from qmlc.ops.shape_laws import known, same, show, whole
from qmlc.types.polynomial import Value
from qmlc.types.sizes import product
from qmlc.types.tensors import RecordType, ShapeError, TensorType

Dims = tuple[Value, ...]


def _recurrent(name: str) -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x, *states = types
        need_real(x, name)
        need_ranks(x, (2, 3), name, "[batch, time, features]" if s["batch_first"] else
                   "[time, batch, features]")  # fmt: skip
        probability(s, "dropout")
        hidden, depth = (positive(s[n], n) for n in ("hidden_size", "num_layers"))
        width = hidden
        if name == "lstm":
            width = whole(s["proj_size"], "proj_size", 0) or hidden
            if s["proj_size"] >= hidden:
                raise ShapeError("`proj_size` must be smaller than `hidden_size`")
        directions = 2 if s["bidirectional"] else 1
        batch: Dims = ()
        if len(x.dims) == 3:
            batch = (x.dims[0 if s["batch_first"] else 1],)
        output = TensorType("real", (*x.dims[:-1], directions * width))
        last = (directions * depth, *batch)
        fields = [("output", output), ("hidden", TensorType("real", (*last, width)))]
        if name == "lstm":
            fields.append(("cell", TensorType("real", (*last, hidden))))
        _check_states(name, states, [kind for _, kind in fields[1:]])
        return LayerShape(RecordType(tuple(fields)), {"input_size": known(x.dims[-1])})

    return law


def _check_states(name: str, given: Any, wanted: list[TensorType]) -> None:
    """ShapeError unless the first states are all left out or all of the type of the last ones."""
    found = [t for t in given if t is not None]
    for argument, (state, kind) in enumerate(zip(found, wanted, strict=False), 1):
        if state != kind:
            raise ShapeError(
                f"the first state of `{name}` is `{kind}`, this is `{state}`", argument
            )
    if found and len(found) < len(wanted):
        raise ShapeError(f"`{name}` takes both first states, or none", 1)


def _multihead(types: Any, s: Settings) -> LayerShape:
    query, key, value, padding, mask = types
    for argument, x in enumerate((query, key, value)):
        need_real(x, "multihead_attention", argument)
        if len(x.dims) not in (2, 3) or len(x.dims) != len(query.dims):
            raise ShapeError(f"`{query}`, `{key}` and `{value}` do not go together", argument)
    probability(s, "dropout")
    width, heads = known(query.dims[-1]), positive(s["num_heads"], "num_heads")
    divides(heads, width, "`num_heads` shares out the width")
    at = len(query.dims) - 2 if s["batch_first"] else 0
    same(key.dims[at], value.dims[at], "keys and values differ in length", 2)
    batch: Dims = (query.dims[1 - at],) if len(query.dims) == 3 else ()
    for argument, x in ((1, key), (2, value)):
        if batch and x.dims[1 - at] != batch[0]:
            raise ShapeError(f"the batches of `{query}` and `{x}` differ", argument)
    scores = (query.dims[at], key.dims[at])
    _check_masks(padding, (*batch, key.dims[at]), mask, scores, batch, heads)
    extra = int(bool(s["add_bias_kv"])) + int(bool(s["add_zero_attn"]))
    weights = TensorType("real", (*batch, scores[0], _more(scores[1], extra)))
    fields = (("output", TensorType("real", query.dims)), ("weights", weights))
    sizes = {"kdim": key.dims[-1], "vdim": value.dims[-1]}
    inferred = {n: None if d == width else known(d) for n, d in sizes.items()}
    return LayerShape(RecordType(fields), {"embed_dim": width, **inferred})


def _more(size: Value, extra: int) -> Value:
    return size + extra


def _check_masks(
    padding: TensorType | None, keys: Dims, mask: TensorType | None, scores: Dims, batch: Dims,
    heads: int,
) -> None:  # fmt: skip
    if padding is not None and (padding.dtype != "bool" or padding.dims != keys):
        raise ShapeError(f"`key_padding_mask` is `bool{show(keys)}`, not `{padding}`", 3)
    if mask is None:
        return
    shapes = [scores, (product((*batch, heads)), *scores)]
    if mask.dtype not in ("bool", "real") or mask.dims not in shapes:
        raise ShapeError(f"`attn_mask` is `bool{show(scores)}` or real, not `{mask}`", 4)


def _encoder(types: Any, s: Settings) -> LayerShape:
    src, mask, padding = types
    name = "transformer_encoder_layer"
    need_real(src, name)
    need_ranks(src, (2, 3), name, "[batch, time, features]")
    probability(s, "dropout")
    positive(s["dim_feedforward"], "dim_feedforward")
    if s["activation"] not in ("relu", "gelu"):
        raise ShapeError(f'`activation` is "relu" or "gelu", not `{s["activation"]!r}`')
    width, heads = known(src.dims[-1]), positive(s["nhead"], "nhead")
    divides(heads, width, "`nhead` shares out the width")
    at = len(src.dims) - 2 if s["batch_first"] else 0
    batch: Dims = (src.dims[1 - at],) if len(src.dims) == 3 else ()
    length = src.dims[at]
    _check_masks(padding, (*batch, length), mask, (length, length), batch, heads)
    return LayerShape(src, {"d_model": width})


def _decoder(types: Any, s: Settings) -> LayerShape:
    tgt, memory, mask, memory_mask, padding, memory_padding = types
    shape = _encoder((tgt, mask, padding), s)
    need_real(memory, "transformer_decoder_layer", 1)
    if len(memory.dims) != len(tgt.dims) or memory.dims[-1] != tgt.dims[-1]:
        raise ShapeError(f"`{tgt}` and `{memory}` do not go together", 1)
    at = len(tgt.dims) - 2 if s["batch_first"] else 0
    batch: Dims = (tgt.dims[1 - at],) if len(tgt.dims) == 3 else ()
    if batch and memory.dims[1 - at] != batch[0]:
        raise ShapeError(f"the batches of `{tgt}` and `{memory}` differ", 1)
    scores = (tgt.dims[at], memory.dims[at])
    _check_masks(memory_padding, (*batch, memory.dims[at]), memory_mask, scores, batch, s["nhead"])
    return shape


_SETTINGS: dict[str, Any] = {
    "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False,
}  # fmt: skip
_FIELDS = (("output", "[0]"), ("hidden", "[1]"))

RECURRENT: dict[str, Layer] = {
    "rnn": layer(
        "RNN", _recurrent("rnn"), "Elman's recurrent network: output and last hidden states.",
        settings("hidden_size", num_layers=1, nonlinearity="tanh", bias=True, batch_first=False,
                 dropout=0.0, bidirectional=False),
        "input_size", inputs=tensors("x", "hx?"), fields=_FIELDS, random=True),
    "gru": layer(
        "GRU", _recurrent("gru"), "Gated recurrent units: output and last hidden states.",
        settings("hidden_size", **_SETTINGS), "input_size", inputs=tensors("x", "hx?"),
        fields=_FIELDS, random=True),
    "lstm": layer(
        "LSTM", _recurrent("lstm"), "Long short-term memory: output, last hidden and cell states.",
        settings("hidden_size", **_SETTINGS, proj_size=0), "input_size",
        inputs=tensors("x", "h_0?", "c_0?"), packed=True,
        fields=(("output", "[0]"), ("hidden", "[1][0]"), ("cell", "[1][1]")), random=True),
}  # fmt: skip

_TRANSFORMER = settings("nhead", dim_feedforward=2048, dropout=0.1, activation="relu",
                        layer_norm_eps=1e-5, batch_first=False, norm_first=False,
                        bias=True)  # fmt: skip

TRANSFORMERS: dict[str, Layer] = {
    "multihead_attention": layer(
        "MultiheadAttention", _multihead, "Attention with several heads: output and weights.",
        settings("num_heads", dropout=0.0, bias=True, add_bias_kv=False, add_zero_attn=False,
                 batch_first=False),
        order=("embed_dim", "num_heads", "dropout", "bias", "add_bias_kv", "add_zero_attn", "kdim",
               "vdim", "batch_first"),
        inputs=tensors("query", "key", "value", "key_padding_mask?", "attn_mask?"),
        fields=(("output", "[0]"), ("weights", "[1]")), random=True),
    "transformer_encoder_layer": layer(
        "TransformerEncoderLayer", _encoder, "Attention and a feed-forward network, as published.",
        _TRANSFORMER, "d_model", inputs=tensors("src", "src_mask?", "src_key_padding_mask?"),
        random=True),
    "transformer_decoder_layer": layer(
        "TransformerDecoderLayer", _decoder, "Attention to itself and to `memory`, as published.",
        _TRANSFORMER, "d_model",
        inputs=tensors("tgt", "memory", "tgt_mask?", "memory_mask?", "tgt_key_padding_mask?",
                       "memory_key_padding_mask?"), random=True),
}  # fmt: skip
