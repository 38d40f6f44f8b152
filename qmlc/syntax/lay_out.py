"""From raw tokens to declarations: keywords, line ends and brackets.

The lexer knows neither keywords nor which line ends matter. Here a name becomes a keyword only
where a declaration or statement can begin (so `kernel=3` stays an argument), a line end that ends
nothing is dropped, and the tokens are cut at each declaration, so that an error in one does not
hide those in the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lark import Token

from qmlc.source.diagnostic import Diagnostic, Label
from qmlc.source.nearest import nearest
from qmlc.source.span import Source, Span
from qmlc.syntax.errors import InvalidText, TooLarge, Unclosed

DECLARATIONS = (
    "use const fn gate circuit kernel layer model hamiltonian extern rewrite data train deploy"
).split()
STATEMENTS = ("let", "param", "qubit", "return")
STATEMENT_TYPES = frozenset(word.upper() for word in STATEMENTS)
DECLARATION_TYPES = frozenset(word.upper() for word in DECLARATIONS)
ANYWHERE = ("for", "if", "else", "in", "and", "or", "not", "true", "false", "none")
OPENING = {"(": ")", "[": "]", "{": "}"}
OPENING_TYPES = frozenset({"LPAR", "LSQB", "LBRACE"})
CLOSING_TYPES = frozenset({"RPAR", "RSQB", "RBRACE"})
CONTINUE = frozenset("= , -> => |> { + - * / // % ** @ == != <= >= < > and or ~ :".split())
BEGIN_CONTINUE = frozenset("-> => |> { + - * / // % ** @ == != <= >= < > and or else".split())
_EARLY = "`{}` stands here before it is closed"
MAX_NESTING = 200
MAX_INVALID = 20


@dataclass
class Chunk:
    """The tokens of one declaration, and the documentation above it."""

    tokens: list[Token] = field(default_factory=list)
    doc: str = ""
    broken: bool = False
    """Whether a bracket error was reported, so that there is no point in parsing."""
    strays: dict[int, Diagnostic] = field(default_factory=dict)
    """What to say of brackets that do not match, by the place of an INVALID token for each."""


def token_span(source: Source, token: Token) -> Span:
    """The place of a token."""
    start = token.start_pos or 0
    return Span(source, start, start + len(token))


def read_documentation(tokens: Sequence[Token]) -> str:
    """The text of the `##` lines at the very top of a file."""
    lines: list[str] = []
    last = 0
    for token in tokens:
        if token.type == "DOC" and (not lines or token.line == last + 1):
            lines.append(token[2:].strip())
            last = token.line or 0
        elif token.type != "NL":
            break
    return "\n".join(lines)


class Layout:
    """One pass over the tokens of a text; see `lay_out`."""

    def __init__(self, source: Source, tokens: Sequence[Token]) -> None:
        self.source, self.tokens = source, tokens
        self.errors: list[Diagnostic] = []
        self.chunks: list[Chunk] = []
        self.brackets: list[Token] = []
        self.doc: list[str] = []
        self.doc_line = 0
        self.suspect: Token | None = None
        """A bracket whose closing one stands further left than its line begins."""
        self.invalid = 0
        self.invalid_end = -1
        self.semicolon_line = -1

    def run(self) -> tuple[list[Chunk], list[Diagnostic]]:
        """The declarations and what is wrong with characters and brackets."""
        following = self._following()
        skip_line = -1
        for token, after in zip(self.tokens, following, strict=True):
            if token.line == skip_line and token.type != "NL":
                continue
            if token.type == "INVALID":
                known = token == ";" and token.line == self.semicolon_line
                if (token.start_pos or 0) > self.invalid_end and not known:
                    self._report_invalid(token)
                self.invalid_end = (token.start_pos or 0) + len(token)
                if token in ('"', "'"):
                    skip_line = token.line or -1
                if token == ";":
                    self.semicolon_line = token.line or -1
                    self._end_line(_line_end(token, token.start_pos or 0), after)
                elif self.chunks:
                    self._current.append(token)
            elif token.type == "DOC":
                self._document(token)
            elif token.type == "NL":
                self._end_line(token, after)
            else:
                self._add(token, after)
        self._finish()
        return self.chunks, self.errors

    def _document(self, token: Token) -> None:
        """Keep a line of documentation; those above a blank line belong to no declaration."""
        if (token.line or 0) > self.doc_line + 1:
            self.doc = []
        self.doc_line = token.line or 0
        self.doc.append(token[2:].strip())

    def _following(self) -> list[Token | None]:
        """For each token the next one that is no line end, comment or rubbish."""
        result: list[Token | None] = []
        after: Token | None = None
        for token in reversed(self.tokens):
            result.append(after)
            if token.type not in ("NL", "DOC", "INVALID"):
                after = token
        return result[::-1]

    @property
    def _current(self) -> list[Token]:
        return self.chunks[-1].tokens if self.chunks else []

    def _at_statement(self) -> bool:
        # by types: most tokens pass here, and they take long to compare with texts
        current = self._current
        if not current or current[-1].type in ("NL", "LBRACE", "RBRACE"):
            return True
        return current[-1].type == "INVALID" and current[-1] == "}"

    def _end_line(self, token: Token, after: Token | None) -> None:
        current = self._current
        if not current or (self.brackets and self.brackets[-1] != "{"):
            return
        last = current[-1]
        if last.type == "NL" or last in ("{", "}") or (last in CONTINUE and last.type != "STRING"):
            return
        if after is not None and after in BEGIN_CONTINUE and after.type != "STRING":
            return
        current.append(token)

    def _add(self, token: Token, after: Token | None) -> None:
        if token.type == "NAME":
            token = self._keyword(token, after)
        if self._begins_declaration(token):
            self._finish(token)
            self.chunks.append(Chunk(doc="\n".join(self.doc)))
            self.doc = []
        elif not self.chunks:
            self.chunks.append(Chunk())
        if self._shows_unclosed(token):
            self._abandon(token)
        closes = token.type in CLOSING_TYPES
        if token.type in OPENING_TYPES:
            self._open(token)
        elif closes and self._close(token):
            token = token.update(type="INVALID")
        if not closes or token != "}":
            self.doc = []
        self._current.append(token)

    def _keyword(self, token: Token, after: Token | None) -> Token:
        word = str(token)
        current = self._current
        kind = after.type if after is not None else ""
        if word in ANYWHERE:
            return token.update(type=word.upper())
        if word == "measure" and kind == "NAME":
            bare = self._at_statement() or current[-1] == "@"
            return token if bare else token.update(type="MEASURE")
        if self._at_statement() or self._after_unfinished(token):
            if word in DECLARATIONS and kind in ("NAME", "STRING"):
                return token.update(type=word.upper())
            if word in STATEMENTS and after not in ("=", ","):
                return token.update(type=word.upper())
        elif word == "layer" and current[-1].type == "EXTERN":
            return token.update(type="LAYER")
        elif word in ("on", "to") and not self.brackets and current[0].type in ("TRAIN", "DEPLOY"):
            return token.update(type=word.upper())
        return token

    def _after_unfinished(self, token: Token) -> bool:
        """Whether `token` begins a line where the text above lacks a `)`, a `]` or an operand."""
        inside = self.brackets and self.brackets[-1] != "{"
        leads = token.line != self._current[-1].line
        return leads and (bool(inside) or token.column == 1)

    def _begins_declaration(self, token: Token) -> bool:
        if token.type in DECLARATION_TYPES:
            return not self._current or self._current[-1].type != "EXTERN"
        if not self._at_statement():
            return False
        misspelt = token.type == "NAME" and not self.brackets and self.chunks
        return bool(misspelt and nearest(str(token), DECLARATIONS))

    def _shows_unclosed(self, token: Token) -> bool:
        """Whether `token` can only stand behind the `)` or `]` that is still missing."""
        if not self.brackets or self.brackets[-1] == "{":
            return False
        return token.type == "LBRACE" or (
            token.type in STATEMENT_TYPES and token.line != self._current[-1].line
        )

    def _abandon(self, token: Token) -> None:
        """Give up the statement whose bracket is not closed before `token`."""
        opened = self.brackets[-1]
        while self.brackets and self.brackets[-1] != "{":
            self.brackets.pop()
        place = token.start_pos or 0
        self.chunks[-1].strays[place] = self._unclosed(opened, _EARLY.format(token), token)
        self._current.append(Token("INVALID", "", place, token.line, token.column, end_pos=place))
        if token.type != "LBRACE":
            self._current.append(_line_end(token, place))

    def _open(self, token: Token) -> None:
        self.brackets.append(token)
        if len(self.brackets) == MAX_NESTING + 1 and not self.chunks[-1].broken:
            self.chunks[-1].broken = True
            self.errors.append(
                TooLarge(
                    token_span(self.source, token),
                    what=f"brackets nest more than {MAX_NESTING} deep",
                    where="one too many",
                    proposal="give the inner parts names with `let` or `const`",
                )
            )

    def _close(self, token: Token) -> bool:
        """Close a bracket; whether there was none to close."""
        if self.brackets and OPENING[str(self.brackets[-1])] == token:
            opened = self.brackets.pop()
            if self.suspect is None and self._outdented(opened, token):
                self.suspect = opened
            if token == "}" and self._current[-1].type != "NL" and self._current[-1] not in "{}":
                self._current.append(_line_end(token, token.start_pos or 0))
            return False
        chunk = self.chunks[-1]
        if chunk.broken:
            return False
        if self.brackets and (self.brackets[-1] != "{" or token == "}"):
            chunk.broken = True
            opened = self.brackets.pop()
            self.errors.append(self._unclosed(opened, _EARLY.format(token), token))
            return False
        chunk.strays[token.start_pos or 0] = Unclosed(
            token_span(self.source, token),
            found=f"`{token}` closes nothing",
            what=f"no `{_opening(str(token))}` is open here",
            proposal=f"remove it, or open a `{_opening(str(token))}` before it",
        )
        return True

    def _outdented(self, opened: Token, closing: Token) -> bool:
        """Whether a line begins with `closing`, further left than the line of `opened` begins."""
        return self._indent(closing) < self._indent(opened) and self._leads(closing)

    def _indent(self, token: Token) -> int:
        line = self._line(token)
        return len(line) - len(line.lstrip())

    def _leads(self, token: Token) -> bool:
        return self._line(token).lstrip().startswith(str(token))

    def _line(self, token: Token) -> str:
        return self.source.line(token.line or 1)

    def _finish(self, then: Token | None = None) -> None:
        """End the current chunk before `then`: what is still open is never closed."""
        if self.chunks:
            if self.brackets and not self.chunks[-1].broken:
                self.chunks[-1].broken = True
                opened = self.suspect or self.brackets[-1]
                self.errors.append(self._unclosed(opened, "a new declaration begins here", then))
            current = self._current
            if current and current[-1].type != "NL" and current[-1] != "}":
                end = (current[-1].start_pos or 0) + len(current[-1])
                current.append(_line_end(current[-1], end))
        self.brackets, self.suspect = [], None

    def _unclosed(self, opened: Token, text: str, other: Token | None) -> Unclosed:
        related = (Label(token_span(self.source, other), text),) if other is not None else ()
        return Unclosed(
            token_span(self.source, opened),
            related,
            found=f"`{opened}` is never closed",
            what="opened here",
            proposal=f"add `{OPENING[str(opened)]}` where the part ends",
        )

    def _report_invalid(self, token: Token) -> None:
        self.invalid += 1
        if self.invalid > MAX_INVALID:
            return
        text = str(token)
        shown = f"`{text}`" if text.isprintable() else f"the character U+{ord(text[0]):04X}"
        found, what, proposal = f"{shown} is not part of the language", "not known", "remove it"
        if text == ";":
            what, proposal = "a statement ends with its line", self._without_semicolon(token)
        elif text in ('"', "'"):
            found, what = "this string is never closed", "opened here, on a line without its end"
            proposal = f"close it with {text}"
        elif text in "&|!":
            what, proposal = "not an operator here", "write `and`, `or`, `not`"
        elif text == "^":
            proposal = "write `!=` for an exclusive or, `**` for a power"
        elif text == "?":
            proposal = "write `a if condition else b`, or `where(mask, a, b)` for tensors"
        self.errors.append(
            InvalidText(token_span(self.source, token), found=found, what=what, proposal=proposal)
        )

    def _without_semicolon(self, token: Token) -> str:
        """What to write for a `;`: nothing at the end of a line, else a new line."""
        end = token.end_pos or 0
        rest = self.source.text[end:].partition("\n")[0].strip()
        return "start a new line instead" if rest else "leave the `;` out"


def lay_out(source: Source, tokens: Sequence[Token]) -> tuple[list[Chunk], list[Diagnostic]]:
    """The tokens of each declaration, ready for the grammar, and what is wrong with them."""
    return Layout(source, tokens).run()


def _line_end(near: Token, place: int) -> Token:
    """The end of a line that the text leaves out, at `place`."""
    return Token("NL", "\n", place, near.line, near.column, end_pos=place)


def _opening(closing: str) -> str:
    return next(o for o, c in OPENING.items() if c == closing)
