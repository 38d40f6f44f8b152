from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
import torch
from hybrid_iris import write_iris
from torch import nn

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.train_program import predict_program, train_program
from qmlc.training.errors import DataError
from qmlc.training.evaluate_block import evaluate_block, load_trained
from qmlc.training.predict_block import Prediction, describe_outputs, predict_block
from qmlc.training.read_options import TrainOptions


def evaluate(flowers, table=None, loss=None, **options):
    given = TrainOptions(folder=flowers.base / "run", quiet=True, **options)
    trained = load_trained(
        flowers.program,
        flowers.training,
        loss or flowers.make_loss,
        flowers.base,
        given,
        table=table,
    )
    return evaluate_block(flowers.training, trained)


def predict(flowers, table, **options):
    given = TrainOptions(folder=flowers.base / "run", quiet=True)
    return predict_block(
        flowers.program,
        flowers.training,
        lambda: nn.Linear(4, 3),
        flowers.base,
        Prediction(("x",), "y"),
        flowers.base / table,
        given,
        **options,
    )


def test_evaluation_finds_the_held_out_rows_again(flowers):
    result = flowers.train(epochs=5)
    measured = evaluate(flowers)
    assert list(measured) == ["held-out"]
    assert measured["held-out"] == result.measurements["held-out"]
    assert measured["held-out"] != result.measurements["training"]
    whole = next(iter(evaluate(flowers, flowers.base / "iris.csv").values()))
    expected = (result.measurements["training"].loss * 4 + measured["held-out"].loss) / 5
    assert whole.loss == pytest.approx(expected, rel=1e-5)


def test_a_split_that_is_a_file_is_measured_and_never_learned_from(flowers):
    path = flowers.base / "iris.csv"
    head, *lines = path.read_text().splitlines()
    path.write_text("\n".join([head, *lines[::2]]))
    (flowers.base / "rest.csv").write_text("\n".join([head, *lines[1::2]]))
    whole = flowers.with_options(holdout=None)
    split = flowers.with_options(holdout=None, test="rest.csv")
    result = split.train(epochs=5)
    alone = whole.train("alone", epochs=5)
    assert result.measurements["training"] == alone.measurements["training"]
    assert evaluate(split) == {"test": result.measurements["test"]}
    named = evaluate(split, flowers.base / "rest.csv")
    assert list(named.values()) == [result.measurements["test"]]
    with pytest.raises(DataError, match="there is no such file"):
        flowers.with_options(holdout="none.csv").train("none")


def test_evaluation_of_another_number_of_rows(flowers):
    flowers.train(epochs=1)
    path = flowers.base / "iris.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-1]))
    with pytest.raises(DataError, match="trained on 150 rows, these are 149") as caught:
        evaluate(flowers)
    assert caught.value.code == "E0707"


def test_prediction_takes_raw_rows_without_a_target(flowers):
    result = flowers.train()
    frame = pd.read_csv(flowers.base / "iris.csv")
    frame.drop(columns="species").iloc[:, ::-1].to_csv(flowers.base / "new.csv", index=False)
    table = predict(flowers, "new.csv", output=flowers.base / "out.csv")
    assert list(table.columns) == [
        "prediction",
        "probability_setosa",
        "probability_versicolor",
        "probability_virginica",
    ]
    assert (table["prediction"] == frame["species"]).mean() >= 0.9
    assert table.iloc[:, 1:].sum(axis=1).to_numpy() == pytest.approx(1.0)
    written = pd.read_csv(flowers.base / "out.csv")
    assert list(written["prediction"]) == list(table["prediction"])
    saved = json.loads((result.folder / "fitted.json").read_text())["fields"]["x"][0]
    x = (torch.tensor(frame.iloc[:, :4].to_numpy()) - torch.tensor(saved["mean"])) / torch.tensor(
        saved["std"]
    )
    with torch.no_grad():
        scores = result.module.iris(x.float())
    expected = scores.softmax(dim=1).numpy()
    assert table.iloc[:, 1:].to_numpy() == pytest.approx(expected, abs=1e-6)


