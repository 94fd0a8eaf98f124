"""The demo's staff: somebody of each role, whom a visitor at this machine may be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from casework.office import Office
from casework.staff.people import everybody, invite
from casework.staff.rights import Role
from kept.bootstrap import OPERATOR, assembled
from kept.clock import SystemClock
from kept.config import Settings

NAMES: Final[Mapping[Role, str]] = {
    Role.COLLECTOR: "Carla",
    Role.SUPERVISOR: "Simon",
    Role.CREDIT_MANAGER: "Mina",
    Role.OPERATIONS: "Olga",
    Role.RISK: "Ravi",
    Role.FINANCE: "Femi",
    Role.COMPLIANCE: "Clara",
    Role.AUDITOR: "Aldo",
    Role.MANAGEMENT: "Maja",
    Role.CUSTOMER_SERVICE: "Kim",
    Role.ADMINISTRATOR: "Ada",
}


class Hired(msgspec.Struct, frozen=True):
    """The staff: their ids by role, and what the link carries that makes a chat theirs."""

    ids: Mapping[Role, int]
    carries: Mapping[Role, str]


async def hired(settings: Settings) -> Hired:
    """Everybody, invited. They have no password: there is no way in but the demo's own pages.

    Raises ValueError outside a demo: the database of one is never named by a setting.
    """
    if settings.database.url is not None or settings.redis.url is not None:
        raise ValueError("a demo lets everybody in, so it never runs on a database that a setting names")
    async with assembled(settings, portfolios=None) as running:
        return await hire(running.office, SystemClock().now())


async def hire(office: Office, now: datetime) -> Hired:
    """Everybody, invited at a moment; invited again they stay who they are, with new links."""
    carries = {
        role: (await invite(office, OPERATOR, name, role, now)).join.rpartition("/")[2]
        for role, name in NAMES.items()
    }
    found = {one.row.name: one.row.id for one in await everybody(office, OPERATOR, now)}
    return Hired({role: found[name] for role, name in NAMES.items()}, carries)
