from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from sklearn import metrics as oracle
from torch import nn

from qmlc.ir.program import Call
from qmlc.ops.metrics import METRICS
from qmlc.ops.parameters import REQUIRED
from qmlc.training.errors import DataError
from qmlc.training.measure import Measurement, measure


class Pair(nn.Module):
    """Hands its inputs on as scores and target, and says in which mode it was run."""

    modes: list[bool]

    def __init__(self):
        super().__init__()
        self.modes = []

    def forward(self, scores, target):
        self.modes.append(self.training)
        return SimpleNamespace(loss=scores.float().mean(), scores=scores, target=target)


def values(scores, target, *names):
    calls = tuple(Call(name) for name in names)
    half = len(scores) // 3
    batches = [(scores[:half], target[:half]), (scores[half:], target[half:])]
    return dict(measure(Pair(), batches, calls).metrics)


def test_against_sklearn_for_classes():
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(60, 3, generator=generator)
    target = torch.randint(3, (60,), generator=generator)
    found = values(scores, target, "accuracy", "f1", "precision", "recall", "auroc",
                   "confusion_matrix")  # fmt: skip
    y, p, q = target.numpy(), scores.argmax(1).numpy(), scores.softmax(1).numpy()
    assert found["accuracy"] == pytest.approx(oracle.accuracy_score(y, p), abs=1e-6)
    assert found["f1"] == pytest.approx(oracle.f1_score(y, p, average="macro"), abs=1e-6)
    expected = oracle.precision_score(y, p, average="macro")
    assert found["precision"] == pytest.approx(expected, abs=1e-6)
    assert found["recall"] == pytest.approx(oracle.recall_score(y, p, average="macro"), abs=1e-6)
    expected = oracle.roc_auc_score(y, q, multi_class="ovr")
    assert found["auroc"] == pytest.approx(expected, abs=1e-2)
    assert found["confusion_matrix"] == oracle.confusion_matrix(y, p).tolist()


def test_against_sklearn_for_one_score_and_numbers():
    generator = torch.Generator().manual_seed(1)
    scores, target = torch.randn(40, generator=generator), torch.rand(40, generator=generator)
    y, p = target.numpy(), scores.numpy()
    found = values(scores, target, "mse", "mae", "r2")
    assert found["mse"] == pytest.approx(oracle.mean_squared_error(y, p), rel=1e-4)
    assert found["mae"] == pytest.approx(oracle.mean_absolute_error(y, p), rel=1e-4)
    assert found["r2"] == pytest.approx(oracle.r2_score(y, p), rel=1e-4)
    found = values(scores, (target > 0.5).double(), "accuracy", "f1")
    assert found["accuracy"] == pytest.approx(oracle.accuracy_score(y > 0.5, p > 0), abs=1e-6)
    assert found["f1"] == pytest.approx(oracle.f1_score(y > 0.5, p > 0), abs=1e-6)


def test_tokens_and_what_is_ignored():
    scores = torch.zeros(4, 5, 3)
    scores[..., 1] = 1
    target = torch.ones(4, 5, dtype=torch.int64)
    target[:, 0], target[:, 1] = -100, 2
    assert values(scores, target, "accuracy")["accuracy"] == pytest.approx(0.75)


def test_every_example_counts_alike_and_the_mode_is_kept():
    module = Pair()
    batches = [(torch.ones(3), torch.ones(3)), (torch.zeros(1), torch.zeros(1))]
    assert measure(module, batches).loss == 0.75
    assert module.training and module.modes == [False, False]


def test_what_does_not_fit():
    with pytest.raises(DataError, match=r"cannot compare scores \[2, 1\]"):
        values(torch.ones(6, 1), torch.ones(6), "mse")
    with pytest.raises(DataError, match="yields nothing"):
        measure(
            type(
                "Bare", (nn.Module,), {"forward": lambda s: SimpleNamespace(loss=torch.ones(()))}
            )(),
            [()],
            (Call("mse"),),
        )
    with pytest.raises(DataError, match="accuracy"):
        call = Call("accuracy", (), (("averag", "micro"),))
        measure(Pair(), [(torch.ones(2, 3), torch.ones(2).long())], (call,))


def test_better():
    assert (
        Measurement(1.0, (("accuracy", 0.9),)).key() > Measurement(0.1, (("accuracy", 0.8),)).key()
    )
    assert (
        Measurement(0.1, (("accuracy", 0.9),)).key() > Measurement(0.2, (("accuracy", 0.9),)).key()
    )
    assert Measurement(1.0, (("mse", 0.1),)).key() > Measurement(1.0, (("mse", 0.2),)).key()
    assert Measurement(1.0, (("confusion_matrix", [[1]]),)).key() == (-1.0,)
    assert all(row.many or row.two or row.numbers for row in METRICS.values())


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_best_for_the_right_answer(name):
    row = METRICS[name]
    needed = {"k": 1, "top_k": 1}
    call = Call(name, (), tuple((p.name, needed[p.name]) for p in row.parameters
                                if p.default is REQUIRED))  # fmt: skip
    generator = torch.Generator().manual_seed(2)
    if row.numbers:
        target = torch.randn(30, generator=generator)
        right, wrong = target.clone(), torch.randn(30, generator=generator)
    else:
        target = torch.randint(3, (30,), generator=generator)
        right = 9.0 * torch.nn.functional.one_hot(target, 3)
        wrong = 9.0 * torch.nn.functional.one_hot((target + torch.arange(30) % 2) % 3, 3)
    (best,) = (value for _, value in measure(Pair(), [(right, target)], (call,)).metrics)
    (worse,) = (value for _, value in measure(Pair(), [(wrong, target)], (call,)).metrics)
    if row.scalar:
        assert best > worse if row.higher else best < worse
    else:
        assert sum(best[i][i] for i in range(3)) == 30


def test_the_rows_of_a_batch_as_classes():
    batches = [(torch.eye(4), torch.arange(4)), (torch.eye(3), torch.tensor([0, 1, 1]))]
    found = dict(measure(Pair(), batches, (Call("accuracy"),)).metrics)
    assert found["accuracy"] == pytest.approx(6 / 7)
