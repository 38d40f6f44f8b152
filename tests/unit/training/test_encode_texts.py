"""Texts as tokens: what tokenizers learn, and the examples of BERT and of language models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from qmlc.ir.program import Call, Column, Data, Field
from qmlc.ops.tokenizers import SPECIAL, TOKENIZERS
from qmlc.training.data.fit_fields import apply_fields, fit_fields
from qmlc.training.data.read_data import read_data
from qmlc.training.data.train_tokenizer import build_tokenizer, find_tokenizer
from qmlc.training.errors import DataError

LINES = [f"The {a} {b} saw the {c} by the {d}." for a in ("old", "young") for b in ("fox", "owl")
         for c in ("river", "hill", "road") for d in ("mill", "house", "shore")]  # fmt: skip
TEXT = "\n".join(LINES[:18]) + "\n\n\n" + "\n".join(LINES[18:]) + "\n"
VOCAB = {"wordpiece": 60, "bpe": 300, "words": 15}


def make(folder: Path, take=None, **lines):
    """The tensors of a text's data block, on the rows `take`, learned on all of them."""
    (folder / "t.txt").write_text(TEXT)
    fields = tuple(Field(tuple(names.split("_and_")), call) for names, call in lines.items())
    data = Data("d", Call("text", ("t.txt",)), fields)
    table = read_data(data.source, folder)
    names = [name for field in fields for name in field.names]
    states = fit_fields(data, table, names)
    made = apply_fields(data, table.take(take) if take else table, names, states, torch.float32)
    return dict(zip(names, made, strict=True)), states


def tokenizer(name: str) -> Call:
    return Call(name, (), (("vocab", VOCAB[name]),) if name in VOCAB else ())


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenizers_keep_their_bounds_and_are_the_same_each_time(name):
    first = find_tokenizer(tokenizer(name), LINES, Path())
    assert all(find_tokenizer(tokenizer(name), LINES, Path()) == first for _ in range(4))
    built = build_tokenizer(first)
    assert [built.token_to_id(token) for token in SPECIAL] == [0, 1, 2, 3, 4]
    numbers = built.get_vocab().values()
    assert sorted(numbers) == list(range(len(numbers)))
    assert len(numbers) <= VOCAB.get(name, len(numbers))
    encoding = built.encode(LINES[0], LINES[1])
    assert encoding.tokens[0] == "[CLS]" and encoding.tokens.count("[SEP]") == 2
    assert encoding.type_ids == sorted(encoding.type_ids)
    if name in ("bpe", "characters"):
        assert built.decode(built.encode(LINES[0]).ids) == LINES[0]


def test_a_vocabulary_that_is_too_small():
    with pytest.raises(DataError, match="`bpe` needs at least 261 tokens"):
        find_tokenizer(Call("bpe", (100,)), LINES, Path())


def test_a_folder_of_hugging_face(tmp_path, monkeypatch):
    learned = find_tokenizer(tokenizer("words"), LINES, Path())
    built = build_tokenizer(learned)
    (tmp_path / "t").mkdir()
    built.save(str(tmp_path / "t" / "tokenizer.json"))
    assert find_tokenizer("t", [], tmp_path) == learned
    monkeypatch.chdir(tmp_path)
    assert find_tokenizer("t", [], tmp_path / "elsewhere") == learned
    (tmp_path / "first.hqm").touch()
    with pytest.raises(DataError) as caught:
        find_tokenizer("runs/first/m", [], tmp_path)
    assert caught.value.help == "`qmlc train first.hqm` makes it"
    for folder, message in (("none", "no such folder"), (".", "cannot be read")):
        with pytest.raises(DataError, match=message) as caught:
            find_tokenizer(folder, [], tmp_path)
        assert caught.value.code == "E0705"


