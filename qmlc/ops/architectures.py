"""Architectures of `transformers`: how the configuration of each says what it takes and yields.

A row of ARCHITECTURES turns the configuration of a `model_type` into a type, as text of the
language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qmlc.ops.pretrained_type import PretrainedType, UnknownType

Config = Mapping[str, Any]
Reader = Callable[[Config], PretrainedType]

TOKENS = ("input_ids", "int[B, T]")
MASK = ("attention_mask", "bool[B, T]")
SEGMENTS = ("token_type_ids", "int[B, T]")


def _number(config: Config, *names: str) -> int:
    """A whole number of the configuration, under the first of some names that is there."""
    value = next((config[name] for name in names if config.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UnknownType(f"`config.json` does not say `{names[0]}`, a whole number")
    return value


def _numbers(config: Config, name: str) -> list[int]:
    value = config.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(v, int) for v in value):
        raise UnknownType(f"`config.json` does not say `{name}`, a list of whole numbers")
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


def swin(config: Config) -> PretrainedType:
    """Windows of patches, which each further stage halves and doubles in width."""
    stages = len(_numbers(config, "depths"))
    d = _number(config, "embed_dim") * 2 ** (stages - 1)
    side = _number(config, "image_size")
    count = (side // (_number(config, "patch_size") * 2 ** (stages - 1))) ** 2
    results = (("last_hidden_state", f"real[B, {count}, {d}]"), ("pooler_output", f"real[B, {d}]"))
    return PretrainedType((_pixels(config, str(side), str(side)),), results)


def segformer(config: Config) -> PretrainedType:
    """Feature maps, each stage a stride smaller."""
    d, height, width = _numbers(config, "hidden_sizes")[-1], "H", "W"
    for stride in _numbers(config, "strides"):
        height, width = (f"({size} + {stride - 1}) // {stride}" for size in (height, width))
    results = (("last_hidden_state", f"real[B, {d}, {height}, {width}]"),)
    return PretrainedType((_pixels(config, "H", "W"),), results)


def mobilenet(config: Config) -> PretrainedType:
    """MobileNet: an average over all places, a vector for each picture."""
    d = _channels(config)
    results = (("pooler_output", f"real[B, {d}]"),)
    return PretrainedType((_pixels(config, "H", "W"),), results)


def _channels(config: Config) -> int:
    """The last width of MobileNet V1 and V2, rounded to a multiple of eight as its paper does."""
    wide = float(config.get("depth_multiplier", 1.0))
    if config["model_type"] == "mobilenet_v2":
        if config.get("finegrained_output", True) and wide < 1:
            return 1280
        return _rounded(1280 * wide, config)
    return max(int(1024 * wide), int(config.get("min_depth", 8)))


def _rounded(width: float, config: Config) -> int:
    step = _number(config, "depth_divisible_by")
    found = max(int(config.get("min_depth", 8)), int(width + step / 2) // step * step)
    return found + step if found < 0.9 * width else found


def yolos(config: Config) -> PretrainedType:
    """Patches of a picture of one size, and tokens for what is detected."""
    d, patch = _number(config, "hidden_size"), _number(config, "patch_size")
    height, width = _numbers(config, "image_size")
    count = (height // patch) * (width // patch) + _number(config, "num_detection_tokens") + 1
    results = (("last_hidden_state", f"real[B, {count}, {d}]"), ("pooler_output", f"real[B, {d}]"))
    picture = _pixels(config, str(height), str(width))
    return PretrainedType((picture,), results, blocks=_blocks(config))


def spectrogram(config: Config) -> PretrainedType:
    """Patches of a spectrogram that overlap, after two tokens."""
    d, patch = _number(config, "hidden_size"), _number(config, "patch_size")
    length, bins = _number(config, "max_length"), _number(config, "num_mel_bins")
    rows = (bins - patch) // _number(config, "frequency_stride") + 1
    columns = (length - patch) // _number(config, "time_stride") + 1
    heard = ("input_values", f"real[B, {length}, {bins}]")
    results = (
        ("last_hidden_state", f"real[B, {rows * columns + 2}, {d}]"),
        ("pooler_output", f"real[B, {d}]"),
    )
    return PretrainedType((heard,), results, blocks=_blocks(config))


def image_and_text(config: Config) -> PretrainedType:
    """CLIP and its like: a vector for each text, one for each picture, and how alike they are."""
    vision, words = _part(config, "vision_config"), _part(config, "text_config")
    d = config.get("projection_dim") or _number(words, "projection_size", "hidden_size")
    side = _number(vision, "image_size")
    picture = _pixels(vision, str(side), str(side))
    results = (
        ("image_embeds", f"real[N, {d}]"),
        ("text_embeds", f"real[B, {d}]"),
        ("logits_per_image", "real[N, B]"),
        ("logits_per_text", "real[B, N]"),
    )
    pictures = (picture[0], picture[1].replace("[B", "[N"))
    return PretrainedType((TOKENS, pictures, MASK), results, needed=2)


def sound_and_text(config: Config) -> PretrainedType:
    """CLAP: a vector for each text, one for each recording."""
    d, heard = _number(config, "projection_dim"), _part(config, "audio_config")
    bins, side = _number(heard, "num_mel_bins"), _number(heard, "spec_size")
    length = side * side // bins
    results = (("audio_embeds", f"real[N, {d}]"), ("text_embeds", f"real[B, {d}]"))
    features = ("input_features", f"real[N, 1, {length}, {bins}]")
    return PretrainedType((TOKENS, features, MASK), results, needed=2)


def vision_tower(config: Config) -> PretrainedType:
    """The part of CLIP and its like that sees: patches after one token, or none."""
    return patches(0 if "siglip" in config["model_type"] else 1)(config)


def vilt(config: Config) -> PretrainedType:
    """Words and patches of a picture of one size in one encoder."""
    d, side = _number(config, "hidden_size"), _number(config, "image_size")
    count = (side // _number(config, "patch_size")) ** 2 + 1
    picture = _pixels(config, str(side), str(side))
    results = (
        ("last_hidden_state", f"real[B, T + {count}, {d}]"),
        ("pooler_output", f"real[B, {d}]"),
    )
    return PretrainedType((TOKENS, picture, MASK, SEGMENTS), results, 3, _blocks(config))


def seen_by_decoder(config: Config) -> PretrainedType:
    """LLaVA and its like: a decoder, among whose tokens are those that stand for the pictures."""
    d = _number(_part(config, "text_config"), "hidden_size")
    vision = _part(config, "vision_config")
    side = _number(vision, "image_size")
    picture = _pixels(vision, str(side), str(side))
    pictures = (picture[0], picture[1].replace("[B", "[N"))
    results = (("last_hidden_state", f"real[B, T, {d}]"),)
    return PretrainedType((TOKENS, pictures, MASK), results, needed=2)


def _part(config: Config, name: str) -> Config:
    part = config.get(name)
    if not isinstance(part, Mapping):
        raise UnknownType(f"`config.json` does not say `{name}`, an object")
    return part


POOLS_BY_MEAN = frozenset(
    "resnet convnext convnextv2 dinov2 dinov2_with_registers mobilenet_v1 mobilenet_v2 regnet swin "
    "swinv2".split()
)
"""Architectures whose pooled output needs no weights of its own."""


def _rows(reader: Reader, names: str) -> dict[str, Reader]:
    return dict.fromkeys(names.split(), reader)


TEXTS: dict[str, Reader] = {
    **_rows(text("hidden_size", pooled=True, segments=True), "bert albert ernie "
            "megatron-bert mobilebert rembert squeezebert"),
    **_rows(text("hidden_size", pooled=True), "roberta xlm-roberta camembert mpnet data2vec-text "
            "esm ibert roberta-prelayernorm xlm-roberta-xl"),
    **_rows(text("hidden_size", segments=True), "electra deberta deberta-v2 convbert nomic_bert "
            "roformer"),
    "distilbert": text("dim"),
    "xlnet": text("d_model"),
    **_rows(text("hidden_size"), "modernbert eurobert bert-generation"),
    **_rows(text("n_embd"), "gpt2 gptj codegen gpt-sw3 gpt_bigcode openai-gpt"),
    **_rows(text("hidden_size"), "gpt_neo gpt_neox bloom falcon gemma gemma2 gemma3_text llama "
            "mistral olmo olmo2 olmo3 phi phi3 qwen2 qwen3 smollm3 stablelm apertus arcee biogpt "
            "cohere cohere2 deepseek_v3 ernie4_5 exaone4 glm glm4 gpt_oss granite granitemoe "
            "helium mamba2 mamba ministral mixtral nemotron olmoe persimmon phimoe qwen2_moe "
            "qwen3_moe seed_oss starcoder2 modernbert-decoder"),
    **_rows(text("d_model"), "mpt xglm"),
    "opt": text("word_embed_proj_dim"),
}  # fmt: skip
"""Of one text a row: what follows the last token that the mask chooses changes nothing before.

