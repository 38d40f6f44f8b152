"""The models whose epochs are timed, as programs; adapters/pennylane_epochs.py has the same."""

from __future__ import annotations

import random
from pathlib import Path

FEATURES, CLASSES, BATCH, RATE = 16, 3, 32, 0.01
LEARNED, HELD_OUT = 512, 128
"""Rows."""
SIZES = (4, 8, 12)
"""Qubits."""
SEED = 0

BODIES = {
    "re-uploading": """\
    param w: real[3, n, 2] ~ normal(0, 1)
    qubit q[n]
    for l in range(3) {
        for i in range(n) {
            rx(x[i]) q[i]
            ry(w[l, i, 0]) q[i]
            rz(w[l, i, 1]) q[i]
        }
        for a, b in ring(q) { cx a, b }
    }
""",
    "strongly entangling": """\
    param w: real[3, n, 3] ~ normal(0, 1)
    qubit q[n]
    for i in range(n) { rx(x[i]) q[i] }
    strongly_entangling(w) q
""",
    "dressed": """\
    param w: real[6, n] ~ normal(0, 1)
    qubit q[n]
    h q
    for i in range(n) { ry(x[i]) q[i] }
    for l in range(6) {
        for i in range(n // 2) { cx q[2 * i], q[2 * i + 1] }
        for i in range((n - 1) // 2) { cx q[2 * i + 1], q[2 * i + 2] }
        for i in range(n) { ry(w[l, i]) q[i] }
    }
""",
}
"""Data re-uploading; angles and strongly entangling layers; the dressed circuit of Mari et al."""

PROGRAM = """\
use std.ansatz (strongly_entangling)

circuit c(x: real[n]) -> real[n] {{
{body}    return expval(Z(q))
}}

model hybrid(x: real[B, {features}]) -> real[B, {classes}] {{
    return x |> linear({qubits}) |> c |> linear({classes})
}}

data rows = numpy("learned.npz") {{
    x = x
    y = category(y)
}}

train hybrid on rows {{
    loss      = cross_entropy(hybrid(x), y)
    metrics   = [accuracy]
    optimizer = adam(lr={rate})
    epochs    = 100000
    batch     = {batch}
    holdout   = "held_out.npz"
    seed      = {seed}
}}
"""


def write_model(family: str, qubits: int) -> str:
    """The program that trains a circuit of this family between two linear layers."""
    return PROGRAM.format(
        body=BODIES[family],
        features=FEATURES,
        classes=CLASSES,
        qubits=qubits,
        rate=RATE,
        batch=BATCH,
        seed=SEED,
    )


ENCODED = {"rows": 128, "length": 32}
WORDS = 200

ENCODED_PROGRAM = """\
use std.encodings (angle)
use std.ansatz (strongly_entangling)
use std.pretrained (huggingface)

circuit head(x: real[n]) -> real[n] {{
    param w: real[3, n, 3] ~ normal(0, 1)
    qubit q[n]
    angle(x) q
    strongly_entangling(w) q
    return expval(Z(q))
}}

model told(tokens: int[B, T], mask: bool[B, T]) -> real[B, 2] {{
    let encoder = huggingface("encoder", tune=frozen)
    let sentence = mean(encoder(tokens, mask).last_hidden_state, dim=1, where=mask)
    return sentence |> linear(4) |> head |> linear(2)
}}

data sentences = csv("sentences.csv") {{
    tokens, mask = tokenize(text, words(vocab={words}), length={length})
    y = category(label)
}}

train told on sentences {{
    loss      = cross_entropy(told(tokens, mask), y)
    metrics   = [accuracy]
    optimizer = adam(lr={rate})
    epochs    = 100000
    batch     = {batch}
    holdout   = 0.2
    seed      = {seed}
}}
"""


def write_encoded(folder: Path) -> Path:
    """The program that trains a circuit behind a frozen encoder, with that and its sentences."""
    from transformers import BertConfig, BertModel  # peers have it not

    config = BertConfig(
        vocab_size=WORDS, hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
        intermediate_size=1536, max_position_embeddings=512,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder / "encoder")
    draw = random.Random(SEED)
    lines = ["text,label"]
    for _ in range(ENCODED["rows"]):
        text = " ".join(f"w{draw.randrange(WORDS // 2)}" for _ in range(ENCODED["length"]))
        lines.append(f"{text},{draw.choice('ab')}")
    (folder / "sentences.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    program = folder / "told.hqm"
    text = ENCODED_PROGRAM.format(
        words=WORDS, length=ENCODED["length"], rate=RATE, batch=BATCH, seed=SEED
    )
    program.write_text(text, encoding="utf-8")
    return program
