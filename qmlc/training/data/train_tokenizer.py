"""Learn a tokenizer from texts, or read one from a folder of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from qmlc.ir.program import Call
from qmlc.ops.tokenizers import SPECIAL, TOKENIZERS
from qmlc.runtime.load_part import propose_training
from qmlc.training.construct import bind_call, find_row
from qmlc.training.errors import DataError, shown
from qmlc.training.import_optional import import_optional

Learned = dict[str, Any]
"""`tokenizer` as the library `tokenizers` writes it, and the numbers `pad` and `mask`."""


def find_tokenizer(value: Any, texts: Iterable[str], base: Path) -> Learned:
    """What `value` says: a call that is learned from `texts`, or a folder.

    The folder is looked for in `base`, then in the current one. The same texts give the same
    tokenizer. DataError E0706 where the call is wrong, E0705 where
    the folder holds no tokenizer, E0709 where the library is missing.
    """
    library = import_optional("tokenizers", "tokenizers", "a tokenizer")
    if isinstance(value, Call):
        return _train(library, value, texts)
    if not isinstance(value, str):
        help = "write the folder of one, or `wordpiece(vocab=2000)`"
        raise DataError("E0706", f"`{value}` is no tokenizer", help)
    folder = next((base for base in (base, Path()) if (base / value).is_dir()), base) / value
    return _read_folder(library, folder, propose_training(value, base))


def build_tokenizer(learned: Mapping[str, Any]) -> Any:
    """The tokenizer that was learned, of the library `tokenizers`."""
    library = import_optional("tokenizers", "tokenizers", "a tokenizer")
    tokenizer = library.Tokenizer.from_str(json.dumps(learned["tokenizer"]))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _train(library: Any, call: Call, texts: Iterable[str]) -> Learned:
    vocab = bind_call(call, find_row(call, TOKENIZERS, "tokenizer").parameters).get("vocab", 0)
    if not isinstance(vocab, int) or isinstance(vocab, bool) or vocab < 0:
        raise DataError("E0706", f"`{call.function}` cannot have vocab = {vocab!r}")
    tokenizer = TRAINERS[call.function](library, texts, vocab)
    size = tokenizer.get_vocab_size()
    if vocab and size > vocab:
        message = f"`{call.function}` needs at least {size} tokens for these texts, not {vocab}"
        raise DataError("E0706", message, f"write `vocab={size}` or more, in the model as well")
    numbers = {name: tokenizer.token_to_id(name) for name in SPECIAL}
    tokenizer.post_processor = library.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, numbers[name]) for name in ("[CLS]", "[SEP]")],
    )
    return _learned(tokenizer, numbers["[PAD]"], numbers["[MASK]"])


def _learned(tokenizer: Any, pad: int, mask: int | None) -> Learned:
    return {"tokenizer": json.loads(tokenizer.to_str()), "pad": pad, "mask": mask}


def _wordpiece(library: Any, texts: Iterable[str], vocab: int) -> Any:
    """WordPiece as in BERT.

    The library numbers the continuing characters in the order of a hash table, which differs from
    run to run; handed over as special tokens they are numbered in the order of the alphabet.
    """
    tokenizer = _lower_case(library, library.models.WordPiece(unk_token="[UNK]"))
    normalize = tokenizer.normalizer.normalize_str
    counts: dict[str, int] = {}
    for text in texts:
        for character in normalize(text):
            counts[character] = counts.get(character, 0) + 1
    common = sorted((c for c in counts if not c.isspace()), key=lambda c: (-counts[c], c))
    kept = sorted(common[: max(1, (vocab - len(SPECIAL)) // 4)])
    trainer = library.trainers.WordPieceTrainer(
        vocab_size=vocab,
        special_tokens=[*SPECIAL, *("##" + c for c in kept)],
        initial_alphabet=kept,
        limit_alphabet=len(kept),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    learned = library.models.WordPiece(tokenizer.get_vocab(), unk_token="[UNK]")
    result = _lower_case(library, learned)
    result.decoder = library.decoders.WordPiece()
    result.add_special_tokens(list(SPECIAL))
    return result


def _lower_case(library: Any, model: Any) -> Any:
    tokenizer = library.Tokenizer(model)
    tokenizer.normalizer = library.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = library.pre_tokenizers.BertPreTokenizer()
    return tokenizer


def _bpe(library: Any, texts: Iterable[str], vocab: int) -> Any:
    tokenizer = library.Tokenizer(library.models.BPE())
    bytes_ = library.pre_tokenizers.ByteLevel
    tokenizer.pre_tokenizer = bytes_(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    trainer = library.trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(bytes_.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _words(library: Any, texts: Iterable[str], vocab: int) -> Any:
    tokenizer = _lower_case(library, library.models.WordLevel(unk_token="[UNK]"))
    trainer = library.trainers.WordLevelTrainer(
        vocab_size=vocab, special_tokens=list(SPECIAL), show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _characters(library: Any, texts: Iterable[str], vocab: int) -> Any:
    names = [*SPECIAL, *sorted({character for text in texts for character in text})]
    numbers = {name: number for number, name in enumerate(names)}
    tokenizer = library.Tokenizer(library.models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = library.pre_tokenizers.Split("", "isolated")
    tokenizer.decoder = library.decoders.Fuse()
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer


TRAINERS: dict[str, Callable[[Any, Iterable[str], int], Any]] = {
    "wordpiece": _wordpiece,
    "bpe": _bpe,
    "words": _words,
    "characters": _characters,
}
"""How each row of `ops.tokenizers` is learned."""


def _read_folder(library: Any, folder: Path, proposal: str) -> Learned:
    file = folder / "tokenizer.json"
    help = "a tokenizer is a folder with `tokenizer.json`, as Hugging Face saves it"
    if not folder.is_dir():
        raise DataError("E0705", "there is no such folder", proposal or help, shown(folder))
    try:
        if file.is_file():
            tokenizer = library.Tokenizer.from_file(str(file))
        else:
            tokenizer = _convert_folder(folder)
        named = _special_names(folder)
    except DataError:
        raise
    except Exception as error:  # the library raises bare Exception
        message = f"the tokenizer cannot be read: {str(error).splitlines()[0]}"
        raise DataError("E0705", message, help, shown(folder)) from None
    pad = tokenizer.token_to_id(named.get("pad_token", "[PAD]"))
    mask = tokenizer.token_to_id(named.get("mask_token", "[MASK]"))
    return _learned(tokenizer, 0 if pad is None else pad, mask)


def _convert_folder(folder: Path) -> Any:
    """A tokenizer that is kept in other files than `tokenizer.json`."""
    library = import_optional("transformers", "transformers", "a tokenizer without tokenizer.json")
    return library.AutoTokenizer.from_pretrained(folder, local_files_only=True).backend_tokenizer


def _special_names(folder: Path) -> dict[str, str]:
    """The texts of the special tokens, as far as the folder says them."""
    names: dict[str, str] = {}
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / file).is_file():
            found = json.loads((folder / file).read_text("utf-8"))
            for role in ("pad_token", "mask_token"):
                value = found.get(role)
                text = value.get("content") if isinstance(value, dict) else value
                names |= {role: text} if isinstance(text, str) else {}
    return names
