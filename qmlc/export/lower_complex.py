"""Complex numbers as pairs of real ones, for formats that have none.

A traced graph is run again node by node: what is complex in it is a `Pair`, or one real tensor
where its imaginary part is zero by construction, as in circuits of real gates. What runs in the end
is real arithmetic alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.utils import _pytree as pytree

from qmlc.export.errors import INSTEAD, NotExportableError


@dataclass(frozen=True)
class Pair:
    """A complex tensor: its real and its imaginary part."""

    real: Tensor
    imaginary: Tensor


Number = Tensor | Pair
"""A complex tensor; a real one has no imaginary part."""


class RealModule(nn.Module):
    """A graph in real arithmetic; a complex result has one more axis, of real and imaginary part.

    `traced` is a module that torch.export made, with its weights. What depends on no input is
    worked out here, once.
    """

    def __init__(self, traced: fx.GraphModule) -> None:
        super().__init__()
        self.traced = traced
        self.split: dict[fx.Node, bool] = {}
        known = _evaluate(traced)
        for node, value in known.items():
            if isinstance(value, Tensor) and any(user not in known for user in node.users):
                self._split(node, value.detach())
        self.known = frozenset(known)

    def _split(self, node: fx.Node, value: Tensor) -> None:
        """Keep a constant, the parts of a complex one as tensors of their own."""
        self.split[node] = value.is_complex() and bool((value.imag != 0).any())
        self.register_buffer(f"{node.name}_real", value.real.clone())
        if self.split[node]:
            self.register_buffer(f"{node.name}_imaginary", value.imag.clone())

    def constant(self, node: fx.Node) -> Number | None:
        """The value of a node that depends on no input; None where no other node asks for it."""
        if node not in self.split:
            return None
        real: Tensor = getattr(self, f"{node.name}_real")
        return Pair(real, getattr(self, f"{node.name}_imaginary")) if self.split[node] else real

    def forward(self, *tensors: Tensor) -> Any:
        """The results of the graph."""
        return _Interpreter(self).run(*tensors)


def _evaluate(traced: fx.GraphModule) -> dict[fx.Node, Any]:
    """The values of all nodes that depend on no input."""
    interpreter = fx.Interpreter(traced)
    known: dict[fx.Node, Any] = interpreter.env
    for node in traced.graph.nodes:
        computed = node.op == "call_function" and all(n in known for n in node.all_input_nodes)
        if node.op == "get_attr" or computed:
            with torch.no_grad():
                known[node] = interpreter.run_node(node)
    return known


class _Interpreter(fx.Interpreter):
    """Runs a graph whose complex values are `Number`s."""

    def __init__(self, module: RealModule) -> None:
        super().__init__(module.traced)
        self.real_module = module

    def run_node(self, n: fx.Node) -> Any:
        """The value of a node."""
        if n in self.real_module.known:
            return self.real_module.constant(n)
        if n.op == "output":
            nodes: Any = n.args[0]
            (results,), _ = self.fetch_args_kwargs_from_env(n)
            return [
                _interleave(result) if is_complex(node) else result
                for node, result in zip(nodes, results, strict=True)
            ]
        if n.op != "call_function" or not any(map(is_complex, (n, *n.all_input_nodes))):
            return super().run_node(n)
        name = getattr(n.target, "__name__", str(n.target)).partition(".")[0]
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        if name in RULES:
            return RULES[name](*args, **kwargs)
        if name in BY_PARTS:
            return _by_parts(n.target, args, kwargs)
        what = f"`{name}` of complex numbers is not written in real arithmetic"
        raise NotExportableError(what, INSTEAD)


def is_complex(node: fx.Node) -> bool:
    """Whether a value of a node of a traced graph is a complex tensor."""
    values = pytree.tree_leaves(node.meta.get("val"))
    return any(isinstance(value, Tensor) and value.is_complex() for value in values)


def _interleave(value: Number) -> Tensor:
    return torch.stack([_real(value), _imaginary(value)], -1)


def _real(value: Number) -> Tensor:
    return value.real if isinstance(value, Pair) else value


def _imaginary(value: Number) -> Tensor:
    return value.imaginary if isinstance(value, Pair) else torch.zeros_like(value)


BY_PARTS = frozenset(
    """
    _unsafe_view alias cat chunk clone constant_pad_nd contiguous detach diagonal expand
    flatten flip getitem index index_select movedim neg permute repeat reshape roll select slice
    split split_with_sizes squeeze stack sum t transpose unbind unflatten unsqueeze view
    """.split()
)
"""Operations that do the same to both parts."""


def _by_parts(operation: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The operation on real parts, and on imaginary parts where there are any."""
    leaves, shape = pytree.tree_flatten((args, kwargs))
    if not any(isinstance(leaf, Pair) for leaf in leaves):
        return operation(*args, **kwargs)

    def run(part: Callable[[Number], Tensor]) -> Any:
        parts = [part(x) if _counts(operation, x) else x for x in leaves]
        given, named = pytree.tree_unflatten(parts, shape)
        return operation(*given, **named)

    return pytree.tree_map(Pair, run(_real), run(_imaginary))


