"""First states of recurrent layers and cells: handed over as torch takes them."""

from __future__ import annotations

import torch
from torch import nn

import qmlc

PROGRAM = """
model again(x: real[B, T, 4], h: real[1, B, 3], c: real[1, B, 3])
    -> (y: real[B, T, 3], c: real[1, B, 3]) {
    let output, hidden, cell = lstm(3, batch_first=true)(x, h, c)
    let more = gru(3, batch_first=true)(x, hidden).output
    return (y=output + more, c=cell)
}

model steps(x: real[B, 3, 4]) -> real[B, 2] {
    let cell = lstm_cell(2)
    let h = zeros(B, 2)
    let c = zeros(B, 2)
    for t in range(3) {
        let next = cell(x[:, t], h, c)
        h = next.hidden
        c = next.cell
    }
    return h
}
"""


def test_layers_take_first_states():
    net = qmlc.compile(PROGRAM).again()
    x, h, c = torch.randn(2, 5, 4), torch.randn(1, 2, 3), torch.randn(1, 2, 3)
    output, (hidden, cell) = net.lstm(x, (h, c))
    found = net(x, h, c)
    torch.testing.assert_close(found.y, output + net.gru(x, hidden)[0])
    torch.testing.assert_close(found.c, cell)


def test_a_cell_in_a_loop_is_the_layer():
    net = qmlc.compile(PROGRAM).steps()
    layer = nn.LSTM(4, 2, batch_first=True)
    layer.load_state_dict({f"{k}_l0": v for k, v in net.cell.state_dict().items()})
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(net(x), layer(x)[1][0][0])
