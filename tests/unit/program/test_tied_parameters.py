"""Parameters reached by name are the same tensors: values, gradients, and names in the state."""

import torch
from torch.nn import functional as F

import qmlc

TEXT = """
circuit turn(x: real[n]) -> real[n] {
    param w: real[n] ~ uniform(0, 1)
    qubit q[n]
    ry(x) q
    rz(w) q
    return expval(X(q))
}
layer block(x: real[B, d]) -> real[B, d] {
    param scale: real[d] ~ constant(1.5)
    return turn(x) * scale
}
model words(tokens: int[B, T]) -> real[B, T, 7] {
    let emb = embedding(7, 3)
    return tanh(emb(tokens)) @ emb.weight.T
}
model parts(x: real[B, 3]) -> (y: real[B, 3], w: real[3]) {
    let b = block
    return (y=b(x) * b.scale, w=b.turn.w ** 2)
}
"""


def test_output_and_input_embeddings_are_one():
    model = qmlc.compile(TEXT).words()
    assert [n for n, _ in model.named_parameters()] == ["emb.weight"]
    tokens = torch.tensor([[0, 3, 6]])
    expected = torch.tanh(F.embedding(tokens, model.emb.weight)) @ model.emb.weight.T
    torch.testing.assert_close(model(tokens), expected)
    (whole,) = torch.autograd.grad(model(tokens).sum(), model.emb.weight)
    (same,) = torch.autograd.grad(expected.sum(), model.emb.weight)
    torch.testing.assert_close(whole, same)


def test_parameters_of_parts_of_parts_are_reached():
    model = qmlc.compile(TEXT).parts()
    x = torch.rand(2, 3)
    result = model(x)
    torch.testing.assert_close(result.y, model.b.turn(x) * model.b.scale**2)
    torch.testing.assert_close(result.w, model.b.turn.w**2)
