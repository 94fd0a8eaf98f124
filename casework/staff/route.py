"""The visits of a day in the order of their places: from where one is, each time to the nearest."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Final

import msgspec

from casework.office import Office
from casework.staff.alerts import zone_of
from casework.staff.desk import portfolios_for
from casework.staff.people import OF_ROLES, Member
from casework.staff.rights import Action
from policy.calendar import day_start, local_day
from storage.audit import Event, write
from storage.staff.keeping import visits_of

_EARTH: Final = 6371.0  # kilometres


class Place(msgspec.Struct, frozen=True):
    """A place, in degrees."""

    latitude: float
    longitude: float


class Stop(msgspec.Struct, frozen=True):
    """A visit. `place` None: nobody noted one yet. `distance`: kilometres from the stop before, as a crow."""

    case: int
    finish_by: datetime | None
    place: Place | None
    distance: float | None = None


async def my_route(office: Office, member: Member, start: Place | None, now: datetime) -> Sequence[Stop]:
    """Their visits until midnight, the nearest next; those without a place at the end, by their deadline.

    `start` None: from the visit that is due first. The look is on record. Raises Denied.
    """
    async with office.transaction() as raw:
        mine = await portfolios_for(raw, office, member, Action.TAKE_CASE)
        zone = await zone_of(raw, office, member.actor.portfolios)
        until = day_start(local_day(now, zone) + timedelta(days=1), zone)
        found = await visits_of(raw, office.keyring, member.id, mine, member.queues, OF_ROLES, until, now)
        data = {"cases": [one.case for one in found]}
        await write(raw.connection, [Event(now, member.name, member.actor.role, "route.seen", data=data)])
    far = datetime.max.replace(tzinfo=now.tzinfo)
    stops = sorted(
        (Stop(one.case, one.finish_by, _place(one.place)) for one in found),
        key=lambda one: (one.finish_by or far, one.case),
    )
    return in_order(stops, start)


def in_order(stops: Sequence[Stop], start: Place | None) -> list[Stop]:
    """The stops, each time the nearest next; those without a place last, as they were given."""
    left = [one for one in stops if one.place is not None]
    route: list[Stop] = []
    here = start
    while left:
        nearest = left[0] if here is None else min(left, key=_nearness(here))
        left.remove(nearest)
        away = None if here is None else _between(here, nearest.place)
        route.append(msgspec.structs.replace(nearest, distance=away))
        here = nearest.place
    return [*route, *(one for one in stops if one.place is None)]


def _nearness(here: Place) -> Callable[[Stop], tuple[float, int]]:
    return lambda one: (_between(here, one.place), one.case)


def _between(here: Place | None, there: Place | None) -> float:
    """Kilometres along a great circle (haversine)."""
    assert here is not None
    assert there is not None
    one, other = radians(here.latitude), radians(there.latitude)
    east = radians(there.longitude - here.longitude)
    half = sin((other - one) / 2) ** 2 + cos(one) * cos(other) * sin(east / 2) ** 2
    return 2 * _EARTH * asin(min(1.0, sqrt(half)))


def _place(written: str | None) -> Place | None:
    if written is None:
        return None
    latitude, _, longitude = written.partition(",")
    return Place(float(latitude), float(longitude))
