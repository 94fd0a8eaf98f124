"""The borrowers: who they are, where, in what language, and which addresses the lender has on file."""

from random import Random
from typing import TypeVar

import msgspec

from kept.sample.lenders import Kind, Lender
from kept.sample.names import Name, firm_name, person_name
from kept.sample.phones import Phones

T = TypeVar("T")
_MAIL = ("example.org", "example.com", "example.net")
_ON_FILE = (("both", 62), ("phone", 22), ("email", 13), ("none", 3))
_STATES = (("attested", 88), ("confirmed", 8), ("unverified", 4))
# Only where the phone speaks of the country too; elsewhere its prefix would name a wrong zone.
_ZONE_MAY_LACK = frozenset({"GB", "US"})


class Person(msgspec.Struct, frozen=True, gc=False):
    """One person or firm; empty texts are what the lender does not know. `family` is for their kin."""

    id: str
    name: str
    language: str
    zone: str
    country: str
    region: str
    phone: str
    phone_state: str
    email: str
    email_state: str
    naming: str
    family: int


def weighted(rng: Random, choices: tuple[tuple[T, int], ...]) -> T:
    """One of `choices` by its weight, in integers."""
    left = rng.randrange(sum(weight for _, weight in choices))
    for choice, weight in choices:
        left -= weight
        if left < 0:
            return choice
    raise AssertionError("weights are positive")


def new_person(rng: Random, lender: Lender, number: int, kind: Kind, phones: Phones) -> Person:
    """The lender's `number`th borrower: from its places and peoples, a firm where it lends on invoices."""
    zone, region = weighted(rng, tuple(((zone, region), weight) for weight, zone, region in lender.places))
    language, naming = weighted(
        rng, tuple(((lang, naming), weight) for weight, lang, naming in lender.peoples)
    )
    name = firm_name(rng, naming) if kind == "invoice" else person_name(rng, naming)
    if lender.country in _ZONE_MAY_LACK and rng.randrange(100) < 4:
        zone = ""
    borrower = f"{lender.prefix}-B{number:05}"
    return _on_file(rng, borrower, name, (language, zone, lender.country, region), naming, phones)


def relative(rng: Random, borrower: Person, phones: Phones) -> Person:
    """Who shares a loan with a borrower: of the same family and place, with addresses of their own."""
    name = person_name(rng, borrower.naming, borrower.family)
    where = (borrower.language, borrower.zone, borrower.country, borrower.region)
    return _on_file(rng, f"{borrower.id}-C", name, where, borrower.naming, phones)


def _on_file(
    rng: Random, key: str, name: Name, where: tuple[str, str, str, str], naming: str, phones: Phones
) -> Person:
    has = weighted(rng, _ON_FILE)
    phone = email = phone_state = email_state = ""
    if has in ("both", "phone"):
        phone = phones.take(rng, where[2], where[3])
        phone_state = weighted(rng, _STATES) if phone else ""
    if has in ("both", "email") or (has == "phone" and not phone):
        email = f"{name.mailbox}.{key.lower()}@{rng.choice(_MAIL)}"
        email_state = weighted(rng, _STATES)
    return Person(key, name.text, *where, phone, phone_state, email, email_state, naming, name.family)
