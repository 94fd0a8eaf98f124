"""What is wrong with a strategy's file, said with its line and what would be right."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any, cast

import msgspec
from pydantic_core import ErrorDetails
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from strategies.spec import EXAMPLES, ArmsSpec, SegmentSpec, StepSpec, StrategySpec

_OF_KEY = {"segment": SegmentSpec, "arms": ArmsSpec}


class Slip(msgspec.Struct, frozen=True, order=True):
    """What is wrong in one line of a file (from 1), and what would be right."""

    line: int
    says: str


def slips_of(tree: CommentedMap, errors: Sequence[ErrorDetails]) -> list[Slip]:
    """What the checker found, the most telling first.

    A misspelt key is both one too many and missing: it is told where it stands, and told once.
    """
    meant: set[tuple[str | int, ...]] = set()
    for error in errors:
        if error["type"] == "extra_forbidden":
            *before, key = (part for part in error["loc"] if part != "[key]")
            meant |= {(*before, near) for near in get_close_matches(str(key), _keys((*before, key)), 1, 0.6)}
    told = [error for error in errors if error["type"] != "missing" or error["loc"] not in meant]
    told.sort(key=lambda error: error["type"] == "missing")
    found = [(line_of(tree, error["loc"]), remedy(error)) for error in told]
    return [Slip(line, where + says) for (line, where), says in found]


def no_text(name: str | None, channel: str, known: Collection[tuple[str, str]]) -> str:
    """What is said of a step that speaks in a text which is not there. `known`: (name, channel) of each."""
    listed = ", ".join(sorted({other for other, by in known if by == channel}))
    return f"there is no text {name!r} for {channel}; there are: {listed}"


def line_of(tree: CommentedMap, loc: tuple[str | int, ...]) -> tuple[int, str]:
    """The line of the deepest key of `loc` that stands in the file, and its path in words ("a.b: ")."""
    line = 1
    node: Any = tree
    said: list[str] = []
    for part in loc:
        if part == "[key]":
            continue
        if isinstance(part, int):  # an item of a list, or of what was written as one item
            if not isinstance(node, CommentedSeq):
                break
            line = cast("Any", node).lc.item(part)[0] + 1
            node = cast("Any", node)[part]
            continue
        said.append(part)
        if not isinstance(node, CommentedMap) or part not in node:
            break
        line = cast("Any", node).lc.key(part)[0] + 1
        node = cast("Any", node)[part]
    return line, ".".join(said) + ": " if said else ""


def remedy(slip: ErrorDetails) -> str:
    """What is wrong and what would be right, in our words where the checker's say only what is wrong."""
    path = tuple(part for part in slip["loc"] if part != "[key]")
    key = next((str(part) for part in reversed(path) if str(part) in EXAMPLES), "strategy")
    example = EXAMPLES[key]
    match slip["type"]:
        case "value_error":
            return slip["msg"].removeprefix("Value error, ")
        case "extra_forbidden":
            known = _keys(path)
            near = get_close_matches(str(path[-1]), known, 1, 0.6)
            meant = f"; did you mean `{near[0]}`?" if near else ";"
            return f"is no key here{meant} The keys are {', '.join(known)}".replace("; The", "; the")
        case "missing":
            return f"is missing; write it like `{example}`"
        case "string_pattern_mismatch":
            return "is no name; write small letters, digits and hyphens, like late-3"
        case "model_type" if len(path) > 1 and path[0] == "steps":
            return "is no step; give it `at`, `expires`, and either `send` with `by`, or `task`"
        case _:
            return f"{slip['msg']}; write it like `{example}`"


def _keys(path: tuple[str | int, ...]) -> list[str]:
    """The keys that may stand beside the last one of `path`."""
    if path[0] == "steps" and len(path) > 2:
        return list(StepSpec.model_fields)
    if len(path) == 2 and path[0] in _OF_KEY:
        return list(_OF_KEY[str(path[0])].model_fields)
    return list(StrategySpec.model_fields)
