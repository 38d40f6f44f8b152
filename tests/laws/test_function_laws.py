"""Every row of FUNCTIONS against torch: its law raises where torch does, and agrees elsewhere."""

from __future__ import annotations

import math
import re
import warnings

import einops
import pytest
import torch
import torch.nn.functional as F
from draw_shapes import (
    AXES,
    AXIS,
    KINDS,
    SIZES,
    accepts,
    dims,
    kinds,
    make_tensor,
    nearly,
    related,
    tensor,
    type_of,
    with_numbers,
    with_symbols,
)  # fmt: skip
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from qmlc.ops.arithmetic import ELEMENTWISE, OPERATORS
from qmlc.ops.fill_template import fill_template
from qmlc.ops.functions import FUNCTIONS
from qmlc.ops.indexing import Slice, demanded_sizes
from qmlc.ops.losses import LOSSES
from qmlc.ops.parameters import REQUIRED
from qmlc.ops.rows import ATOM
from qmlc.runtime import masked
from qmlc.runtime.attend_in_rows import attend_in_rows
from qmlc.runtime.attend_in_windows import attend_in_windows
from qmlc.types.tensors import RecordType, ShapeError, TensorType

REAL = kinds("real")
NUMBER = st.sampled_from([0, 1, 2, 0.5, -1.5])

SETTINGS = {
    "dim": AXIS, "dim0": AXIS, "dim1": AXIS, "keepdim": st.booleans(), "correction": st.just(0),
    "p": st.sampled_from([1, 2.0]), "min": st.one_of(st.none(), NUMBER), "decimals": NUMBER,
    "max": st.one_of(st.none(), NUMBER), "diagonal": st.integers(-2, 2),
    "num_classes": st.integers(0, 4), "shift": AXIS, "alpha": st.just(0.5),
    "dims": st.one_of(AXES.filter(lambda a: a is not None),
                      st.permutations([0, 1, 2]).map(tuple), st.permutations([0, 1]).map(tuple)),
    "shifts": st.one_of(AXIS, st.lists(AXIS, min_size=1, max_size=2).map(tuple)),
    "size": st.one_of(SIZES, dims(1, 4), st.lists(st.sampled_from([-1, 2, 3]), max_size=3)),
    "fill_value": st.sampled_from([1, 0.5, True, 1j]), "n": st.integers(-2, 4),
    "m": st.one_of(st.none(), st.integers(-2, 4)), "steps": st.integers(-2, 4),
    "start": st.integers(-3, 6), "end": NUMBER, "stop": st.one_of(st.none(), st.integers(-3, 6)),
    "step": st.sampled_from([-2, -1, 1, 2, 3]), "value": st.sampled_from([None, 1.0]),
    "pad": st.lists(st.integers(-2, 2), min_size=1, max_size=6).map(tuple),
    "dropout_p": st.just(0.0), "is_causal": st.booleans(), "enable_gqa": st.booleans(),
    "scale": st.sampled_from([None, 0.5]), "temperature": st.sampled_from([1.0, 2.0]),
    "reduction": st.sampled_from(["mean", "sum", "none", "any", "batchmean"]),
    "tau": st.just(0.5), "hard": st.booleans(),
    "k": st.integers(-1, 4), "largest": st.booleans(), "descending": st.booleans(),
    "q": st.sampled_from([0.25, 0.5, 1.0, 2.0]), "repeats": st.integers(0, 3),
    "source": AXIS, "destination": AXIS, "length": st.integers(0, 3), "index": AXIS,
    "offset": st.integers(-2, 2), "threshold": st.just(0.5), "right": st.booleans(),
    "full_matrices": st.booleans(), "scale_factor": st.sampled_from([None, 2, 0.5, 1.5]),
    "mode": st.sampled_from(["constant", "reflect", "replicate", "circular"]),
    "align_corners": st.sampled_from([None, None, True]),
    "low": st.integers(-1, 2), "high": st.integers(1, 4), "num_samples": st.integers(0, 4),
    "replacement": st.booleans(), "blank": st.integers(-1, 3), "zero_infinity": st.booleans(),
    "padding_mode": st.sampled_from(["zeros", "border", "reflection", "mirror"]),
    "label_smoothing": st.sampled_from([0.0, 0.1]), "margin": st.sampled_from([1.0, 0.5]),
}  # fmt: skip
EVERY_AXIS = {"sum", "mean", "var", "std", "amin", "amax", "min", "max", "any", "all", "norm",
              "nansum", "nanmean", "count_nonzero", "quantile", "median", "logsumexp", "squeeze",
              "prod", "argmin", "argmax"}  # fmt: skip

