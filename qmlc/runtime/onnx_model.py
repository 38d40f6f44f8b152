"""`OnnxModule`: the graph of a file of ONNX, run node by node with torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from qmlc.ops.find_pretrained import find_file
from qmlc.ops.pretrained_type import PackageMissing, Unsupported
from qmlc.ops.read_onnx import check_operators, load_onnx
from qmlc.ops.safetensors_header import Unreadable
from qmlc.runtime.errors import unfit
from qmlc.runtime.onnx_operators import OPERATORS
from qmlc.runtime.pretrained_module import PretrainedModule


class OnnxGraph(nn.Module):
    """The nodes of a graph in their order, with its real initializers as parameters `w0`, `w1`.

    Statistics of batches, whole numbers and constants are buffers, `c0` and so on.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        import onnx.numpy_helper  # in an extra

        graph = model.graph
        self.held: dict[str, str] = {}
        fixed = {n for node in graph.node if node.op_type == "BatchNormalization"
                 for n in node.input[3:]}  # fmt: skip
        self.nodes = []
        for tensor in graph.initializer:
            self._hold(tensor.name, _tensor(onnx.numpy_helper.to_array(tensor)), fixed)
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                (value,) = attributes.values()
                read = onnx.numpy_helper.to_array
                array = read(value) if isinstance(value, onnx.TensorProto) else value
                self._hold(node.output[0], _tensor(array), {node.output[0]})
                continue
            if node.op_type == "Split":
                attributes.setdefault("num_outputs", len(node.output))
            self.nodes.append((node.op_type, tuple(node.input), tuple(node.output), attributes))
        self.inputs = [v.name for v in graph.input if v.name not in self.held]
        self.outputs = [v.name for v in graph.output]

    def _hold(self, name: str, tensor: Tensor, fixed: set[str]) -> None:
        learns = tensor.is_floating_point() and name not in fixed
        self.held[name] = f"{'w' if learns else 'c'}{len(self.held)}"
        if learns:
            self.register_parameter(self.held[name], nn.Parameter(tensor))
        else:
            self.register_buffer(self.held[name], tensor)

    def forward(self, *inputs: Tensor) -> Any:
        """The result, or a tuple of them, in the order of the graph."""
        values: dict[str, Any] = {name: getattr(self, own) for name, own in self.held.items()}
        values |= dict(zip(self.inputs, inputs, strict=True))
        values[""] = None
        for operator, taken, yielded, attributes in self.nodes:
            result = OPERATORS[operator](attributes, *[values[name] for name in taken])
            several = result if isinstance(result, list) else [result]
            values.update(zip(yielded, several, strict=False))
        results = tuple(values[name] for name in self.outputs)
        return results if len(results) > 1 else results[0]


def _tensor(array: Any) -> Tensor:
    array = np.array(array)
    if array.dtype.kind not in "fiub":  # bfloat16 and its like, which numpy does not know itself
        array = array.astype(np.float32)
    tensor = torch.from_numpy(array)
    return tensor.to(torch.get_default_dtype()) if tensor.is_floating_point() else tensor


class OnnxModule(PretrainedModule):
    """A model of ONNX in the module's precision; normalisation and dropout as in inference."""

    find = staticmethod(find_file)

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """The model in a file; CompileError where it cannot be read."""
        try:
            model = load_onnx(folder)
            check_operators(folder, model)
        except PackageMissing as error:
            raise unfit(f"`{error}` is not installed", error.help) from None
        except (Unreadable, Unsupported) as error:
            raise unfit(str(error)) from None
        return OnnxGraph(model)
