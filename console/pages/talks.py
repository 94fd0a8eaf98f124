"""Borrowers who talk to a person: which of them wait, what was said, the answer, and the end of it."""

import re
from collections.abc import Sequence
from typing import Annotated, Final, Literal

from fastapi import Form, Path, Query, Response

from casework.errors import CaseworkInputError
from casework.staff.card import code_of
from casework.staff.rights import Action
from casework.staff.talk_files import open_file, sent_with
from casework.staff.talk_pages import Line, Opened, Talk, end, look, open_talks
from casework.staff.talking import answer, take
from console.language import FALLBACK, speeches
from console.pictures import DRAWN, handed
from console.registry import Page
from console.render import go, show
from console.visits import Visit, Visiting

Key = Annotated[int, Path(ge=1, lt=1 << 63)]
Ready = Literal["hello", "look", "call", "bye"]

READY: Final = ("hello", "look", "call", "bye")
_SUFFIX: Final = re.compile(r"[a-z]{1,8}")


async def talks(visit: Visiting, done: Literal["ended"] | None = None) -> Response:
    """Those that are open, the oldest first."""
    found = await open_talks(visit.desk.office, visit.member, visit.now)
    return show(visit, "talks.html", found=found, code_of=code_of, done=done)


async def talk(
    visit: Visiting,
    key: Key,
    after: Annotated[int | None, Query(ge=0, lt=1 << 63)] = None,
    seen: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """The page; or (`after` a line) what is new since, where it stands otherwise than was `seen`."""
    if after is None:
        return await _page(visit, key)
    opened = await look(visit.desk.office, visit.member, key, visit.now, after)
    if not opened.lines and seen == _seen(visit, opened.talk, opened.stand.unsaid):
        return Response(status_code=204, headers={"cache-control": "no-store"})
    return _shown(visit, key, opened, "talk-new.html")


async def _page(
    visit: Visit,
    key: int,
    *,
    wrong: str | None = None,
    refused: Sequence[str] = (),
    text: str = "",
) -> Response:
    opened = await look(visit.desk.office, visit.member, key, visit.now)
    return _shown(visit, key, opened, "talk.html", wrong=wrong, refused=refused, text=text)


def _shown(
    visit: Visit,
    key: int,
    opened: Opened,
    template: str,
    *,
    wrong: str | None = None,
    refused: Sequence[str] = (),
    text: str = "",
) -> Response:
    language = opened.stand.language if opened.stand.language in speeches() else FALLBACK
    stage = _stage(visit, opened.talk)
    return show(
        visit,
        template,
        422 if wrong or refused else 200,
        key=key,
        one=opened,
        lines=[_said(one) for one in opened.lines],
        stage=stage,
        seen=_seen(visit, opened.talk, opened.stand.unsaid),
        takes=stage == "nobody" or (stage == "other" and visit.may(Action.ASSIGN_CASE)),
        language=language,
        said=speeches()[language]["talks"]["said"],
        ready=READY,
        wrong=wrong,
        refused=refused,
        text=text,
        code_of=code_of,
    )


def _said(line: Line) -> tuple[Line, str, int | None, bool]:
    """(line, words, the file that came with it, whether a browser draws that)."""
    sent = sent_with(line.text) if line.side == "borrower" else None
    if sent is None:
        return line, line.text, None, False
    return line, sent.words, sent.file, f"image/{sent.kind}" in DRAWN


def _stage(visit: Visit, found: Talk) -> str:
    """Whose it is, for who looks."""
    if found.ended_at is not None:
        return "over"
    if found.taken_by is None:
        return "nobody"
    return "mine" if found.taken_by == visit.member.name else "other"


def _seen(visit: Visit, found: Talk, unsaid: int) -> str:
    """What a page shows beside the lines, as it says when it asks again."""
    return f"{_stage(visit, found)}-{unsaid}"


async def have(visit: Visiting, key: Key) -> Response:
    """It is theirs from now on."""
    try:
        await take(visit.desk.office, visit.member, key, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error))
    return go(f"/talks/{key}")


async def say(
    visit: Visiting,
    key: Key,
    text: Annotated[str, Form(max_length=8000)] = "",
    ready: Annotated[Ready | None, Form()] = None,
    language: Annotated[str, Form(max_length=20)] = FALLBACK,
) -> Response:
    """What was typed, or a ready text in the borrower's language; what was typed and did not go stays."""
    spoken = speeches().get(language, speeches()[FALLBACK])
    words = text.replace("\r\n", "\n") if ready is None else spoken["talks"]["said"][ready]
    try:
        refused = await answer(visit.desk.office, visit.member, key, words, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error), text=text)
    if refused or (ready is not None and text.strip()):
        return await _page(visit, key, refused=refused, text=text)
    return go(f"/talks/{key}")


async def over(visit: Visiting, key: Key) -> Response:
    """It is over: what came of it is entered next."""
    try:
        ended = await end(visit.desk.office, visit.member, key, visit.now)
    except CaseworkInputError as error:
        return await _page(visit, key, wrong=str(error))
    if ended.at_hand:
        return go("/work")
    return go("/talks?done=ended" if ended.case is None else f"/talks/{key}")


async def file(visit: Visiting, key: Key, file: Key) -> Response:
    """A photo or document that came in it, opened for this answer alone."""
    kind, content = await open_file(visit.desk.office, visit.member, key, file, visit.now)
    suffix = kind.rpartition("/")[2]
    name = f"file-{file}.{suffix}" if _SUFFIX.fullmatch(suffix) else f"file-{file}"
    return handed(kind, content, name)


_TALKS: Final = (Action.TALK,)

PAGES: Final = (
    Page("/talks", talks, _TALKS, menu="talks", group="work"),
    Page("/talks/{key}", talk, _TALKS),
    Page("/talks/{key}/take", have, _TALKS, method="POST"),
    Page("/talks/{key}/say", say, _TALKS, method="POST"),
    Page("/talks/{key}/end", over, _TALKS, method="POST"),
    Page("/talks/{key}/files/{file}", file, _TALKS),
)
