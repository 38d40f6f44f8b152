"""From LLVM's text to machine code, and from machine code to functions that Python calls."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import llvmlite
from llvmlite import binding

from qmlc.kernels.host import Host
from qmlc.kernels.language import Template
from qmlc.kernels.scope import kinds_of

COMPILER = f"llvmlite {llvmlite.__version__}, LLVM {binding.llvm_version_info}"
C_TYPES = {
    "Int": ctypes.c_int64,
    "Double": ctypes.c_double,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
}

binding.initialize_native_target()
binding.initialize_native_asmprinter()


def target_machine(host: Host) -> Any:
    """LLVM's for a host.

    In a process that holds much, code and constants may be loaded more than 2 GiB apart.
    """
    return binding.Target.from_triple(host.triple).create_target_machine(
        cpu=host.processor, features=host.switches, opt=3, reloc="pic", codemodel="large"
    )


def optimised(text: str, machine: Any) -> Any:
    """A module, optimised; vectors are as the kernels wrote them."""
    module = binding.parse_assembly(text)
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = False
    options.slp_vectorization = False
    options.loop_interleaving = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


def object_code(text: str, host: Host) -> bytes:
    """An object file."""
    machine = target_machine(host)
    return bytes(machine.emit_object(optimised(text, machine)))


def assembly(text: str, host: Host) -> str:
    """What stands in the object file, to be read."""
    machine = target_machine(host)
    return str(machine.emit_assembly(optimised(text, machine)))


class Library:
    """Compiled entries: each is an attribute, a C function by ctypes, without the GIL."""

    def __init__(self, code: bytes, entries: Sequence[Template], real: str, host: Host) -> None:
        self.host = host
        self.real = real
        self._compiler = binding.create_lljit_compiler(target_machine(host))
        link = binding.JITLibraryBuilder().add_object_img(code).add_current_process()
        for entry in entries:
            link.export_symbol(entry.name)
        self._code = link.link(self._compiler, "kernels")
        self._functions = {
            entry.name: signature(entry, real)(self._code[entry.name]) for entry in entries
        }

    @property
    def lanes(self) -> int:
        """Of a Vector."""
        return self.host.vector_bytes // (4 if self.real == "float32" else 8)

    def address(self, name: str) -> int:
        """Of an entry."""
        return int(self._code[name])

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_functions"][name]
        except KeyError:
            raise AttributeError(name) from None


def signature(entry: Template, real: str) -> Callable[[int], Any]:
    """The type of an entry's C function: pointers are taken as addresses."""
    types: Mapping[str, Any] = C_TYPES | {"Real": C_TYPES[real]}
    kinds = dict(kinds_of(entry))
    result = ctypes.c_int64 if kinds.pop("return", None) else None
    return ctypes.CFUNCTYPE(result, *(types.get(k, ctypes.c_void_p) for k in kinds.values()))
