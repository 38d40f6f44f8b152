"""From text to tree: lex, lay out, and parse each declaration by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import lark
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedToken as LarkUnexpectedToken
from lark.tree import Meta

from qmlc import resources
from qmlc.source.diagnostic import Diagnostic
from qmlc.source.nearest import propose_nearest
from qmlc.source.span import Source, Span
from qmlc.syntax import tree
from qmlc.syntax.build_tree import TreeBuilder
from qmlc.syntax.errors import TooLarge, UnexpectedToken
from qmlc.syntax.lay_out import (
    ANYWHERE,
    DECLARATIONS,
    STATEMENTS,
    Chunk,
    lay_out,
    read_documentation,
    token_span,
)
from qmlc.syntax.reduce_tokens import Reducer

MAX_CHARACTERS = 200_000
MAX_DEPTH = 400
MAX_ERRORS = 100
READABLE = {
    "NL": "the end of the line", "NAME": "a name", "NUMBER": "a number", "STRING": "a string",
    "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "LBRACE": "`{`", "RBRACE": "`}`",
    "EQUAL": "`=`", "COMMA": "`,`", "COLON": "`:`", "DOT": "`.`", "TILDE": "`~`",
    "IN": "`in`",
}  # fmt: skip
PYTHONS = {
    "class": "a network is a function of tensors: `model net(x: real[B, 4]) -> real[B, 2] { … }`",
    "def": "write `fn f(x: T) -> T = …`, or `layer` where there is something to learn",
    "import": "write `use std.transformer (encoder)`; PyTorch's layers are there without",
    "from": "write `use std.transformer (encoder)`; PyTorch's layers are there without",
}
"""How a Python program begins, and what stands there here."""


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
    parser, reducer = _parser()
    tokens = list(parser.lex(source.text))
    chunks, errors = lay_out(source, tokens)
    declarations = []
    for chunk in chunks:
        if len(errors) >= MAX_ERRORS:
            break
        declaration, found = _parse_chunk(parser, reducer, source, chunk)
        declarations.append(declaration)
        errors += found
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
    parser: Lark, reducer: Reducer, source: Source, chunk: Chunk
) -> tuple[tree.Declaration, list[Diagnostic]]:
    """A declaration and what is wrong with it."""
    declaration = None if chunk.broken else reducer.reduce(source, chunk.tokens, MAX_DEPTH)
    if declaration is None:
        return _lost(source, chunk), _find_errors(parser, source, chunk)
    if isinstance(declaration, tree.Component | tree.Rewrite | tree.DataBlock) and chunk.doc:
        declaration = replace(declaration, doc=chunk.doc)
    return declaration, []


def _find_errors(parser: Lark, source: Source, chunk: Chunk) -> list[Diagnostic]:
    """What is wrong with a declaration; behind an error it goes on at the next statement."""
    errors: list[Diagnostic] = []
    tokens = chunk.tokens
    while tokens and not chunk.broken and len(errors) < MAX_ERRORS:
        result, place = _feed(parser, tokens)
        if isinstance(result, Tree):
            return [_nests_too_deep(source, result)] if tokens is chunk.tokens else errors
        start, end = _statement(tokens, place)
        errors += _explain(source, chunk, tokens, place, end, result)
        unbalanced = any(e.at.text == "}" for e in chunk.strays.values())
        in_body = "LBRACE" in {token.type for token in tokens[:start]}
        tokens = [*tokens[:start], *tokens[end:]] if in_body and end > start else []
        if unbalanced:
            break
    return errors


def _feed(parser: Lark, tokens: Sequence[Token]) -> tuple[Tree[Token] | set[str], int]:
    """The tree of a declaration; else what may stand where it goes wrong, and which token does."""
    state = parser.parse_interactive()
    place = 0
    try:
        while place < len(tokens):
            state.feed_token(tokens[place])
            place += 1
        return state.feed_eof(tokens[-1]), place  # type: ignore[no-untyped-call]
    except LarkUnexpectedToken:
        return set(state.accepts()), place  # type: ignore[no-untyped-call]


def _nests_too_deep(source: Source, result: Tree[Token]) -> Diagnostic:
    """What is wrong with a declaration that the grammar takes."""
    deep = _too_deep(result)
    return TooLarge(
        _first_line(Span(source, deep.start_pos, deep.end_pos)),
        what=f"this expression nests more than {MAX_DEPTH} deep",
        where="in here",
        proposal="give its parts names with `let`, or use `sum(… for i in …)`",
    )


def _lost(source: Source, chunk: Chunk) -> tree.Lost:
    """What remains of a declaration with errors: the names that it would have declared."""
    names = [t for t in chunk.tokens if t.type == "NAME"]
    if chunk.tokens[0].type == "NAME":  # a misspelt keyword
        names = names[1:]
    if chunk.tokens[0].type != "USE":
        names = names[:1]
    spans = [token_span(source, token) for token in names]
    start, end = token_span(source, chunk.tokens[0]), token_span(source, chunk.tokens[-1])
    return tree.Lost(
        Span(source, start.start, end.end),
        tuple(tree.Identifier(span, span.text) for span in spans),
    )


def _explain(
    source: Source,
    chunk: Chunk,
    tokens: Sequence[Token],
    place: int,
    end: int,
    accepted: set[str],
) -> list[Diagnostic]:
    """What is wrong at `place`, in a statement up to `end`: one mistake, told where it begins."""
    found: list[Diagnostic] = []
    if place == len(tokens) or tokens[place].type != "INVALID":
        token, ended = tokens[min(place, len(tokens) - 1)], place == len(tokens)
        error = _unexpected(source, token, accepted, at_start=place == 0, ended=ended)
        if not error.proposal and "NL" in accepted:
            error = replace(error, proposal=_in_gate_statement(tokens[:place], token))
        found.append(error)
    for token in tokens[place:end]:
        stray = chunk.strays.get(token.start_pos or 0)
        if token.type == "INVALID" and stray is not None:
            found.append(stray)
    return sorted(found, key=lambda e: e.at.start)[:1]  # none: `lay_out` told what is wrong


def _statement(tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """From where to where the statement around `place` goes: its line, or its block."""
    start = place
    while start and not _separates(tokens[start - 1]):
        start -= 1
    end, depth = place, 0
    while end < len(tokens):
        kind = tokens[end].type
        if kind == "RBRACE" and depth == 0:
            break
        depth += (kind == "LBRACE") - (kind == "RBRACE")
        end += 1
        if depth == 0 and kind in ("NL", "RBRACE"):
            break
    return start, end


def _separates(token: Token) -> bool:
    return token.type in ("NL", "LBRACE", "RBRACE")


def _first_line(span: Span) -> Span:
    """The first line of a span."""
    end = span.source.text.find("\n", span.start)
    return Span(span.source, span.start, min(span.end, end) if end >= 0 else span.end)


def _unexpected(
    source: Source, token: Token, accepted: set[str], *, at_start: bool, ended: bool
) -> UnexpectedToken:
    found = "the end of the line" if token.type == "NL" else f"`{token}`"
    if ended:
        found = "the end of the declaration"
    expected, proposal = _expected(accepted), _proposal(token, accepted)
    if at_start:
        expected = "a declaration"
        known = "a program is made of " + ", ".join(f"`{d}`" for d in DECLARATIONS)
        proposal = propose_nearest(str(token), DECLARATIONS, known)
        if token in DECLARATIONS:
            proposal = f"after `{token}` comes a name"
        elif token in ("/", "//", "*"):
            proposal = "comments begin with `#`"
        proposal = PYTHONS.get(str(token), proposal)
    start = token_span(source, token)
    span = Span(source, start.start, start.start + (0 if token.type == "NL" else len(token)))
    return UnexpectedToken(span, found=found, expected=expected, proposal=proposal)


def _proposal(token: Token, accepted: set[str]) -> str:
    """What was probably meant, for mistakes that are often made."""
    if accepted == {"LPAR"}:
        return "a component without inputs has `()` after its name"
    if token.type == "NL" and {"EQUAL", "LBRACE"} <= accepted:
        return "a body is `{ … }`, or `= expression` with the `=` on this line"
    if token == "(" and {"NAME", "EQUAL"} <= accepted:
        return "names stand side by side, in the order of the fields: `let a, b, c = …`"
    if token == "=" and "COMPARE" in accepted and "NL" not in accepted:
        return "compare with `==`"
    if token in STATEMENT_OPERATORS and "AT" in accepted:
        return "an expression is never a statement: bind it with `let`, or `return` it"
    if token.type in WORDS and accepted == {"NAME"}:
        return f"`{token}` is a word of the language, not a name"
    return _habit(token, accepted)


def _habit(token: Token, accepted: set[str]) -> str:
    """What is written here in the place of what other languages have."""
    if token == "//" and "NL" in accepted:
        return "comments begin with `#`"
    if token == "->" and "NL" in accepted:
        return "a measurement is bound: `let m = measure q`"
    if token == "[" and accepted == {"NAME"}:
        return "the size stands behind the name: `qubit q[2]`"
    if token.startswith(".") and "LBRACE" in accepted:
        return "whole numbers in a row are `range(first, end)`, and `range(end)` from 0 on"
    if token == "," and accepted == {"NL"}:
        return "several results are a record, `(a=…, b=…)`, or a list, `[…, …]`"
    return ""


def _in_gate_statement(before: Sequence[Token], token: Token) -> str:
    """What is probably missing between the operands of a gate, or its angles and them.

    A misspelt `param` or `let` looks like a gate, too.
    """
    statement = before[_statement(before, len(before))[0] :]
    if not statement or statement[0].type != "NAME":
        return ""
    if token in (":", "=", "~"):
        name = statement[1] if len(statement) > 1 else ""
        bound = f"`let {name} {token} …`; in a `for`, bind it again by `{name} = …`"
        otherwise = f"a value is bound with {bound}" if name else ""
        return propose_nearest(str(statement[0]), STATEMENTS, otherwise)
    if token.type != "NAME":
        return ""
    if statement[0] in ("ctrl", "negctrl", "inv", "pow"):
        return f"`@` stands behind a modifier: `{statement[0]} @ {statement[-1]} …`"
    if len(statement) == 2 and statement[1].type in ("NAME", "NUMBER"):
        return f"angles stand in brackets: `{statement[0]}({statement[1]}) …`"
    return "operands stand behind each other with commas: `cx a, b`"


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


def _too_deep(root: Tree[Token]) -> Meta:
    """The place of the first node deeper than MAX_DEPTH, found without recursion."""
    stack = [(root, 0)]
    while stack:
        item, depth = stack.pop()
        if depth > MAX_DEPTH and not item.meta.empty:
            return item.meta
        stack += [(child, depth + 1) for child in item.children if isinstance(child, Tree)]
    return root.meta


@lru_cache(maxsize=1)
def _parser() -> tuple[Lark, Reducer]:
    text = resources.grammar_text()
    options: dict[str, Any] = {
        "parser": "lalr",
        "lexer": "basic",
        "propagate_positions": True,
        "maybe_placeholders": False,
    }
    key = hashlib.sha256((text + lark.__version__).encode()).hexdigest()[:16]
    folder = resources.cache_folder()
    cache = str(folder / f"grammar-{key}.tables") if folder else False
    parser = Lark(text, cache=cache, **options)
    return parser, Reducer(parser, TreeBuilder())
