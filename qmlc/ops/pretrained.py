"""What pretrained models take and yield, by what their own `config.json` says.

Names of inputs and results are those of `transformers`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from qmlc.ops.architectures import ARCHITECTURES, POOLS_BY_MEAN
from qmlc.ops.pretrained_type import PretrainedType, UnknownType
from qmlc.ops.safetensors_header import Unreadable, read_header

HUGGING_FACE = "qmlc.runtime.hugging_face:HuggingFaceModule"
SAFETENSORS = "qmlc.runtime.safetensors_file:SafetensorsFile"
ONNX = "qmlc.runtime.onnx_model:OnnxModule"
KERAS = "qmlc.runtime.keras_model:KerasModule"
TORCH_HUB = "qmlc.runtime.torch_hub:TorchHubModule"
SENTENCES = "qmlc.runtime.sentence_encoder:SentenceEncoder"
LIBRARY = frozenset({HUGGING_FACE, SENTENCES, SAFETENSORS, ONNX, KERAS, TORCH_HUB})
"""Modules of the runtime that `stdlib/pretrained.hqm` names."""
Content = TypeVar("Content", dict[str, Any], list[Any])
TRUSTED = LIBRARY - {TORCH_HUB}
"""Those that run no code of the model's."""


def read_pretrained(folder: Path) -> PretrainedType:
    """The type of the model in a folder; no weights are read, only which ones there are.

    Unreadable, UnknownType.
    """
    config = read_json(folder / "config.json", dict)
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        raise UnknownType(f"the type of the architecture `{kind}` is not known")
    found = ARCHITECTURES[kind](config)
    weights = weight_names(folder)
    if weights is None or any("pooler." in name for name in weights) or kind in POOLS_BY_MEAN:
        return found
    results = tuple((name, text) for name, text in found.results if name != "pooler_output")
    return PretrainedType(found.inputs, results, found.needed, found.blocks)


def weight_names(folder: Path) -> frozenset[str] | None:
    """The names in the headers of a model's safetensors files; None where there are none."""
    index, single = folder / "model.safetensors.index.json", folder / "model.safetensors"
    if index.is_file():
        return frozenset(read_json(index, dict).get("weight_map", {}))
    if not single.is_file():
        return None
    return frozenset(read_header(single))


def read_json(path: Path, kind: type[Content]) -> Content:
    """What a file of JSON holds, an object or a list; Unreadable."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise Unreadable(f"there is no `{path.name}` in `{path.parent}`") from None
    except ValueError:
        raise Unreadable(f"`{path.name}` in `{path.parent}` is no JSON") from None
    if not isinstance(content, kind):
        wanted = "object" if kind is dict else "list"
        raise Unreadable(f"`{path.name}` in `{path.parent}` holds no JSON {wanted}")
    return content