PATTERNS = st.sampled_from([
    "b t (h e) -> b h t e", "b 1 (h p) (w q) -> b h w (p q)", "a b -> b a", "... a -> a ...",
    "a ... -> ... a", "(a b) -> a b", "(a h) -> h a", "a b c -> (a b c)", "a -> a 1",
    "a () b -> a b",
    "a b -> a", "a b -> a b h", "a a -> a", "... -> (...)", "(... a) -> a ...", "a 2 -> 2 a",
    "a b -> a (b", "a -> a 3", "a -> (a h)", "... h -> ...", "a 2 c -> a c", "-> 1",
    "a_b c -> c a_b",
    "a -> b", "a ... b -> a b", "... -> ... h", "a b", "a ... (b h) -> (a h) ... b", "a_ -> a_",
    "a -> ... a", "a 1 -> a", "a (b 2) -> a b",
])  # fmt: skip
EQUATIONS = st.sampled_from([
    "ij,jk->ik", "i j, j k -> i k", "bij,bjk->bik", "i,j", "ij,ij->", "ij->ji", "ii->i", "ij->i",
    "...ij,...jk->...ik", "ij,jk", "i...,i...->...", "ij->ik", "ij->ii", "i,i,i->i", "i->", "i1->i",
])  # fmt: skip


def plain_settings(draw, row, name):
    chosen = {}
    for parameter in row.settings:
        strategy = SETTINGS.get(parameter.name, st.just(parameter.default))
        if parameter.name == "dim" and name in EVERY_AXIS:
            strategy = AXES
        if parameter.default is not REQUIRED:
            strategy = st.one_of(st.just(parameter.default), strategy)
        chosen[parameter.name] = draw(strategy)
    return chosen


def draw_classes(draw, row):
    scores = draw(tensor(1, 4, kinds("real", "real", "real", "int")))
    target = TensorType(draw(kinds("int", "int", "int", "real")), nearly(draw, scores.dims[:-1]))
    weight = TensorType("real", nearly(draw, scores.dims[-1:])) if draw(st.booleans()) else None
    return [scores, target, weight]


def draw_attention(draw, row):
    heads, (t, s, d, f) = draw(dims(0, 2)), [draw(SIZES) for _ in range(4)]
    found = [TensorType(draw(kinds(*["real"] * 9, "int")), nearly(draw, (*heads, *shape)))
             for shape in ((t, d), (s, d), (s, f))]  # fmt: skip
    mask = None
    if draw(st.booleans()):
        mask = TensorType(draw(kinds("real", "bool", "int")), nearly(draw, (*heads, t, s)))
    return [*found, mask]


def draw_reshape(draw, row):
    x = draw(tensor(0, 3))
    shape = draw(st.one_of(dims(0, 3), st.permutations(x.dims)))
    shape = list(shape)
    if shape and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return [x], {"shape": tuple(shape)}


def draw_index(draw, row):
    bound = st.one_of(st.none(), st.integers(-4, 4))
    item = st.one_of(
        st.integers(-3, 3), st.none(), st.just(...),
        st.builds(Slice, bound, bound, st.one_of(st.none(), st.integers(0, 3))),
    )  # fmt: skip
    return [draw(tensor(0, 4))], {"index": tuple(draw(st.lists(item, max_size=4)))}


def draw_einsum(draw, row):
    equation = draw(EQUATIONS)
    sizes = {letter: (draw(SIZES),) for letter in "ijkb"} | {".": draw(dims(0, 2)), "1": (2,)}
    terms = equation.partition("->")[0].replace(" ", "").replace("...", ".").split(",")
    shapes = [nearly(draw, [d for letter in term for d in sizes[letter]]) for term in terms]
    types = [TensorType(draw(kinds(*["real"] * 9, "int")), shape) for shape in shapes]
    return types[: draw(st.integers(1, 9))], {"equation": equation}


