"""What PyTorch, numpy, Qiskit and PennyLane call things, in the words of the language."""

from __future__ import annotations

import re

from qmlc.check.values import Tensor, Value, type_of
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.layers import LAYERS
from qmlc.ops.losses import LOSSES
from qmlc.syntax import tree
from qmlc.types.tensors import TensorType

MODULES = frozenset("torch nn F np numpy tf jnp functional einops math keras".split())
"""Modules that a Python program imports; here all of theirs is there without."""

SYNONYMS = {
    "pow": "power", "concatenate": "cat", "concat": "cat", "absolute": "abs",
    "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arctan2": "atan2",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "neg": "negative", "mul": "multiply", "div": "divide", "sub": "subtract",
    "true_divide": "divide", "eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal",
    "gt": "greater", "ge": "greater_equal", "clip": "clamp", "fix": "trunc",
    "logsigmoid": "log_sigmoid", "swish": "silu", "view": "reshape", "swapaxes": "transpose",
    "swapdims": "transpose", "moveaxis": "movedim", "broadcast_to": "expand", "arange": "range",
    "inverse": "inv", "pinverse": "pinv", "ger": "outer", "detach": "stop_gradient",
    "vector_norm": "norm", "matrix_exponential": "matrix_exp", "bce_loss": "binary_cross_entropy",
    "bce_with_logits_loss": "binary_cross_entropy_with_logits",
    "cross_entropy_loss": "cross_entropy",
}  # fmt: skip
"""Other names of rows of `ops.functions`."""

METHODS = {
    "shape": "sizes have names: `real[B, T, 4]` declares `B` and `T`, and both are numbers here",
    "size": "sizes have names: `real[B, T, 4]` declares `B` and `T`, and both are numbers here",
    "dim": "how many dimensions there are stands in the type",
    "t": "the last two dimensions are swapped by `.T`", "mT": "write `.T`",
    "contiguous": "leave it out: `reshape` takes any tensor",
    "long": "write `int(x)`", "double": "precision follows the module: `net.double()`",
    "to": "devices and precision follow the module: leave it out",
    "cuda": "devices follow the module: leave it out",
    "cpu": "devices follow the module: leave it out",
    "numpy": "nothing runs while a program is read: `return` the tensor",
    "item": "nothing runs while a program is read: `return` the tensor",
    "backward": "a `train` block does this", "forward": "a part is applied by calling it",
    "permute": 'write `permute(x, 0, 2, 1)`, or `rearrange(x, "b t d -> b d t")`',
    "chunk": "write `chunk(x, 2, dim=-1)`", "split": "write `split(x, 2, dim=-1)`",
}  # fmt: skip
"""Methods of tensors that are no functions of the same name here."""

SHAPELESS = frozenset("nonzero masked_select unique unique_consecutive bincount argwhere".split())
"""Functions whose result has a shape that only the values tell."""


RESULTS = ("expval", "variance", "probs", "state", "counts", "sample", "entropy", "purity")
"""What a circuit may yield; others measure by a statement."""

GATES_ELSEWHERE = {
    "hadamard": "write `h q`", "toffoli": "write `ccx a, b, c`",
    "fredkin": "write `cswap a, b, c`", "not": "write `x q`", "paulix": "write `x q`",
    "pauliy": "write `y q`", "pauliz": "write `z q`", "phaseshift": "write `p(theta) q`",
    "rot": "write `u(theta, phi, lambda) q`", "isingxx": "write `rxx(theta) a, b`",
    "isingyy": "write `ryy(theta) a, b`", "isingzz": "write `rzz(theta) a, b`",
    "mcx": "controls are put before any gate: `ctrl(2) @ x a, b, c`",
    "mct": "controls are put before any gate: `ctrl(2) @ x a, b, c`",
    "multicontrolledx": "controls are put before any gate: `ctrl(2) @ x a, b, c`",
    "mcp": "controls are put before any gate: `ctrl(2) @ p(theta) a, b, c`",
    "mcrx": "controls are put before any gate: `ctrl(2) @ rx(theta) a, b, c`",
    "mcry": "controls are put before any gate: `ctrl(2) @ ry(theta) a, b, c`",
    "mcrz": "controls are put before any gate: `ctrl(2) @ rz(theta) a, b, c`",
    "measureall": "bind the bits, `let m = measure q`, or return `counts(q, shots=1024)`",
    "unitary": "declare a `gate` made of others, or evolve: `evolve(H, time=t) q`",
    "initialize": "write `prepare(x) q`", "statepreparation": "write `prepare(x) q`",
    "bit": "bits are bound by a measurement: `let m = measure q`",
    "creg": "bits are bound by a measurement: `let m = measure q`",
    "qreg": "qubits are declared with `qubit q[n]`",
    "wires": "qubits are declared with `qubit q[n]`",
    "print": "nothing runs while a program is read: `return` what is to be seen",
    **{kind: f"a result is returned: `return {kind}(…)`" for kind in RESULTS},
}  # fmt: skip
"""What gates and statements of other languages are here, in lower case without underscores."""

