"""The packs as those who answer for them read them: each with its page, and the portfolios it binds."""

from datetime import date

import msgspec

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, may, require
from policy.pack import shipped_packs
from policy.page import PackPage, page
from policy.values import Actor as Party


class Bound(msgspec.Struct, frozen=True):
    """A portfolio that is held to a pack, and as whom it collects."""

    portfolio: str
    collects_as: Party


class Shown(msgspec.Struct, frozen=True):
    """A pack. `portfolios`: of those the reader may see; `past_review`: its review date has passed."""

    page: PackPage
    portfolios: tuple[Bound, ...]
    past_review: bool


async def packs(office: Office, actor: Actor, today: date) -> list[Shown]:
    """Every pack that ships, those in use first. Raises Denied."""
    async with office.transaction() as raw:
        specs = sorted((await office.book(raw)).portfolios.values(), key=lambda spec: spec.portfolio)
    seen = [spec for spec in specs if may(actor, Action.SEE_PORTFOLIO, spec.portfolio)]
    if not seen:
        require(actor, Action.SEE_PORTFOLIO)
    found = [
        Shown(
            page(pack),
            tuple(Bound(spec.portfolio, spec.actor) for spec in seen if name in spec.packs),
            pack.review_past(today),
        )
        for name, pack in shipped_packs().items()
    ]
    return sorted(found, key=lambda one: (not one.portfolios, one.page["pack"]))


async def pack(office: Office, actor: Actor, name: str, today: date) -> Shown:
    """One of them. Raises CaseworkInputError where there is none of that name; Denied."""
    for one in await packs(office, actor, today):
        if one.page["pack"] == name:
            return one
    raise CaseworkInputError(f"{name!r} is no policy pack; /policies lists them")