def _counts(operation: Any, leaf: Any) -> bool:
    """Whether a leaf among the arguments is a number, and no tensor of positions."""
    return isinstance(leaf, Pair) or (isinstance(leaf, Tensor) and leaf.is_floating_point())


def _add(left: Number, right: Any, alpha: Any = 1) -> Number:
    if isinstance(right, complex):
        right = _scalar(right, left)
    if alpha != 1:
        right = _multiply(right, alpha)
    if not isinstance(left, Pair) and not isinstance(right, Pair):
        return torch.add(left, right)
    if isinstance(left, Pair) and isinstance(right, Pair):
        return Pair(left.real + right.real, left.imaginary + right.imaginary)
    pair, other = (left, right) if isinstance(left, Pair) else (right, left)
    total = pair.real + other
    return Pair(total, pair.imaginary.expand_as(total))


def _subtract(left: Number, right: Any, alpha: Any = 1) -> Number:
    return _add(left, _multiply(right, -alpha) if isinstance(right, Pair) else -alpha * right)


def _reverse_subtract(left: Number, right: Any, alpha: Any = 1) -> Number:
    return _add(_multiply(left, -alpha), right)


def _bilinear(product: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Number]:
    """The product of complex numbers, of one of real ones."""

    def run(left: Any, right: Any) -> Number:
        if isinstance(right, complex):
            right = _scalar(right, left)
        if isinstance(left, Pair) and isinstance(right, Pair):
            real = product(left.real, right.real) - product(left.imaginary, right.imaginary)
            return Pair(
                real, product(left.real, right.imaginary) + product(left.imaginary, right.real)
            )
        if isinstance(left, Pair):
            return Pair(product(left.real, right), product(left.imaginary, right))
        if isinstance(right, Pair):
            return Pair(product(left, right.real), product(left, right.imaginary))
        return product(left, right)

    return run


def _scalar(value: complex, like: Number) -> Number:
    real = _real(like)
    parts = [torch.tensor(part, dtype=real.dtype) for part in (value.real, value.imag)]
    return Pair(*parts) if value.imag else parts[0]


_multiply = _bilinear(torch.mul)


def _divide(left: Number, right: Any) -> Number:
    if isinstance(right, Pair):
        return _multiply(_multiply(left, _conjugate(right)), _squared(right).reciprocal())
    if isinstance(left, Pair):
        return Pair(left.real / right, left.imaginary / right)
    return torch.div(left, right)


def _conjugate(value: Number) -> Number:
    return Pair(value.real, -value.imaginary) if isinstance(value, Pair) else value


def _squared(value: Number) -> Tensor:
    if isinstance(value, Pair):
        return value.real.square() + value.imaginary.square()
    return value.square()


def _from_interleaved(value: Tensor) -> Number:
    return Pair(*value.unbind(-1))


def _norm(value: Number, order: float = 2, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    return torch.linalg.vector_norm(_squared(value).sqrt(), order, dim, keepdim)


def _keep(value: Number) -> Number:
    return value


def _convert(value: Number, dtype: torch.dtype | None = None, **_: Any) -> Number:
    if dtype is None:
        return value
    real = dtype.to_real()
    if isinstance(value, Pair):
        return Pair(value.real.to(real), value.imaginary.to(real))
    return value.to(real)


RULES: Mapping[str, Callable[..., Any]] = {
    "add": _add,
    "sub": _subtract,
    "rsub": _reverse_subtract,
    "mul": _multiply,
    "div": _divide,
    **{name: _bilinear(torch.matmul) for name in ("matmul", "mm", "bmm")},
    "complex": Pair,
    "real": _real,
    "imag": _imaginary,
    "view_as_real": _interleave,
    "view_as_complex": _from_interleaved,
    **dict.fromkeys(("conj", "_conj", "_conj_physical", "conj_physical"), _conjugate),
    **dict.fromkeys(("resolve_conj", "lift_fresh_copy"), _keep),
    "_to_copy": _convert,
    "abs": lambda value: _squared(value).sqrt(),
    "linalg_vector_norm": _norm,
    "_assert_tensor_metadata": lambda *_, **__: None,
}
"""Operations on complex numbers, by their names in aten."""
