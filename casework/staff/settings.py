"""How somebody of the staff likes their pages: language, zone, where they begin, what lists show."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from zoneinfo import available_timezones

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.people import Member
from storage.staff import accounts as stored

Scheme = Literal["system", "light", "dark"]
Density = Literal["comfortable", "compact"]


class Settings(msgspec.Struct, frozen=True, omit_defaults=True):
    """`language` None: the browser's. `start`: the page that one begins at, None the first there is.

    `columns`: by list, the columns it shows, in that order.
    """

    language: str | None = None
    zone: str = "UTC"
    start: str | None = None
    scheme: Scheme = "system"
    density: Density = "comfortable"
    columns: Mapping[str, tuple[str, ...]] = {}


def read_settings(stored: Mapping[str, Any]) -> Settings:
    """What is stored; what no version of ours knows any more falls away."""
    try:
        return msgspec.convert(stored, Settings)
    except msgspec.ValidationError:
        return Settings()


async def save_settings(office: Office, member: Member, settings: Settings, now: datetime) -> None:
    """Keep them. Raises CaseworkInputError where the zone is none."""
    if settings.zone not in available_timezones():
        raise CaseworkInputError(f"{settings.zone!r} is no time zone; write one like Europe/Berlin")
    async with office.transaction() as raw:
        await stored.set_settings(raw, member.id, msgspec.json.encode(settings).decode(), now)
