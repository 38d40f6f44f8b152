"""Tokenizers that are learned from the training rows, as rows of data.

Each has the special tokens of BERT: `[PAD] [UNK] [CLS] [SEP] [MASK]` are 0 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass

from qmlc.ops.parameters import Parameter

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""The tokens that stand for no text, in the order of their numbers."""


@dataclass(frozen=True, slots=True)
class Tokenizer:
    """A kind of tokenizer; `training.train_tokenizer` learns it, under the same name."""

    parameters: tuple[Parameter, ...]
    doc: str


_VOCAB = Parameter("vocab")

TOKENIZERS: dict[str, Tokenizer] = {
    "wordpiece": Tokenizer(
        (_VOCAB,), "Pieces of words, in lower case, as in BERT; at most vocab tokens."
    ),
    "bpe": Tokenizer((_VOCAB,), "Byte pairs, as in GPT-2: any text; at least 261 tokens."),
    "words": Tokenizer((_VOCAB,), "Whole words and signs, in lower case: the most frequent ones."),
    "characters": Tokenizer((), "A token for each character that the training rows have."),
}
"""By name; a text in their place is the folder of a tokenizer of Hugging Face."""
