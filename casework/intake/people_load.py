"""New and changed persons: opened, and sealed again under their own ids."""

from datetime import datetime
from typing import Any

from casework.intake.records import PersonRecord
from casework.intake.stage import Opener
from storage.crypt import Keyring, normal_email, normal_phone
from storage.intake import people
from storage.names import name_tokens, tail_token
from storage.raw import Raw


async def load_persons(raw: Raw, keyring: Keyring, seen_at: datetime) -> None:
    """Write the persons of the tape that are new or said otherwise than before, and their addresses."""
    await people.resolve_persons(raw)
    opener = Opener(keyring)
    async for rows in people.changed_persons(raw):
        await _write(raw, keyring, opener, rows, seen_at)
    await people.write_persons(raw)


async def _write(raw: Raw, keyring: Keyring, opener: Opener, rows: list[Any], seen_at: datetime) -> None:
    said = [
        (row, [opener.person(*pair) for pair in zip(row["places"], row["contents"], strict=True)])
        for row in rows
    ]
    found = [(row, persons, _addresses(persons, keyring)) for row, persons in said]
    ids = iter(await people.address_ids(raw, sum(len(addresses) for _, _, addresses in found)))
    made: list[tuple[object, ...]] = []
    changed: list[tuple[object, ...]] = []
    kept: list[tuple[object, ...]] = []
    tokens: list[tuple[object, ...]] = []
    for row, persons, addresses in found:
        key: int = row["id"]
        name, language, zones, country, region = _whole(persons, row["zone"])
        sealed = None if name is None else keyring.seal("persons", "name", key, name)
        if name is not None:
            tokens += [(token, key) for token in name_tokens(keyring, name)]
        if row["is_new"]:
            made.append(
                (key, row["source"], row["ext"], sealed, language, zones, country, region, row["digest"])
            )
        else:
            changed.append((key, sealed, language, zones, country, region, row["digest"]))
        for (kind, token), (value, state, basis) in addresses.items():
            own = next(ids)
            if kind == "phone":
                tokens.append((tail_token(keyring, value), key))
            kept.append(
                (own, key, kind, keyring.seal("addresses", "value", own, value), token, state, basis, seen_at)
            )
    await people.insert_persons(raw, made)
    await people.hold_changed(raw, changed)
    await people.hold_addresses(raw, kept)
    await people.hold_tokens(raw, tokens)


def _addresses(
    persons: list[PersonRecord], keyring: Keyring
) -> dict[tuple[str, bytes], tuple[str, str, str]]:
    """(kind, token) -> (value, state, basis): of one address said several times the last word counts."""
    found: dict[tuple[str, bytes], tuple[str, str, str]] = {}
    for person in persons:
        if person.phone is not None:
            number = normal_phone(person.phone)
            found["phone", keyring.token("phone", number)] = (number, person.phone_state, person.basis)
        if person.email is not None:
            token = keyring.token("email", normal_email(person.email))
            found["email", token] = (person.email, person.email_state, person.basis)
    return found


def _whole(
    persons: list[PersonRecord], zone: str | None
) -> tuple[str | None, str | None, list[str], str | None, str | None]:
    """Name, language, zones, country, region: of each the last word. Zones: else that of their loan."""
    name = language = country = region = None
    zones: tuple[str, ...] = ()
    for person in persons:
        name, language = person.name or name, person.language or language
        country, region, zones = person.country or country, person.region or region, person.zones or zones
    return name, language, list(zones) or [zone or "UTC"], country, region
