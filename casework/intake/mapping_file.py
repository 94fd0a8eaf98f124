"""Mappings from their files: a bundled one by its name, any other by its path. Errors name the line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from casework.errors import CaseworkInputError
from casework.intake.mapping import Mapping

BUNDLED: Final = Path(__file__).parent / "mappings"


class MappingError(CaseworkInputError):
    """A mapping that cannot be used: its file, the line, the key, what is wrong and what would be right."""


def bundled_names() -> list[str]:
    """The names of the mappings that come with Kept."""
    return sorted(path.stem for path in BUNDLED.glob("*.yaml"))


def bundled_text(name: str) -> str:
    """A mapping that comes with Kept, as it is written. `name` is one of `bundled_names`."""
    return (BUNDLED / f"{name}.yaml").read_text("utf-8")


def find_mapping(name_or_file: str) -> Mapping:
    """The bundled mapping of that name, or the one in that file. Raises MappingError."""
    bundled = BUNDLED / f"{name_or_file}.yaml"
    if name_or_file in bundled_names():
        return read_mapping(bundled)
    path = Path(name_or_file)
    if not path.is_file():
        raise MappingError(
            f'mapping "{name_or_file}" is neither a file nor one of those that come with Kept: '
            f"{', '.join(bundled_names())}"
        )
    return read_mapping(path)


def read_mapping(path: Path) -> Mapping:
    """The mapping in a file. Raises MappingError."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(
            f"{path}: cannot be read ({type(error).__name__}): a mapping is a file of UTF-8 text"
        ) from None
    return parse_mapping(content, path.name)


def parse_mapping(content: str, file_name: str) -> Mapping:
    """The mapping written in `content`. Raises MappingError with the first thing that is wrong."""
    try:
        tree: Any = YAML(typ="rt").load(content)  # pyright: ignore[reportUnknownMemberType] - no types
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1  # pyright: ignore
        raise MappingError(f"{file_name} line {line}: {error.problem or 'this is no YAML'}") from None  # pyright: ignore
    except YAMLError as error:
        raise MappingError(f"{file_name}: this is no YAML ({error})") from None
    try:
        return Mapping.model_validate(tree)
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: _line(tree, _place(one)))
        place = _place(first)
        where = ".".join(str(step) for step in place)
        raise MappingError(
            f"{file_name} line {_line(tree, place)}{', ' + where if where else ''}: {_said(first)}"
        ) from None


def _place(error: ErrorDetails) -> list[str | int]:
    """The keys that lead to the error, without the names of alternatives that pydantic puts between."""
    place = [
        step for step in error["loc"] if isinstance(step, int) or not step.startswith(("dict[", "literal["))
    ]
    key = error.get("ctx", {}).get("key")
    return [*place, key] if key is not None else place


def _line(tree: Any, place: Sequence[str | int]) -> int:
    """The line (from 1) of the deepest key on the way to `place` that the file has. (ruamel has no types.)"""
    line = 0
    node: Any = tree
    for step in place:
        try:
            if isinstance(node, CommentedMap) and step in node:
                line = int(node.lc.key(step)[0])  # pyright: ignore
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                line = int(node.lc.item(step)[0])  # pyright: ignore
            else:
                break
        except KeyError:  # merged in from an anchor: its own place is not kept
            break
        node = node[step]  # pyright: ignore
    return line + 1


_SAID: Final = {
    "missing": "this key is missing",
    "string_type": "text is wanted here (a number or a yes needs quotes)",
    "int_type": "a whole number is wanted here",
    "bool_type": "true or false is wanted here",
    "list_type": "a list is wanted here, such as [first, second]",
    "dict_type": "a block of keys is wanted here",
    "date_type": "a date is wanted here, such as 2018-01-01",
    "none_required": "this key has no use here",
    "too_short": "at least one is wanted here",
}


def _said(error: ErrorDetails) -> str:
    said = _SAID.get(error["type"])
    if said is not None:
        return said
    return (
        error["msg"][:1].lower() + error["msg"][1:]
        if error["type"] not in ("wrong", "unknown_key")
        else error["msg"]
    )
