"""The editor of a strategy: what is wrong as one types, what it changes, drafts, and handing it in."""

from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import Form, Query, Response

from casework.drafts import SHARES, check, drop_draft, open_draft, save_draft, submit, texts
from casework.errors import CaseworkInputError
from casework.roll_out import Measure
from casework.staff.rights import Action
from console.ladder import ladder
from console.pages.strategies import Name
from console.registry import Page
from console.render import go, show
from console.visits import Visiting
from strategies.completion import completions

_Number = Annotated[int | None, Query(ge=1, lt=1 << 31)]
_Text = Annotated[str, Form(max_length=200_000)]
_Percent = Annotated[str, Form(max_length=12)]
_Base = Annotated[int | None, Form(ge=1, lt=1 << 31)]


async def edit(
    visit: Visiting, name: Name, version: _Number = None, done: Literal["saved"] | None = None
) -> Response:
    """One's draft; else the version asked for, or the one in force, to begin from."""
    desk = await open_draft(visit.desk.office, visit.actor, name, version)
    return await _shown(visit, desk, done=done)


async def edited(
    visit: Visiting,
    name: Name,
    do: Annotated[Literal["check", "save", "simulate", "submit", "drop"], Form()],
    text: _Text = "",
    base: _Base = None,
    share: Annotated[int, Form(ge=1, le=100)] = 100,
    now: _Percent = "",
    hoped: _Percent = "",
    asks: Annotated[Literal["paid", "current"], Form()] = "paid",
    within: Annotated[int, Form(ge=1, le=365)] = 14,
) -> Response:
    """What was written is looked at, kept, handed in or thrown away."""
    office, actor = visit.desk.office, visit.actor
    if do == "drop":
        await drop_draft(office, actor, name, visit.now)
        return go(f"/strategies/{name}")
    if do == "save":
        await save_draft(office, actor, name, text, base, visit.now)
        return go(f"/strategies/{name}/edit?done=saved")
    if do == "simulate":
        await save_draft(office, actor, name, text, base, visit.now)
        return go(f"/strategies/{name}/simulations?what=draft")
    if do == "submit" and not (await check(office, actor, name, text)).slips:
        measure = _measure(now, hoped, asks, within) if share < 100 else None
        await save_draft(office, actor, name, text, base, visit.now)  # it is there if it is not taken
        await submit(office, actor, name, text, visit.now, share, measure)
        return go("/approvals?done=asked")
    desk = await open_draft(office, actor, name)
    desk = msgspec.structs.replace(desk, text=text, base=base)
    return await _shown(visit, desk, status=422 if do == "submit" else 200)


def _measure(now: str, hoped: str, asks: str, within: int) -> Measure | None:
    """What a roll-out is measured by; None: by nothing, as both percents are left out. CaseworkInputError."""
    if not now.strip() and not hoped.strip():
        return None
    try:
        low, high = (
            round(float(one.strip().removesuffix("%").replace(",", ".")) * 100) for one in (now, hoped)
        )
    except (ValueError, OverflowError):
        raise CaseworkInputError(
            f"{now!r} and {hoped!r}: two shares in percent are needed, like 40 and 43"
        ) from None
    return Measure(low, high, asks, within)


async def checked(visit: Visiting, name: Name, text: _Text = "") -> Response:
    """What is wrong with a text, or what it changes: a part of the page, asked for as one types."""
    return show(visit, "strategy-checked.html", **await _found(visit, name, text))


async def begin(
    visit: Visiting, name: Annotated[str, Form(pattern=r"^[a-z0-9][a-z0-9-]{0,40}$")]
) -> Response:
    """To the editor of a strategy that there may not be yet."""
    return go(f"/strategies/{name}/edit")


async def _shown(visit: Visiting, desk: Any, *, status: int = 200, done: str | None = None) -> Response:
    return show(
        visit,
        "strategy-edit.html",
        status,
        of=desk,
        done=done,
        shares=SHARES if desk.live is not None else (100,),
        completions=completions(texts()),
        **await _found(visit, desk.name, desk.text),
    )


async def _found(visit: Visiting, name: str, text: str) -> dict[str, Any]:
    found = await check(visit.desk.office, visit.actor, name, text)
    picture = None if found.strategy is None else ladder(found.strategy)
    return {"found": found, "picture": picture}


_TUNE: Final = (Action.PUBLISH_STRATEGY,)

PAGES = (
    Page("/strategies", begin, _TUNE, method="POST"),
    Page("/strategies/{name}/edit", edit, _TUNE),
    Page("/strategies/{name}/edit", edited, _TUNE, method="POST"),
    Page("/strategies/{name}/check", checked, _TUNE, method="POST"),
)
