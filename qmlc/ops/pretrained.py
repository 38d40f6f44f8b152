"""What pretrained models take and yield, by what their own `config.json` says.

A row of ARCHITECTURES turns the configuration of a `model_type` of Hugging Face's into a type, as
text of the language. Names of inputs and results are those of `transformers`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qmlc.ops.pretrained_type import PretrainedType, UnknownType
from qmlc.ops.safetensors_header import Unreadable, read_header

HUGGING_FACE = "qmlc.runtime.hugging_face:HuggingFaceModule"
SAFETENSORS = "qmlc.runtime.safetensors_file:SafetensorsFile"
ONNX = "qmlc.runtime.onnx_model:OnnxModule"
KERAS = "qmlc.runtime.keras_model:KerasModule"
TORCH_HUB = "qmlc.runtime.torch_hub:TorchHubModule"
LIBRARY = frozenset({HUGGING_FACE, SAFETENSORS, ONNX, KERAS, TORCH_HUB})
"""Modules of the runtime that `stdlib/pretrained.hqm` names."""
TRUSTED = LIBRARY - {TORCH_HUB}
"""Those that run no code of the model's."""


Config = Mapping[str, Any]
Reader = Callable[[Config], PretrainedType]

TOKENS = ("input_ids", "int[B, T]")
MASK = ("attention_mask", "bool[B, T]")
SEGMENTS = ("token_type_ids", "int[B, T]")


def read_pretrained(folder: Path) -> PretrainedType:
    """The type of the model in a folder; no weights are read, only which ones there are.

    Unreadable, UnknownType.
    """
    config = _read_json(folder / "config.json")
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
        return frozenset(_read_json(index).get("weight_map", {}))
    if not single.is_file():
        return None
    return frozenset(read_header(single))


def _read_json(path: Path) -> Config:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise Unreadable(f"there is no `{path.name}` in `{path.parent}`") from None
    except ValueError:
        raise Unreadable(f"`{path.name}` in `{path.parent}` is no JSON") from None
    if not isinstance(content, dict):
        raise Unreadable(f"`{path.name}` in `{path.parent}` holds no JSON object")
    return content


