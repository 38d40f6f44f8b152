"""Programs of several files: what they use is found, compiled once, written, and compiled anew."""

import json

import pytest
import torch

import qmlc
from qmlc.driver import compile_file
from qmlc.output.options import CompileOptions

FILES = {
    "main.hqm": """
use "sub/blocks.hqm" (block, widths)
use "consts.hqm" (d, ising)
use "sub/enc.hqm" (encoder, overlap, vqc)

model m(x: real[B, d]) -> real[B, d] {
    let y = x
    for w in widths { y = block(w)(y) }
    return encoder(vqc(layers=2))(y) + overlap(y, y) @ y
}
circuit energy(t: real) -> real {
    qubit q[d]
    rx(t) q
    return expval(ising(0.5)(q))
}
""",
    "consts.hqm": """
const d = 3
hamiltonian ising(J: real) q[n] = -J * sum(Z(a) * Z(b) for a, b in chain(q)) - sum(X(q))
""",
    "sub/blocks.hqm": """
use "../consts.hqm" (d)
const widths = [4 * (i + 1) for i in range(d)]
layer block(width: int)(x: real[B, k]) -> real[B, k] = x + linear(k)(relu(linear(width)(x)))
""",
    "sub/enc.hqm": """
use std.encodings (angle)
use "blocks.hqm" (block)
circuit vqc(layers: int = 1)(x: real[n]) -> real[n] {
    param w: real[layers, n] ~ normal(0, 1)
    qubit q[n]
    for l in range(layers) {
        angle(x) q
        rz(w[l]) q
    }
    return expval(X(q))
}
kernel overlap(x: real[n]) {
    qubit q[n]
    angle(x) q
}
layer encoder(c: circuit)(x: real[B, d]) -> real[B, d] = x |> c |> block(2)
""",
}


@pytest.fixture
def package(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_components_of_used_files_are_compiled_for_other_settings(package):
    program = qmlc.load(package / "main.hqm")
    assert program.m()(torch.rand(2, 3)).shape == (2, 3)
    assert program.vqc(layers=3, n=4).w.shape == (3, 4)
    assert program.block(width=5, k=2)(torch.rand(4, 2)).shape == (4, 2)
    assert program.encoder(c="vqc(layers=3)", d=2).c.w.shape == (3, 2)


def test_every_file_is_written_once(package):
    out = package / "out"
    compile_file(package / "main.hqm", CompileOptions(output=out))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert sorted(manifest["source"]["files"]) == sorted(FILES)
    for name, text in FILES.items():
        assert (out / "source" / name).read_text(encoding="utf-8") == text


def test_settings_make_the_component_also_where_it_is_used_above():
    program = qmlc.compile(
        """
model m(x: real[B, 3]) -> real[B, 3] = x |> vqc(layers=2)
circuit vqc(layers: int)(x: real[n]) -> real[n] {
    param w: real[layers, n] ~ normal(0, 1)
    qubit q[n]
    for l in range(layers) {
        ry(x) q
        rz(w[l]) q
    }
    return expval(X(q))
}
"""
    )
    assert program.vqc(layers=5, n=4).w.shape == (5, 4)