def draw_einops(draw, row):
    text = draw(PATTERNS)
    axes, extra, shape = {}, draw(dims(0, 2)), []
    for group in re.findall(r"\([^)]*\)?|\S+", text.partition("->")[0]):
        names = group.strip("()").split()
        sizes = [int(a) if a.isdigit() else axes.setdefault(a, draw(SIZES)) for a in names]
        shape += extra if "..." in names else [math.prod(sizes)]
    x = TensorType(draw(kinds("real", "real", *KINDS)), nearly(draw, shape))
    known = {a: draw(st.integers(1, 3)) for a in "hpq" if a in text and a not in axes}
    known |= {a: axes[a] for a in ("h", "p", "q", "b", "a") if a in axes and draw(st.booleans())}
    known |= {"z": 2} if draw(st.integers(0, 19)) == 0 else {}
    chosen = {"pattern": text, "sizes": tuple(known.items())}
    if "reduction" in {p.name for p in row.settings}:
        chosen["reduction"] = draw(st.sampled_from(["sum", "mean", "max", "prod", "any", "least"]))
    return [x], chosen


def draw_places(draw, row):
    """A tensor, and places in it."""
    x = draw(tensor(0, 3))
    kind = kinds("int", "int", "int", "int", "real")
    shape = x.dims if draw(st.integers(0, 2)) else draw(dims(1, 1))
    index = TensorType(draw(kind), nearly(draw, shape))
    more = [TensorType(x.dtype, nearly(draw, x.dims))] if len(row.tensors) == 3 else []
    return [x, index, *more]


def draw_edges(draw, row):
    kind = draw(kinds("real", "int", "bool"))
    both = [
        TensorType(kind, draw(dims(1, 1))),
        TensorType(draw(kinds(kind, kind, "real")), draw(dims())),
    ]
    if draw(st.integers(0, 3)) == 0:
        both = draw(related(2, 1, 3, st.just(kind)))
    return both if row.tensors[0].name == "sorted_sequence" else both[::-1]


def draw_mask(draw, row):
    x = draw(tensor(0, 3))
    return [x, TensorType(draw(kinds("bool", "bool", "bool", "int")), nearly(draw, x.dims))]


def draw_equations(draw, row):
    n, batch = draw(SIZES), draw(dims(0, 1))
    kind = draw(kinds("real", "real", "complex"))
    right = draw(st.sampled_from([(n,), (n, 2), (*batch, n), (*batch, n, 2)]))
    return [TensorType(kind, nearly(draw, (*batch, n, n))), TensorType(kind, nearly(draw, right))]


def draw_parts(draw, row):
    kind = draw(kinds("real", "real", "int"))
    return draw(related(2, 0, 3, kinds("real", kind)))


def draw_crossed(draw, row):
    shape = draw(st.permutations([3, draw(SIZES), draw(SIZES)]))
    kind = draw(kinds("real", "int", "complex"))
    return [TensorType(kind, nearly(draw, shape)) for _ in range(2)]


def draw_rows(draw, row):
    """Points, `[n, d]`, or pairs, `[..., 2]`."""
    return [TensorType(draw(kinds("real", "real", "int")), nearly(draw, (*draw(dims(1, 1)), 2)))]


def draw_picture(draw, row):
    """What may be padded or resized."""
    shape = (*draw(dims(1, 2)), *draw(st.lists(st.sampled_from([3, 4, 6]), max_size=3)))
    return [TensorType(draw(kinds("real", "real", "real", "int")), shape)]


def draw_where(draw, row):
    x = draw(tensor(0, 4))
    mask = TensorType("bool", nearly(draw, x.dims[: draw(st.integers(0, 4))]))
    return [x, mask if draw(st.booleans()) else None]


def draw_cosine(draw, row):
    a, b, _ = draw(related(3, kind=kinds("real", "real", "int")))
    if draw(st.booleans()):
        b = a
    return [a, b, TensorType(draw(kinds("real", "int")), nearly(draw, a.dims[:-1]))]


def draw_ctc(draw, row):
    t, b, c, s = (draw(SIZES) for _ in range(4))
    shapes = (t, b, c), (b, s), (b,), (b,)
    kind = kinds(*["int"] * 9, "real")
    return [
        TensorType(draw(kind) if i else draw(kinds("real", "real", "int")), nearly(draw, shape))
        for i, shape in enumerate(shapes)
    ]