def _number(config: Config, *names: str) -> int:
    """A whole number of the configuration, under the first of some names that is there."""
    value = next((config[name] for name in names if config.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Unreadable(f"`config.json` does not say `{names[0]}`, a whole number")
    return value


def _numbers(config: Config, name: str) -> list[int]:
    value = config.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(v, int) for v in value):
        raise Unreadable(f"`config.json` does not say `{name}`, a list of whole numbers")
    return value


def _blocks(config: Config) -> int | None:
    # the blocks of a group are one, used again and again
    names = ("num_hidden_groups", "num_hidden_layers", "n_layer", "n_layers", "num_layers")
    return next((config[n] for n in names if isinstance(config.get(n), int)), None)


def text(width: str, pooled: bool = False, segments: bool = False) -> Reader:
    """Encoders and decoders of tokens: a vector for each token, perhaps one for all of them."""

    def read(config: Config) -> PretrainedType:
        d = _number(config, width, "hidden_size")
        results = [("last_hidden_state", f"real[B, T, {d}]")]
        results += [("pooler_output", f"real[B, {d}]")] if pooled else []
        inputs = (TOKENS, MASK, *((SEGMENTS,) if segments else ()))
        return PretrainedType(inputs, tuple(results), blocks=_blocks(config))

    return read


def pair(config: Config) -> PretrainedType:
    """Encoder and decoder of tokens: what the decoder says of its own tokens, given the others."""
    d = _number(config, "d_model")
    inputs = (TOKENS, ("decoder_input_ids", "int[B, S]"), MASK)
    results = (
        ("last_hidden_state", f"real[B, S, {d}]"),
        ("encoder_last_hidden_state", f"real[B, T, {d}]"),
    )
    return PretrainedType(inputs, results, needed=2)


def whisper(config: Config) -> PretrainedType:
    """Encoder of a spectrogram and decoder of tokens."""
    d, frames = _number(config, "d_model"), 2 * _number(config, "max_source_positions")
    heard = ("input_features", f"real[B, {_number(config, 'num_mel_bins')}, {frames}]")
    results = (
        ("last_hidden_state", f"real[B, S, {d}]"),
        ("encoder_last_hidden_state", f"real[B, {frames // 2}, {d}]"),
    )
    return PretrainedType((heard, ("decoder_input_ids", "int[B, S]")), results, needed=2)


def patches(extra: int, pooled: bool = True) -> Reader:
    """Vision transformers: a vector for each patch of a picture of one size, after `extra` ones."""

    def read(config: Config) -> PretrainedType:
        d, patch = _number(config, "hidden_size"), _number(config, "patch_size")
        side = _number(config, "image_size")
        count = (side // patch) ** 2 + extra
        results = [("last_hidden_state", f"real[B, {count}, {d}]")]
        results += [("pooler_output", f"real[B, {d}]")] if pooled else []
        picture = _pixels(config, str(side), str(side))
        return PretrainedType((picture,), tuple(results), blocks=_blocks(config))

    return read


def _pixels(config: Config, height: str, width: str) -> tuple[str, str]:
    channels = _number(config, "num_channels") if "num_channels" in config else 3
    return "pixel_values", f"real[B, {channels}, {height}, {width}]"


def resnet(config: Config) -> PretrainedType:
    """Residual networks: a picture of any size, halved by the stem twice and by each stage once."""
    d, stages = _numbers(config, "hidden_sizes")[-1], len(_numbers(config, "depths"))
    halvings = 2 + stages - (not config.get("downsample_in_first_stage", False))
    height, width = ("H", "W")
    for _ in range(halvings):
        height, width = f"({height} + 1) // 2", f"({width} + 1) // 2"
    results = (
        ("last_hidden_state", f"real[B, {d}, {height}, {width}]"),
        ("pooler_output", f"real[B, {d}, 1, 1]"),
    )
    return PretrainedType((_pixels(config, "H", "W"),), results)


def convnext(config: Config) -> PretrainedType:
    """ConvNeXt: patches first, then each further stage halves."""
    sizes, patch = _numbers(config, "hidden_sizes"), _number(config, "patch_size")
    height, width = f"H // {patch}", f"W // {patch}"
    for _ in sizes[1:]:
        height, width = f"({height}) // 2", f"({width}) // 2"
    results = (
        ("last_hidden_state", f"real[B, {sizes[-1]}, {height}, {width}]"),
        ("pooler_output", f"real[B, {sizes[-1]}]"),
    )
    return PretrainedType((_pixels(config, "H", "W"),), results)


def sound(config: Config) -> PretrainedType:
    """Encoders of raw sound: a vector for each window that the convolutions leave."""
    d = _number(config, "hidden_size")
    length = "L"
    kernels, strides = _numbers(config, "conv_kernel"), _numbers(config, "conv_stride")
    for kernel, stride in zip(kernels, strides, strict=True):
        length = f"({length} - {kernel}) // {stride} + 1"
    results = (("last_hidden_state", f"real[B, {length}, {d}]"),)
    return PretrainedType((("input_values", "real[B, L]"),), results, blocks=_blocks(config))


POOLS_BY_MEAN = frozenset({"resnet", "convnext", "dinov2"})
"""Architectures whose pooled output needs no weights of its own."""

TEXTS: dict[str, Reader] = {
    "bert": text("hidden_size", pooled=True, segments=True),
    "albert": text("hidden_size", pooled=True, segments=True),
    **dict.fromkeys(
        ("roberta", "xlm-roberta", "camembert", "mpnet"), text("hidden_size", pooled=True)
    ),
    "distilbert": text("dim"),
    **dict.fromkeys(("electra", "deberta", "deberta-v2"), text("hidden_size", segments=True)),
    "modernbert": text("hidden_size"),
    **dict.fromkeys(("gpt2", "gptj"), text("n_embd")),
    **dict.fromkeys(
        (
            "gpt_neo", "gpt_neox", "bloom", "falcon", "gemma", "gemma2", "llama", "mistral",
            "olmo", "phi", "phi3", "qwen2", "qwen3", "smollm3", "stablelm",
        ),
        text("hidden_size"),
    ),
    "opt": text("word_embed_proj_dim"),
}  # fmt: skip
"""Of one text a row: what follows the last token that the mask chooses changes nothing before."""

ARCHITECTURES: dict[str, Reader] = {
    **TEXTS,
    **dict.fromkeys(("t5", "mt5", "bart", "mbart", "marian", "pegasus"), pair),
    "whisper": whisper,
    "vit": patches(1),
    "deit": patches(2),
    "beit": patches(1),
    "dinov2": patches(1),
    "resnet": resnet,
    "convnext": convnext,
    **dict.fromkeys(("wav2vec2", "hubert", "wavlm"), sound),
}
"""By `model_type`: how its configuration says what it takes and yields."""
