"""Load a part that was trained before."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from qmlc.runtime.errors import unfit
from qmlc.runtime.module import Module, source_of
from qmlc.source.compile_error import CompileError
from qmlc.source.errors import UnreadableFile
from qmlc.source.nearest import propose_nearest
from qmlc.source.span import NOWHERE

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def load_part(module: AnyModule, path: str, *, at: str = "", beside: Module) -> AnyModule:
    """The module, with the weights that a file of safetensors holds of it, under the path `at`.

    The file is looked for beside the program of `beside`, then in the current folder. CompileError
    where it cannot be read (E0601), or holds other names or shapes (E0606).
    """
    weights = read_tensors(path, type(beside))
    prefix = f"{at}." if at else ""
    part = {n.removeprefix(prefix): t for n, t in weights.items() if n.startswith(prefix)}
    if not part:
        proposal = propose_nearest(
            at,
            sorted({name.partition(".")[0] for name in weights}),
            f"it holds {_some(list(weights))}",
        )
        raise unfit(f"`{path}` holds nothing at `{at}`", proposal)
    expected = module.state_dict()
    for name, tensor in expected.items():
        if name not in part:
            proposal = propose_nearest(name, list(part), f"it holds {_some(list(part))}")
            raise unfit(f"`{path}` does not hold `{prefix}{name}`", proposal)
        if part[name].shape != tensor.shape:
            there, here = list(part[name].shape), list(tensor.shape)
            raise unfit(f"`{prefix}{name}` in `{path}` is {there}, and {here} here")
    left = [name for name in part if name not in expected]
    if left:
        raise unfit(f"`{path}` holds `{prefix}{left[0]}`, which the part does not have")
    module.load_state_dict(part)
    return module


def read_tensors(path: str, beside: type[Module]) -> dict[str, Tensor]:
    """The tensors of a file beside the program of a class, or in the current folder; E0601."""
    source = source_of(beside)
    folder = Path(source).parent if source is not None else Path()
    found = next((b / path for b in (folder, Path()) if (b / path).is_file()), None)
    try:
        if found is None:
            raise OSError("there is no such file")
        return load_file(found)
    except (OSError, SafetensorError) as error:
        what = f"cannot read `{path}`: {error}"
        usual = "a training writes `runs/PROGRAM/MODEL/best.safetensors`"
        proposal = propose_training(path, folder) or usual
        raise CompileError((UnreadableFile(NOWHERE, what=what, proposal=proposal),)) from None


def propose_training(path: str, folder: Path) -> str:
    """The command that writes what a run's folder is to hold; nothing where no program does.

    A run's folder is `runs/PROGRAM/MODEL`; programs are looked for in `folder` and the current one.
    """
    match Path(path).parts:
        case ("runs", name, _, *_):
            programs = (base / f"{name}.hqm" for base in (Path(), folder))
            found = next((program for program in programs if program.is_file()), None)
            return f"`qmlc train {found}` makes it" if found is not None else ""
    return ""


def _some(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:5]) + (", …" if len(names) > 5 else "")
