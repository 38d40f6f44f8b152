"""From a tree to a `Module`: its declarations by name, with those of the files it uses."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from qmlc import resources
from qmlc.check.errors.names import AlreadyDeclared, ImportFailed, SelfReference
from qmlc.check.values import Module
from qmlc.source.diagnostic import Diagnostic, Label
from qmlc.source.nearest import nearest, propose_nearest
from qmlc.source.span import Source
from qmlc.syntax import tree
from qmlc.syntax.parse import parse


class Loader:
    """Reads a file and, once each, the files it uses; collects what is wrong with them."""

    def __init__(self, read: Callable[[Path], str]) -> None:
        self.read = read
        self.errors: list[Diagnostic] = []
        self.files: dict[str, Module] = {}
        self.sources: list[tuple[Path, Source]] = []
        """The user's own files, in the order in which they were read."""
        self.trees: dict[str, tree.File] = {}
        self._loading: list[str] = []

    def load(self, source: Source, path: Path | None) -> Module:
        """The module of a source; `path` is where it stands, for files named relative to it."""
        return self._load(source, path, *parse(source))

    def _load(
        self, source: Source, path: Path | None, file: tree.File, errors: Iterable[Diagnostic]
    ) -> Module:
        key = str(path or source.name)
        self.errors += errors
        module = Module(source, path)
        self.files[key] = module
        self.trees[key] = file
        if path is not None:
            self.sources.append((path, source))
        self._loading.append(key)
        for declaration in file.declarations:
            self._declare(module, declaration)
        self._loading.pop()
        return module

    def _declare(self, module: Module, declaration: tree.Declaration) -> None:
        match declaration:
            case tree.Use():
                self._use(module, declaration)
            case tree.Lost():
                _lose(module, declaration.names)
                module.nameless |= not declaration.names
            case tree.Const() | tree.Component() | tree.DataBlock() | tree.Rewrite():
                name = declaration.name
                if self._is_new(module, name):
                    module.declared[name.name] = declaration

    def _is_new(self, module: Module, name: tree.Identifier) -> bool:
        earlier = module.declared.get(name.name)
        if isinstance(earlier, tree.Lost):
            return True
        if earlier is None and name.name not in module.imported:
            return True
        related = (Label(earlier.name.span, "declared here first"),) if earlier else ()
        self.errors.append(
            AlreadyDeclared(
                name.span,
                related,
                what=f"`{name.name}` is declared twice",
                where="again here" if earlier else "this file imports that name already",
                proposal="give one of them another name",
            )
        )
        return False

    def _use(self, module: Module, use: tree.Use) -> None:
        used = self._used_module(module, use)
        if used is None:
            _lose(module, use.names)
            return
        for name in use.names:
            if name.name in used.declared:
                if self._is_new(module, name):
                    module.imported[name.name] = (used, name.name)
                continue
            _lose(module, (name,))
            if used.nameless:
                continue
            close = nearest(name.name, used.declared)
            if close:  # below stands the right name, or the same slip again
                _lose(module, (tree.Identifier(name.span, close),))
            self.errors.append(
                ImportFailed(
                    name.span,
                    what=f"`{use.path}` has no `{name.name}`",
                    where="not there",
                    proposal=f"did you mean `{close}`?"
                    if close
                    else "it has " + ", ".join(f"`{d}`" for d in used.declared),
                )
            )

    def _used_module(self, module: Module, use: tree.Use) -> Module | None:
        if use.is_file:
            return self._file(module, use)
        name = use.path.removeprefix("std.")
        # the rules are used by themselves
        available = [f"std.{n}" for n in resources.stdlib_names() if "/" not in n]
        if use.path in available:
            known = self.files.get(f"std/{name}")
            if known is None:
                inner = Loader(self.read)
                source, file, errors = _library(name)
                known = inner._load(source, None, file, errors)
                self.errors += inner.errors
                self.files[f"std/{name}"] = known
            return known
        proposal = propose_nearest(use.path, available, "available are " + ", ".join(available))
        self._fail(ImportFailed, use, f"there is no module `{use.path}`", proposal)
        return None

    def _file(self, module: Module, use: tree.Use) -> Module | None:
        base = module.path.parent if module.path is not None else Path()
        # one file has one name, by whichever way it is reached
        path = Path(os.path.normpath(base / use.path))
        key = str(path)
        if key in self._loading:
            chain = " → ".join([*self._loading[self._loading.index(key) :], key])
            self._fail(
                SelfReference,
                use,
                f"files use each other in a circle: {chain}",
                "move what both need into a third file",
            )
            return None
        if key in self.files:
            return self.files[key]
        try:
            text = self.read(path)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self._fail(
                ImportFailed,
                use,
                f"cannot read `{use.path}`: {reason}",
                "paths are relative to the file they stand in",
            )
            return None
        return self.load(Source(str(path), text), path)

    def _fail(
        self,
        error: type[ImportFailed] | type[SelfReference],
        use: tree.Use,
        what: str,
        proposal: str,
    ) -> None:
        self.errors.append(error(use.span, what=what, where="used here", proposal=proposal))


@cache
def _library(name: str) -> tuple[Source, tree.File, tuple[Diagnostic, ...]]:
    """The tree of a module of the library, which is read once a process."""
    source = Source(f"std/{name}.hqm", resources.stdlib_text(name))
    return source, *parse(source)


def _lose(module: Module, names: tuple[tree.Identifier, ...]) -> None:
    """Note names whose declaration or import failed, which was reported."""
    for name in names:
        module.declared.setdefault(name.name, tree.Lost(name.span, (name,)))
