"""The canonical layout of a program: the same tokens and comments, other blanks and line ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lark import Token

from qmlc.source.allow_recursion import allow_recursion
from qmlc.source.compile_error import CompileError
from qmlc.source.span import Source
from qmlc.syntax.break_lines import break_lines
from qmlc.syntax.document import INDENT, lay_document
from qmlc.syntax.parse import laid_out_tokens, parse
from qmlc.syntax.space_tokens import space_tokens

WIDTH = 100
ONE_LINERS = ("USE", "CONST")
ALIGNED = ("TRAIN", "DEPLOY")


def format_text(source: Source) -> str:
    """The program in its canonical layout; CompileError where its syntax is wrong."""
    with allow_recursion():
        _, errors = parse(source)
        if errors:
            raise CompileError(errors)
        printer = _Printer(source)
        printer.run()
        return printer.text()


@dataclass(frozen=True, slots=True)
class _Block:
    """`{ … }`, by the numbers of its brackets."""

    opening: int
    closing: int
    statements: tuple[_Statement, ...]


@dataclass(frozen=True, slots=True)
class _Statement:
    """Parts up to and with a `{` (numbers of tokens), each followed by its block but the last."""

    parts: tuple[range, ...]
    blocks: tuple[_Block, ...]

    @property
    def first(self) -> int:
        """The number of the first token."""
        return self.parts[0].start


class _Printer:
    def __init__(self, source: Source) -> None:
        self.source = source
        laid_out = laid_out_tokens(source)
        self.tokens = [token for token in laid_out if token.type != "NL"]
        self.ends = _statement_ends(laid_out)
        self.spaces = [" "] * len(self.tokens)
        self.lines: list[list[str]] = []
        """The text and the comment of each line."""

    def run(self) -> None:
        statements, _ = self._statements(0)
        before: _Statement | None = None
        for statement in statements:
            kind = self.tokens[statement.first].type
            one_liners = kind in ONE_LINERS and self._kind(before) == kind
            self._comments(statement.first, apart=before is not None and not one_liners)
            self._statement(statement, 0)
            before = statement
        self._comments(len(self.tokens), apart=before is not None)

    def text(self) -> str:
        """The lines, the comments of neighbouring lines below each other."""
        while self.lines and not any(self.lines[-1]):
            self.lines.pop()
        written = []
        for number, (text, comment) in enumerate(self.lines):
            blanks = " " * (self._comment_column(number) - len(text)) if comment else ""
            written.append(f"{text}{blanks}{comment}\n")
        return "".join(written)

    def _comment_column(self, number: int) -> int:
        first = last = number
        while first and self.lines[first - 1][1]:
            first -= 1
        while last + 1 < len(self.lines) and self.lines[last + 1][1]:
            last += 1
        return max(len(text) for text, _ in self.lines[first : last + 1]) + 2

    # from tokens to statements

    def _statements(self, start: int) -> tuple[tuple[_Statement, ...], int]:
        """The statements up to a `}` that closes nothing of them, and its number."""
        found = []
        while start < len(self.tokens) and self.tokens[start] != "}":
            statement, start = self._read(start)
            found.append(statement)
        return tuple(found), start

    def _read(self, start: int) -> tuple[_Statement, int]:
        parts: list[range] = []
        blocks: list[_Block] = []
        i = start
        while True:
            while self.tokens[i] != "{" and i not in self.ends:
                i += 1
            parts.append(range(start, i + 1))
            self._space(parts[-1])
            if self.tokens[i] != "{":
                return _Statement(tuple(parts), tuple(blocks)), i + 1
            inner, closing = self._statements(i + 1)
            blocks.append(_Block(i, closing, inner))
            start = i = closing + 1
            goes_on = i < len(self.tokens) and (
                self.tokens[i].type == "ELSE" or self.tokens[i] == "=>"
            )
            if not goes_on:
                return _Statement(tuple(parts), tuple(blocks)), i

    def _space(self, part: range) -> None:
        self.spaces[part.start : part.stop] = space_tokens(self.tokens[part.start : part.stop])

    def _kind(self, statement: _Statement | None) -> str:
        return self.tokens[statement.first].type if statement else ""

    # what stands between tokens

    def _gap(self, i: int) -> list[str]:
        """The lines between token `i` and the one before it, stripped: comments, or nothing."""
        start = self._end(i - 1) if i else 0
        end = self.tokens[i].start_pos if i < len(self.tokens) else None
        gap = self.source.text[start:end]
        lines = [line.strip() for line in gap.split("\n")]
        return lines if i else ["", *lines]

    def _end(self, i: int) -> int:
        return (self.tokens[i].start_pos or 0) + len(self.tokens[i])

    def _commented(self, i: int) -> bool:
        return any(self._gap(i))

    def _comments(self, i: int, indent: int = 0, *, apart: bool = False) -> None:
        """Print the comments and the blank lines before token `i`.

        No blank line begins or ends a block; elsewhere one is kept of several, and if `apart`
        there is one.
        """
        trailing, *own = self._gap(i)
        if trailing:
            self.lines[-1][1] = trailing
        if own and not own[-1]:  # the line of the token itself, or what follows the last line
            own = own[:-1]
        for line in ["", *own] if apart else own:
            opened = not self.lines or self.lines[-1][0].endswith("{")
            if line:
                self.lines.append([" " * indent + line, ""])
            elif not opened and any(self.lines[-1]):
                self.lines.append(["", ""])
        if i < len(self.tokens) and self.tokens[i] == "}" and not any(self.lines[-1]):
            self.lines.pop()

    # printing

    def _statement(self, statement: _Statement, indent: int) -> None:
        flat = self._flat(statement) if statement.blocks else None
        if flat is not None and indent + len(flat) <= WIDTH:
            self.lines.append([" " * indent + flat, ""])
            return
        closed = ""
        for number, part in enumerate(statement.parts):
            if closed and self._commented(part.start):
                self.lines.append([" " * indent + closed, ""])
                self._comments(part.start, indent)
                closed = ""
            self._part(part, indent, closed)
            if number == len(statement.blocks):
                return
            block = statement.blocks[number]
            if block.statements or self._commented(block.closing):
                self._block(statement, block, indent + INDENT)
                closed = "}"
            else:
                closed = self.lines.pop()[0].strip() + "}"
        self.lines.append([" " * indent + closed, ""])

    def _block(self, statement: _Statement, block: _Block, indent: int) -> None:
        if self._kind(statement) in ALIGNED:
            self._align(block)
        for inner in block.statements:
            self._comments(inner.first, indent)
            self._statement(inner, indent)
        self._comments(block.closing, indent)

    def _align(self, block: _Block) -> None:
        """Put the `=` of options below each other."""
        ends = {}
        for statement in block.statements:
            part = statement.parts[0]
            equals = [i for i in part if self.tokens[i] == "="]
            if self._kind(statement) == "NAME" and equals:
                names = range(part.start, equals[0])
                ends[equals[0]] = sum(len(self.spaces[i] + self.tokens[i]) for i in names)
        for i, end in ends.items():
            self.spaces[i] = " " * (max(ends.values()) - end + 1)

    def _part(self, part: range, indent: int, closed: str) -> None:
        tokens = self.tokens[part.start : part.stop]
        if any(self._commented(i) for i in part[1:]):
            self._as_it_stands(part, indent, closed)
            return
        document = break_lines(tokens, self.spaces[part.start : part.stop])
        before = f"{closed} " if closed else ""
        self.lines += [[line, ""] for line in lay_document((before, document), WIDTH, indent)]

    def _as_it_stands(self, part: range, indent: int, closed: str) -> None:
        """A statement with comments inside: its lines end where they ended."""
        self.lines.append([" " * indent + (f"{closed} " if closed else ""), ""])
        depth = 0
        for i in part:
            token = self.tokens[i]
            depth -= token in (")", "]")
            if i > part.start and len(self._gap(i)) > 1:
                deeper = depth if token in (")", "]", "{") else max(1, depth)
                inner = indent + INDENT * deeper
                self._comments(i, inner)
                self.lines.append([" " * inner, ""])
            elif i > part.start:
                self.lines[-1][0] += self.spaces[i]
            self.lines[-1][0] += str(token)
            depth += token in ("(", "[")

    def _flat(self, statement: _Statement) -> str | None:
        """A statement on one line, if its blocks stood on one, with one statement at most."""
        flat = ""
        for number, part in enumerate(statement.parts):
            text = "".join(self.spaces[i] + str(self.tokens[i]) for i in part)
            if any(self._commented(i) for i in part[1:]):
                return None
            flat += f" {text}" if number else text
            if number < len(statement.blocks):
                block = statement.blocks[number]
                span = self.source.text[self._end(block.opening) - 1 : self._end(block.closing)]
                inner = [self._flat(each) for each in block.statements]
                if "\n" in span or len(inner) > 1 or None in inner:
                    return None
                flat += f" {inner[0]} }}" if inner else "}"
        return flat


def _statement_ends(tokens: Sequence[Token]) -> frozenset[int]:
    """The numbers, among tokens that are no line ends, of those that end a statement."""
    return frozenset(_ends(tokens))


def _ends(tokens: Sequence[Token]) -> Iterator[int]:
    number = -1
    for token in tokens:
        if token.type == "NL":
            yield number
        else:
            number += 1
