"""The one place that parses PromQL: what people type becomes selectors and checked expressions."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import promql_parser

type Op = Literal["=", "!=", "=~", "!~"]


class BadPromQL(ValueError):
    """The text can't be used; the message says what is wrong, where, and what to write instead."""


class BadSelector(BadPromQL):
    """A counter selector was wanted, such as `ci_runs_total{pipeline="build"}`."""


class BadExpression(BadPromQL):
    """An expression that gives an instant vector was wanted."""


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One condition on a label. Regular expressions are RE2's, anchored at both ends."""

    name: str
    op: Op
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels meets it; a label that is absent counts as the empty text."""
        return _test(self)(labels.get(self.name, ""))

    def __str__(self) -> str:
        if self.name == "le" and self.op == "=" and _le_spellings(self.value):
            return f'le=~"{quoted("|".join(_le_spellings(self.value)))}"'
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else f'"{quoted(self.name)}"'
        return f'{name}{self.op}"{quoted(self.value)}"'


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric and the conditions on its labels; `str()` gives PromQL. Matchers are sorted and without repeats."""

    metric: str
    matchers: tuple[Matcher, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "matchers", tuple(sorted(set(self.matchers))))

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels (and `__name__`) is selected."""
        return labels.get("__name__") == self.metric and all(matcher.matches(labels) for matcher in self.matchers)

    def __str__(self) -> str:
        return render(self)


@lru_cache(maxsize=4096)
def _test(matcher: Matcher) -> Callable[[str], bool]:
    """The matcher as a function of the label's value."""
    if matcher.op in ("=~", "!~"):
        found, wanted = compiled(matcher.value).fullmatch, matcher.op == "=~"
        return lambda value: (found(value) is not None) is wanted
    if matcher.name == "le" and _as_bound(matcher.value) is not None:
        bound = _as_bound(matcher.value)
        return lambda value: (_as_bound(value) == bound) is (matcher.op == "=")
    return lambda value: (value == matcher.value) is (matcher.op == "=")


def _as_bound(text: str) -> float | None:
    """A histogram bound as a number: Prometheus 3 writes `1.0` where 2 wrote `1`."""
    try:
        return float(text)
    except ValueError:
        return None


def spellings(name: str, value: str) -> list[str]:
    """The ways in which series may write a label's value, escaped; empty where there is only its own."""
    return _le_spellings(value) if name == "le" else []


def _le_spellings(text: str) -> list[str]:
    """The other ways to write a whole bound, escaped; empty where there is only one."""
    bound = _as_bound(text)
    if bound is None or bound != bound or bound in (float("inf"), float("-inf")) or bound != int(bound):
        return []
    return sorted({str(int(bound)), escaped(f"{bound:.1f}"), escaped(text)})


_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_PYTHON_CANT = [
    (re.compile(r"\\[pP]"), r"\p classes"),
    (re.compile(r"\\Q"), r"\Q…\E"),
    (re.compile(r"\(\?[a-z]*U[a-z]*[:)]"), "the flag U"),
    (re.compile(r"(?<!^)\(\?[a-z]+\)"), "flags that don't stand first"),
]
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7f", "blank": r"\t ", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\s",
    "upper": "A-Z", "word": r"\w", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


def escaped(text: str) -> str:
    """A text as a regular expression (RE2) that matches exactly it."""
    return _META.sub(r"\\\g<0>", text)


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """An RE2 pattern for Python. Where the two would differ it is translated, or refused by BadSelector."""
    for construct, words in _PYTHON_CANT:
        if construct.search(pattern):
            raise BadSelector(
                f"{pattern!r}: {words} can't be used here; write a character class such as [A-Za-z] instead"
            )
    translated = re.sub(r"\[:(\w+):\]", lambda match: _POSIX.get(match[1], match[0]), pattern).replace(r"\z", r"\Z")
    try:
        return re.compile(translated, re.ASCII | re.DOTALL)
    except re.error as error:
        raise BadSelector(f"{pattern!r} is no regular expression: {error}") from error


def parse_selector(text: str) -> Selector:
    """The counter selector a person wrote.

    Refuses, saying what to do: syntax errors, functions and arithmetic, a range, `offset` and `@`, no metric name,
    `or` between matchers, and recording rules (a `:` in the name: their samples are computed, so they can't be counted
    exactly). Raises BadSelector.
    """
    parsed = _parsed(text, BadSelector, example=_EXAMPLE)
    if isinstance(parsed, promql_parser.MatrixSelector):
        raise BadSelector(f"{text!r} has a range; leave out [{_range_of(text)}]: events are counted over every window")
    if not isinstance(parsed, promql_parser.VectorSelector):
        raise BadSelector(f"{text!r} is an expression; write the counter alone, such as {_EXAMPLE}: it is counted here")
    if parsed.offset is not None or parsed.at is not None:
        raise BadSelector(f"{text!r} shifts the time by `offset` or `@`; leave that out")
    if parsed.matchers.or_matchers:
        raise BadSelector(f'{text!r} joins matchers by `or`; write alternatives as one, such as {{code=~"a|b"}}')
    return _selector(text, parsed)


_EXAMPLE = 'ci_runs_total{pipeline="build"}'
_OPS: list[tuple[Any, Op]] = [
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
]


