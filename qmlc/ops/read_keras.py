"""What a model of Keras takes and yields, by the configuration in its file, read as data.

A `.keras` file is a zip with a `config.json`; an older `.h5` file has it as an attribute
(https://keras.io/guides/serialization_and_saving). Nothing of Keras is imported.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from qmlc.ops.keras_laws import ELEMENTWISE, Config, Shape, Size, Unknown, law_of
from qmlc.ops.pretrained_type import (
    PackageMissing,
    PretrainedType,
    UnknownType,
    Unsupported,
    name_of,
)
from qmlc.ops.safetensors_header import Unreadable

MODELS = ("Functional", "Model", "Sequential")
SIZES = "THW"
"""Names for sizes that a model leaves open, behind that of the batch."""


def read_keras(path: Path) -> PretrainedType:
    """The type of the model in a file; Unreadable, Unsupported, UnknownType, PackageMissing."""
    config = load_config(path)
    check_safe(path, config)
    try:
        inputs, results = _Graph(config).ends()
    except Unknown as error:
        what = f"`{path.name}`: nothing here tells what {error} yields"
        raise UnknownType(what) from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise Unreadable(f"the configuration in `{path.name}` is not one of Keras") from None
    written = [(name, f"real{_sizes(shape)}") for name, shape in results]
    return PretrainedType(tuple(inputs), tuple(written), needed=len(inputs))


def load_config(path: Path) -> Config:
    """The configuration of the model in a file; Unreadable, PackageMissing."""
    text = _archived(path) if zipfile.is_zipfile(path) else _attribute(path)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("config"), dict):
        raise Unreadable(f"`{path.name}` holds no configuration of a model of Keras")
    return found


def _archived(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json").decode("utf-8")
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        raise Unreadable(f"there is no `config.json` in `{path.name}`") from None


def _attribute(path: Path) -> str:
    try:
        import h5py  # in an extra, and needed for programs that name such a file only
    except ImportError:
        raise PackageMissing("h5py", "keras") from None
    try:
        with h5py.File(path) as file:
            text = file.attrs.get("model_config")
    except OSError:
        raise Unreadable(f"`{path.name}` is neither a `.keras` nor an `.h5` file") from None
    if text is None:
        raise Unreadable(f"`{path.name}` holds weights only, and no model")
    return text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")


def check_safe(path: Path, config: Any) -> None:
    """Nothing; Unsupported where a model holds code, or classes that are not of Keras."""
    for part in _objects(config):
        name, module = part["class_name"], part.get("module") or "keras"
        if name == "Lambda" or name == "__lambda__":
            raise Unsupported(f"`{path.name}` holds code in a `Lambda`, which is not run")
        registered = part.get("registered_name") or ""
        if str(module).partition(".")[0] not in ("keras", "builtins") or ">" in str(registered):
            raise Unsupported(f"`{path.name}` holds a class that is not of Keras: `{name}`")
    if config.get("class_name") not in MODELS:
        what = f"`{path.name}` is a `{config.get('class_name')}`, whose code says what it does"
        raise Unsupported(what)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every object of a configuration that names a class."""
    if isinstance(value, Mapping):
        if isinstance(value.get("class_name"), str):
            yield value
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from _objects(part)


