"""From text to tree: lex, lay out, and parse each declaration by itself."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import lark
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken as LarkUnexpectedToken
from lark.tree import Meta

from qmlc import resources
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.nearest import nearest
from qmlc.source.span import Source, Span
from qmlc.syntax import tree
from qmlc.syntax.build_tree import TreeBuilder
from qmlc.syntax.errors import TooLarge, UnexpectedToken
from qmlc.syntax.lay_out import (
    ANYWHERE,
    DECLARATIONS,
    Chunk,
    lay_out,
    read_documentation,
    token_span,
)

MAX_CHARACTERS = 200_000
MAX_DEPTH = 400
MAX_ERRORS = 100
READABLE = {
    "NL": "the end of the line", "NAME": "a name", "NUMBER": "a number", "STRING": "a string",
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "LBRACE": "`{`", "RBRACE": "`}`",
    "EQUAL": "`=`", "COMMA": "`,`", "COLON": "`:`", "DOT": "`.`", "TILDE": "`~`",
}  # fmt: skip


def parse(source: Source) -> tuple[tree.File, tuple[Diagnostic, ...]]:
    """The tree of the declarations that could be read, and all errors of the text."""
    if len(source.text) > MAX_CHARACTERS:
        error = TooLarge(
            Span(source, 0, 0),
            what=f"the program has {len(source.text):,} characters, more than {MAX_CHARACTERS:,}",
            where="starts here",
            proposal='read long tables from files: `const mu = numpy("mu.npy")`',
        )
        return tree.File(Span(source, 0, 0), ()), (error,)
    parser, builder = _parser()
    builder.source = source
    tokens = list(parser.lex(source.text))
    chunks, errors = lay_out(source, tokens)
    declarations = []
    for chunk in chunks:
        if chunk.broken:
            continue
        if len(errors) >= MAX_ERRORS:
            break
        result = _parse_chunk(parser, builder, source, chunk)
        if isinstance(result, Diagnostic):
            errors.append(result)
        else:
            declarations.append(result)
    errors.sort(key=lambda e: e.at.start)
    doc = read_documentation(tokens)
    return tree.File(Span(source, 0, len(source.text)), tuple(declarations), doc), tuple(errors)


def tokens_of(source: Source) -> list[tuple[str, str]]:
    """(kind, text) of each token of the declarations, for `--emit tokens`."""
    return [(token.type, str(token)) for token in laid_out_tokens(source)]


def laid_out_tokens(source: Source) -> list[Token]:
    """The tokens of the declarations, with the line ends that end a statement."""
    parser, _ = _parser()
    chunks, _ = lay_out(source, list(parser.lex(source.text)))
    return [token for chunk in chunks for token in chunk.tokens]


def _parse_chunk(
    parser: Lark, builder: TreeBuilder, source: Source, chunk: Chunk
) -> tree.Declaration | Diagnostic:
    state = parser.parse_interactive()
    token = chunk.tokens[0]
    try:
        for token in chunk.tokens:
            state.feed_token(token)
        result = state.feed_eof(chunk.tokens[-1])  # type: ignore[no-untyped-call]
    except LarkUnexpectedToken:
        accepted = set(state.accepts())  # type: ignore[no-untyped-call]
        return _unexpected(source, token, accepted, chunk.tokens.index(token) == 0)
    if len(chunk.tokens) > MAX_DEPTH and (deep := _too_deep(result)) is not None:
        return TooLarge(
            _first_line(Span(source, deep.start_pos, deep.end_pos)),
            what=f"this expression nests more than {MAX_DEPTH} deep",
            where="in here",
            proposal="give its parts names with `let`, or use `sum(… for i in …)`",
        )
    declaration: tree.Declaration = builder.transform(result)
    if isinstance(declaration, tree.Component | tree.DataBlock) and chunk.doc:
        declaration = replace(declaration, doc=chunk.doc)
    return declaration


def _first_line(span: Span) -> Span:
    """The first line of a span."""
    end = span.source.text.find("\n", span.start)
    return Span(span.source, span.start, min(span.end, end) if end >= 0 else span.end)


def _unexpected(
    source: Source, token: Token, accepted: set[str], at_start: bool
) -> UnexpectedToken:
    found = "the end of the line" if token.type == "NL" else f"`{token}`"
    if token.type == "$END":
        found = "the end of the declaration"
    expected, proposal = _expected(accepted), _proposal(token, accepted)
    if at_start:
        expected = "a declaration"
        close = nearest(str(token), DECLARATIONS)
        known = "a program is made of " + ", ".join(f"`{d}`" for d in DECLARATIONS)
        proposal = f"did you mean `{close}`?" if close else known
        if token in DECLARATIONS:
            proposal = f"after `{token}` comes a name"
        elif token in ("/", "//", "*"):
            proposal = "comments begin with `#`"
    start = token_span(source, token)
    span = Span(source, start.start, start.start + (0 if token.type == "NL" else len(token)))
    return UnexpectedToken(span, found=found, expected=expected, proposal=proposal)


def _proposal(token: Token, accepted: set[str]) -> str:
    """What was probably meant, for mistakes that are often made."""
    if accepted == {"LPAR"}:
        return "a component without inputs has `()` after its name"
    if token.type == "NL" and {"EQUAL", "LBRACE"} <= accepted:
        return "a body is `{ … }`, or `= expression` with the `=` on this line"
    if token == "=" and "COMPARE" in accepted and "NL" not in accepted:
        return "compare with `==`"
    if token == "//" and "NL" in accepted:
        return "comments begin with `#`"
    if token == "->" and "NL" in accepted:
        return "a measurement is bound: `let m = measure q`"
    if token in STATEMENT_OPERATORS and "AT" in accepted:
        return "an expression is never a statement: bind it with `let`, or `return` it"
    if token.type in WORDS and accepted == {"NAME"}:
        return f"`{token}` is a word of the language, not a name"
    return ""


STATEMENT_OPERATORS = frozenset("+ - * / . |> ** %".split())
WORDS = frozenset(word.upper() for word in (*ANYWHERE, "measure"))
CLOSING = ("NL", "RPAR", "RSQB", "RBRACE", "COMMA", "EQUAL", "COLON", "LBRACE")


def _expected(accepted: set[str]) -> str:
    """What may stand here, in words: of a long list, what ends the part at hand."""
    if {"NUMBER", "STRING", "NAME"} <= accepted:
        return "an expression"
    known = [a for a in accepted if a in READABLE]
    if len(accepted) > 4:
        known = [a for a in known if a in CLOSING] or known
    names = sorted(READABLE[a] for a in known)
    if not names:
        names = sorted(f"`{a.lower()}`" for a in accepted)[:6]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _too_deep(root: Tree[Token]) -> Meta | None:
    """The place of the first node deeper than MAX_DEPTH, found without recursion."""
    stack = [(root, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH and not item.meta.empty:
            return item.meta
        stack += [(child, depth + 1) for child in item.children if isinstance(child, Tree)]
    return None


@lru_cache(maxsize=1)
def _parser() -> tuple[Lark, TreeBuilder]:
    text = resources.grammar_text()
    builder = TreeBuilder()
    options: dict[str, Any] = {
        "parser": "lalr",
        "lexer": "basic",
        "propagate_positions": True,
        "maybe_placeholders": False,
    }
    cache = _cache_path(text)
    return Lark(text, cache=str(cache) if cache else False, **options), builder


def _cache_path(text: str) -> Path | None:
    """Where the tables of this grammar are kept: in the user's own folder, never a shared one."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "qmlc"
    try:
        base.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            pass
    except OSError:
        return None
    key = hashlib.sha256((text + lark.__version__).encode()).hexdigest()[:16]
    return base / f"grammar-{key}.tables"
