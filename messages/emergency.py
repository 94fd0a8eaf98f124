"""Whom to call where a life is in danger, by country: messages/emergency.yaml, which names its sources."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import msgspec
from ruamel.yaml import YAML


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    countries: tuple[str, ...]
    numbers: tuple[str, ...]


def emergency_numbers(country: str | None) -> Sequence[str]:
    """The numbers to call in the country of that ISO code, the first first; none where that is not sure."""
    return _numbers().get(country or "", ())


@cache
def _numbers() -> Mapping[str, Sequence[str]]:
    loaded: object = YAML(typ="safe", pure=True).load(  # pyright: ignore[reportUnknownMemberType]  (ruamel has no types)
        (files("messages") / "emergency.yaml").read_text("utf-8")
    )
    return {
        country: rule.numbers for rule in msgspec.convert(loaded, list[_Rule]) for country in rule.countries
    }
