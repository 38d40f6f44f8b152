"""From tokens to a syntax tree by Lark's tables, at once: no tree of rules in between.

Most reductions are by rules that only hand on what they hold (`sum: term`): where several of them
lead is remembered, so that they are made in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from lark import Lark, Token
from lark.grammar import Rule
from lark.parsers.lalr_analysis import Shift

from qmlc.source.span import Source, Span
from qmlc.syntax.build_tree import TreeBuilder

END = "$END"
NO_PLACE = -1

Cell: TypeAlias = tuple[Any, int, int, int]
"""A value, where its text begins and ends (or NO_PLACE), and how many nodes deep it is."""

Build: TypeAlias = Callable[[Span, list[Any]], Any]


class Step:
    """What a rule does with the values of its symbols, as Lark's `ParseTreeBuilder` has it."""

    def __init__(self, rule: Rule, builder: TreeBuilder) -> None:
        name = rule.alias or rule.origin.name
        self.size, self.origin = len(rule.expansion), rule.origin.name
        self.kept = [
            (i, not symbol.is_term and symbol.name.startswith("_"))
            for i, symbol in enumerate(rule.expansion)
            if not (symbol.is_term and symbol.filter_out)  # type: ignore[attr-defined]
        ]
        """Which values are kept, and whether they are lists to be spliced in."""
        self.single = bool(rule.options.expand1) and not rule.alias
        """Where one value is kept, it is handed on as it is."""
        self.passes = self.single and self.size == 1 and self.kept == [(0, False)]
        self.build: Build | None = None
        """What makes a node of the values; None where they are spliced in elsewhere."""
        if not name.startswith("_"):
            self.build = getattr(builder, name, builder.default)

    def apply(self, source: Source, symbols: Sequence[Cell]) -> Cell:
        """The cell in the place of those that the rule takes."""
        children: list[Any] = []
        for i, spliced in self.kept:
            value = symbols[i][0]
            if not spliced:
                children.append(value)
            elif children:
                children += value
            else:  # not copied: long blocks grow by one at a time
                children = value
        start, end, height = _extent(symbols)
        if self.build is None:
            return children, start, end, height
        if self.single and len(children) == 1:
            return children[0], start, end, height
        return self.build(Span(source, start, end), children), start, end, height + 1


def _extent(symbols: Sequence[Cell]) -> tuple[int, int, int]:
    """Where the text of symbols begins and ends, and how deep the deepest is."""
    start = end = NO_PLACE
    height = 0
    for _, first, last, depth in symbols:
        if start == NO_PLACE:
            start = first
        if last != NO_PLACE:
            end = last
        if depth > height:
            height = depth
    return start, end, height


class Reducer:
    """The tables of a grammar, and what the methods of `builder` make of its rules, by name."""

    def __init__(self, parser: Lark, builder: TreeBuilder) -> None:
        tables = parser.parse_interactive().parser_state.parse_conf
        self.start, self.end = tables.start_state, tables.end_state
        self.states: dict[int, dict[str, tuple[Any, Any]]] = tables.states
        self.builder = builder
        self.steps: dict[int, Step] = {}
        """Of rules by their `id`: they take long to hash."""
        self.passed: dict[tuple[int, int, str], int] = {}
        """Where rules that only pass on lead: by the state below, the state, the token to come."""

    def reduce(self, source: Source, tokens: Sequence[Token], deepest: int) -> Any:
        """What the builder makes of `tokens`; None where they are wrong or nest more than that."""
        self.builder.source = source
        try:
            return self._reduce(source, [*tokens, Token(END, "")], deepest)
        except KeyError:
            return None

    def _reduce(self, source: Source, tokens: Sequence[Token], deepest: int) -> Any:
        states, passed, stack = self.states, self.passed, [self.start]
        cells: list[Cell] = []
        for token in tokens:
            kind = token.type
            while (found := states[stack[-1]][kind])[0] is not Shift:
                step = self.steps.get(id(found[1])) or self._step(found[1])
                if step.passes:
                    after = passed.get((stack[-2], stack[-1], kind))
                    stack[-1] = self._pass(stack[-2], stack[-1], kind) if after is None else after
                    continue
                place = len(cells) - step.size
                cell = step.apply(source, cells[place:])
                if cell[3] > deepest:
                    return None
                del cells[place:], stack[place + 1 :]
                cells.append(cell)
                stack.append(states[stack[-1]][step.origin][1])
                if stack[-1] == self.end:
                    return cell[0]
            stack.append(found[1])
            cells.append((token, token.start_pos, token.end_pos, 0))  # type: ignore[arg-type]
        return None

    def _step(self, rule: Rule) -> Step:
        step = self.steps[id(rule)] = Step(rule, self.builder)
        return step

    def _pass(self, below: int, first: int, kind: str) -> int:
        """The state after all rules in a row that only pass on; remembered."""
        state = first
        while True:
            action, rule = self.states[state][kind]
            if action is Shift or not self._step(rule).passes:
                self.passed[below, first, kind] = state
                return state
            state = self.states[below][rule.origin.name][1]
