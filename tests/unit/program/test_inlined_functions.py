"""Functions with leading dimensions, comprehensions and lists as settings, against torch."""

import torch
from torch.nn import functional as F

import qmlc

TEXT = """
fn attend(q: real[..., T, d], k: real[..., S, d], v: real[..., S, f], bias: real[..., T, S])
    -> real[..., T, f] = softmax(q @ k.T / sqrt(d) + bias) @ v

fn smooth(x: real[..., n, d], k: int = 2) -> real[..., n, d] =
    sum(x * 0.5 ** i for i in range(k)) / k

fn scaled(x: real[..., d], s: real[..., 1]) -> real[..., d] = x * s

fn poly(x: real[..., d], order: int, weights: real[order]) -> real[..., d] =
    sum(weights[i] * x ** i for i in range(order))

layer mix(widths: int[k] = [4, 8], rates: real[k] = [0.1, 0.2])(x: real[B, T, d]) -> real[B, T, d] {
    let y = x
    for w, p in zip(widths, rates) { y = y + (y |> linear(w) |> gelu |> dropout(p) |> linear(d)) }
    return y
}

model m(x: real[B, T, 4], mask: bool[B, T])
    -> (a: real[B, T, 4], b: real[B, T, 4], c: real[B, 2, 4]) {
    let bias = where(mask, 0.0, -inf) |> rearrange("b t -> b 1 t")
    let a = attend(x, x, x, bias) |> smooth(3) |> smooth |> scaled(x[:, :, 0:1])
    let ends = [linear(4)(x[:, i]) for i in range(3) if i != 1]
    return (a=a, b=poly(x, 3, [1.0, 0.5, 0.25]) + mix(x), c=stack(ends, dim=1))
}
"""


def smooth(x, k):
    return sum(x * 0.5**i for i in range(k)) / k


def test_functions_and_comprehensions_are_what_torch_says():
    model = qmlc.compile(TEXT).m().double().eval()
    x = torch.rand(2, 5, 4, dtype=torch.float64)
    mask = torch.tensor([[1, 1, 0, 1, 1], [1, 1, 1, 1, 0]]).bool()
    result = model(x, mask)
    bias = torch.where(mask, 0.0, -torch.inf).double()[:, None]
    attended = torch.softmax(x @ x.mT / 2 + bias, -1) @ x
    torch.testing.assert_close(result.a, smooth(smooth(attended, 3), 2) * x[:, :, 0:1])
    mixed = x
    for first, second in zip(model.mix.linear, model.mix.linear_1, strict=True):
        mixed = mixed + second(F.gelu(first(mixed)))
    torch.testing.assert_close(result.b, 1 + 0.5 * x + 0.25 * x**2 + mixed)
    ends = [layer(x[:, i]) for layer, i in zip(model.linear.values(), (0, 2), strict=True)]
    torch.testing.assert_close(result.c, torch.stack(ends, 1))


def test_lists_are_given_from_python():
    mix = qmlc.compile(TEXT).mix(widths=[3, 3, 3], rates=[0.1, 0.2, 0.3], d=2)
    assert [layer.out_features for layer in mix.linear] == [3, 3, 3]