def _selector(text: str, parsed: promql_parser.VectorSelector) -> Selector:
    matchers = [Matcher(one.name, _op(one.op), one.value) for one in parsed.matchers.matchers]
    names = [one.value for one in matchers if one.name == "__name__" and one.op == "="]
    metric = parsed.name or (names[0] if len(names) == 1 else "")
    if not metric or any(one.name == "__name__" and one.op != "=" for one in matchers):
        raise BadSelector(f"{text!r} names no metric; begin with one, such as {_EXAMPLE}")
    if ":" in metric:
        raise BadSelector(
            f"{metric!r} is a recording rule: its samples are computed, so events can't be counted exactly from them; "
            "use the counter it is made from, or the indicator type `promql`"
        )
    for one in matchers:
        if one.op in ("=~", "!~"):
            compiled(one.value)
    return Selector(metric, tuple(one for one in matchers if one.name != "__name__"))


def _op(op: promql_parser.MatchOp) -> Op:
    return next(ours for theirs, ours in _OPS if theirs == op)


def _range_of(text: str) -> str:
    return text.rpartition("[")[2].partition("]")[0]


def validate_expression(text: str) -> None:
    """Check that `text` is PromQL that gives an instant vector. Raises BadExpression."""
    kind = _kind(_parsed(text, BadExpression, example='up{job="ci"} or `sum(rate(errors_total[5m])) < 3`'))
    if kind == "range":
        raise BadExpression(f"{text!r} gives a range of samples; put a function around it, such as `last_over_time(…)`")
    if kind in ("scalar", "string"):
        raise BadExpression(f"{text!r} gives a {kind}, not series; for a number write `vector({text.strip()})`")


def metric_names(text: str) -> set[str]:
    """The metrics an expression asks for by name. Raises BadExpression."""
    found: set[str] = set()
    waiting: list[Any] = [_parsed(text, BadExpression, example="up")]
    while waiting:
        match waiting.pop():
            case promql_parser.VectorSelector() as one:
                found |= {one.name} if one.name else set()
            case promql_parser.MatrixSelector() as one:
                waiting.append(one.vector_selector)
            case promql_parser.Call() as one:
                waiting.extend(one.args)
            case promql_parser.BinaryExpr() as one:
                waiting.extend((one.lhs, one.rhs))
            case one:
                waiting.extend(part for part in (getattr(one, "expr", None), getattr(one, "param", None)) if part)
    return found


def _parsed(text: str, error: type[BadPromQL], *, example: str) -> promql_parser.Expr:
    if not text.strip():
        raise error(f"nothing is written here; write PromQL such as {example}")
    try:
        return promql_parser.parse(text)
    except ValueError as problem:
        raise error(f"{text!r} is not PromQL: {problem}{_place(text)}; an example: {example}") from problem


def _place(text: str) -> str:
    """Where the text stops being PromQL, as far as can be told: the first unbalanced bracket or unclosed quote."""
    opened: list[tuple[str, int]] = []
    quote: tuple[str, int] | None = None
    skip = False
    for at, letter in enumerate(text, start=1):
        if skip:
            skip = False
        elif quote:
            skip = letter == "\\" and quote[0] != "`"
            quote = None if letter == quote[0] else quote
        elif letter in "\"'`":
            quote = (letter, at)
        elif letter in "([{":
            opened.append((letter, at))
        elif letter in ")]}" and (not opened or opened.pop()[0] != {")": "(", "]": "[", "}": "{"}[letter]):
            return f" (the {letter} at character {at} closes nothing)"
    unclosed = [quote] if quote else opened[-1:]
    return "".join(f" (the {letter} at character {at} is not closed)" for letter, at in unclosed)


_VALUE_KINDS = {"Vector": "vector", "Scalar": "scalar", "Matrix": "range", "String": "string"}


def _kind(parsed: Any) -> str:  # noqa: ANN401
    """What an expression gives: vector, scalar, range or string."""
    match parsed:
        case promql_parser.NumberLiteral():
            return "scalar"
        case promql_parser.StringLiteral():
            return "string"
        case promql_parser.MatrixSelector() | promql_parser.SubqueryExpr():
            return "range"
        case promql_parser.Call():
            return _VALUE_KINDS[str(parsed.func.return_type).rpartition(".")[2]]
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr():
            return _kind(parsed.expr)
        case promql_parser.BinaryExpr():
            return "scalar" if {_kind(parsed.lhs), _kind(parsed.rhs)} == {"scalar"} else "vector"
        case _:
            return "vector"


def render(selector: Selector, *, range_s: int | None = None) -> str:
    """The selector as PromQL, with a range of `range_s` seconds where given."""
    plain = _PLAIN_NAME.fullmatch(selector.metric)
    named = [] if plain else [f'__name__="{quoted(selector.metric)}"']
    matchers = ",".join([*named, *(str(matcher) for matcher in selector.matchers)])
    vector = (selector.metric if plain else "") + (f"{{{matchers}}}" if matchers else "")
    return vector + (f"[{range_s}s]" if range_s else "")


def quoted(text: str) -> str:
    """The inside of a PromQL string."""
    return json.dumps(text, ensure_ascii=False)[1:-1].replace("\\/", "/")
