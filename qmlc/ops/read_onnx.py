"""What a file of ONNX takes and yields, by its graph's own value infos."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from qmlc.ops.pretrained_type import PackageMissing, PretrainedType, Unsupported, name_of
from qmlc.ops.safetensors_header import Unreadable

OPERATORS = frozenset(
    "Abs Add And AveragePool BatchNormalization Cast Clip Concat Constant Conv Cos Div Dropout Elu "
    "Equal Erf Exp Expand Flatten Gather Gelu Gemm GlobalAveragePool Greater GreaterOrEqual "
    "Identity LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul MaxPool Mul Neg "
    "Not Or Pow Reciprocal ReduceMean ReduceSum Relu Reshape Shape Sigmoid Sin Slice Softmax "
    "Softplus Split Sqrt Squeeze Sub Tanh Transpose Unsqueeze Where".split()
)
"""What `qmlc.runtime.onnx_operators` runs, and `Constant`."""
FIRST_SET = 13
"""The oldest operator set that is read: before it, axes and sizes were attributes."""
KINDS = {**dict.fromkeys((1, 10, 11, 16), "real"), **dict.fromkeys((2, 3, 6, 7), "int"), 9: "bool"}
"""Element types by their number in `onnx.TensorProto`."""
UNSUPPORTED: dict[str, Callable[[Any], bool]] = {
    "auto_pad": lambda value: value not in (b"NOTSET", b""),
    "ceil_mode": bool,
    "storage_order": bool,
    "training_mode": bool,
    "to": lambda value: value not in KINDS,
}
"""By attribute: which of its values nothing here does."""


def load_onnx(path: Path) -> Any:
    """The model in a file, its shapes inferred; Unreadable, PackageMissing."""
    try:
        import onnx  # in an extra, and needed for programs that name such a file only
    except ImportError:
        raise PackageMissing("onnx", "onnx") from None
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
        return onnx.shape_inference.infer_shapes(model, data_prop=True)
    except Exception as error:  # protobuf, onnx and the file system have their own each
        raise Unreadable(f"`{path.name}` is no model of ONNX: {error}") from None


def read_onnx(path: Path) -> PretrainedType:
    """The type of the model in a file; Unreadable, Unsupported, PackageMissing."""
    model = load_onnx(path)
    check_operators(path, model)
    graph = model.graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [(name_of(v.name), _type(v)) for v in graph.input if v.name not in weights]
    results = [(name_of(v.name), _type(v)) for v in graph.output]
    known = {size for _, kind in inputs for size in _names(kind)}
    for (name, kind), value in zip(results, graph.output, strict=True):
        for size in _names(kind):
            if size not in known:
                raise Unsupported(
                    f"`{path.name}` does not say which size of its inputs the size `{size}` of "
                    f"`{value.name}` is"
                )
        if name in [other for other, _ in inputs]:
            results = [(f"{n}_out" if n == name else n, k) for n, k in results]
    named = tuple(results) if len(results) > 1 else (("", results[0][1]),)
    return PretrainedType(tuple(inputs), named, needed=len(inputs), blocks=0)


def check_operators(path: Path, model: Any) -> None:
    """Nothing; Unsupported where a model holds what is not run here, by name."""
    version = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 0)
    if version < FIRST_SET:
        what = f"`{path.name}` is of operator set {version}, and {FIRST_SET} is the first one read"
        raise Unsupported(what)
    others = sorted({_unknown(node) for node in model.graph.node} - {""})
    if others:
        raise Unsupported(f"`{path.name}` uses what is not run here: {', '.join(others)}")


def _unknown(node: Any) -> str:
    """What of a node is not run here; nothing where all of it is."""
    if node.domain not in ("", "ai.onnx") or node.op_type not in OPERATORS:
        return f"`{node.op_type}`"
    if node.op_type != "Split" and len([name for name in node.output if name]) > 1:
        return f"`{node.op_type}` with {len(node.output)} results"
    for attribute in node.attribute:
        value = attribute.s if attribute.type == 3 else attribute.i
        if attribute.name in UNSUPPORTED and UNSUPPORTED[attribute.name](value):
            return f"`{node.op_type}` with `{attribute.name}`"
    return ""


def _type(value: Any) -> str:
    tensor = value.type.tensor_type
    if tensor.elem_type not in KINDS:
        raise Unsupported(f"`{value.name}` is no tensor of real or whole numbers or truth values")
    sizes = [
        str(d.dim_value) if d.HasField("dim_value") else name_of(d.dim_param or f"{value.name}_{i}")
        for i, d in enumerate(tensor.shape.dim)
    ]
    return f"{KINDS[tensor.elem_type]}[{', '.join(sizes)}]" if sizes else KINDS[tensor.elem_type]


def _names(kind: str) -> Iterable[str]:
    return re.findall(r"[A-Za-z_]\w*", kind.partition("[")[2])