VALUES_ELSEWHERE = {
    "PauliX": "the operator is `X`: `X(q[0])`", "PauliY": "the operator is `Y`: `Y(q[0])`",
    "PauliZ": "the operator is `Z`: `Z(q[0])`", "SparsePauliOp": 'write `paulis("XXI")(q)`',
    "Hadamard": "as an operator this is `(X(q) + Z(q)) / sqrt(2)`",
    "measure": "it is written without brackets: `let m = measure q`",
    "var": "write `variance(O)`", "vn_entropy": "write `entropy(q)`",
    "density_matrix": "return `state(q)`, `purity(q)` or `entropy(q)`",
    "True": "did you mean `true`?", "False": "did you mean `false`?",
    "None": "did you mean `none`?",
    "sequential": "write `x |> f |> g`", "Sequential": "write `x |> f |> g`",
    "ModuleList": "write a list: `[linear(4) for i in range(3)]`",
    "tensor": "a list of numbers is a tensor: `[1, 2]`",
    "array": "a list of numbers is a tensor: `[1, 2]`",
    "Parameter": "write `param w: real[4] ~ normal(0, 1)`",
}  # fmt: skip
"""What values, operators, results and classes of Python, Qiskit and PennyLane are here."""

LIBRARY_ELSEWHERE = {
    "transformerencoder": ("transformer", "encoder(depth, heads)(x)"),
    "transformerdecoder": ("transformer", "decoder(depth, heads)(x, memory)"),
    "transformer": ("transformer", "encoder(depth, heads)(x)"),
    "positionalencoding": ("transformer", "sinusoidal(T, d)"),
    "angleembedding": ("encodings", "angle(x) q"),
    "amplitudeembedding": ("encodings", "amplitude(x) q"),
    "amplitudes": ("encodings", "amplitude(x) q"),
    "rawfeaturevector": ("encodings", "amplitude(x) q"),
    "basisembedding": ("encodings", "basis(x) q"),
    "iqpembedding": ("encodings", "iqp(x) q"),
    "stronglyentanglinglayers": ("ansatz", "strongly_entangling(w) q"),
    "basicentanglerlayers": ("ansatz", "basic_entangler(w) q"),
    "quantumfouriertransform": ("algorithms", "qft q"),
    "groveroperator": ("algorithms", "grover(oracle) q"),
    "quantumphaseestimation": ("algorithms", "phase_estimation(unitary) counter, q"),
}  # fmt: skip
"""What PyTorch, PennyLane and Qiskit call entries of the library: a module, and a use of it."""

MODIFIERS_ELSEWHERE = {
    "control": "ctrl", "controlled": "ctrl", "c": "ctrl", "adjoint": "inv", "adj": "inv",
    "dagger": "inv", "dg": "inv", "inverse": "inv", "power": "pow(k)", "negcontrol": "negctrl",
}  # fmt: skip
"""What modifiers of gates are called in other languages."""


def plain(name: str) -> str:
    """A name as these tables have it: in lower case, without underscores."""
    return name.lower().replace("_", "")


def instead_of_method(node: tree.Attribute, base: Value) -> str:
    """What to write in the place of `x.relu` or `x.shape`, a method of torch's tensors."""
    name, written = node.name.name, node.base.span.text
    if name in ("shape", "size") and isinstance(base, Tensor):
        return f"{METHODS['shape']}; this is `{type_of(base)}`" if not _sizes(base) else (
            f"the sizes are {_sizes(base)}, and stand for numbers here")  # fmt: skip
    if name in METHODS:
        return METHODS[name]
    row = SYNONYMS.get(name, name)
    if row in FUNCTIONS:
        more = ", …" if len(FUNCTIONS[row].parameters) > 1 else ""
        return f"functions stand in front: `{row}({written}{more})`, or `{written} |> {row}`"
    return "records have fields; tensors have `.T`; functions stand in front: `f(x)`"


def _sizes(base: Tensor) -> str:
    kind = base.type
    assert isinstance(kind, TensorType)
    return ", ".join(f"`{size}`" for size in kind.dims)


def instead_of_module(node: tree.Attribute) -> str:
    """What to write in the place of `nn.Linear` or `torch.cat`."""
    name = snake_case(node.name.name)
    name = SYNONYMS.get(name, name)
    bare = name.removesuffix("_loss")
    found = next((n for n in (name, bare) if n in LAYERS or n in FUNCTIONS), None)
    if name in SHAPELESS:
        return f"the shape of `{name}` hangs on values: choose with `where(mask, a, b)`"
    if found is None:
        return "its layers and functions are there without a prefix, in snake case"
    if found in LAYERS:
        needed = [p.name for p in LAYERS[found].parameters if not isinstance(p.default, _PLAIN)]
        return f"write `{found}({', '.join(needed)})(x)`: input sizes are inferred"
    if found in LOSSES:
        return f"write `{found}(scores, target)`" if found == "cross_entropy" else f"`{found}(…)`"
    return f"write `{found}(…)`, without the prefix"


_PLAIN = (int, float, str, bool, tuple, type(None))


def snake_case(name: str) -> str:
    """`conv2d` of `Conv2d`, `layer_norm` of `LayerNorm`, `gelu` of `GELU`."""
    if name.isupper() or name in ("ReLU", "SiLU", "PReLU", "ReLU6"):
        return name.lower()
    name = name.replace("ReLU", "Relu").replace("LayerNorm", "Layer_norm")
    name = name.replace("LogSoftmax", "Log_softmax")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    return re.sub(r"_(\d)d$", r"\1d", text)