def draw_grid(draw, row):
    space, (b, c) = draw(st.sampled_from([2, 2, 3])), [draw(SIZES) for _ in range(2)]
    sizes = [[draw(SIZES) for _ in range(space)] for _ in range(2)]
    kind = kinds("real", "real", "real", "int")
    shapes = (b, c, *sizes[0]), (b, *sizes[1], space)
    return [TensorType(draw(kind), nearly(draw, shape)) for shape in shapes]


def draw_affine(draw, row):
    space, size = draw(st.sampled_from([2, 2, 3])), draw(dims(4, 5))
    shape = nearly(draw, (size[0], space, space + 1))
    chosen = {"size": tuple(size[: space + 2]), "align_corners": draw(st.booleans())}
    return [TensorType(draw(kinds("real", "real", "int")), shape)], chosen


TENSORS = {
    "scaled_dot_product_attention": draw_attention, "cosine_embedding_loss": draw_cosine,
    **dict.fromkeys(["sum", "mean", "var", "std", "prod", "amin", "amax", "min", "max", "any",
                     "all"], draw_where),
    **dict.fromkeys(["gather", "take_along_dim", "index_select", "scatter", "scatter_add"],
                    draw_places),
    "searchsorted": draw_edges, "bucketize": draw_edges, "masked_fill": draw_mask,
    "solve": draw_equations, "complex": draw_parts, "polar": draw_parts, "isclose": draw_parts,
    "cross": draw_crossed, "pdist": draw_rows, "view_as_complex": draw_rows,
    "interpolate": draw_picture, "pad": draw_picture,
    "ctc_loss": draw_ctc, "grid_sample": draw_grid,
    "cross_entropy": draw_classes, "nll_loss": draw_classes,
    "multi_margin_loss": draw_classes,
    "where": lambda draw, row: [draw(tensor(0, 2, kinds("bool", "bool", "int"))),
                                *draw(related(2, most=3))],
}  # fmt: skip
CASES = {
    "affine_grid": draw_affine,
    "reshape": draw_reshape, "index": draw_index, "rearrange": draw_einops, "reduce": draw_einops,
    "repeat": draw_einops,
    "einsum": draw_einsum,
    "expand": lambda draw, row: (
        [x := draw(tensor(0, 3))],
        {"size": draw(st.one_of(SETTINGS["size"], st.just(tuple(
            3 if d == 1 else -1 for d in x.dims)), st.just((2, *x.dims))))}),
}  # fmt: skip


@st.composite
def cases(draw, name):
    """(types of the tensors, settings) for a row."""
    row = FUNCTIONS[name]
    if name in CASES:
        return CASES[name](draw, row)
    if name in TENSORS:
        types = TENSORS[name](draw, row)
    elif row.variadic:
        types = draw(related(draw(st.integers(1, 3)), 0, 3))
    elif name in LOSSES:
        types = draw(related(len(row.tensors), 0, 3, kinds(*["real"] * 5, "int", "bool")))
        if draw(st.integers(0, 3)):
            types = [TensorType(t.dtype, types[0].dims) for t in types]
        if row.tensors[-1].default is None and draw(st.booleans()):
            types[-1] = None
    elif len(row.tensors) == 2 and name not in ELEMENTWISE and name not in OPERATORS:
        kind = st.just(draw(kinds("real", "real", "int", "complex")))
        types = draw(st.one_of(related(2, 1, 3, kind), products(kind)))
    elif len(row.tensors) == 1:
        square = draw(SIZES)
        types = [draw(st.one_of(tensor(), st.just(TensorType("real", (3, square, square)))))]
    else:
        types = draw(related(len(row.tensors)))
    return types, plain_settings(draw, row, name)


@st.composite
def products(draw, kind):
    """Two tensors that can be multiplied as matrices, or nearly."""
    batch = draw(dims(0, 2))
    a, b, c = (draw(SIZES) for _ in range(3))
    left, right = nearly(draw, (*batch, a, b)), nearly(draw, (*batch, b, c))
    if draw(st.booleans()):
        right = (*batch, c, b)
    return [TensorType(draw(kind), left), TensorType(draw(kind), right)]


