"""Filling a parsed text, fast: what Liquid makes of one shape of data is kept, and the words are put in.

A text asks of a string only whether it is there, and prints it; numbers and flags it may compare. So two
borrowers whose data differs in strings alone get the same text but for those strings, and Liquid, which takes
longer than all else that is done to a message, is asked once for both. A text that does look into a string
is noticed while it does so, and always filled by Liquid itself.
"""

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Final, cast

from liquid import BoundTemplate, RenderContext
from liquid.exceptions import OutputStreamLimitError
from liquid.output import LimitedStringIO

from messages.templates import OUTPUT_LIMIT

_KEPT: Final = 4_096  # shapes; then all are forgotten
_SLOT: Final = re.compile("\x00([0-9]+)\x00")  # no value holds a control character

Data = Mapping[str, object]
_Shape = tuple[object, ...]
_shapes: dict[tuple[BoundTemplate, _Shape], list[str] | None] = {}


def fill(source: BoundTemplate, data: Data) -> str:
    """`source` with `data`: strings without control characters, counts, flags, None, such mappings and
    lists of them. Raises LiquidError, as it does."""
    words: list[str] = []
    key = source, _shape(data, words)
    if key not in _shapes:
        if len(_shapes) >= _KEPT:
            _shapes.clear()
        _shapes[key] = _pieces(source, data)
    pieces = _shapes[key]
    if pieces is None:
        return _by_liquid(source, data)
    filled = pieces[:]
    for place in range(1, len(filled), 2):
        filled[place] = words[int(filled[place])]
    text = "".join(filled)
    if len(text) * 4 > OUTPUT_LIMIT and len(text.encode()) > OUTPUT_LIMIT:
        raise OutputStreamLimitError("output stream limit reached", token=None)
    return text


def _shape(data: Data, words: list[str]) -> _Shape:
    """What is the same for all data filled alike; its strings are put into `words`, in their order."""
    shape: list[object] = []
    for name, value in data.items():  # some eighty times a message
        if isinstance(value, str):
            words.append(value)
            shape.append(name)
        elif value is None:
            shape.append((name, None))
        elif isinstance(value, list):
            shape.append((name, *[_shape(one, words) for one in cast("list[Data]", value)]))
        elif isinstance(value, dict):
            shape.append((name, _shape(cast("Data", value), words)))
        else:
            shape.append((name, type(value), value))  # True is not 1
    return tuple(shape)


def _pieces(source: BoundTemplate, data: Data) -> list[str] | None:
    """What Liquid makes of a shape: text, number of a string, text, ... None: it looked into a string."""
    looked: list[_Slot] = []
    numbers = iter(range(1_000_000))
    out = StringIO()  # not the one with a limit, which looks at what it is given
    source.render_with_context(RenderContext(source, globals=_slots(data, numbers, looked)), out)
    text = out.getvalue()
    return None if looked else _SLOT.split(text)


def _slots(data: Data, numbers: Iterator[int], looked: "list[_Slot]") -> dict[str, object]:
    made: dict[str, object] = {}
    for name, value in data.items():
        if isinstance(value, str):
            made[name] = _Slot(next(numbers), looked)
        elif isinstance(value, list):
            made[name] = [_slots(one, numbers, looked) for one in cast("list[Data]", value)]
        elif isinstance(value, dict):
            made[name] = _slots(cast("Data", value), numbers, looked)
        else:
            made[name] = value
    return made


def _by_liquid(source: BoundTemplate, data: Data) -> str:
    out = LimitedStringIO(OUTPUT_LIMIT)
    source.render_with_context(RenderContext(source, globals=data), out)
    return out.getvalue()


class _Slot(str):
    """Stands for a string that is only printed; says so to `looked` when anything else is asked of it."""

    __slots__ = ("looked",)
    looked: "list[_Slot]"

    def __new__(cls, number: int, looked: "list[_Slot]") -> "_Slot":
        made = super().__new__(cls, f"\x00{number}\x00")
        made.looked = looked
        return made

    def _look(self) -> None:
        self.looked.append(self)

    def __str__(self) -> str:  # what it is in; printing writes it as it is
        self._look()
        return super().__str__()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):  # equal to nothing else, whatever it holds
            self._look()
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __lt__(self, other: str) -> bool:
        self._look()
        return super().__lt__(other)

    def __gt__(self, other: str) -> bool:
        self._look()
        return super().__gt__(other)

    def __contains__(self, other: object) -> bool:
        self._look()
        return isinstance(other, str) and super().__contains__(other)

    def __len__(self) -> int:
        self._look()
        return super().__len__()

    def __getitem__(self, key: Any) -> str:
        self._look()
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        self._look()
        return super().__iter__()
