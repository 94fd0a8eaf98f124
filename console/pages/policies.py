"""The policy packs in words: what binds whom, since when, where it comes from, and how sure we are of it."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import Path, Response

from casework.insight.policies import Shown, pack, packs
from casework.staff.rights import Action
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import show
from console.visits import Visit, Visiting

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]


def _uses(visit: Visit) -> list[tuple[str, str]]:
    return [(use, visit.speech["policies"]["uses"][use]) for use in ("used", "unused")]


def _sureness(one: Shown) -> str:
    """The marks of its rules, each once."""
    return ", ".join(dict.fromkeys(rule["sure"] for rule in one.page["rules"]))


def _use(one: Shown) -> str:
    return "used" if one.portfolios else "unused"


LIST: Final = Listing(
    "policies",
    "/policies",
    (
        Column("pack", lambda one: one.page["pack"], href=lambda one: f"/policies/{one.page['pack']}"),
        Column("jurisdiction", lambda one: one.page["jurisdiction"]),
        Column("title", lambda one: one.page["title"], "long"),
        Column("portfolios", lambda one: ", ".join(bound.portfolio for bound in one.portfolios)),
        Column("rules", lambda one: len(one.page["rules"]), "number"),
        Column("sureness", _sureness),
        Column("review_by", lambda one: one.page["review_by"]),
        Column("review", lambda one: "past" if one.past_review else "ahead", words="reviews"),
        Column("owner", lambda one: one.page["owner"], shown=False),
    ),
    (Filter("use", _uses),),
)


async def policies(visit: Visiting) -> Response:
    """All of them, those in use first."""
    found = await packs(visit.desk.office, visit.actor, visit.now.date())

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        return Rows([one for one in found if asked.get("use", _use(one)) == _use(one)])

    return await listed(visit, LIST, "policies.html", fetch)


async def policy(visit: Visiting, name: Name) -> Response:
    """One of them, rule by rule."""
    found = await pack(visit.desk.office, visit.actor, name, visit.now.date())
    return show(visit, "policy.html", of=found, pack=found.page)


_SEE: Final = (Action.SEE_PORTFOLIO,)

PAGES = (
    Page("/policies", policies, _SEE, menu="policies", group="tuning"),
    Page("/policies/{name}", policy, _SEE),
)
