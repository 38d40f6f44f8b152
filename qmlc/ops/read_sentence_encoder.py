"""What a folder of sentence-transformers says: its model, how tokens are pooled, what comes after.

Its `modules.json` lists the steps, each in a folder with its own settings
(https://sbert.net/docs/sentence_transformer/usage/custom_models.html).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qmlc.ops.pretrained import read_json, read_pretrained
from qmlc.ops.pretrained_type import PretrainedType, UnknownType, Unsupported
from qmlc.ops.safetensors_header import Unreadable

POOLINGS = ("mean", "cls", "max", "mean_sqrt_len", "lasttoken")
"""How the vectors of a text's tokens become one; the names are those of sentence-transformers."""


@dataclass(frozen=True, slots=True)
class SentenceSteps:
    """The folder of the model, one of POOLINGS, and whether vectors are brought to length 1."""

    model: Path
    pooling: str
    normalize: bool


def read_sentence_encoder(folder: Path) -> PretrainedType:
    """The type of a sentence encoder: tokens and their mask to a vector for each text.

    Unreadable, Unsupported, UnknownType.
    """
    found = read_pretrained(read_steps(folder).model)
    inputs, results = dict(found.inputs), dict(found.results)
    hidden = results.get("last_hidden_state", "")
    if "attention_mask" not in inputs or not hidden.startswith("real[B, T, "):
        raise UnknownType(f"`{folder.name}` holds no encoder of texts")
    taken = tuple((name, inputs[name]) for name in ("input_ids", "attention_mask"))
    return PretrainedType(taken, (("", hidden.replace("B, T, ", "B, ")),), 2, found.blocks)


def read_steps(folder: Path) -> SentenceSteps:
    """The steps in a folder; Unreadable, Unsupported."""
    listed = read_json(folder / "modules.json", list)
    kinds, paths = [], []
    for step in listed:
        if not isinstance(step, Mapping) or not isinstance(step.get("type"), str):
            raise Unreadable(f"`modules.json` in `{folder}` names no steps")
        kinds.append(step["type"].rpartition(".")[2])
        paths.append(folder / str(step.get("path", "")))
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        what = ", ".join(f"`{kind}`" for kind in kinds)
        raise Unsupported(f"the steps {what} of `{folder.name}` are not those that are run here")
    pooling = _pooling(folder, read_json(paths[1] / "config.json", dict))
    return SentenceSteps(paths[0], pooling, kinds[-1] == "Normalize")


def _pooling(folder: Path, config: Mapping[str, Any]) -> str:
    """The one way of pooling that a configuration chooses."""
    named = config.get("pooling_mode")
    chosen = (
        [named] if named else [n for n, on in config.items() if "pooling_mode_" in n and on is True]
    )
    names = [str(n).removeprefix("pooling_mode_").removesuffix("_tokens").removesuffix("_token")
             for n in chosen]  # fmt: skip
    if len(names) != 1 or names[0] not in POOLINGS:
        shown = " and ".join(f"`{name}`" for name in names) or "none"
        raise Unsupported(f"`{folder.name}` pools by {shown}; run are {', '.join(POOLINGS)}")
    return names[0]
