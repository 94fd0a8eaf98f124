"""Persons as the rows of a tape name them: reached how, speaking what, living in which zones."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, get_args
from zoneinfo import available_timezones

import msgspec
import phonenumbers
from phonenumbers.timezone import UNKNOWN_TIMEZONE, time_zones_for_number

from casework.intake.cells import CellError, Cells, Row
from casework.intake.formats import read_email
from casework.intake.mapping import AddressState, Constants, PersonPart
from casework.intake.records import PersonRecord

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_KEPT_AT_MOST: Final = 5_000

ReadPerson = Callable[[Row, str, "Home | None"], PersonRecord]


class Home(msgspec.Struct, frozen=True):
    """What a portfolio of the book says of its borrowers where their rows do not."""

    zone: str | None
    country: str | None
    language: str | None


def person_reader(part: PersonPart, cells: Cells, constants: Constants, aside: list[CellError]) -> ReadPerson:
    """A function of row, the feed's id and the portfolio's home to a person. It raises CellError.

    An address that cannot be read is no reason to lose the loan: it is put `aside`, and is none.

    One person stands on many rows: equal rows give the same record, made once.
    """
    zones = available_timezones()
    name = cells.read(part.name, _read_name)
    language = cells.read(part.language, _read_language)
    zone = cells.read(part.zone, lambda text: read_zone(text, zones))
    country = cells.read(part.country, _read_country)
    region = cells.text(part.region, constants.region)
    phone, email = cells.phone(part.phone), cells.read(part.email, read_email)

    def readable(get: Callable[[], str | None]) -> str | None:
        try:
            return get()
        except CellError as error:
            aside.append(error)
            return None

    states = get_args(AddressState)
    phone_state = cells.one_of(part.phone_state, states, constants.phone_state)
    email_state = cells.one_of(part.email_state, states, constants.email_state)
    known: dict[PersonRecord, PersonRecord] = {}

    def read(row: Row, person_id: str, home: Home | None) -> PersonRecord:
        lives_in = country(row) or constants.country or (home and home.country) or None
        number = readable(lambda: phone(row, lives_in))
        person = PersonRecord(
            person_id=person_id,
            name=name(row),
            language=language(row) or constants.language or (home and home.language) or None,
            zones=_zones(zone(row) or constants.zone, number, home),
            country=lives_in,
            region=region(row),
            phone=number,
            phone_state=phone_state(row),
            email=readable(lambda: email(row)),
            email_state=email_state(row),
            basis=constants.basis,
        )
        if len(known) > _KEPT_AT_MOST:
            known.clear()
        return known.setdefault(person, person)

    return read


def read_zone(text: str, zones: set[str]) -> str:
    """An IANA name. ValueError if it is none."""
    if text not in zones:
        raise ValueError("is no time zone: a name such as Africa/Lagos")
    return text


def _zones(stated: str | None, phone: str | None, home: Home | None) -> tuple[str, ...]:
    """Every zone the person may be in: the one stated, else those of the number, else the portfolio's."""
    if stated is not None:
        return (stated,)
    return (_zones_of(phone) if phone is not None else ()) or ((home.zone,) if home and home.zone else ())


@lru_cache(maxsize=8192)
def _zones_of(phone: str) -> tuple[str, ...]:
    zones = time_zones_for_number(phonenumbers.parse(phone))
    return tuple(sorted(zone for zone in zones if zone != UNKNOWN_TIMEZONE))


def _read_name(text: str) -> str:
    if len(text) > 400:
        raise ValueError("is longer than 400 signs")
    return text


def _read_language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("is no language: a tag such as en or zh-Hans")
    return text.replace("_", "-")


def _read_country(text: str) -> str:
    if not _COUNTRY.fullmatch(text):
        raise ValueError("is no country: two capital letters, such as NG")
    return text
