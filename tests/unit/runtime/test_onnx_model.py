"""Models in files of ONNX, against the reference evaluator of the package `onnx` itself."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import qmlc
from qmlc.ops import read_onnx
from qmlc.runtime.onnx_operators import OPERATORS

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(2, 3, 4, 6)).astype("f")
IMAGE = RANDOM.normal(size=(2, 4, 7, 8)).astype("f")
ROW = RANDOM.normal(size=(6,)).astype("f")
MASK = X > 0


def whole(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def drawn(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype("f")


UNARY = (
    "Abs Cos Elu Erf Exp Flatten Gelu GlobalAveragePool Identity LeakyRelu LogSoftmax Neg "
    "Reciprocal ReduceMean ReduceSum Relu Shape Sigmoid Sin Softmax Softplus Tanh Transpose Dropout"
).split()
CASES = [
    *((name, [X], {}) for name in UNARY),
    *((name, [np.abs(X)], {}) for name in ("Log", "Sqrt")),
    *((n, [X, ROW], {}) for n in "Add Sub Mul Div Less LessOrEqual Greater GreaterOrEqual".split()),
    *((name, [MASK, MASK[0]], {}) for name in ("And", "Or")),
    ("Pow", [np.abs(X), ROW], {}), ("Not", [MASK], {}), ("Where", [MASK, X, ROW], {}),
    ("Equal", [whole(1, 2), whole(1, 3)], {}), ("Div", [whole(-7, 7), whole(2, 2)], {}),
    ("MatMul", [X, drawn(6, 5)], {}), ("Clip", [X, np.float32(-0.2), np.float32(0.3)], {}),
    ("Gemm", [drawn(4, 3), drawn(5, 4), drawn(5)],
     {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}),
    ("Gelu", [X], {"approximate": "tanh"}), ("Softmax", [X], {"axis": 1}),
    ("Flatten", [X], {"axis": 2}), ("Transpose", [X], {"perm": [0, 2, 1, 3]}),
    ("LayerNormalization", [X, drawn(4, 6), drawn(4, 6)], {"axis": -2, "epsilon": 1e-3}),
    ("BatchNormalization", [IMAGE, *drawn(3, 4), np.abs(drawn(4))], {"epsilon": 1e-3}),
    ("Conv", [IMAGE, drawn(6, 2, 3, 2), drawn(6)],
     {"group": 2, "pads": [1, 0, 2, 1], "strides": [2, 1], "dilations": [1, 2]}),
    ("Conv", [IMAGE[0], drawn(5, 7, 3)], {}),
    ("MaxPool", [IMAGE], {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 2]}),
    ("AveragePool", [IMAGE], {"kernel_shape": [3, 2], "pads": [1, 0, 1, 1], "strides": [2, 2]}),
    ("AveragePool", [IMAGE],
     {"kernel_shape": [2, 2], "pads": [1, 1, 0, 0], "count_include_pad": 1}),
    ("Reshape", [X, whole(0, -1, 2)], {}), ("Concat", [X, X], {"axis": -2}),
    ("Split", [X, whole(1, 5)], {"axis": 3}), ("Split", [X], {"axis": 3, "num_outputs": 2}),
    ("Slice", [X, whole(1, -1), whole(9, -99), whole(1, 3), whole(1, -2)], {}),
    ("Slice", [X, whole(0, 1), whole(1, 2)], {}),
    ("Gather", [X, np.array([[0, -1], [2, 1]])], {"axis": 1}), ("Gather", [X, np.array(1)], {}),
    ("Squeeze", [X[:1], whole(0)], {}), ("Unsqueeze", [X, whole(0, -1)], {}),
    ("Expand", [ROW, whole(3, 1)], {}), ("Shape", [X], {"start": 1, "end": -1}),
    ("ReduceMean", [X, whole(1, -1)], {"keepdims": 0}), ("ReduceSum", [X, whole(2)], {}),
    ("Cast", [X], {"to": TensorProto.INT64}), ("Cast", [MASK], {"to": TensorProto.FLOAT}),
]  # fmt: skip


def element(array: np.ndarray) -> int:
    return helper.np_dtype_to_tensor_dtype(np.asarray(array).dtype)


@pytest.mark.parametrize("name, inputs, attributes", CASES)
def test_operators_compute_what_the_reference_does(name, inputs, attributes):
    count = 2 if name == "Split" else 1
    names, results = [f"x{i}" for i in range(len(inputs))], [f"y{i}" for i in range(count)]
    node = helper.make_node(name, names, results, **attributes)
    named = dict(zip(names, inputs, strict=True))
    values = [helper.make_tensor_value_info(n, element(a), a.shape) for n, a in named.items()]
    outputs = [helper.make_tensor_value_info(n, TensorProto.UNDEFINED, None) for n in results]
    model = helper.make_model(
        helper.make_graph([node], "g", values, outputs),
        opset_imports=[helper.make_opsetid("", 20)], ir_version=9,
    )  # fmt: skip
    expected = ReferenceEvaluator(model).run(None, named)
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    found = OPERATORS[name](given, *[torch.tensor(a) for a in inputs])
    found = found if isinstance(found, list) else [found]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert tuple(one.shape) == other.shape
        torch.testing.assert_close(one, torch.tensor(np.array(other)), rtol=1e-4, atol=1e-5)


def test_every_operator_is_tried_and_known_to_the_compiler():
    assert {name for name, _, _ in CASES} == set(OPERATORS)
    assert set(OPERATORS) | {"Constant"} == read_onnx.OPERATORS


def attention() -> onnx.ModelProto:
    """Attention with a residual, written as exporters do: sizes from `Shape`, a constant scale."""
    make = helper.make_node
    nodes = [
        make("Gather", ["table", "token.ids"], ["h"]),
        make("MatMul", ["h", "q"], ["hq"]),
        make("Transpose", ["h"], ["ht"], perm=[0, 2, 1]),
        make("MatMul", ["hq", "ht"], ["scores"]),
        make("Constant", [], ["scale"], value=numpy_helper.from_array(np.float32(2.0))),
        make("Div", ["scores", "scale"], ["scaled"]),
        make("Softmax", ["scaled"], ["shares"]),
        make("MatMul", ["shares", "h"], ["mixed"]),
        make("Add", ["mixed", "h"], ["sum"]),
        make("LayerNormalization", ["sum", "gain"], ["normed"]),
        make("Shape", ["token.ids"], ["sizes"]),
        make("Concat", ["sizes", "halves"], ["shape"], axis=0),
        make("Reshape", ["normed", "shape"], ["heads"]),
        make("ReduceMean", ["normed", "one"], ["pooled"], keepdims=0),
    ]
    held = {"table": drawn(9, 4), "q": drawn(4, 4), "gain": drawn(4)}
    held |= {"halves": whole(2, 2), "one": whole(1)}
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "g", [info("token.ids", TensorProto.INT64, ["batch", "seq"])],
        [info("heads", TensorProto.FLOAT, ["batch", "seq", 2, 2]),
         info("pooled", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(array, name) for name, array in held.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


TEXT = """
use std.pretrained (onnx)
model m(tokens: int[B, T]) -> real[B, 3] {{
    let f = onnx("m.onnx"{tune})
    let r = f(tokens)
    return linear(3)(r.pooled) + mean(r.heads)
}}
"""


@pytest.fixture
def program(tmp_path):
    onnx.save(attention(), tmp_path / "m.onnx")

    def load(tune: str = "", model: onnx.ModelProto | None = None):
        if model is not None:
            (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
        (tmp_path / "p.hqm").write_text(TEXT.format(tune=tune))
        return qmlc.load(tmp_path / "p.hqm")

    return load


def test_a_graph_runs_as_its_reference_in_either_precision(program, tmp_path):
    net, tokens = program().m(), torch.randint(0, 9, (2, 5))
    reference = ReferenceEvaluator(str(tmp_path / "m.onnx"))
    heads, pooled = reference.run(None, {"token.ids": tokens.numpy()})
    result = net.f(tokens)
    torch.testing.assert_close(result.heads, torch.tensor(heads))
    torch.testing.assert_close(result.pooled, torch.tensor(pooled))
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert torch.equal(twin(tokens), net(tokens))
    result = net.double().f(tokens)
    assert result.heads.dtype == torch.float64
    torch.testing.assert_close(result.heads.float(), torch.tensor(heads))


def test_what_is_tuned_learns_and_is_saved(program):
    assert sorted(program().m().state_dict()) == ["linear.bias", "linear.weight"]
    net = program(", tune=full").m()
    net(torch.randint(0, 9, (2, 5))).square().sum().backward()
    learned = {name for name, p in net.named_parameters() if p.grad is not None}
    assert learned == {f"f.module.w{i}" for i in range(3)} | {"linear.weight", "linear.bias"}
    assert learned <= set(net.state_dict())


def changed(**attributes) -> onnx.ModelProto:
    model = attention()
    for node in model.graph.node:
        if node.op_type == "Softmax":
            node.op_type = attributes.get("op_type", node.op_type)
    if "size" in attributes:
        model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = attributes["size"]
    return model


@pytest.mark.parametrize(
    "model, said",
    [
        (changed(op_type="Hardmax"), "`m.onnx` uses what is not run here: `Hardmax`"),
        (changed(size="others"), "does not say which size of its inputs the size `others`"),
    ],
)
def test_what_is_not_run_is_named_when_compiling(program, model, said):
    with pytest.raises(qmlc.CompileError) as error:
        program(model=model)
    found = error.value.diagnostics[0]
    assert found.code == "E0206" and said in found.message_text


def test_a_file_of_another_kind_is_refused(program, tmp_path):
    (tmp_path / "p.hqm").write_text(TEXT.format(tune=""))
    (tmp_path / "m.onnx").write_bytes(b"nothing of the kind")
    assert qmlc.check_file(tmp_path / "p.hqm")[0].code == "E0601"
    (tmp_path / "m.onnx").rename(tmp_path / "n.onnx")
    (found,) = qmlc.check_file(tmp_path / "p.hqm")[:1]
    assert found.code == "E0601" and "did you mean `n.onnx`?" in found.help_text
