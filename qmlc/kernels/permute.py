"""Lanes of a vector in an order that is known only when the kernel runs."""

from __future__ import annotations

from qmlc.kernels.errors import KernelError
from qmlc.kernels.operations import Item, cast, constant, value_of
from qmlc.kernels.types import Type, Value
from qmlc.kernels.writer import Writer

ONE_INSTRUCTION = {
    ("float", 16): ("avx512f", "llvm.x86.avx512.permvar.sf.512"),
    ("double", 8): ("avx512f", "llvm.x86.avx512.permvar.df.512"),
    ("float", 8): ("avx2", "llvm.x86.avx2.permps"),
    ("double", 4): ("avx512vl", "llvm.x86.avx512.permvar.df.256"),
    ("float", 4): ("avx", "llvm.x86.avx.vpermilvar.ps"),
}
"""The feature and the intrinsic, by element and lanes."""


def permute(writer: Writer, vector: Item, lanes: Item) -> Value:
    """In lane l, lane lanes[l] of the vector: one instruction where the host has one."""
    value, index = value_of(writer, vector), value_of(writer, lanes)
    if index.type != writer.types["IntVector"] or value.type.lanes != index.type.lanes:
        raise KernelError("permute takes a vector and an IntVector of lane numbers")
    if value.type.bytes * 8 != writer.machine.real_bits:
        raise KernelError("permute takes a Vector or an IntVector")
    real = cast(writer, "bitcast", value, writer.types["Vector"])
    return cast(writer, "bitcast", _permute_reals(writer, real, index), value.type)


def _permute_reals(writer: Writer, real: Value, index: Value) -> Value:
    type, features = real.type, writer.machine.features
    feature, name = ONE_INSTRUCTION.get((type.element, type.lanes), ("", ""))
    if feature in features:
        return writer.call(name, type, real, index)
    if (type.element, type.lanes) == ("double", 4) and "avx2" in features:
        return _permute_halves(writer, real, index)
    return _permute_one_by_one(writer, real, index)


def _permute_halves(writer: Writer, real: Value, index: Value) -> Value:
    """Four doubles as eight floats: lane i is the floats 2 i and 2 i + 1."""
    ints, floats = Type("i32", 8), Type("float", 8)
    low = writer.emit(index.type, f"and {index}, {constant(3, index.type).text}")
    twice = writer.emit(index.type, f"shl {low}, {constant(1, index.type).text}")
    high = writer.emit(index.type, f"shl {twice}, {constant(32, index.type).text}")
    both = writer.emit(index.type, f"or {twice}, {high.text}")
    pair = writer.emit(index.type, f"or {both}, {constant(1 << 32, index.type).text}")
    parts = cast(writer, "bitcast", real, floats)
    order = cast(writer, "bitcast", pair, ints)
    name = ONE_INSTRUCTION["float", 8][1]
    return cast(writer, "bitcast", writer.call(name, floats, parts, order), real.type)


def _permute_one_by_one(writer: Writer, real: Value, index: Value) -> Value:
    type = real.type
    low = writer.emit(index.type, f"and {index}, {constant(type.lanes - 1, index.type).text}")
    result = Value(type, "poison")
    for lane in range(type.lanes):
        at = writer.emit(Type(index.type.element), f"extractelement {low}, i64 {lane}")
        one = writer.emit(Type(type.element), f"extractelement {real}, {at}")
        result = writer.emit(type, f"insertelement {result}, {one}, i64 {lane}")
    return result
