"""The type that a configuration says is what the model yields: tiny random models of each row."""

from __future__ import annotations

import json
from functools import cache

import pytest
import torch

from qmlc.ops.architectures import ARCHITECTURES, TEXTS
from qmlc.ops.pretrained import read_pretrained, weight_names
from qmlc.ops.pretrained_type import UnknownType
from qmlc.ops.safetensors_header import Unreadable
from qmlc.runtime.check_shapes import bind_dimensions, parse_type
from qmlc.runtime.leave_padding import leave_padding
from qmlc.runtime.pretrained_module import as_arguments

transformers = pytest.importorskip("transformers")

SMALL = {
    "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64,
    "d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32, "d_kv": 8,
    "d_ff": 32, "num_layers": 2, "num_heads": 2, "dim": 16, "hidden_dim": 32, "n_layers": 2,
    "n_heads": 2, "n_embd": 16, "n_layer": 2, "n_head": 2, "embedding_size": 16, "head_dim": 8,
    "rotary_dim": 4, "image_size": 32, "patch_size": 8, "conv_dim": [8, 8], "conv_kernel": [5, 3],
    "conv_stride": [3, 2], "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 2, "word_embed_proj_dim": 12, "ffn_dim": 32,
    "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1,
    "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1], "num_mel_bins": 10,
    "max_source_positions": 16, "max_target_positions": 16, "attention_types": [[["global"], 2]],
}  # fmt: skip
IMAGE = 7
"""The token that stands for a part of a picture."""
SEES = {"image_token_index": IMAGE, "image_token_id": IMAGE}
WINDOWS = {"num_heads": [1, 2], "depths": [1, 1], "embed_dim": 8, "window_size": 2, "patch_size": 4}
OWN = {
    "convnext": {"patch_size": 4}, "resnet": {"embedding_size": 8, "image_size": 64},
    "whisper": {"suppress_tokens": None, "begin_suppress_tokens": None},
    "phi3": {"rope_scaling": None}, "codegen": {"n_head": 4, "rotary_dim": 2},
    "deepseek_v3": {"q_lora_rank": 8, "kv_lora_rank": 8, "qk_rope_head_dim": 8,
                    "qk_nope_head_dim": 8, "v_head_dim": 8, "num_key_value_heads": 2},
    "mamba": {"conv_kernel": 4},
    "mamba2": {"conv_kernel": 4, "num_heads": 4, "state_size": 8, "n_groups": 1},
    "yolos": {"image_size": [32, 40]}, "segformer": {"num_attention_heads": [1, 1, 2, 2]},
    "swin": WINDOWS, "swinv2": WINDOWS,
    "data2vec-audio": {"num_conv_pos_embeddings": 1},
    "clap_audio_model": {"num_attention_heads": [2, 2], "depths": [1, 1], "hidden_size": 16,
                         "patch_embeds_hidden_size": 8, "spec_size": 64, "num_mel_bins": 16,
                         "window_size": 2, "patch_size": 4, "patch_stride": [4, 4]},
    "clip_vision_model": {"image_size": 16}, "siglip_vision_model": {"image_size": 16},
    "llava": SEES, "paligemma": SEES | {"projection_dim": 16},
    "vipllava": SEES | {"vision_feature_layers": [-1]},
}  # fmt: skip
SIZES = {"B": 2, "T": 6, "S": 5, "H": 70, "W": 90, "L": 200, "N": 2}


@cache
def tiny(kind: str):
    """A random model of an architecture, as small as it can be told to be."""
    torch.manual_seed(0)
    wanted = small(transformers.AutoConfig.for_model(kind).to_dict()) | OWN.get(kind, {})
    config = transformers.AutoConfig.for_model(kind, **wanted)
    return transformers.AutoModel.from_config(config).eval()


