"""Rows of `ops.functions`: losses. They yield the mean, a real scalar, unless `reduction` differs.

Scores stand on the last axis, `[..., classes]`, and a target of classes is `int[...]`; -100 is
ignored. Other losses take two tensors of one shape: torch would broadcast `[B, 1]` against `[B]`
to `[B, B]`, which nobody means.
"""

from __future__ import annotations

from typing import Any

from qmlc.ops.rows import Function, Law, Settings, settings, tensors
from qmlc.ops.shape_laws import convert_kind, need_rank, promote, same, show
from qmlc.types.tensors import ShapeError, TensorType

SCALAR = TensorType("real")


IGNORED = -100
"""The class that losses and metrics leave out, as in PyTorch."""
REDUCTIONS = ("mean", "sum", "none")


def _reduced(x: TensorType, settings: Settings) -> TensorType:
    """A scalar, or with the reduction `none` a number for each element of `x`."""
    reduction = settings.get("reduction", "mean")
    if reduction not in REDUCTIONS:
        raise ShapeError(f"there is no reduction `{reduction}`",
                         proposal=f"choose from {', '.join(REDUCTIONS)}")  # fmt: skip
    return TensorType("real", x.dims) if reduction == "none" else SCALAR


def _classes(name: str) -> Law:
    def law(types: Any, settings: Settings) -> TensorType:
        scores, target, weight = (*types, None)[:3]
        need_rank(scores, 2, name)
        convert_kind(scores.dtype, "--r-", name)
        if target.dtype != "int":
            raise ShapeError(f"the target holds classes, `int`, this is `{target}`", 1)
        if scores.dims[-1] == 1:
            raise ShapeError(
                f"`{name}` of a single score is always the same: nothing is learned from it",
                0,
                "end with a score for each class, or use `binary_cross_entropy_with_logits`",
            )
        if target.dims != scores.dims[:-1]:
            raise ShapeError(
                f"scores `{scores}` need a target `{TensorType('int', scores.dims[:-1])}`, "
                f"this is `{target}`",
                1,
                "scores stand on the last axis, one for each class",
            )
        if weight is not None:
            convert_kind(weight.dtype, "--r-", "weight", 2)
            if len(weight.dims) != 1:
                raise ShapeError(f"`weight` holds a number a class, this is `{weight}`", 2)
            same(weight.dims[0], scores.dims[-1], "weights and classes differ in number", 2)
        return _reduced(target, settings)

    return law


def _one_shape(name: str, table: str, kinds: tuple[str, ...] = (), least: int = 0) -> Law:
    """Tensors of one shape; `table` is for their common kind, `kinds` for each where it matters."""

    def law(types: Any, settings: Settings) -> TensorType:
        first = types[0]
        need_rank(first, least, name)
        for argument, x in enumerate(types):
            if x is None:
                continue
            if x.dims != first.dims:
                raise ShapeError(
                    f"`{name}` takes tensors of one shape, these are {show(first.dims)} "
                    f"and {show(x.dims)}",
                    argument,
                )
            if kinds:
                convert_kind(x.dtype, kinds[min(argument, len(kinds) - 1)], name, argument)
        convert_kind(promote(*(x.dtype for x in types if x is not None)), table, name, None)
        return _reduced(first, settings)

    return law


def _with_logits(types: Any, settings: Settings) -> TensorType:
    *pair, weight = types
    if weight is not None and weight.dims not in ((), pair[0].dims[-1:], pair[0].dims):
        raise ShapeError(f"`pos_weight` holds a number a class, this is `{weight}`", 2)
    if weight is not None:
        convert_kind(weight.dtype, "--r-", "pos_weight", 2)
    return _one_shape("binary_cross_entropy_with_logits", "--r-", ("--r-",))(pair, settings)


def _cosine_embedding(types: Any, settings: Settings) -> TensorType:
    a, b, target = types
    _one_shape("cosine_embedding_loss", "--r-", ("--r-",), least=2)((a, b), settings)
    if target.dims != a.dims[:-1]:
        raise ShapeError(f"the target is 1 or -1 for each of {show(a.dims[:-1])}", 2)
    convert_kind(target.dtype, "-ir-", "cosine_embedding_loss", 2)
    return SCALAR


def _ctc(types: Any, settings: Settings) -> TensorType:
    scores, target, *lengths = types
    convert_kind(scores.dtype, "--r-", "ctc_loss")
    if len(scores.dims) != 3:
        raise ShapeError(f"`ctc_loss` takes scores `[T, B, classes]`, this is `{scores}`", 0)
    batch, blank = scores.dims[1:2], settings["blank"]
    if len(target.dims) != 2 or target.dims[:1] != batch:
        raise ShapeError(f"the target is `[B, S]` for scores `{scores}`, this is `{target}`", 1)
    for argument, x in enumerate(types[1:], 1):
        convert_kind(x.dtype, "-i--", "ctc_loss", argument)
        if argument > 1 and x.dims != batch:
            raise ShapeError(f"there is a length for each of `{scores}`, this is `{x}`", argument)
    classes = scores.dims[-1]
    if not isinstance(blank, int) or blank < 0 or (isinstance(classes, int) and blank >= classes):
        raise ShapeError(f"`blank={blank}` is not among {classes} classes")
    return _reduced(lengths[0], settings)


