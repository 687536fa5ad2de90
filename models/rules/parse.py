"""Text to formula, by a closed grammar: numbers, known names, + - * / ^, and the functions of the whitelist."""

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from models.errors import RuleError
from models.rules.expression import DEEPEST, FUNCTIONS, MOST_NODES, Node, applied, constant, count, depth, variable

LONGEST = 4000  # characters
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>\*\*|[-+*/^(),]))",
    re.ASCII,
)
_INFIX: Mapping[str, tuple[str, int]] = MappingProxyType(
    {"+": ("add", 1), "-": ("sub", 1), "*": ("mul", 2), "/": ("div", 2)}
)
# PySR's names for powers; written as powers here
_POWERS: Mapping[str, float] = MappingProxyType({"square": 2.0, "cube": 3.0})


def parse(text: str, names: Collection[str]) -> Node:
    """The formula over variables `names`; RuleError saying what was met where, and what was expected."""
    if len(text) > LONGEST:
        raise RuleError(f"a formula has at most {LONGEST} characters, this one {len(text)}")
    reader = _Reader(text, frozenset(names))
    found = reader.sum()
    reader.end()
    if count(found) > MOST_NODES:
        raise RuleError(f"a formula has at most {MOST_NODES} nodes, this one {count(found)}")
    if depth(found) > DEEPEST:
        raise RuleError(f"a formula is at most {DEEPEST} levels deep, this one {depth(found)}")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise RuleError(f"{text[at : at + 10].strip()!r} at {at} is not part of a formula; {_EXPECTED}")
        found.append((match.lastgroup or "", match.group(match.lastgroup or 0)))
        at = match.end()
    return found


_EXPECTED = f"allowed are numbers, inputs, + - * / ^, parentheses, {', '.join((*FUNCTIONS, *_POWERS))}"


class _Reader:
    """Recursive descent; a power binds more tightly than a sign before it, and to the right of it is a number."""

    def __init__(self, text: str, names: frozenset[str]) -> None:
        self._left = _tokens(text)[::-1]
        self._names = names
        self._deep = self._operators = 0

    def sum(self) -> Node:
        return self._chain(1)

    def end(self) -> None:
        if self._left:
            raise RuleError(f"{self._left[-1][1]!r} is left over at the end of the formula")

    def _chain(self, binds: int) -> Node:
        found = self._chain(binds + 1) if binds < 2 else self._signed()
        while self._peek() in _INFIX and _INFIX[self._peek()][1] == binds:
            op, _ = _INFIX[self._take()]
            self._one_more()
            found = applied(op, found, self._chain(binds + 1) if binds < 2 else self._signed())
        return found

    def _signed(self) -> Node:
        if self._peek() in ("-", "+"):
            sign = self._take()
            self._deeper()
            inner = self._signed()
            self._deep -= 1
            return applied("neg", inner) if sign == "-" else inner
        return self._power()

    def _power(self) -> Node:
        base = self._atom()
        if self._peek() not in ("^", "**"):
            return base
        self._take()
        return applied("pow", base, self._exponent())

    def _exponent(self) -> Node:
        """A number with or without sign, or one in parentheses."""
        if self._peek() in ("(", "-"):
            sign = self._take()
            self._deeper()
            found = self._exponent()
            self._deep -= 1
            if sign == "-":
                return applied("neg", found)
            self._expect(")")
            return found
        kind, text = self._next()
        if kind != "number":
            raise RuleError(f"an exponent must be a number, got {text!r}")
        return constant(float(text))

    def _atom(self) -> Node:
        kind, text = self._next()
        if kind == "number":
            return constant(float(text))
        if text == "(":
            self._deeper()
            found = self.sum()
            self._expect(")")
            self._deep -= 1
            return found
        if kind == "name":
            return self._named(text)
        raise RuleError(f"a number, an input or '(' was expected, got {text!r}")

    def _named(self, text: str) -> Node:
        if self._peek() == "(":
            return self._function(text)
        if text in self._names:
            return variable(text)
        raise RuleError(f"{text!r} is no input of this rule; its inputs are {', '.join(sorted(self._names))}")

    def _function(self, text: str) -> Node:
        if text not in FUNCTIONS and text not in _POWERS:
            raise RuleError(f"{text!r} is no function that a rule may use; {_EXPECTED}")
        self._take()
        self._deeper()
        inner = self.sum()
        self._expect(")")
        self._deep -= 1
        return applied(text, inner) if text in FUNCTIONS else applied("pow", inner, constant(_POWERS[text]))

    def _one_more(self) -> None:
        """A long sum is a deep tree, to its left: it has to end before whoever walks it does."""
        self._operators += 1
        if self._operators > MOST_NODES:
            raise RuleError(f"a formula has at most {MOST_NODES} nodes, this one more")

    def _deeper(self) -> None:
        self._deep += 1
        if self._deep > DEEPEST:
            raise RuleError(f"a formula is at most {DEEPEST} levels deep")

    def _peek(self) -> str:
        return self._left[-1][1] if self._left else ""

    def _take(self) -> str:
        return self._next()[1]

    def _next(self) -> tuple[str, str]:
        if not self._left:
            raise RuleError("the formula ends too early; a number, an input or '(' was expected")
        return self._left.pop()

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise RuleError(f"{sign!r} was expected, got {self._peek() or 'the end'!r}")
        self._take()
