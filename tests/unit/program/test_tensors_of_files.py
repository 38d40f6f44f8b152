"""`safetensors(path)`: the types of its tensors, what a module holds of them, what is refused."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
import torch
from safetensors.torch import save_file

import qmlc
from qmlc.ops.safetensors_header import read_header, tensor_types
from qmlc.runtime.check_shapes import bind_dimensions

TENSORS = {
    "weight": torch.rand(3, 4),
    "table": torch.arange(5),
    "blocks.layer.1.w": torch.rand(4, 2).bfloat16(),
    "0.bias": torch.rand(3).double(),
    "small": torch.tensor([1, 2], dtype=torch.uint8),
    "mask": torch.tensor([True, False]),
    "phase": torch.rand(2, dtype=torch.complex64),
    "number": torch.tensor(2.5, dtype=torch.float16),
}
TEXT = """
use std.pretrained (safetensors)
model m(x: real[B, 4]) -> (
    y: real[B, 3], z: real[B, 2], t: int[5], s: int[2], k: bool[2], p: complex[2]
) {
    let w = safetensors("w.safetensors")
    let y = linear(4)(x) @ w.weight.T + w[0].bias
    return (y=w.number * y, z=x @ w.blocks.layer[1].w, t=w.table, s=w.small, k=w.mask, p=w.phase)
}
"""


@pytest.fixture
def path(tmp_path):
    save_file(TENSORS, tmp_path / "w.safetensors", metadata={"format": "pt"})
    (tmp_path / "p.hqm").write_text(TEXT)
    return tmp_path / "p.hqm"


def test_the_header_says_the_types(path):
    types = tensor_types(path.parent / "w.safetensors")
    assert set(read_header(path.parent / "w.safetensors")) == set(types) == set(TENSORS)
    bind_dimensions("file", {name: str(kind) for name, kind in types.items()}, TENSORS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_are_constants_in_the_precision_of_the_module(path, dtype):
    net, x = qmlc.load(path).m().to(dtype), torch.rand(2, 4, dtype=dtype)
    result, w = net(x), {name: t.to(dtype) for name, t in TENSORS.items() if t.is_floating_point()}
    expected = w["number"] * (net.linear(x) @ w["weight"].T + w["0.bias"])
    torch.testing.assert_close(result.y, expected)
    torch.testing.assert_close(result.z, x @ w["blocks.layer.1.w"])
    assert torch.equal(result.t, TENSORS["table"]) and torch.equal(result.k, TENSORS["mask"])
    assert torch.equal(result.s, TENSORS["small"].long())
    torch.testing.assert_close(result.p.to(torch.complex64), TENSORS["phase"])


def test_they_neither_learn_nor_are_saved_but_are_copied(path):
    net, x = qmlc.load(path).m(), torch.rand(2, 4)
    assert sorted(net.state_dict()) == ["linear.bias", "linear.weight"]
    assert all(name.startswith("linear.") for name, _ in net.named_parameters())
    (path.parent / "w.safetensors").unlink()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(twin(x).y, net(x).y)


@pytest.mark.parametrize(
    "changed, said",
    [
        (None, "E0601"),
        ({"weight": torch.rand(3, 4)}, "other tensors than when"),
        ({**TENSORS, "weight": torch.rand(4, 4)}, "real[3, 4]"),
        ({**TENSORS, "table": torch.rand(5)}, "int[5]"),
    ],
)
def test_a_file_that_changed_since_is_refused(path, changed, said):
    program = qmlc.load(path)
    (path.parent / "w.safetensors").unlink()
    if changed is not None:
        save_file(changed, path.parent / "w.safetensors")
    with pytest.raises(qmlc.CompileError) as error:
        program.m()
    (found,) = error.value.diagnostics
    assert said in f"{found.code} {found.message_text}"


def test_names_of_torch_cannot_be_held(path):
    save_file({"half.weight": torch.rand(3, 4)}, path.parent / "w.safetensors")
    text = TEXT.partition("model")[0] + (
        'model m(x: real[B, 4]) -> real[B, 3] {\n    let w = safetensors("w.safetensors")\n'
        "    return x @ w.half.weight.T\n}\n"
    )
    path.write_text(text)
    with pytest.raises(qmlc.CompileError, match="`half` is a name of torch's modules"):
        qmlc.load(path).m()


@pytest.mark.parametrize(
    "header", [None, [], {"a": 3}, {"a": {"dtype": "Q7", "shape": [2]}},
               {"a": {"dtype": "F32", "shape": "x"}}],
)  # fmt: skip
def test_files_of_another_kind_are_refused(path, header):
    content = b"12345678{}"
    if header is not None:
        text = json.dumps(header).encode()
        content = len(text).to_bytes(8, "little") + text
    (path.parent / "w.safetensors").write_bytes(content)
    assert qmlc.check_file(path)[0].code == "E0601"
