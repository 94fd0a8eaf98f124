"""Rows of a batch: one that is badly shaped refuses itself, by its place, and not the others."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from pydantic import InstanceOf, TypeAdapter, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.json_schema import SkipJsonSchema

from casework.push import Part, Refused, Row
from console.api.problem import FieldError, field_errors
from console.api.shapes import Name

_IDS: Final = ("loan_id", "source")
_NAME: Final[TypeAdapter[str]] = TypeAdapter(Name)


class Misshapen(msgspec.Struct, frozen=True):
    """What stands in the place of such a row: what is wrong with it, and the ids that name its loan."""

    errors: tuple[FieldError, ...]
    ids: Mapping[str, str]

    def row(self, part: Part, where: str, columns: Iterable[str]) -> Row:
        """A row of the tape that has nothing but its ids: the import refuses it, and holds its loan."""
        wrong = [Refused(_at(where, one.field), "", one.message, one.would_be_right) for one in self.errors]
        return Row(part, where, dict.fromkeys(columns, "") | dict(self.ids), tuple(wrong))


def _shaped(given: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    try:
        return handler(given)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        cells: Mapping[str, Any] = cast("Mapping[str, Any]", given) if isinstance(given, dict) else {}
        ids = {name: cells[name] for name in _IDS if _is_name(cells.get(name))}
        return Misshapen(tuple(field_errors(found)), ids)


def _is_name(text: Any) -> bool:
    try:
        _NAME.validate_python(text, strict=True)
    except ValidationError:
        return False
    return True


def _at(where: str, field: str) -> str:
    return where if field == "body" else f"{where}.{field}"


SHAPED: Final = WrapValidator(_shaped)
"""`Annotated[Model, SHAPED] | Bad` is a row; the description has the model's schema alone."""
Bad = SkipJsonSchema[InstanceOf[Misshapen]]
