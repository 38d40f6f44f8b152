"""A training step of a small BERT: ours, written from its formulas, beside `transformers`'.

`python -m benchmarks.pretraining` writes pretraining.md. All sides have one configuration, the same
batches, no gradients clipped, and AdamW; one thread, float32.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BertConfig, BertForPreTraining, BertModel

import qmlc
from benchmarks.take_turns import take_turns
from qmlc.ir.program import Call
from qmlc.training.build_optimizer import build_optimizer

HERE = Path(__file__).parent
PROGRAM, PAGE = HERE / "pretraining.hqm", HERE / "pretraining.md"
BATCH, LENGTH, VOCABULARY, WIDTH = 32, 64, 2000, 128
RATE = 5e-4

Batch = dict[str, Tensor]
Step = Callable[[], float]

INTRODUCTION = f"""# A step of pretraining

Two layers, {WIDTH} wide, 4 heads, {VOCABULARY} words, {BATCH} pairs of {LENGTH} tokens,
dropout 0.1 (none in attention), AdamW; torch {torch.__version__}, transformers
{transformers.__version__} with its SDPA attention. Milliseconds of the processor for a step, the
sides in turns, on one thread. Made by `python -m benchmarks.pretraining`.

* *{PROGRAM.name}* is compiled, and trained with the optimizer that a `train` block has.
* *BertModel* has the same two linear layers at its end, the same weights and the fused AdamW;
  its loss without dropout is that of ours to six digits.
* *BertForPreTraining* has a layer and a norm more, and the words of the embedding.

| | least | median |
|---|---|---|"""


class Heads(nn.Module):
    """`BertModel` with the heads and the loss of the program."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.bert = BertModel(config)
        self.words, self.next = nn.Linear(WIDTH, VOCABULARY), nn.Linear(WIDTH, 2)

    def forward(
        self, labels: Tensor, next_sentence_label: Tensor, **inputs: Tensor
    ) -> SimpleNamespace:
        """A record with the loss."""
        out = self.bert(**inputs)
        scores = self.words(out.last_hidden_state)
        loss = F.cross_entropy(scores.flatten(0, 1), labels.flatten())
        loss = loss + F.cross_entropy(self.next(out.pooler_output), next_sentence_label)
        return SimpleNamespace(loss=loss)


def make_batch() -> Batch:
    """Sentences of random words and lengths; 15 % of the words are to be told."""
    torch.manual_seed(0)
    lengths = torch.randint(LENGTH // 2, LENGTH + 1, (BATCH, 1))
    mask = torch.arange(LENGTH) < lengths
    tokens = torch.randint(VOCABULARY, (BATCH, LENGTH)) * mask
    told = (torch.rand(BATCH, LENGTH) < 0.15) & mask
    return {
        "segment": (torch.arange(LENGTH) > lengths // 2).long() * mask,
        "mask": mask,
        "is_next": torch.randint(2, (BATCH,)),
        "noisy": tokens,
        "original": tokens.masked_fill(~told, -100),
    }


def renamed(batch: Batch) -> Batch:
    """The batch by the names of `transformers`."""
    return {
        "input_ids": batch["noisy"],
        "token_type_ids": batch["segment"],
        "attention_mask": batch["mask"].long(),
        "labels": batch["original"],
        "next_sentence_label": batch["is_next"],
    }


def config() -> BertConfig:
    """That of the program."""
    return BertConfig(
        vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=4 * WIDTH, max_position_embeddings=512, layer_norm_eps=1e-5,
        hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.0, attn_implementation="sdpa",
    )  # fmt: skip


def make_step(module: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch) -> Step:
    """A step as a training takes it."""

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss: Tensor = module(**batch).loss
        loss.backward()
        return loss.detach()

    return lambda: float(optimizer.step(closure))  # type: ignore[arg-type]


def make_sides(batch: Batch) -> dict[str, Step]:
    """The step of each side, in training mode; AssertionError where losses differ."""
    ours: Any = qmlc.load(PROGRAM).class_named("PretrainingLoss")()
    heads, theirs = Heads(config()), BertForPreTraining(config())
    for to, of in zip(heads.parameters(), ours.parameters(), strict=True):
        to.data.copy_(of.data)
    losses = [ours.eval()(**batch).loss, heads.eval()(**renamed(batch)).loss]
    assert torch.allclose(*losses, rtol=1e-6)
    own = build_optimizer(Call("adamw", (), (("lr", RATE),)), ours.parameters())
    sides = {PROGRAM.name: make_step(ours.train(), own, batch)}
    for name, module in (("BertModel", heads), ("BertForPreTraining", theirs)):
        optimizer = torch.optim.AdamW(module.parameters(), lr=RATE, fused=True)
        sides[name] = make_step(module.train(), optimizer, renamed(batch))
    return sides


def main() -> None:
    """Measures all sides."""
    torch.set_num_threads(1)
    lines = [INTRODUCTION]
    for name, times in take_turns(make_sides(make_batch()), limit=60.0).items():
        lines.append(f"| {name} | {times[0]:.1f} | {times[1]:.1f} |")
    print("\n".join(lines))
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