def _without_last(name: str, target: str) -> Law:
    """A loss with a number for each example, whose last axis is summed over."""
    one_shape = _one_shape(name, "--r-", ("--r-", target), least=1)

    def law(types: Any, settings: Settings) -> TensorType:
        one_shape(types, settings)
        return _reduced(TensorType("real", types[0].dims[:-1]), settings)

    return law


def _multilabel_margin(types: Any, settings: Settings) -> TensorType:
    x, target = types
    if not 1 <= len(x.dims) <= 2 or x.dims != target.dims:
        raise ShapeError(f"`multilabel_margin_loss` takes `[classes]` or `[B, classes]` twice, "
                         f"these are `{x}` and `{target}`", 1)  # fmt: skip
    convert_kind(x.dtype, "--r-", "multilabel_margin_loss")
    convert_kind(target.dtype, "-i--", "multilabel_margin_loss", 1)
    return _reduced(TensorType("real", x.dims[:-1]), settings)


def _kl_div(types: Any, settings: Settings) -> TensorType:
    law = _one_shape("kl_div", "--r-", ("--r-",), least=1)
    if settings["reduction"] == "batchmean":
        return law(types, {})
    return law(types, settings)


_PAIR = tensors("input", "target")
_CLASSES = tensors("scores", "target", "weight?")
_REDUCTION = settings(reduction="mean")
_EACH = "{scores}.movedim(-1, 1), {target}, weight={weight}, reduction={reduction}"
_FLAT = "{scores}.flatten(0, -2), {target}.flatten(), weight={weight}"
_MSE = Function((*_PAIR, *_REDUCTION), _one_shape("mse", "--r-"),
                "F.mse_loss({input}, {target}, reduction={reduction})",
                "Mean of the squared differences.")  # fmt: skip
_MAE = Function((*_PAIR, *_REDUCTION), _one_shape("mae", "--r-", ("-ir-",)),
                "F.l1_loss({input}, {target}, reduction={reduction})",
                "Mean of the absolute differences.")  # fmt: skip

