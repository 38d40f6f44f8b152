"""Rows of `ops.layers`: one step of recurrent networks, for loops of one's own."""

from __future__ import annotations

from typing import Any

from qmlc.ops.layer_laws import need_ranks, need_real, positive
from qmlc.ops.rows import Layer, LayerShape, Settings, layer, settings, tensors
from qmlc.ops.shape_laws import known
from qmlc.types.tensors import RecordType, ShapeError, TensorType, Type


def _cell(name: str) -> Any:
    def law(types: Any, s: Settings) -> LayerShape:
        x, *states = types
        need_real(x, name)
        need_ranks(x, (1, 2), name, "[batch, features]")
        hidden = positive(s["hidden_size"], "hidden_size")
        if s.get("nonlinearity", "tanh") not in ("tanh", "relu"):
            raise ShapeError('`nonlinearity` is "tanh" or "relu"')
        state = TensorType("real", (*x.dims[:-1], hidden))
        given = [t for t in states if t is not None]
        for argument, found in enumerate(given, 1):
            if found != state:
                raise ShapeError(f"the state is `{state}`, this is `{found}`", argument)
        if given and len(given) < len(states):
            raise ShapeError(f"`{name}` takes both states, or none", 1)
        output: Type = state
        if name == "lstm_cell":
            output = RecordType((("hidden", state), ("cell", state)))
        return LayerShape(output, {"input_size": known(x.dims[-1])})

    return law


CELLS: dict[str, Layer] = {
    "rnn_cell": layer(
        "RNNCell", _cell("rnn_cell"), "One step of `rnn`: the next hidden state.",
        settings("hidden_size", bias=True, nonlinearity="tanh"), "input_size",
        inputs=tensors("x", "hx?")),
    "gru_cell": layer(
        "GRUCell", _cell("gru_cell"), "One step of `gru`: the next hidden state.",
        settings("hidden_size", bias=True), "input_size", inputs=tensors("x", "hx?")),
    "lstm_cell": layer(
        "LSTMCell", _cell("lstm_cell"), "One step of `lstm`: the next hidden and cell states.",
        settings("hidden_size", bias=True), "input_size", inputs=tensors("x", "h_0?", "c_0?"),
        fields=(("hidden", "[0]"), ("cell", "[1]")), packed=True),
}  # fmt: skip