def test_prediction_before_training(flowers):
    with pytest.raises(DataError) as caught:
        predict(flowers, "iris.csv")
    assert caught.value.code == "E0705" and "train the model first" in str(caught.value)


def test_weights_of_another_model(flowers):
    flowers.train(epochs=1)

    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.iris = nn.Linear(5, 3)

    with pytest.raises(DataError, match=r"`weight` is \[3, 4\] and \[3, 5\]") as caught:
        evaluate(flowers, loss=Wide)
    assert caught.value.code == "E0707"


def test_preprocessing_of_another_block(flowers):
    flowers.train(epochs=1)
    data = flowers.program.data[0]
    scaled = replace(data.fields[0].value, function="scale")
    fields = (replace(data.fields[0], value=scaled), data.fields[1])
    changed = replace(flowers.program, data=(replace(data, fields=fields),))
    with pytest.raises(DataError) as caught:
        evaluate(replace(flowers, program=changed))
    assert caught.value.code == "E0707"
    path = flowers.base / "run" / "fitted.json"
    path.write_text("{")
    with pytest.raises(DataError) as caught:
        evaluate(flowers)
    assert caught.value.code == "E0705"


def test_an_unseen_class_in_evaluation(flowers):
    flowers.train(epochs=1)
    path = flowers.base / "new.csv"
    path.write_text((flowers.base / "iris.csv").read_text() + "1,2,3,4,tulip\n")
    with pytest.raises(DataError) as caught:
        evaluate(flowers, path)
    assert (caught.value.code, caught.value.line) == ("E0703", 152)
    assert "setosa, versicolor, virginica" in caught.value.help


def test_one_score_for_two_classes():
    data = Data("d", Call("csv", ("a",)), (Field(("y",), Call("category", (Column("k"),))),))
    states = {"y": [{"function": "category", "classes": ["no", "yes"]}]}
    table = describe_outputs(data, states, Prediction((), "y"), [torch.tensor([-2.0, 3.0])])
    assert list(table["prediction"]) == ["no", "yes"]
    assert table["probability_yes"][1] == pytest.approx(torch.tensor(3.0).sigmoid().item())
    with pytest.raises(DataError, match="scores for 2 classes"):
        describe_outputs(data, states, Prediction((), "y"), [torch.zeros(2, 3)])


def test_plain_outputs_are_named_after_the_target():
    data = Data("d", Call("csv", ("a",)), (Field(("y",), Column("height")),))
    assert list(
        describe_outputs(data, {"y": []}, Prediction((), "y"), [torch.zeros(2)]).columns
    ) == ["height"]
    assert list(describe_outputs(data, {}, Prediction(()), [torch.zeros(2, 2)]).columns) == [
        "output_0",
        "output_1",
    ]


TWO_HEADS = """
model two(x: real[B, 4]) -> (kind: real[B, 3], size: real[B, 1]) {
    let h = x |> linear(4) |> tanh
    return (kind=h |> linear(3), size=h |> linear(1))
}
data flowers = csv("iris.csv") {
    x = [a, b, c, d]
    size = standardize([a])
    kind = category(species)
}
train two on flowers {
    let out = two(x)
    loss = mse(out.size, size) + cross_entropy(out.kind, kind)
    epochs = 2
}
"""


def test_each_field_of_a_record_answers_to_what_the_loss_compares_it_with(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_iris(tmp_path)
    path = tmp_path / "two.hqm"
    path.write_text(TWO_HEADS)
    train_program(path, TrainOptions(quiet=True))
    table = predict_program(path, tmp_path / "iris.csv")
    assert list(table)[:2] == ["kind_prediction", "kind_probability_0"]
    assert list(table)[4:] == ["size_a"]
    assert 2 < table["size_a"].mean() < 8  # in the units of the table
