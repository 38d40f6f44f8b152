"""`SafetensorsFile`: the tensors of a file, which do not learn, by their names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from qmlc.runtime.check_shapes import bind_dimensions
from qmlc.runtime.errors import unfit
from qmlc.runtime.load_part import read_tensors
from qmlc.runtime.module import Module


class Tensors(nn.Module):
    """Tensors as buffers, which follow the module's device and precision, and are not saved."""

    def __getitem__(self, index: int) -> nn.Module | Tensor:
        """What a number names, as it does the parts of a `Sequential`."""
        found: nn.Module | Tensor = getattr(self, str(index))
        return found

    def hold(self, name: str, tensor: Tensor) -> None:
        """Register a tensor under a name such as `block.0.weight`; CompileError."""
        head, _, rest = name.partition(".")
        if hasattr(nn.Module, head) or not head:
            raise unfit(f"`{head}` is a name of torch's modules, and cannot be that of a tensor")
        if not rest:
            self.register_buffer(head, tensor, persistent=False)
            return
        if head not in self._modules:
            self.add_module(head, Tensors())
        part = self._modules[head]
        assert isinstance(part, Tensors)
        part.hold(rest, tensor)


class SafetensorsFile(Module):
    """The tensors of a file as `tensors`, held against the types that the program was told.

    Real numbers take the module's precision, whole ones are of 64 bits; complex ones are pairs.
    CompileError (E0606) where the file holds other names or types than when it was compiled.
    """

    output: ClassVar[Mapping[str, str]] = {}
    inputs: ClassVar[Mapping[str, str]] = {}

    def __init__(self, path: str) -> None:
        super().__init__()
        found = read_tensors(path, type(self))
        if sorted(found) != sorted(self.output):
            raise unfit(f"`{path}` holds other tensors than when the program was compiled")
        try:
            bind_dimensions(self.name, self.output, found)
        except ValueError as error:
            raise unfit(str(error), "compile the program again") from None
        self.tensors = Tensors()
        for name in self.output:
            self.tensors.hold(name, _in_precision(found[name]))


def _in_precision(tensor: Tensor) -> Tensor:
    if tensor.is_complex():
        return torch.view_as_real(tensor.to(torch.complex64))
    if tensor.is_floating_point():
        return tensor.to(torch.get_default_dtype())
    return tensor if tensor.dtype == torch.bool else tensor.long()