def evaluate(name, types, chosen):
    """What torch makes of it."""
    row = FUNCTIONS[name]
    places = {"one_hot", "gather", "take_along_dim", "index_select", "scatter", "scatter_add"}
    integer = 0 if name in LOSSES or name in places else 1
    values = {}
    if row.variadic:
        names = [f"x{i}" for i in range(len(types))]
        values = {n: make_tensor(t, integer) for n, t in zip(names, types, strict=True)}
        tensors = {row.tensors[0].name: [(n, ATOM) for n in names]}
    else:
        tensors = {}
        for parameter, kind in zip(row.tensors, types, strict=True):
            tensors[parameter.name] = None if kind is None else (parameter.name, ATOM)
            values[parameter.name] = None if kind is None else make_tensor(kind, integer)
    if name == "cholesky" and types[0].dims[-2:-1] == types[0].dims[-1:] != ():
        values["x"] = values["x"] @ values["x"].mH + torch.eye(types[0].dims[-1])
    source = fill_template(row, tensors, chosen)
    spaces = {"torch": torch, "F": F, "einops": einops, "masked": masked, "math": math}
    spaces |= {"attend_in_rows": attend_in_rows, "attend_in_windows": attend_in_windows}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # a loss that broadcasts is a mistake: torch warns, the law raises
        warnings.filterwarnings("error", message="Using a target size")
        return type_of(eval(source, spaces, values))


STRICTER = {
    "hardtanh": "whole numbers: torch rounds the bounds",
    "transpose_last": "a scalar: torch has deprecated it",
    "index": "a second `...`, which torch takes for `:`",
    "range": "a step without a start, which means another thing in Python",
    "bucketize": "a number among numbers of another kind",
    "diff": "a dimension that does not exist, where nothing is done",
    "median": "`keepdim` without a dimension",
    "lerp": "kinds that torch mixes where two are alike",
    "searchsorted": "a number among numbers of another kind",
    "trace": "matrices that are not square",
    "einsum": "kinds that torch mixes where a size is 1",
    "scaled_dot_product_attention": "heads that torch stretches where there is one",
    # torch takes other shapes and kinds, by broadcasting or by accident
    **dict.fromkeys(LOSSES, "tensors that are not of one shape"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_law_agrees_with_torch(name):
    accepted, row = [], FUNCTIONS[name]

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(name))
    def check(case):
        types, chosen = case
        try:
            expected = evaluate(name, types, chosen)
        except Exception as error:
            expected = error
        try:
            found = row.law(types, chosen)
        except ShapeError as error:
            found = error
        accepted.append(not isinstance(found, ShapeError))
        if isinstance(expected, Exception):
            assert isinstance(found, ShapeError), (found, expected)
        elif not (isinstance(found, ShapeError) and name in STRICTER):
            assert found == expected, (found, expected)

    check()
    assert any(accepted) or find(cases(name), lambda case: accepts(row.law, *case))


SIZED = {
    "affine_grid",
    "grid_sample",
    "diag",
    "view_as_complex",
    "cross",
    "reshape",
    "rearrange",
    "reduce",
    "repeat",
    "expand",
    "index",
    "one_hot",
    "pad",
}
"""Rows with sizes among their settings: a symbol may fail to be recognised as one of them."""


@pytest.mark.parametrize("name", [n for n, row in FUNCTIONS.items() if row.tensors])
def test_law_on_symbols_is_the_law_on_numbers(name):
    row = FUNCTIONS[name]

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(name), st.booleans())
    def check(case, all_of_them):
        types, chosen = case
        try:
            expected = row.law(types, chosen)
        except ShapeError:
            return
        symbols = {2, 3, 4, 6} if all_of_them else {3}
        try:
            found = row.law([with_symbols(t, symbols) for t in types], chosen)
        except ShapeError as error:
            assert name in SIZED, error
            return
        if name == "index":
            # what lies beyond the end is refused when the module is called
            symbolic = with_symbols(types[0], symbols)
            sizes = TensorType("int", tuple(demanded_sizes(symbolic, chosen["index"])))
            if any(size < 0 for size in with_numbers(sizes).dims):
                return
        if isinstance(expected, RecordType) or 0 not in expected.dims:
            assert with_numbers(found) == expected

    check()
