"""Oneself: settings of one's pages, the password, the second step, and one's open sessions."""

import re
from http import HTTPStatus
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

import msgspec
import segno
from fastapi import Form, HTTPException, Path, Response

from casework.errors import CaseworkInputError
from casework.staff.settings import save_settings
from console.language import speeches
from console.registry import Page, menu
from console.render import forget_language, go, show, within
from console.visits import Visit, Visiting

Line = Annotated[str, Form(max_length=320)]
_KEY: Final = re.compile(r"[a-z_]{1,40}")
_ZONES: Final = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))


async def me(visit: Visiting, done: Literal["settings", "password", "second_step"] | None = None) -> Response:
    """All of it on one page."""
    return await _me(visit, done=done)


async def settings(
    visit: Visiting,
    language: Line = "",
    zone: Line = "UTC",
    start: Line = "",
    scheme: Annotated[Literal["system", "light", "dark"], Form()] = "system",
    density: Annotated[Literal["comfortable", "compact"], Form()] = "comfortable",
) -> Response:
    """How one likes one's pages, from now on and on every machine."""
    chosen = language if language in speeches() else None
    paths = [entry.path for entry in menu(visit, visit.request.app.state.pages)]
    liked = msgspec.structs.replace(
        visit.settings,
        language=chosen,
        zone=zone,
        start=start if start in paths else None,
        scheme=scheme,
        density=density,
    )
    try:
        await save_settings(visit.desk.office, visit.member, liked, visit.now)
    except CaseworkInputError as error:
        return await _me(visit, wrong=("settings", str(error)))
    answer = go("/me?done=settings")
    if chosen is not None or visit.settings.language is not None:
        forget_language(answer)
    return answer


async def columns(
    visit: Visiting,
    list_: Annotated[str, Form(alias="list", pattern="^[a-z_]{1,40}$")],
    column: Annotated[list[str] | None, Form(max_length=60)] = None,
    back: Line = "/me",
) -> Response:
    """Which columns a list shows; none: those that it shows to everybody. Back to the list."""
    kept = {name: keys for name, keys in visit.settings.columns.items() if name != list_}
    if column:
        kept[list_] = tuple(key for key in column if _KEY.fullmatch(key))
    liked = msgspec.structs.replace(visit.settings, columns=kept)
    await save_settings(visit.desk.office, visit.member, liked, visit.now)
    return go(within(back))


async def password(
    visit: Visiting, present: Line = "", code: Line = "", new: Line = "", again: Line = ""
) -> Response:
    """Another password; one's other sessions end."""
    if new != again:
        return await _me(visit, wrong=("password", visit.speech["join"]["differ"]))
    try:
        await visit.entrance.change_password(visit.seat, present, code, new, visit.now, visit.whence)
    except CaseworkInputError as error:
        return await _me(visit, wrong=("password", str(error)))
    return go("/me?done=password")


async def second_step(visit: Visiting, present: Line = "", code: Line = "", new: Line = "") -> Response:
    """Another second step: another phone."""
    try:
        await visit.entrance.change_second_step(visit.seat, present, code, new, visit.now, visit.whence)
    except CaseworkInputError as error:
        return await _me(visit, wrong=("second_step", str(error)))
    return go("/me?done=second_step")


async def end(visit: Visiting, key: Annotated[str, Path(pattern="^[0-9a-f]{32}$")]) -> Response:
    """End one of one's sessions."""
    if not await visit.entrance.end(visit.seat, key, visit.now):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return go("/me#sessions")


async def _me(visit: Visit, *, done: str | None = None, wrong: tuple[str, str] | None = None) -> Response:
    renewal = await visit.entrance.renewal(visit.seat)
    picture = None
    if renewal is not None:
        picture = segno.make(renewal.uri, error="m").svg_inline(scale=4, light="white", border=3)
    return show(
        visit,
        "me.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        sessions=await visit.entrance.open_sessions(visit.seat, visit.now),
        spoken=[(code, speech["name"]) for code, speech in speeches().items()],
        zones=_ZONES,
        renewal=renewal,
        picture=picture,
        done=done,
        wrong=wrong,
    )


PAGES = (
    Page("/me", me),
    Page("/me/settings", settings, method="POST"),
    Page("/me/columns", columns, method="POST"),
    Page("/me/password", password, method="POST"),
    Page("/me/second-step", second_step, method="POST"),
    Page("/me/sessions/{key}/end", end, method="POST"),
)
