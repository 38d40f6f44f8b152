"""Python identifiers for the author's names: valid, unique, and the same on every run."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping

from qmlc.ir.graph import Node
from qmlc.types.polynomial import FUNCTIONS

SHORT_NAMES = {
    "scaled_dot_product_attention": "attended",
    **{"add": "total", "subtract": "difference", "multiply": "product", "divide": "quotient"},
    **{"matmul": "product", "where": "chosen", "cat": "joined"},
}
"""What values of functions are called whose own names say what is done, not what comes of it."""

BUILTINS = frozenset(
    {"abs", "bool", "float", "int", "range", "round", "staticmethod", "str", "super", "tuple"}
)
"""Python's own names that generated code says."""

IMPORTS: Mapping[str, str] = {
    "math": "import math",
    "torch": "import torch",
    "einops": "import einops",
    "F": "from torch.nn import functional as F",
    "nn": "from torch import nn",
    "Tensor": "from torch import Tensor",
    "Any": "from typing import Any",
    "NamedTuple": "from typing import NamedTuple",
    "Path": "from pathlib import Path",
    "inf": "from math import inf",
    "nan": "from math import nan",
    "pi": "from math import pi",
    "Array": "from qmlc.ir.array import Array",
    "CircuitBuilder": "from qmlc.ir.build_circuit import CircuitBuilder",
    "X": "from qmlc.ir.build_circuit import X",
    "Y": "from qmlc.ir.build_circuit import Y",
    "Z": "from qmlc.ir.build_circuit import Z",
    "I": "from qmlc.ir.build_circuit import I",
    "Circuit": "from qmlc.ir.circuit import Circuit",
    "Condition": "from qmlc.ir.circuit import Condition",
    "Distribution": "from qmlc.ir.circuit import Distribution",
    "Instruction": "from qmlc.ir.circuit import Instruction",
    "Result": "from qmlc.ir.circuit import Result",
    "Operator": "from qmlc.ir.operator import Operator",
    "Polynomial": "from qmlc.types.polynomial import Polynomial",
    "CircuitModule": "from qmlc.runtime.circuit_module import CircuitModule",
    "freeze": "from qmlc.runtime.freeze import freeze",
    "load_part": "from qmlc.runtime.load_part import load_part",
    "prune": "from qmlc.runtime.prune import prune",
    "quantize": "from qmlc.runtime.quantize import quantize",
    "ExternModule": "from qmlc.runtime.extern_module import ExternModule",
    "HuggingFaceModule": "from qmlc.runtime.hugging_face import HuggingFaceModule",
    **{name: f"from qmlc.ops.tunings import {name}" for name in ("Frozen", "Full", "Last", "Lora")},
    "KernelModule": "from qmlc.runtime.kernel_module import KernelModule",
    "Module": "from qmlc.runtime.module import Module",
    "KerasModule": "from qmlc.runtime.keras_model import KerasModule",
    "OnnxModule": "from qmlc.runtime.onnx_model import OnnxModule",
    "SafetensorsFile": "from qmlc.runtime.safetensors_file import SafetensorsFile",
    "SentenceEncoder": "from qmlc.runtime.sentence_encoder import SentenceEncoder",
    "TorchHubModule": "from qmlc.runtime.torch_hub import TorchHubModule",
    "TemplateModule": "from qmlc.runtime.module import TemplateModule",
    "attend_in_rows": "from qmlc.runtime.attend_in_rows import attend_in_rows",
    "attend_in_windows": "from qmlc.runtime.attend_in_windows import attend_in_windows",
    "bind_dimensions": "from qmlc.runtime.check_shapes import bind_dimensions",
    "masked": "from qmlc.runtime import masked",
    "run_together": "from qmlc.runtime.run_together import run_together",
    "initialise": "from qmlc.runtime.initialise import initialise",
    **{
        name: f"from qmlc.types.functions import {name}"
        for name in FUNCTIONS
        if name not in BUILTINS
    },
}
"""Names that generated modules import, and how; no name of the author's ever equals one."""

RESERVED = frozenset(IMPORTS) | BUILTINS | {"self", "annotations", "SOURCE"}

MODULE_ATTRIBUTES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter
    get_submodule half ipu load_state_dict modules mtia named_buffers named_children
    named_modules named_parameters parameters register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook
    register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
    set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
    name origin settings
    """.split()
)
"""What `nn.Module` and its children here define: a submodule of such a name would be hidden."""


class Identifiers:
    """Gives out identifiers, each once."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        """`reserved` are given to nobody."""
        self._taken = set(reserved)

    def new(self, name: str) -> str:
        """`name` itself where it can be had, else with `_`, then `_2`, `_3`, … behind it."""
        base = identifier(name)
        if base in self._taken and not base.endswith("_"):
            base += "_"
        choice, count = base, 1
        while choice in self._taken:
            count += 1
            choice = f"{base.rstrip('_')}_{count}"
        self._taken.add(choice)
        return choice


def identifier(name: str) -> str:
    """The Python identifier nearest to `name`; a keyword gets `_` behind it."""
    text = unicodedata.normalize("NFKC", name)
    text = "".join(c if c == "_" or ("a" + c).isidentifier() else "_" for c in text)
    if not text.isidentifier():
        text = f"_{text}"
    if text.startswith("__"):
        # a leading `__` would be mangled inside of a class
        text = re.sub("^_+", "_", text)
    return f"{text}_" if keyword.iskeyword(text) else text


def attribute_name(part: str) -> str:
    """The attribute of a module that holds a part of this name, which is no number in a list."""
    return Identifiers(MODULE_ATTRIBUTES).new(part)


def setting_name(name: str) -> str:
    """The keyword of a constructor for the setting `name`; `runtime.module` undoes it."""
    text = identifier(name)
    return f"{text}_" if text == "self" else text


def default_name(node: Node) -> str:
    """What a value is called that the author did not name: after the module or the function."""
    if not node.modules():
        return SHORT_NAMES.get(node.operation, node.operation)
    parts = [p for p in node.modules()[0].split(".") if not p.isdigit()]
    return parts[-1].rstrip("0123456789").rstrip("_") or "value"


def one_of(modules: str) -> str:
    """What one of several modules is called: a `block` of `blocks`."""
    for many, one in (("ies", "y"), ("s", "")):
        if modules.endswith(many) and not modules.endswith("ss"):
            return modules.removesuffix(many) + one
    return modules


def unique(name: str, busy: Callable[[str], bool]) -> str:
    """The name, or where that is busy, the first of `name_`, `name_2`, … that is not."""
    if not busy(name):
        return name
    choice, count = f"{name.rstrip('_')}_", 1
    while busy(choice):
        count += 1
        choice = f"{name.rstrip('_')}_{count}"
    return choice
