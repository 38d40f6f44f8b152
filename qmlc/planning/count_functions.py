"""The work of a function of tensors, by the row of `ops.functions` that it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qmlc.ops.constructions import CONSTRUCTIONS
from qmlc.ops.decompositions import DECOMPOSITIONS
from qmlc.ops.losses import LOSSES
from qmlc.ops.rearrangements import REARRANGEMENTS
from qmlc.ops.selections import SELECTIONS
from qmlc.ops.special_functions import SPECIAL_FUNCTIONS
from qmlc.planning.count_products import PRODUCTS, count_product
from qmlc.planning.step import Array, Step
from qmlc.planning.work import Work

Settings = Mapping[str, Any]

VIEWS = frozenset(
    "reshape transpose transpose_last permute unsqueeze squeeze expand index narrow movedim "
    "diagonal real imag view_as_real view_as_complex stop_gradient".split()
)
EXPONENTIAL = frozenset(
    "sin cos tan asin acos atan sinh cosh tanh exp log asinh acosh atanh exp2 log2 log10 log1p "
    "expm1 sigmoid erf erfc gelu silu elu celu selu softplus mish log_sigmoid atan2 softmax "
    "log_softmax softmin logsumexp logit".split()
)
MORE = {"gelu": 2.5, "mish": 2, "erf": 2, "erfc": 2, "log_softmax": 1.5}
"""How much more some of these cost than others."""
BRANCHING = frozenset(
    "where power floor_divide remainder sinc lgamma cumsum cumprod logcumsumexp cdist median "
    "quantile gumbel_softmax masked_fill cosine_similarity".split()
) | frozenset(SELECTIONS) | (frozenset(SPECIAL_FUNCTIONS) - EXPONENTIAL)  # fmt: skip
COPIES = frozenset({"cat", "stack", "pad", "tril", "triu", "zeros", "ones", "full", "range"})
STRIDED = frozenset(REARRANGEMENTS) - VIEWS - COPIES
PATTERNS = frozenset({"rearrange", "reduce", "repeat"})


def count_function(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Step:
    """The step that a function is."""
    if name in PRODUCTS:
        return count_product(name, inputs, output, settings)
    count = FUNCTIONS.get(name)
    if count is None:
        if name in LOSSES:
            count = _loss
        elif name in DECOMPOSITIONS:
            count = _decomposition
        else:
            count = _view if name in VIEWS else _by_number
    work = count(name, inputs, output, settings, random)
    back, kept = Work(), 0
    if output.learns:
        back = _backward(name, work, output)
        kept = 0 if name in VIEWS else output.bytes
    group = "loss" if name in LOSSES else "function"
    return Step(group, name, work, work, back, kept=kept)


def _by_number(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Work:
    """What reads its inputs once and writes its output once."""
    size = max([output.size, *(x.size for x in inputs)])
    numbers = {}
    if name in EXPONENTIAL:
        numbers["exponential"] = size * MORE.get(name, 1)
    elif name in BRANCHING and not (name == "power" and not inputs[1].shape):  # mostly a square
        numbers["branch"] = size
    elif name in STRIDED:
        numbers["strided"] = output.size
    if random:
        numbers["random"] = output.size
    constructed = name in CONSTRUCTIONS and not inputs
    moved = output.bytes + (0 if constructed else sum(x.bytes for x in inputs))
    return Work({"function": 1}, numbers, moved=moved, other=0 if constructed else size)


def _view(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Work:
    return Work({"view": 1})


def _pattern(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Work:
    """Einops: axes that change places and are then joined have to be copied."""
    left, _, right = settings["pattern"].partition("->")
    axes = [[a for a in side.replace("(", " ").replace(")", " ").split() if a != "1"]
            for side in (left, right)]  # fmt: skip
    work = Work({"rearrange": 1, "view": 2})
    if name == "rearrange" and not ("(" in right and axes[0] != axes[1]):
        return work
    moved = sum(x.bytes for x in inputs) + output.bytes
    numbers = {"strided": max(output.size, inputs[0].size)}
    return work + Work({"function": 1}, numbers, moved=moved)


def _loss(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Work:
    size, moved = inputs[0].size, sum(x.bytes for x in inputs)
    exponential = {} if name in ("mse", "mse_loss", "mae", "l1_loss") else {"exponential": size}
    return Work({"function": 4}, exponential, moved=moved + inputs[0].bytes, other=4 * size)


def _decomposition(
    name: str, inputs: Sequence[Array], output: Array, settings: Settings, random: bool
) -> Work:
    """Some ten times the cube of the size (Golub and Van Loan, Matrix Computations)."""
    side = max((x.shape[-1] for x in inputs if x.shape), default=1)
    matrices = max((x.size for x in inputs), default=1) / side**2
    flops = 10.0 * matrices * side**3
    return Work({"function": 4}, products=((flops, max(side / 4, 1)),))


FUNCTIONS: dict[str, Callable[..., Work]] = dict.fromkeys(PATTERNS, _pattern)


def _backward(name: str, work: Work, output: Array) -> Work:
    """The same numbers once more, with the gradient of the output read beside them."""
    if name in VIEWS:
        return Work({"recorded": 0.6})
    moved = 2.0 * work.moved
    calls = work.calls.get("function", 0) or 1
    times = 1.5 if name == "gelu" else 1
    numbers = {k: times * v for k, v in work.numbers.items() if k != "random"}
    return Work({"recorded": calls}, numbers, moved=moved, other=2 * work.other)
