"""Conditions: `when: promises_broken < 2 && "vip" in tags`, checked when a strategy is loaded.

A small port over CEL (cel-expr-python, the C++ engine): undeclared names and wrong types are refused with
what would be right; an expression that runs away is stopped; nothing it can say reads more than FACTS.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
from cel_expr_python import cel

_LIST: Final = "list of texts"
_MAP: Final = "texts by name"

# Every fact that a condition may name: its type, and what it is. Amounts are in whole units of the loan's
# currency, rounded down (EUR 99.95 is 99): so they compare with whole numbers.
FACTS: Final[Mapping[str, tuple[str, str]]] = {
    "days_past_due": (
        "whole number",
        "days since the oldest unpaid installment fell due; 0: none is late",
    ),
    "bucket": ("text", 'the bucket of those days, as the portfolio names it: "current", "1-30", "91+"'),
    "arrears": ("whole number", "what is past due and unpaid, in whole units of the currency"),
    "outstanding": ("whole number", "all that is unpaid, in whole units of the currency"),
    "missed": ("whole number", "installments that are past due and unpaid"),
    "currency": ("text", "the loan's currency"),
    "product": ("text", 'the product of the loan; "" where the tape names none'),
    "months_on_book": ("whole number", "whole months since the loan was made"),
    "attributes": (_MAP, "further columns of the tape; one that is missing makes the condition not hold"),
    "risk": ("text", 'the risk grade; "" where there is none'),
    "tags": (_LIST, "tags of the loan"),
    "language": ("text", "the person's language, else the portfolio's"),
    "country": ("text", 'the person\'s country; "" where it is not known'),
    "contactable": (_LIST, "channels with an address that may carry a reminder: sms, email, chat"),
    "promises_kept": ("whole number", "promises of the case that were kept, in the last year"),
    "promises_broken": ("whole number", "promises of the case that were broken, in the last year"),
    "last_outcome": ("text", 'the code of the last outcome of the case; "" where there is none'),
    "days_since_contact": ("whole number", "days since anything was said to the person; 9999: never"),
    "days_since_conversation": ("whole number", "days since the person was spoken to; 9999: never"),
    "arm": ("text", 'the arm of the experiment that the person is in; "" without one'),
}
_TYPES: Final = {
    "whole number": cel.Type.INT,
    "text": cel.Type.STRING,
    _LIST: cel.Type.List(cel.Type.STRING),
    _MAP: cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
}
_ENV: Final = cel.NewEnv(variables={name: _TYPES[kind] for name, (kind, _) in FACTS.items()})
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|(?<![.\w])[A-Za-z_]\w*")
_PLACE = re.compile(r"<input>:\d+:(\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_OVERLOAD = re.compile(r"no matching overload for '([^']*)' applied to '\(([^)]*)\)'")

# What a fact may be. The CEL map and list of texts.
Value = int | str | tuple[str, ...] | Mapping[str, str]


class Verdict(msgspec.Struct, frozen=True):
    """Whether a condition held; `why`: with the values it read, as `promises_broken is 3`."""

    holds: bool
    why: str


class Condition:
    """One condition, compiled; the same text is compiled once. Compared and hashed by its text."""

    def __init__(self, text: str) -> None:
        """ValueError says what is wrong with it, where, and what would be right."""
        self.text = text
        self.names = names_in(text)
        try:
            self._compiled = _ENV.compile(text)
        except RuntimeError as error:
            raise ValueError(_remedy(text, str(error))) from None
        if self._compiled.return_type() != cel.Type.BOOL:
            raise ValueError(f"{text!r} is a value, and no yes or no; compare it, like `days_past_due > 10`")
        self._verdict = lru_cache(maxsize=4096)(self._evaluate)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def of(self, facts: Mapping[str, Value]) -> Verdict:
        """Whether it holds. Remembered by the values that it names: equal ones are evaluated once."""
        return self._verdict(tuple([_still(facts[name]) for name in self.names]))

    def _evaluate(self, values: tuple[Any, ...]) -> Verdict:
        data = {name: _plain(name, value) for name, value in zip(self.names, values, strict=True)}
        why = ", ".join(f"{name} is {_said(value)}" for name, value in data.items())
        try:
            found = self._compiled.eval(data=data)
        except RuntimeError as error:
            return Verdict(False, f"{why}; it cannot be told: {_flat(str(error))}")
        if found.type() != cel.Type.BOOL:  # an error is a value here
            return Verdict(False, f"{why}; it cannot be told: {_flat(str(found.value()))}")
        return Verdict(bool(found.value()), why)


@lru_cache(maxsize=1024)
def condition(text: str) -> Condition:
    """The condition of this text. ValueError: see Condition."""
    return Condition(text)


def names_in(text: str) -> tuple[str, ...]:
    """The facts that a condition names, each once, in order of name."""
    words = {word for word in _WORD.findall(text) if word[0] not in "\"'"}
    return tuple(sorted(words & FACTS.keys()))


def _still(value: Value) -> Any:
    """What can be remembered: a map as its pairs."""
    return tuple(sorted(value.items())) if isinstance(value, Mapping) else value


def _plain(name: str, value: Any) -> Any:
    if FACTS[name][0] == _MAP:
        return dict(value)
    return list(cast("tuple[str, ...]", value)) if isinstance(value, tuple) else value


def _said(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(cast('list[str]', value))}]"
    if isinstance(value, dict):
        pairs = cast("dict[str, str]", value).items()
        return "{" + ", ".join(f"{key}: {one}" for key, one in pairs) + "}"
    return repr(value) if value == "" else str(value)


def _flat(message: str) -> str:
    return " ".join(message.replace("NOT_FOUND:", "").replace("INTERNAL:", "").split())


def _remedy(text: str, message: str) -> str:
    """The engine's complaint in our words: what is wrong, at which column, and what would be right."""
    found = _PLACE.search(message)
    place, problem = (f"at column {found[1]}: ", found[2]) if found else ("", _flat(message))
    undeclared = _UNDECLARED.search(problem)
    if undeclared:
        near = get_close_matches(undeclared[1], FACTS, 1, 0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        return f"{text!r}: {place}{undeclared[1]!r} is no fact{meant or ';'} the facts are {', '.join(FACTS)}"
    overload = _OVERLOAD.search(problem)
    if overload:
        sign = overload[1].strip("_").replace("@in", "in").replace("!_", "!")
        kinds = overload[2].replace("string", "a text").replace("int", "a whole number")
        kinds = kinds.replace("double", "a number with decimals").replace("bool", "a yes or no")
        return (
            f"{text!r}: {place}{sign} does not go with {kinds}; compare whole numbers with whole numbers "
            'and texts with texts in quotes, like days_past_due > 10 or bucket == "1-30"'
        )
    return f"{text!r}: {place}{problem.partition(' expecting ')[0]}; write it like `promises_broken < 2`"