def test_tokens_and_mask(tmp_path):
    call = Call("tokenize", (Column("text"), tokenizer("words")), (("length", 9),))
    made, states = make(tmp_path, tokens_and_mask=call)
    built = build_tokenizer(states["tokens, mask"][0])
    assert made["tokens"].shape == made["mask"].shape == (36, 9)
    assert made["mask"].dtype == torch.bool and made["tokens"].dtype == torch.int64
    for row, line in enumerate(LINES):
        ids = built.encode(line).ids
        assert made["tokens"][row].tolist() == [*ids[:8], 3]  # cut, with its last [SEP]
    assert json.loads(json.dumps(states)) == states


def pairs(length: int = 40, **options: int) -> Call:
    keywords = (("tokenizer", tokenizer("words")), ("length", length), *options.items())
    return Call("sentence_pairs", (), keywords)


def test_sentence_pairs(tmp_path):
    made, states = make(tmp_path, tokens_and_segment_and_mask_and_is_next=pairs())
    (state,) = states["tokens, segment, mask, is_next"]
    built = build_tokenizer(state)
    ids = [built.encode(line, add_special_tokens=False).ids for line in LINES]
    for row in range(len(LINES)):
        tokens, segment = made["tokens"][row][made["mask"][row]], made["segment"][row]
        ends = (tokens == 3).nonzero().flatten().tolist()
        second = tokens[ends[0] + 1 : ends[1]].tolist()
        assert tokens[1 : ends[0]].tolist() == ids[row]
        assert segment.tolist() == [
            0 if i <= ends[0] or i > ends[1] else 1 for i in range(len(segment))
        ]
        follows = row not in (17, 35) and second == ids[row + 1]
        assert follows == bool(made["is_next"][row])
        assert second in ids and second != ids[row]
    assert 10 <= int(made["is_next"].sum()) <= 26
    again, _ = make(tmp_path, tokens_and_segment_and_mask_and_is_next=pairs())
    other, _ = make(tmp_path, tokens_and_segment_and_mask_and_is_next=pairs(seed=1))
    assert again["tokens"].equal(made["tokens"]) and not other["tokens"].equal(made["tokens"])


def test_lines_of_another_split_do_not_follow(tmp_path):
    made, _ = make(tmp_path, take=[3, 5, 7], tokens_and_segment_and_mask_and_is_next=pairs())
    assert made["is_next"].tolist() == [0, 0, 0]


def test_masked_tokens_are_those_of_bert(tmp_path):
    mask = Call("mask_tokens", (Column("tokens"),), (("rate", 0.15),))
    made, _ = make(
        tmp_path,
        tokens_and_segment_and_mask_and_is_next=pairs(64),
        noisy_and_original=mask,
    )
    tokens, noisy, original = made["tokens"], made["noisy"], made["original"]
    hidden = original != -100
    assert original[hidden].equal(tokens[hidden]) and noisy[~hidden].equal(tokens[~hidden])
    assert not hidden[tokens < 5].any() and not (noisy[hidden & (noisy != 4)] < 5).any()
    counts = (tokens >= 5).sum(1)
    assert hidden.sum(1).tolist() == (counts * 0.15).round().clamp(min=1).tolist()
    masked = int((noisy[hidden] == 4).sum())
    kept = int((noisy[hidden] == tokens[hidden]).sum())
    assert 0.65 < masked / int(hidden.sum()) < 0.95 and kept > 0


def test_windows(tmp_path):
    keywords = (("tokenizer", tokenizer("characters")), ("length", 50))
    made, states = make(tmp_path, tokens_and_next_tokens=Call("windows", (), keywords))
    built = build_tokenizer(states["tokens, next_tokens"][0])
    tokens, following = made["tokens"], made["next_tokens"]
    assert tokens[:, 1:][following[:, :-1] >= 0].equal(following[:, :-1][following[:, :-1] >= 0])
    running = "".join(LINES[:18])
    assert built.decode(tokens[0].tolist()) == running[:50]
    assert built.decode(following[0].tolist()) == running[1:51]
    # a window ends with its document
    assert (following[17] == -100).sum() == 50 - (len(LINES[17]) - 1)
