"""A pretrained model as an extern layer whose type its own configuration says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from qmlc.check.errors.names import NotAvailable, WrongKind
from qmlc.check.errors.types import WrongArguments
from qmlc.check.frame import Frame
from qmlc.check.units.bind_settings import bind_settings
from qmlc.check.units.hold_tensors import holds_tensors
from qmlc.check.units.making import Units
from qmlc.check.values import Declared, Instance, Value, describe, fail
from qmlc.ops.find_pretrained import NotFound, find_file, find_pretrained
from qmlc.ops.pretrained import (
    HUGGING_FACE,
    KERAS,
    ONNX,
    SENTENCES,
    TORCH_HUB,
    read_pretrained,
)
from qmlc.ops.pretrained_type import PackageMissing, PretrainedType, UnknownType, Unsupported
from qmlc.ops.read_keras import read_keras
from qmlc.ops.read_onnx import read_onnx
from qmlc.ops.read_sentence_encoder import read_sentence_encoder
from qmlc.ops.safetensors_header import Unreadable
from qmlc.ops.tunings import Frozen, Last, Lora, Tuning
from qmlc.source.errors import UnreadableFile
from qmlc.source.span import Source, Span
from qmlc.syntax import tree
from qmlc.syntax.parse import parse

READERS = {ONNX: read_onnx, KERAS: read_keras}
"""By module of the runtime: how the type is read from a file; other models are folders."""


NEEDED = {
    HUGGING_FACE: "a model has a `config.json`",
    SENTENCES: "for others, pool by hand: `mean(h, dim=1, where=mask)` of `huggingface(…)`",
}
"""By module of the runtime: what its folder needs, or else."""


def is_pretrained(declaration: tree.Component) -> bool:
    """Whether a declaration is an extern layer of the library, which says no type itself."""
    return declaration.kind == "extern" and declaration.result is None


def declare_pretrained(
    units: Units,
    frame: Frame,
    node: tree.Node,
    instance: Instance,
    arguments: Sequence[Value],
    keywords: Mapping[str, Value],
) -> Instance:
    """The instance, with a declaration that says the type of the model, all settings filled in."""
    callee = instance.target
    assert isinstance(callee, Declared) and isinstance(callee.declaration, tree.Component)
    if holds_tensors(callee):
        what, proposal = "`safetensors` holds tensors, and is not applied", "write `w.NAME`"
        fail(WrongKind, node, what, "applied here", proposal)
    settings = bind_settings(node, instance)
    if "path" not in settings:
        what, proposal = f"`{callee.name}` needs `path`", f'write `{callee.name}("PATH")(…)`'
        fail(WrongArguments, instance.mention, what, "not given", proposal)
    if target_of(callee.declaration) == TORCH_HUB:
        what = "only its own code says what a model of `torch_hub` takes and yields"
        written = 'extern layer backbone(x: real[B, 3, H, W]) -> real[B, 512] = torch_hub("…", "…")'
        fail(WrongArguments, instance.mention, what, "applied without a type", f"`{written}`")
    settings.setdefault("tune", Frozen())
    kind = _read(frame, instance.mention, str(settings["path"]), callee.declaration)
    check_tuning(instance.mention, settings["tune"], callee, kind.blocks)
    given = [name for name, _ in kind.inputs[: max(kind.needed, len(arguments))]]
    inputs = [(name, text) for name, text in kind.inputs if name in given or name in keywords]
    written = _write(callee.declaration, inputs, kind)
    if written not in units.foreign:
        path = Path(str(settings["path"]))
        label = path if target_of(callee.declaration) in READERS else path / "config.json"
        file, _ = parse(Source(str(label), written))
        units.foreign[written] = file.declarations[0]
    known = Declared(units.foreign[written], callee.module)
    return replace(instance, target=known, arguments=(), keywords=tuple(settings.items()))


def _read(frame: Frame, place: Span, path: str, declaration: tree.Component) -> PretrainedType:
    """The type of the model at `path`, with an error for what is not there or not known."""
    bases = [Path(base) for base in (frame.session.base,) if base is not None]
    target = target_of(declaration)
    read_file = READERS.get(target)
    try:
        if read_file is not None:
            return read_file(find_file(path, [*bases, Path()]))
        read = read_sentence_encoder if target == SENTENCES else read_pretrained
        return read(find_pretrained(path, [*bases, Path()]))
    except NotFound as error:
        fail(UnreadableFile, place, error.what, "not found", error.proposal)
    except Unreadable as error:
        proposal = "" if read_file else NEEDED.get(target, "")
        fail(UnreadableFile, place, str(error), "cannot be read", proposal)
    except PackageMissing as error:
        what, proposal = f"`{error}` is not installed", error.help
        fail(NotAvailable, place, what, "needed to read the type of the model", proposal)
    except Unsupported as error:
        proposal = "wrap the model in a torch module, and declare that: `extern layer`"
        fail(NotAvailable, place, str(error), "read here", proposal)
    except UnknownType as error:
        named = f'{declaration.name.name}("{path}")'
        proposal = f"declare the type: `extern layer model(x: …) -> … = {named}`"
        fail(NotAvailable, place, str(error), "read here", proposal)


def target_of(declaration: tree.Declaration) -> str:
    """The module of the runtime that a declaration names."""
    assert isinstance(declaration, tree.Component) and isinstance(declaration.body, tree.Literal)
    return str(declaration.body.value)


def check_tuning(place: Span, tuning: Value, model: Declared, blocks: int | None = None) -> None:
    """Refuse what is no tuning, what the model cannot, and more blocks than there are."""
    if not isinstance(tuning, Tuning):
        known = "`frozen`, `full`, `last(k)` or `lora(rank=, targets=)`"
        fail(WrongArguments, place, f"`tune` is {known}", f"this is {describe(tuning)}")
    if isinstance(tuning, Lora) and target_of(model.declaration) in READERS:
        what = f"`lora` adapts layers of torch, and `{model.name}` has none"
        fail(WrongArguments, place, what, "this is `lora(…)`", "`frozen` and `full` go")
    if isinstance(tuning, Last) and blocks is not None and tuning.blocks > blocks:
        what = f"`{tuning}` asks for more blocks than there are"
        fail(WrongArguments, place, what, f"the model has {blocks} blocks")


def _write(
    declaration: tree.Component, inputs: Sequence[tuple[str, str]], kind: PretrainedType
) -> str:
    """The declaration with its type, as text of the language."""
    body = declaration.body
    assert isinstance(body, tree.Literal)
    given = [(p.name.name, p.type) for p in declaration.settings or () if p.type is not None]
    settings = ", ".join(f"{name}: {written.span.text}" for name, written in given)
    taken = ", ".join(f"{name}: {text}" for name, text in inputs)
    yielded = ", ".join(f"{name}: {text}" if name else text for name, text in kind.results)
    yielded = yielded if kind.results[0][0] == "" else f"({yielded})"
    name = declaration.name.name
    return f'extern layer {name}({settings})({taken}) -> {yielded} = "{body.value}"\n'
