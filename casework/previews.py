"""Texts as those who write and approve them see them: previewed with invented facts, counted, linted.

Every text is shown in each channel and language as it would be sent now: in the house's own approved words,
else in those that ship. What waits for approval stands beside it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final

import msgspec

from casework.disclosed import Wanted, wanted
from casework.errors import CaseworkInputError
from casework.office import Book, Office
from casework.staff.rights import Action, Actor, require
from messages.body import Body
from messages.errors import MessageError
from messages.lint import Finding
from messages.proof import proofread, renderings
from messages.registry import TextVersion, template_of
from messages.render import FALLBACK
from messages.samples import Sample, shown
from messages.segments import Encoding, encoding_of
from messages.templates import KINDS, Kind, Source, Template
from storage.texts import Kept, all_versions

CHANNELS: Final = ("sms", "email", "chat")


class Line(msgspec.Struct, frozen=True):
    """A text by name. `parts`: SMS parts of one loan's rendering by language; `own`, `waiting`: versions."""

    name: str
    kind: Kind
    channels: tuple[str, ...]
    languages: tuple[str, ...]
    parts: tuple[tuple[str, int], ...]
    own: int
    waiting: int


class Preview(msgspec.Struct, frozen=True):
    """One text in one channel and language. `version` None: it ships with Kept.

    `parts`: the fewest and most SMS parts over borrowers of every kind; `findings`: what the lint says of
    it; `wants`: what packs in force want it to say; `problem`: it cannot be rendered with these facts.
    """

    channel: str
    language: str
    version: Kept | None
    body: Body | None
    encoding: Encoding | None
    parts: tuple[int, int] | None
    findings: tuple[Finding, ...]
    wants: Sequence[Wanted]
    problem: str | None = None


class Previewed(msgspec.Struct, frozen=True):
    """A text in a language: how it is sent now, and the versions that wait (drafts and submitted ones)."""

    line: Line
    language: str
    now: Sequence[Preview]
    waiting: Sequence[Preview]


async def texts(office: Office, actor: Actor, today: date) -> list[Line]:
    """All of them, in the order of what they speak of. Raises Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        book = await office.book(raw)
        versions = await all_versions(raw)
    return [_line(book, name, kind, versions, today) for name, kind in KINDS.items()]


async def preview(
    office: Office, actor: Actor, name: str, language: str, sample: Sample, now: datetime
) -> Previewed:
    """One of them in every channel. `language`: one that it has none in is answered in English.

    Raises CaseworkInputError where there is none of that name; Denied.
    """
    require(actor, Action.SEE_PORTFOLIO)
    kind = KINDS.get(name)
    if kind is None:
        raise CaseworkInputError(f"there is no text {name!r}; /texts lists them")
    async with office.transaction() as raw:
        book = await office.book(raw)
        versions = [one for one in await all_versions(raw) if one.version.name == name]
    line = _line(book, name, kind, versions, now.date())
    language = language if language in line.languages else FALLBACK
    last = {_key(one.version): one for one in versions if one.version.approval == "approved"}
    current = [
        _preview(book, text, last.get((text.channel, language)), sample, now)
        for text in _current(book, name)
        if text.language == language
    ]
    waits = [
        _preview(book, template_of(one.version), one, sample, now)
        for one in versions
        if one.version.approval in ("draft", "submitted") and one.version.language == language
    ]
    return Previewed(line, language, current, waits)


async def sent_as(office: Office, actor: Actor, name: str, channel: str, language: str) -> Template:
    """The text as it is sent now. Raises CaseworkInputError where there is none; Denied."""
    require(actor, Action.SEE_PORTFOLIO)
    async with office.transaction() as raw:
        book = await office.book(raw)
    for text in _current(book, name) if name in KINDS else ():
        if (text.channel, text.language) == (channel, language):
            return text
    raise CaseworkInputError(f"there is no text {name!r} by {channel} in {language!r}; /texts lists them")


def _current(book: Book, name: str) -> Iterable[Template]:
    """The text as it is sent, by channel, then language."""
    for channel in CHANNELS:
        for language in _ordered(book.texts.languages):
            try:
                text = book.texts.of(name, channel, language)
            except MessageError:
                continue  # it has none there
            if text.language == language:
                yield text


def _ordered(found: Iterable[str]) -> list[str]:
    """English and Chinese first, which most readers of the page have; the others by name."""
    first = ("en", "zh")
    return sorted(found, key=lambda one: (first.index(one) if one in first else len(first), one))


def _line(book: Book, name: str, kind: Kind, versions: Sequence[Kept], today: date) -> Line:
    found = list(_current(book, name))
    mine = [one.version for one in versions if one.version.name == name]
    parts = [(text.language, _sample(text, "one", today)[0]) for text in found if text.channel == "sms"]
    return Line(
        name,
        kind,
        tuple(dict.fromkeys(text.channel for text in found)),
        tuple(_ordered({text.language for text in found})),
        tuple((language, body.segments) for language, body in parts if body is not None),
        sum(one.approval == "approved" for one in mine),
        sum(one.approval in ("draft", "submitted") for one in mine),
    )


def _preview(book: Book, text: Template, version: Kept | None, sample: Sample, now: datetime) -> Preview:
    body, problem = _sample(text, sample, now.date())
    own = version.version.source if version else text.source
    is_sms = text.channel == "sms"
    return Preview(
        text.channel,
        text.language,
        version,
        body,
        encoding_of(body.text) if body and is_sms else None,
        _parts(text) if is_sms else None,
        _findings(text.name, text.channel, text.language, own),
        wanted(book, text, now),
        problem,
    )


def _sample(text: Template, sample: Sample, today: date) -> tuple[Body | None, str | None]:
    try:
        return shown(text, sample, today), None
    except MessageError as error:
        return None, str(error)


def _key(version: TextVersion) -> tuple[str, str]:
    return version.channel, version.language


# Both read the text for borrowers of every kind, and neither changes while it does not.
@lru_cache(maxsize=1024)
def _parts(text: Template) -> tuple[int, int] | None:
    try:
        counts = [body.segments for _, body in renderings(text)]
    except MessageError:
        return None
    return min(counts), max(counts)


@lru_cache(maxsize=1024)
def _findings(name: str, channel: str, language: str, source: Source) -> tuple[Finding, ...]:
    return proofread(name, channel, language, source)
