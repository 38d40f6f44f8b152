"""`Module`: what every generated class is; constructed with other settings, it is compiled anew."""

from __future__ import annotations

import importlib
import inspect
import keyword
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast

from torch import nn

from qmlc.runtime.freeze import rest_frozen


class Module(nn.Module):
    """A compiled component: a class for the `settings` that it names.

    Constructed with these settings, or with none, it is just what the class says. With others,
    the component is compiled for them, and for the declared defaults of the rest, from the
    program's text (the `SOURCE` of the class's module), and an instance of that class comes back.
    A component among the settings is given as it is written in the language, or as a module that
    stands in its place.
    TypeError for settings that it does not have or that are missing.
    """

    name: ClassVar[str] = ""
    """What the author calls the component."""
    settings: ClassVar[Mapping[str, Any]] = {}
    origin: ClassVar[tuple[type[Module], Mapping[str, Any], str] | None] = None
    """For a class that was compiled on the spot: the class it came from, for which settings, and
    its own name there. Pickles hold this, so that another process can compile it again."""

    def __new__(cls, *args: Any, **keywords: Any) -> Self:
        """An instance for the settings given; see the class."""
        template = TemplateModule in cls.__bases__
        if not (template or {"settings", "__init__"} <= vars(cls).keys()):
            return super().__new__(cls)
        if not (template or args or keywords):
            return super().__new__(cls)
        given = given_settings(cls, args, keywords)
        modules = {name: value for name, value in given.items() if isinstance(value, nn.Module)}
        if template and modules:
            raise TypeError(
                f"{cls.__name__} is compiled for what it is given: write `{min(modules)}` in the "
                f'language, as in `{cls.__name__}({min(modules)}="linear(4)")`'
            )
        given |= {name: cls.settings.get(name) for name in modules}
        if given == dict(cls.settings) and not template:
            return super().__new__(cls)
        # not always a subclass of `cls`, but a class of the same component
        made = specialised_class(cls, given)
        return cast(Self, made(**{**made.settings, **modules}))

    def train(self, mode: bool = True) -> Self:
        """This, in training or evaluation mode; frozen parts are always in evaluation mode."""
        super().train(mode)
        if mode:
            rest_frozen(self)
        return self

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Copies and pickles are made without construction, from the state alone."""
        cls = type(self)
        origin, settings, name = (cls, None, "") if cls.origin is None else cls.origin
        state: Callable[[], Any] = self.__getstate__
        return blank, (reference(origin), settings, name), state()


class TemplateModule(Module):
    """A component that is compiled once all its settings are known: it has no instances itself."""


def given_settings(
    cls: type[Module], args: tuple[Any, ...], keywords: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of the settings for a construction, defaults filled in; TypeError."""
    _, *parameters = inspect.signature(cls.__init__).parameters.values()
    own = inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in parameters])
    try:
        bound = own.bind_partial(*args, **keywords)
    except TypeError as error:
        raise TypeError(f"{cls.__name__}: {error}; it is {cls.__name__}{own}") from None
    bound.apply_defaults()
    given = dict(bound.arguments)
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        given |= given.pop(parameters.pop().name)
    missing = [f"`{p.name}`" for p in parameters if p.name not in given]
    if missing:
        raise TypeError(f"{cls.__name__} needs {', '.join(missing)}; it is {cls.__name__}{own}")
    return given


def specialised_class(cls: type[Module], settings: Mapping[str, Any]) -> type[Module]:
    """The class of the component of `cls` for other settings, compiled once a process.

    ValueError where the program's text does not lie beside the module.
    """
    key = (cls, tuple((name, repr(value)) for name, value in settings.items()))
    if key not in _SPECIALISED:
        _SPECIALISED[key] = _specialise(cls, dict(settings))
    return _SPECIALISED[key]


_SPECIALISED: dict[tuple[type[Module], tuple[tuple[str, str], ...]], type[Module]] = {}


def _specialise(cls: type[Module], settings: dict[str, Any]) -> type[Module]:
    module = sys.modules.get(cls.__module__)
    named = {_authors(name): value for name, value in settings.items()}
    # the compiler imports this module, and is needed only where settings differ
    program = importlib.import_module("qmlc.program")
    made_of = getattr(module, "MADE_OF", None)
    if made_of is not None:
        return _stamp(cls, settings, program.specialise_text(*made_of[1:], cls.name, named))
    source = source_of(cls)
    if source is None or not Path(source).is_file():
        given = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        raise ValueError(
            f"{cls.__name__}({given}) must be compiled from the program's text, which is not at "
            f"{source or 'any known place'}"
        )
    return _stamp(cls, settings, program.specialise(Path(source), cls.name, named))


def _stamp(cls: type[Module], settings: dict[str, Any], made: type[Module]) -> type[Module]:
    """`made`, with its whole module, as coming from `cls` for `settings`."""
    for name, part in list(vars(sys.modules[made.__module__]).items()):
        own = inspect.isclass(part) and part.__module__ == made.__module__
        if own and issubclass(part, Module):
            part.origin = (cls, settings, name)
    return made


def source_of(cls: type[Module]) -> Any:
    """The path of the text that `cls` was compiled from; None where it has none.

    It is `SOURCE` in the module of the class, or among the globals of the class's own functions:
    its module may not be registered.
    """
    found = getattr(sys.modules.get(cls.__module__), "SOURCE", None)
    if found is not None:
        return found
    functions = (f for f in vars(cls).values() if inspect.isfunction(f))
    return next((f.__globals__["SOURCE"] for f in functions if "SOURCE" in f.__globals__), None)


def _authors(name: str) -> str:
    """The author's name of a setting: generated code says `lambda_` for `lambda`."""
    return name[:-1] if keyword.iskeyword(name[:-1]) or name == "self_" else name


def reference(cls: type[Module]) -> Any:
    """`cls`; for one that lies in no file, what its module is made of, and its name there."""
    made_of = getattr(sys.modules.get(cls.__module__), "MADE_OF", None)
    return cls if made_of is None else (*made_of, cls.__name__)


def blank(cls: Any, settings: Mapping[str, Any] | None, name: str) -> Module:
    """An instance that was not constructed, of a `reference`, or of the class `name` made of it."""
    if isinstance(cls, tuple):
        # the compiler imports this module, and is needed only for programs that `load` compiled
        program = importlib.import_module("qmlc.program")
        cls = getattr(program.load_module(*cls[:-1]), cls[-1])
    if settings is not None:
        made = specialised_class(cls, settings)
        cls = getattr(sys.modules[made.__module__], name)
    module: Module = object.__new__(cls)
    return module
