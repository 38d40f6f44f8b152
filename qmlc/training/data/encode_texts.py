"""Texts as tokens, and the examples that language models are pretrained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from qmlc.ops.losses import IGNORED
from qmlc.training.data.table import Table
from qmlc.training.data.train_tokenizer import build_tokenizer, find_tokenizer
from qmlc.training.data.transform import Arguments, Parts, State, Transform, column_of, texts
from qmlc.training.errors import DataError


def _cells(arguments: Arguments, table: Table) -> list[str]:
    return texts(column_of(arguments, "text", "tokenize"), table)


def _fit_tokenize(parts: Parts) -> State:
    return _fit(parts, _cells)


def _fit(parts: Parts, texts_of: Callable[[Arguments, Table], list[str]]) -> State:
    arguments, table = next(iter(parts))
    return find_tokenizer(arguments["tokenizer"], _Texts(parts, texts_of), table.base)


@dataclass(frozen=True)
class _Texts:
    """All texts of the parts, which are gone through as often as a tokenizer needs."""

    parts: Parts
    texts_of: Callable[[Arguments, Table], list[str]]

    def __iter__(self) -> Iterator[str]:
        for arguments, table in self.parts:
            yield from self.texts_of(arguments, table)


def _apply_tokenize(arguments: Arguments, state: State, table: Table) -> tuple[Tensor, Tensor]:
    encodings = _encode(_cells(arguments, table), state, arguments["length"])
    return _tokens(encodings), _mask(encodings)


def _encode(inputs: Sequence[Any], state: State, length: int) -> list[Any]:
    """Texts, or pairs of them, as encodings of the library, all of one length."""
    tokenizer = build_tokenizer(state)
    least = tokenizer.num_special_tokens_to_add(isinstance(inputs[0], tuple)) + 1
    if length < least:
        raise DataError("E0706", f"`length` is {length}, and special tokens alone take {least - 1}")
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=state["pad"])
    encodings: list[Any] = tokenizer.encode_batch(inputs)
    return encodings


def _tokens(encodings: Sequence[Any]) -> Tensor:
    return torch.tensor([encoding.ids for encoding in encodings], dtype=torch.int64)


def _mask(encodings: Sequence[Any]) -> Tensor:
    return torch.tensor([encoding.attention_mask for encoding in encodings], dtype=torch.bool)


def _fit_lines(parts: Parts) -> State:
    return _fit(parts, lambda arguments, table: _lines(table))


def _lines(table: Table) -> list[str]:
    return [str(line) for line in table.column("text")]


def _followers(table: Table) -> list[int | None]:
    """For each line of a text, the position of the one that follows it in its document."""
    rows = [int(row) for row in table.rows]
    documents = list(table.column("document"))
    position = {row: i for i, row in enumerate(rows)}
    following = [position.get(row + 1) for row in rows]
    return [
        j if j is not None and documents[i] == documents[j] else None
        for i, j in enumerate(following)
    ]


def _apply_pairs(arguments: Arguments, state: State, table: Table) -> tuple[Tensor, ...]:
    """Next-sentence prediction (Devlin et al. 2019, 3.1): half of the pairs follow each other."""
    lines, followers = _lines(table), _followers(table)
    generator = arguments["generator"]
    follow = torch.rand(len(lines), generator=generator) < 0.5
    # a random line that is neither this one nor the one that follows it
    others = torch.randint(max(1, len(lines) - 2), (len(lines),), generator=generator).tolist()
    pairs, is_next = [], []
    for i, line in enumerate(lines):
        follower = followers[i]
        real = follower is not None and bool(follow[i])
        second = follower if follower is not None and real else _skip(others[i], i, follower)
        pairs.append((line, lines[second % len(lines)]))
        is_next.append(real)
    encodings = _encode(pairs, state, arguments["length"])
    segments = torch.tensor([encoding.type_ids for encoding in encodings], dtype=torch.int64)
    return _tokens(encodings), segments, _mask(encodings), torch.tensor(is_next).long()


def _skip(number: int, *left_out: int | None) -> int:
    """The `number`th position, counted without those left out."""
    for position in sorted(p for p in left_out if p is not None):
        number += number >= position
    return number


def _apply_windows(arguments: Arguments, state: State, table: Table) -> tuple[Tensor, Tensor]:
    lines, followers = _lines(table), _followers(table)
    tokenizer = build_tokenizer(state)
    encoded = [e.ids for e in tokenizer.encode_batch(lines, add_special_tokens=False)]
    length = arguments["length"]
    tokens = torch.full((len(lines), length), state["pad"], dtype=torch.int64)
    following = torch.full((len(lines), length), IGNORED, dtype=torch.int64)
    for start in range(len(lines)):
        ids: list[int] = []
        line: int | None = start
        while line is not None and len(ids) <= length:
            ids, line = ids + encoded[line], followers[line]
        window = torch.tensor(ids[: length + 1], dtype=torch.int64)
        tokens[start, : min(len(window), length)] = window[:length]
        following[start, : max(len(window) - 1, 0)] = window[1:]
    return tokens, following


def _apply_mask(arguments: Arguments, state: State, table: Table) -> tuple[Tensor, Tensor]:
    """Masked tokens, as in Devlin et al. 2019, A.1.

    Of a share of the ordinary tokens, at least one a row, 80 % become the mask, 10 % a random
    token, and 10 % stay.
    """
    tokens, learned = arguments["tokens"], arguments["tokenizer"]
    if learned["mask"] is None:
        raise DataError("E0706", "the tokenizer has no token for the mask")
    special = torch.zeros(_vocabulary(learned), dtype=torch.bool)
    special[_special(learned)] = True
    ordinary = (~special).nonzero().flatten()
    generator = arguments["generator"]
    order = torch.rand(tokens.shape, generator=generator).masked_fill(special[tokens], 2.0)
    counts = (~special[tokens]).sum(1, keepdim=True)
    chosen = (counts * arguments["rate"]).round().clamp(min=1).minimum(counts)
    hidden = order.argsort(1).argsort(1) < chosen
    kind = torch.rand(tokens.shape, generator=generator)
    random = ordinary[torch.randint(len(ordinary), tokens.shape, generator=generator)]
    noisy = torch.where(hidden & (kind < 0.8), learned["mask"], tokens)
    noisy = torch.where(hidden & (kind >= 0.8) & (kind < 0.9), random, noisy)
    return noisy, torch.where(hidden, tokens, IGNORED)


def _vocabulary(learned: State) -> int:
    numbers = build_tokenizer(learned).get_vocab(with_added_tokens=True).values()
    return int(max(numbers)) + 1


def _special(learned: State) -> list[int]:
    added = learned["tokenizer"].get("added_tokens", [])
    return [token["id"] for token in added if token["special"]]


TEXT_TRANSFORMS: dict[str, Transform] = {
    "tokenize": Transform(_apply_tokenize, _fit_tokenize, raw=True),
    "sentence_pairs": Transform(_apply_pairs, _fit_lines),
    "windows": Transform(_apply_windows, _fit_lines, whole=True),
    "mask_tokens": Transform(_apply_mask),
}
"""How each function of a data block that concerns texts is computed."""