class _Graph:
    """The layers of a model by name, and the shapes of what they yield."""

    def __init__(self, config: Config, given: Sequence[Shape] | None = None) -> None:
        self.config = config["config"]
        self.given = given
        self.layers = {_name(layer): layer for layer in self.config["layers"]}
        self.chain = config["class_name"] == "Sequential"
        self.known: dict[tuple[str, int], Shape] = {}

    def ends(self) -> tuple[list[tuple[str, str]], list[tuple[str, Shape]]]:
        """Inputs with their types, and results with their shapes."""
        if self.chain:
            return self._chain()
        sources = _references(self.config["input_layers"])
        inputs = []
        for place, (_, (name, *_)) in enumerate(sources):
            layer = self.layers[name]
            shape = _input_shape(layer, place if len(sources) > 1 else None)
            if self.given is not None:
                shape = self.given[place]
            self.known[name, 0] = shape
            inputs.append((name_of(name), f"{_kind(layer)}{_sizes(shape)}"))
        ends = _references(self.config["output_layers"])
        results = []
        for label, (name, node, tensor) in ends:
            if tensor:
                raise Unknown(f"the layer `{name}`, which has several results,")
            own = name_of(label or name) if len(ends) > 1 else ""
            results.append((own, self._shape(name, node)))
        return inputs, results

    def _chain(self) -> tuple[list[tuple[str, str]], list[tuple[str, Shape]]]:
        first, *rest = self.layers.values()
        shape = self.given[0] if self.given is not None else _input_shape(first, None)
        inputs = [(name_of(_name(first)), f"{_kind(first)}{_sizes(shape)}")]
        for layer in rest if first["class_name"] == "InputLayer" else (first, *rest):
            shape = _result(layer, [shape])
        return inputs, [("", shape)]

    def _shape(self, name: str, node: int) -> Shape:
        """The shape of what the layer yields at one of its uses."""
        if (name, node) not in self.known:
            layer = self.layers[name]
            taken = [self._taken(tensor) for tensor in _tensors(layer["inbound_nodes"][node])]
            self.known[name, node] = _result(layer, taken)
        return self.known[name, node]

    def _taken(self, tensor: tuple[str, int, int, Any]) -> Shape:
        """The shape of an input of a layer: as the file states it, else by the laws."""
        name, node, index, stated = tensor
        if (name, node) in self.known and not index:
            return self.known[name, node]
        batch = next(iter(self.known.values()))[0]
        if self.given is None and stated and None not in stated[1:]:
            return (batch if stated[0] is None else stated[0], *stated[1:])
        if index:
            raise Unknown(f"the layer `{name}`, which has several results,")
        return self._shape(name, node)


def _result(layer: Config, taken: Sequence[Shape]) -> Shape:
    """The shape of what a layer yields, a model within the model included; Unknown."""
    if layer["class_name"] in MODELS:
        (result,) = _Graph(layer, taken).ends()[1]
        return result[1]
    is_function = ".ops." in (layer.get("module") or "")
    if is_function and layer["class_name"] not in ELEMENTWISE:
        raise Unknown(f"the function `{layer['class_name']}`")
    return law_of(layer["class_name"])(layer["config"], taken)


def _name(layer: Config) -> str:
    return str(layer.get("name") or layer["config"]["name"])


def _input_shape(layer: Config, place: int | None) -> Shape:
    """The shape that an input states, with names for sizes left open."""
    config = layer["config"]
    stated = config.get("batch_shape") or config.get("batch_input_shape")
    if stated is None and layer.get("build_config"):
        stated = layer["build_config"].get("input_shape")
    if stated is None and layer["class_name"] in MODELS:
        return _input_shape(config["layers"][0], place)
    if stated is None:
        raise Unknown("a model that was never called")
    mark = "" if place is None else str(place)
    names = iter([f"{name}{mark}" for name in SIZES[0 if len(stated) < 4 else 1 :]])
    open_sizes = [size if size is not None else next(names) for size in stated[1:]]
    return ("B" if stated[0] is None else stated[0], *open_sizes)


def _kind(layer: Config) -> str:
    """The element type of an input."""
    dtype = layer["config"].get("dtype") or "float32"
    name = dtype if isinstance(dtype, str) else dtype["config"]["name"]
    if name.startswith(("int", "uint")) or layer["class_name"] == "Embedding":
        return "int"
    if name == "string":
        raise Unknown("an input of texts")
    return "bool" if name == "bool" else "real"


def _references(value: Any) -> list[tuple[str | None, tuple[str, int, int]]]:
    """Where inputs or outputs are, layer, use and number, each with its key where it has one."""
    if isinstance(value, Mapping):
        return [(key, found) for key, inner in value.items() for _, found in _references(inner)]
    if len(value) == 3 and isinstance(value[0], str):
        return [(None, (value[0], value[1], value[2]))]
    return [found for inner in value for found in _references(inner)]


def _tensors(value: Any) -> list[tuple[str, int, int, Any]]:
    """What a use of a layer is given, in order: layer, use, number and the shape that is stated."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            name, node, index = value["config"]["keras_history"]
            return [(name, node, index, value["config"].get("shape"))]
        return [found for inner in value.values() for found in _tensors(inner)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) in (3, 4) and isinstance(value[0], str) and isinstance(value[1], int):
            return [(value[0], value[1], value[2], None)]  # Keras 2
        return [found for inner in value for found in _tensors(inner)]
    return []


def _sizes(shape: Shape) -> str:
    sizes: Sequence[Size] = shape
    return f"[{', '.join(str(size) for size in sizes)}]"