def small(standard: dict) -> dict:
    """The settings of a configuration that make a small model, also of the parts within it."""
    found = {name: value for name, value in SMALL.items() if name in standard}
    for name, part in standard.items():
        if name.endswith("_config") and isinstance(part, dict) and "model_type" in part:
            kind = part["model_type"]
            found[name] = small(part) | OWN.get(kind, {}) | {"model_type": kind}
    return found


def draw(text: str) -> torch.Tensor:
    kind = parse_type(text)
    shape = [size if isinstance(size, int) else SIZES[str(size)] for size in kind.sizes]
    if kind.dtype == "bool":
        return torch.ones(shape, dtype=torch.bool)
    # the second kind of segments is one that every model has an embedding for
    return torch.randint(0, 2, shape) if kind.dtype == "int" else torch.rand(shape)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_the_configuration_says_what_the_model_yields(kind, tmp_path):
    model = tiny(kind)
    model.config.save_pretrained(tmp_path)
    declared = read_pretrained(tmp_path)
    types = dict(declared.inputs)
    for count in range(declared.needed, len(types) + 1):
        given = dict(list(types.items())[:count])
        tensors = {name: draw(text) for name, text in given.items()}
        if hasattr(model.config, "image_token_id"):
            tensors["input_ids"] = torch.tensor([[IMAGE] * 4 + [1, 1]] * 2)
        with torch.no_grad():
            result = model(**as_arguments(given, list(tensors.values())))
        results = {name: result[name] for name, _ in declared.results}
        bind_dimensions(kind, given | dict(declared.results), tensors | results)
    if declared.blocks is not None:
        from qmlc.runtime.pretrained_module import find_blocks

        assert len(find_blocks(model)) == declared.blocks


@pytest.mark.parametrize("kind", TEXTS)
def test_padding_behind_a_text_changes_nothing_in_it(kind):
    model, names = tiny(kind), ("input_ids", "attention_mask")
    mask = torch.arange(9) < torch.tensor([2, 9, 1, 5, 0, 3, 9, 7, 4] * 2)[:, None]
    tokens = torch.randint(3, 50, mask.shape).where(mask, 0)

    def run(given):
        return {"h": model(**dict(zip(names, given, strict=True))).last_hidden_state}

    with torch.no_grad():
        expected = run([tokens, mask.long()])["h"].where(mask[..., None], 0)
        found = leave_padding(run, [tokens, mask.long()], mask)["h"]
        left = run([tokens.flip(1), mask.flip(1).long()])["h"].where(mask.flip(1)[..., None], 0)
        padded_left = leave_padding(run, [tokens.flip(1), mask.flip(1).long()], mask.flip(1))["h"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(padded_left, left, rtol=1e-4, atol=1e-5)


def test_a_pooled_output_is_there_only_if_its_weights_are(tmp_path):
    model = tiny("bert")
    model.save_pretrained(tmp_path)
    assert set(model.state_dict()) == weight_names(tmp_path)
    assert "pooler_output" in dict(read_pretrained(tmp_path).results)
    transformers.BertModel(model.config, add_pooling_layer=False).save_pretrained(tmp_path)
    assert [name for name, _ in read_pretrained(tmp_path).results] == ["last_hidden_state"]


@pytest.mark.parametrize(
    "content, error, said",
    [
        (None, Unreadable, "there is no `config.json`"),
        ("{", Unreadable, "is no JSON"),
        ("[]", Unreadable, "no JSON object"),
        ({"model_type": "bert"}, UnknownType, "does not say `hidden_size`"),
        ({"model_type": "bert", "hidden_size": -3}, UnknownType, "`hidden_size`"),
        ({"model_type": "resnet", "hidden_sizes": 3}, UnknownType, "`hidden_sizes`"),
        ({"model_type": "my_own"}, UnknownType, "my_own"),
        ({}, UnknownType, "None"),
        ({"model_type": ["bert"]}, UnknownType, "bert"),
    ],
)
def test_what_cannot_be_read_is_said(content, error, said, tmp_path):
    if content is not None:
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "config.json").write_text(text)
    with pytest.raises(error, match=said):
        read_pretrained(tmp_path)
