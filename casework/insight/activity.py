"""What happened over a span: messages, silences with their reasons, and payments that followed."""

from datetime import datetime, timedelta

import msgspec

from casework.office import Office
from casework.staff.rights import Action, Actor, require
from storage import activity
from storage.activity import Followed, Said, Unsaid

# A reminder's effect is looked for in the days after it.
WITHIN = timedelta(days=4)


class Activity(msgspec.Struct, frozen=True):
    """What was said and not said after `since`, what followed until `until`, and work that waits."""

    since: datetime
    until: datetime
    said: list[Said]
    unsaid: list[Unsaid]
    followed: list[Followed]
    tasks: dict[str, int]


async def activity_of(office: Office, actor: Actor, since: datetime, until: datetime) -> Activity:
    """Everything in the book since then. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        return Activity(
            since,
            until,
            await activity.said(raw, since),
            await activity.unsaid(raw, since),
            await activity.followed(raw, since, until, WITHIN),
            await activity.open_tasks(raw),
        )


async def next_moment(office: Office, actor: Actor) -> datetime | None:
    """When the machine has something to do next. Raises Denied."""
    require(actor, Action.LOOK)
    async with office.transaction() as raw:
        return await activity.next_moment(raw)