LOSSES: dict[str, Function] = {
    "cross_entropy": Function(
        (*_CLASSES, *settings(reduction="mean", label_smoothing=0.0)), _classes("cross_entropy"),
        f"F.cross_entropy({_FLAT}, label_smoothing={{label_smoothing}})",
        "Mean of -log softmax(scores) at the target class.",
        alternatives=(("reduction",
                       f"F.cross_entropy({_EACH}, label_smoothing={{label_smoothing}})"),),
    ),
    "nll_loss": Function(
        (*_CLASSES, *_REDUCTION), _classes("nll_loss"), f"F.nll_loss({_FLAT})",
        "Mean of -scores at the target class: for log_softmax scores.",
        alternatives=(("reduction", f"F.nll_loss({_EACH})"),),
    ),
    "multi_margin_loss": Function(
        (*_CLASSES, *settings(p=1, margin=1.0)), _classes("multi_margin_loss"),
        "F.multi_margin_loss({scores}.flatten(0, -2), {target}.flatten(), p={p}, "
        "margin={margin}, weight={weight})",
        "Hinge loss over classes.",
    ),
    "mse": _MSE, "mse_loss": _MSE, "mae": _MAE, "l1_loss": _MAE,
    "smooth_l1_loss": Function(
        (*_PAIR, *settings(reduction="mean", beta=1.0)),
        _one_shape("smooth_l1_loss", "--r-"),
        "F.smooth_l1_loss({input}, {target}, reduction={reduction}, beta={beta})",
        "Squared near 0, absolute beyond beta.",
    ),
    "huber_loss": Function(
        (*_PAIR, *settings(reduction="mean", delta=1.0)),
        _one_shape("huber_loss", "--r-", ("--r-", "bir-")),
        "F.huber_loss({input}, {target}, reduction={reduction}, delta={delta})",
        "Squared near 0, linear beyond delta.",
    ),
    "binary_cross_entropy": Function(
        (*_PAIR, *_REDUCTION), _one_shape("binary_cross_entropy", "--r-", ("--r-",)),
        "F.binary_cross_entropy({input}, {target}, reduction={reduction})",
        "For probabilities between 0 and 1.",
    ),
    "binary_cross_entropy_with_logits": Function(
        (*tensors("input", "target", "pos_weight?"), *_REDUCTION), _with_logits,
        "F.binary_cross_entropy_with_logits({input}, {target}, pos_weight={pos_weight}, "
        "reduction={reduction})",
        "For scores, of which sigmoid is the probability.",
    ),
    "kl_divergence": Function(
        (*tensors("student", "teacher"), *settings(temperature=1.0)),
        _one_shape("kl_divergence", "--r-", ("--r-",), least=2),
        "F.kl_div(F.log_softmax({student}.flatten(0, -2) / {temperature}, dim=-1), "
        "F.log_softmax({teacher}.flatten(0, -2) / {temperature}, dim=-1), "
        'reduction="batchmean", log_target=True) * {temperature} ** 2',
        "Distillation: teacher against student, both scores, softened by the temperature.",
        precedence=2,
    ),
    "kl_div": Function(
        (*_PAIR, *settings(reduction="mean", log_target=False)), _kl_div,
        "F.kl_div({input}, {target}, reduction={reduction}, log_target={log_target})",
        "target * (log(target) - input), for inputs that are logarithms; also `batchmean`.",
    ),
    "ctc_loss": Function(
        (*tensors("log_probs", "targets", "input_lengths", "target_lengths"),
         *settings(blank=0, reduction="mean", zero_infinity=False)), _ctc,
        "F.ctc_loss({log_probs}, {targets}, {input_lengths}, {target_lengths}, blank={blank}, "
        "reduction={reduction}, zero_infinity={zero_infinity})",
        "A sequence whose places in time are not known: log_probs are `[T, B, classes]`.",
    ),
    "multilabel_margin_loss": Function(
        (*_PAIR, *_REDUCTION), _multilabel_margin,
        "F.multilabel_margin_loss({input}, {target}, reduction={reduction})",
        "Hinge loss over several classes of an example, `[classes]`; its target ends at -1.",
    ),
    "multilabel_soft_margin_loss": Function(
        (*_PAIR, *_REDUCTION), _without_last("multilabel_soft_margin_loss", "--r-"),
        "F.multilabel_soft_margin_loss({input}, {target}, reduction={reduction})",
        "For scores, of which sigmoid is the probability of each of several classes.",
    ),
    "cosine_embedding_loss": Function(
        (*tensors("input1", "input2", "target"), *settings(margin=0.0)), _cosine_embedding,
        "F.cosine_embedding_loss({input1}.flatten(0, -2), {input2}.flatten(0, -2), "
        "{target}.flatten(), margin={margin})",
        "Pairs brought together where the target is 1, apart where it is -1.",
    ),
    "hinge_embedding_loss": Function(
        (*_PAIR, *settings(margin=1.0, reduction="mean")),
        _one_shape("hinge_embedding_loss", "--r-", ("--r-", "-ir-")),
        "F.hinge_embedding_loss({input}, {target}, margin={margin}, reduction={reduction})",
        "Distances made small where the target is 1, large where it is -1.",
    ),
    "margin_ranking_loss": Function(
        (*tensors("input1", "input2", "target"), *settings(margin=0.0, reduction="mean")),
        _one_shape("margin_ranking_loss", "--r-", ("-ir-",)),
        "F.margin_ranking_loss({input1}, {input2}, {target}, margin={margin}, "
        "reduction={reduction})",
        "input1 ranked above input2 where the target is 1, below where it is -1.",
    ),
    "soft_margin_loss": Function(
        (*_PAIR, *_REDUCTION), _one_shape("soft_margin_loss", "--r-", ("--r-", "-ir-")),
        "F.soft_margin_loss({input}, {target}, reduction={reduction})",
        "log(1 + exp(-target * input)).",
    ),
    "triplet_margin_loss": Function(
        (*tensors("anchor", "positive", "negative"),
         *settings(margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean")),
        _without_last("triplet_margin_loss", "--r-"),
        "F.triplet_margin_loss({anchor}, {positive}, {negative}, margin={margin}, p={p}, "
        "eps={eps}, swap={swap}, reduction={reduction})",
        "The positive brought nearer to the anchor than the negative.",
    ),
    "poisson_nll_loss": Function(
        (*_PAIR, *settings(log_input=True, full=False, eps=1e-8, reduction="mean")),
        _one_shape("poisson_nll_loss", "--r-", ("--r-",)),
        "F.poisson_nll_loss({input}, {target}, log_input={log_input}, full={full}, eps={eps}, "
        "reduction={reduction})",
        "For counts.",
    ),
    "gaussian_nll_loss": Function(
        (*tensors("input", "target", "var"), *settings(full=False, eps=1e-6, reduction="mean")),
        _one_shape("gaussian_nll_loss", "--r-", ("--r-",)),
        "F.gaussian_nll_loss({input}, {target}, {var}, full={full}, eps={eps}, "
        "reduction={reduction})",
        "For means and variances.",
    ),
}  # fmt: skip
