"""The header of a file of safetensors: names and types of tensors, read without torch.

The format: eight bytes, little-endian, with the length of a JSON header, then the header
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qmlc.types.tensors import TensorType

KINDS = {"F": "real", "BF": "real", "I": "int", "U": "int", "BOOL": "bool", "C": "complex"}
"""The language's element type by the letters of the format's, without the number of bits."""


class Unreadable(Exception):
    """A file that does not hold what it must; the message says which, and what is wrong."""


def read_header(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the header of a file says of each tensor, by its name; OSError, Unreadable."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        text = file.read(min(length, 100_000_000))
    try:
        header = json.loads(text)
    except ValueError:
        header = None
    if len(text) != length or not isinstance(header, dict):
        raise Unreadable(f"`{path.name}` is no safetensors file")
    return {name: tensor for name, tensor in header.items() if name != "__metadata__"}


def tensor_types(path: Path) -> dict[str, TensorType]:
    """The type of each tensor of a file, in the order of their names; OSError, Unreadable."""
    return {name: _type(path, name, said) for name, said in sorted(read_header(path).items())}


def _type(path: Path, name: str, said: Any) -> TensorType:
    if isinstance(said, dict):
        kind = KINDS.get(str(said.get("dtype")).partition("_")[0].rstrip("0123456789"))
        shape = said.get("shape")
        if kind is not None and isinstance(shape, list) and all(type(n) is int for n in shape):
            return TensorType(kind, tuple(shape))
    raise Unreadable(f"the header of `{path.name}` says no type of `{name}` that is known")
