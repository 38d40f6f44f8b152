"""`PretrainedModule`: a module with weights from elsewhere, as much of which learns as is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from qmlc.ops.find_pretrained import NotFound, find_pretrained
from qmlc.ops.tunings import Frozen, Full, Last, Lora, Tuning
from qmlc.runtime.errors import unfit
from qmlc.runtime.extern_module import ExternModule
from qmlc.runtime.freeze import freeze
from qmlc.runtime.module import source_of
from qmlc.source.nearest import nearest

Finder = Callable[[str, Sequence[Path]], Path]


class PretrainedModule(ExternModule):
    """An extern layer whose module is read from a folder and then tuned.

    Its state holds what may learn, and no copy of what is frozen: that is read from the folder
    again, which has to lie where it lay.
    """

    find = staticmethod(find_pretrained)
    """Where it lies, by its path and the folders to look in; NotFound."""
    _rest: frozenset[str] | None = None
    """What is no part of its state, by name; None for all of it."""

    def make(self, **settings: Any) -> nn.Module:
        """The module in the folder `path`, with the parameters frozen that `tune` leaves out."""
        path, tune = settings.pop("path"), settings.pop("tune", Frozen())
        folder = self.locate(path, self.find)
        module = self.tune(self.read(folder, **settings), tune)
        self._rest = None
        if tune != Frozen():
            self._rest = frozenset(n for n, p in module.named_parameters() if not p.requires_grad)
        return module

    def locate(self, path: str, find: Finder) -> Path:
        """What a path names beside the program or in the current folder; CompileError."""
        source = source_of(type(self))
        bases = [Path(source).parent] if source is not None else []
        try:
            return find(path, [*bases, Path()])
        except NotFound as error:
            raise unfit(error.what, error.proposal) from None

    def read(self, folder: Path, **settings: Any) -> nn.Module:
        """The module in a folder."""
        raise NotImplementedError

    def tune(self, module: nn.Module, tune: Tuning) -> nn.Module:
        """The module, of which learns what `tune` says; CompileError where it has no such parts."""
        match tune:
            case Frozen():
                return freeze(module)
            case Full():
                return module.requires_grad_(True)
            case Last():
                learn_last(module, self.blocks(module), tune, self.name)
                return module
            case Lora():
                return adapt(module, tune, self.name)

    def blocks(self, module: nn.Module) -> Sequence[nn.Module]:
        """What `last(k)` chooses from."""
        return find_blocks(module)

    def state_dict(self, *args: Any, **options: Any) -> Any:
        """What may learn, by its names."""
        prefix = f"{options.get('prefix', '')}module."
        found = super().state_dict(*args, **options)
        for name in [name for name in found if name.startswith(prefix)]:
            if self._is_read_again(name.removeprefix(prefix)):
                del found[name]
        return found

    def _is_read_again(self, name: str) -> bool:
        return self._rest is None or name in self._rest

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        # torch hands over a copy of the state, from which the parts are loaded next
        for name, tensor in self.module.state_dict().items():
            if self._is_read_again(name):
                state.setdefault(f"{prefix}module.{name}", tensor)
        super()._load_from_state_dict(state, prefix, *others)


def learn_last(module: nn.Module, blocks: Sequence[nn.Module], tune: Last, name: str) -> None:
    """Nothing; of the module learn the last blocks alone. CompileError where there are too few.

    Layers without weights ahead of them, such as dropout, stay in evaluation mode.
    """
    if tune.blocks > len(blocks):
        raise unfit(f"`{name}`: `{tune}`, but the model has {len(blocks)} blocks")
    module.requires_grad_(False)
    first = blocks[-tune.blocks]
    for part in takewhile(lambda part: part is not first, module.modules()):
        if not part._parameters and not part._modules:
            freeze(part)
    for block in blocks[-tune.blocks :]:
        block.requires_grad_(True)


def find_blocks(module: nn.Module) -> Sequence[nn.Module]:
    """The longest list of modules of one class that lies in no other; the last of equal ones.

    A decoder comes after its encoder. Empty where there is none.
    """
    lists: dict[str, list[nn.Module]] = {}
    for path, part in module.named_modules():
        inside = any(path.startswith(f"{outer}.") for outer in lists)
        if isinstance(part, nn.ModuleList) and not inside and len(set(map(type, part))) == 1:
            lists[path] = list(part)
    return max(reversed(lists.values()), key=len, default=[])


def find_parts(module: nn.Module) -> Sequence[nn.Module]:
    """The outermost parts of a module that have weights, in their order."""
    return [part for part in module.children() if any(True for _ in part.parameters())]


def adapt(module: nn.Module, tune: Lora, name: str) -> nn.Module:
    """The module with low-rank adapters, which alone learn; it computes the same at first."""
    try:
        import peft  # heavy, and in the extra `pretrained`
    except ImportError:
        raise missing_extra("peft") from None
    if tune.targets is not None:
        check_targets(module, tune.targets, name)
    config = peft.LoraConfig(
        r=tune.rank,
        lora_alpha=tune.alpha,
        lora_dropout=tune.dropout,
        target_modules=None if tune.targets is None else list(tune.targets),
    )
    try:
        return peft.inject_adapter_in_model(config, module)  # type: ignore[no-any-return]
    except ValueError as error:
        raise unfit(f"`{name}` cannot be adapted: {error}", "name the `targets`") from None


def check_targets(module: nn.Module, targets: Sequence[str], name: str) -> None:
    """Nothing; CompileError, with the nearest name, where a target ends no layer's name."""
    paths = [path for path, part in module.named_modules() if isinstance(part, _ADAPTABLE)]
    ends = list(dict.fromkeys(path.rpartition(".")[2] for path in paths))
    for target in targets:
        if not any(path == target or path.endswith(f".{target}") for path in paths):
            close = nearest(target, ends)
            there = "layers end in " + ", ".join(f"`{end}`" for end in ends)
            proposal = f"did you mean `{close}`? {there}" if close else there
            raise unfit(f"`{name}` has no layer `{target}` to adapt", proposal)


_ADAPTABLE = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding)


def missing_extra(package: str) -> Exception:
    """The error that a package is not installed, to be raised."""
    return unfit(f"`{package}` is not installed", "pip install 'qmlc[pretrained]'")


def as_arguments(inputs: Mapping[str, str], tensors: Sequence[Tensor]) -> dict[str, Tensor]:
    """Tensors by the names of the inputs; masks as whole numbers, which all architectures take."""
    named = zip(inputs, tensors, strict=True)
    return {name: t.long() if inputs[name].startswith("bool") else t for name, t in named}