Where attention goes by blocks or landmarks of all tokens, padding does change something.
"""

ARCHITECTURES: dict[str, Reader] = {
    **TEXTS,
    "big_bird": text("hidden_size", pooled=True, segments=True),
    "nystromformer": text("hidden_size", segments=True),
    **_rows(pair, "t5 mt5 umt5 longt5 switch_transformers bart mbart marian pegasus blenderbot "
            "blenderbot-small led m2m_100 mvp plbart"),
    "whisper": whisper,
    **_rows(patches(1), "vit beit dinov2"),
    **_rows(patches(1, pooled=False), "vit_msn data2vec-vision"),
    "deit": patches(2),
    "ijepa": patches(0, pooled=False),
    "yolos": yolos,
    "resnet": resnet,
    **_rows(convnext, "convnext convnextv2"),
    **_rows(swin, "swin swinv2"),
    "segformer": segformer,
    **_rows(mobilenet, "mobilenet_v1 mobilenet_v2"),
    **_rows(sound, "wav2vec2 hubert wavlm unispeech unispeech-sat data2vec-audio "
            "wav2vec2-conformer"),
    "audio-spectrogram-transformer": spectrogram,
    **_rows(image_and_text, "clip chinese_clip blip siglip"),
    "clap": sound_and_text,
    **_rows(vision_tower, "clip_vision_model siglip_vision_model"),
    "vilt": vilt,
    **_rows(seen_by_decoder, "llava vipllava paligemma"),
}  # fmt: skip
"""By `model_type`: how its configuration says what it takes and yields."""
