"""The texts: each as it would be sent in every language and channel, with its parts, lint, disclosures."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from fastapi import Form, Path, Query, Response

from casework.previews import Line, preview, texts
from casework.staff.numbers import confirm_number, offer_number
from casework.staff.rights import Action, may
from casework.staff.trying import MARK, try_text, ways
from casework.texts import approve, reject
from console.lists import Column, Filter, Listing, Rows, listed
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting
from console.waking import wake
from messages.samples import SAMPLES, Sample
from messages.templates import KINDS

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
Wrong = Literal["wrong", "locked", "none"]
Language = Annotated[str, Query(pattern=r"^[a-z]{0,3}$")]


def _kinds(visit: Visit) -> list[tuple[str, str]]:
    return [(kind, visit.speech["wordings"]["kinds"][kind]) for kind in dict.fromkeys(KINDS.values())]


def _parts(one: Line) -> str:
    return " · ".join(f"{language} {parts}" for language, parts in one.parts)


LIST: Final = Listing(
    "wordings",
    "/texts",
    (
        Column("name", lambda one: one.name, href=lambda one: f"/texts/{one.name}"),
        Column("about", lambda one: one.name, "long", words="abouts"),
        Column("kind", lambda one: one.kind, words="kinds"),
        Column("channels", lambda one: "; ".join(one.channels), said=True),
        Column("parts", _parts),
        Column("own", lambda one: one.own, "number"),
        Column("waiting", lambda one: one.waiting, "number"),
        Column("languages", lambda one: ", ".join(one.languages), shown=False),
    ),
    (Filter("kind", _kinds),),
)


async def all_texts(visit: Visiting) -> Response:
    """All of them."""
    found = await texts(visit.desk.office, visit.actor, visit.now.date())

    async def fetch(asked: Mapping[str, str], before: str | None, limit: int) -> Rows:
        return Rows([one for one in found if asked.get("kind", one.kind) == one.kind])

    return await listed(visit, LIST, "texts.html", fetch)


async def text(
    visit: Visiting,
    name: Name,
    language: Language = "",
    sample: Sample = "one",
    tried: bool = False,
    asked: bool = False,
    wrong: Wrong | None = None,
) -> Response:
    """One of them, in a language (the reader's own unless they choose), with the facts of a sample."""
    office, member = visit.desk.office, visit.member
    found = await preview(office, visit.actor, name, language or visit.speech.code, sample, visit.now)
    tries = may(visit.actor, Action.WRITE_TEXT)
    return show(
        visit,
        "text.html",
        of=found,
        line=found.line,
        sample=sample,
        samples=SAMPLES,
        tried=tried,
        asked=asked,
        wrong=wrong,
        ways=await ways(office, member) if tries else None,
        mark=MARK,
        answers=may(visit.actor, Action.APPROVE_TEXT),
    )


async def attempt(
    visit: Visiting,
    name: Name,
    channel: Annotated[Literal["sms", "email", "chat"], Form()],
    language: Annotated[str, Form(max_length=10)],
    sample: Annotated[Sample, Form()] = "one",
    mailbox: Annotated[str, Form(max_length=320)] = "",
) -> Response:
    """It goes to whoever asks, at an address of their own."""
    office, now = visit.desk.office, visit.now
    await try_text(office, visit.member, name, channel, language, sample, now, mailbox=mailbox)
    await wake(visit.desk, "hear")
    return go(f"/texts/{name}?language={language}&sample={sample}&tried=1")


async def number(visit: Visiting, name: Name, to: Annotated[str, Form(max_length=40)]) -> Response:
    """A code goes to the number that they say is theirs."""
    await offer_number(visit.desk.office, visit.member, to, visit.speech.code, visit.now)
    await wake(visit.desk, "hear")
    return go(f"/texts/{name}?asked=1#try-title")


async def confirm(visit: Visiting, name: Name, code: Annotated[str, Form(max_length=20)]) -> Response:
    """The code came back: the number is theirs. Anything else says so on the page."""
    how = await confirm_number(visit.desk.office, visit.member, code, visit.now)
    return go(f"/texts/{name}?" + ("" if how == "confirmed" else f"asked=1&wrong={how}") + "#try-title")


async def answer(
    visit: Visiting,
    name: Name,
    key: Annotated[int, Path(ge=1, lt=1 << 63)],
    says: Annotated[Literal["yes", "no"], Form()],
    external_id: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Somebody else than its author says yes or no to a version that was handed in."""
    if says == "yes":
        await approve(visit.desk.office, visit.actor, key, visit.now, external_id.strip() or None)
    else:
        await reject(visit.desk.office, visit.actor, key, visit.now)
    return go(f"/texts/{name}")


_SEE: Final = (Action.SEE_PORTFOLIO,)
_TRY: Final = (Action.WRITE_TEXT,)

PAGES = (
    Page("/texts", all_texts, _SEE, menu="texts", group="tuning"),
    Page("/texts/{name}", text, _SEE),
    Page("/texts/{name}/try", attempt, _TRY, method="POST"),
    Page("/texts/{name}/versions/{key}", answer, (Action.APPROVE_TEXT,), method="POST"),
    Page("/texts/{name}/number", number, _TRY, method="POST"),
    Page("/texts/{name}/number/confirm", confirm, _TRY, method="POST"),
)
