"""Packs as data: reads a pack's YAML, checks it, and makes its rules.

A pack is `policy/packs/NAME.yaml`. Each rule has an id, a kind with its numbers, a source and how sure
we are of it (P primary text seen, S secondary source, U unconfirmed, house). Unknown keys are errors.
"""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, cast

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from policy.errors import PolicyInputError
from policy.rules import Cap, Rule, Window

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BOUND = frozenset({"dunning"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str
    sure: Literal["P", "S", "U", "house"]


class WindowSpec(_Strict):
    """Hours by day: `{mon-fri: ["08:00", "21:00"], sat: ["09:00", "20:00"]}`; days not named are closed."""

    kind: Literal["window"]
    hours: dict[str, tuple[time, time]]

    @field_validator("hours")
    @classmethod
    def _days_known(cls, hours: dict[str, tuple[time, time]]) -> dict[str, tuple[time, time]]:
        for days, (opens, closes) in hours.items():
            _day_range(days)
            if opens >= closes:
                raise ValueError(f"{days} closes at {closes:%H:%M}, not after it opens at {opens:%H:%M}")
        named = [day for days in hours for day in _day_range(days)]
        if not named:
            raise ValueError('no day is open; write one like {mon-fri: ["08:00", "21:00"]}')
        if len(set(named)) < len(named):
            twice = next(day for day in named if named.count(day) > 1)
            raise ValueError(f"{_DAYS[twice]} has two hours; name each day once")
        return hours

    def rule(self, name: str) -> Rule:
        week: list[tuple[time, time] | None] = [None] * 7
        for days, hours in self.hours.items():
            for day in _day_range(days):
                week[day] = hours
        return Window(name, tuple(week), _BOUND)


class CapSpec(_Strict):
    """At most `most` contacts over `channels` in a calendar period, per person or per debt."""

    kind: Literal["cap"]
    most: Annotated[int, Field(ge=1)]
    period: Literal["day", "week", "month"]
    per: Literal["person", "debt"]
    channels: Annotated[tuple[Literal["sms", "email", "chat", "call", "visit"], ...], Field(min_length=1)]

    def rule(self, name: str) -> Rule:
        return Cap(name, self.most, self.period, frozenset(self.channels), self.per, _BOUND)


class PackSpec(BaseModel):
    """A pack's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pack: str
    title: str
    jurisdiction: str
    owner: str
    review_by: date
    note: str
    rules: dict[str, Annotated[WindowSpec | CapSpec, Field(discriminator="kind")]]


class Pack(msgspec.Struct, frozen=True):
    """A pack in force: its rules in the order of the file, and the file as read."""

    name: str
    rules: tuple[Rule, ...]
    spec: PackSpec


def _day_range(days: str) -> range:
    """ "mon-fri" -> range(0, 5)."""
    first, _, last = days.partition("-")
    if (
        first not in _DAYS
        or (last and last not in _DAYS)
        or (last and _DAYS.index(last) < _DAYS.index(first))
    ):
        raise ValueError(f"{days!r} is no day or range of days; write one like 'mon' or 'mon-fri'")
    return range(_DAYS.index(first), _DAYS.index(last or first) + 1)


def read_pack(text: str, name: str) -> Pack:
    """The pack written in `text` (YAML); PolicyInputError names the key that is wrong."""
    yaml: Any = YAML(typ="safe")  # its methods have no types
    try:
        spec = PackSpec.model_validate(yaml.load(text))
    except MarkedYAMLError as error:
        slip = cast("Any", error)
        line = slip.problem_mark.line + 1 if slip.problem_mark else 1
        problem = str(slip.problem).partition(" with value ")[0]  # a doubled key comes with all below it
        raise PolicyInputError(f"pack {name}, line {line}: {problem}") from error
    except YAMLError as error:
        raise PolicyInputError(f"pack {name}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        # The kind of a rule is no key of the file: rules.daily.cap.most is rules.daily.most there.
        path = [
            str(part) for n, part in enumerate(first["loc"]) if (n, part) not in ((2, "window"), (2, "cap"))
        ]
        where = ".".join(path) or "the file"
        message = first["msg"].removeprefix("Value error, ")
        raise PolicyInputError(f"pack {name}: {where}: {message}") from error
    return Pack(spec.pack, tuple(rule.rule(key) for key, rule in spec.rules.items()), spec)


@cache
def shipped_texts() -> Mapping[str, str]:
    """The text of each pack that ships with Kept, by name."""
    found = (entry for entry in files("policy").joinpath("packs").iterdir() if entry.name.endswith(".yaml"))
    texts = {entry.name.removesuffix(".yaml"): entry.read_text("utf-8") for entry in found}
    return dict(sorted(texts.items()))


@cache
def shipped_packs() -> Mapping[str, Pack]:
    """The packs that ship with Kept, by name."""
    return {name: read_pack(text, name) for name, text in shipped_texts().items()}
