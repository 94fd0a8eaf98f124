"""Texts of one's own: written, linted, submitted, approved; the last approved version is what is sent.

A version for an outside register (India's DLT) is frozen when it is submitted to it: it is never edited, only
succeeded, and its approval carries the register's id. Whoever approves did not write it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from casework.disclosed import lacking
from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, require
from messages import registry
from messages.errors import MessageError
from messages.proof import proofread
from messages.registry import TextVersion
from messages.templates import Source, parse, with_parts
from storage.audit import Event, write
from storage.raw import Raw
from storage.texts import (
    Kept,
    add_version,
    all_versions,
    latest_version,
    one_version,
    rewrite,
    set_approval,
)

__all__ = ["Kept", "Wanted", "approve", "list_versions", "read_wanted", "reject", "submit", "write_text"]


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text as somebody writes it: which one it is, and its words. `buttons`: label by action."""

    name: str
    channel: str
    language: str
    text: str
    subject: str | None = None
    buttons: Mapping[str, str] = {}

    @property
    def source(self) -> Source:
        return Source(
            self.text, self.subject, tuple((label, action) for action, label in self.buttons.items())
        )


def read_wanted(text: str, name: str) -> Wanted:
    """The YAML of one text. CaseworkInputError: the file, the key, what is wrong, what would be right."""
    yaml: Any = YAML(typ="safe", pure=True)  # its methods have no types
    try:
        return msgspec.convert(yaml.load(text), Wanted)
    except YAMLError as error:
        line = " ".join(str(error).split())
        raise CaseworkInputError(f"{name}: {line}") from None
    except msgspec.ValidationError as error:
        keys = "name, channel, language, text, and subject for mail or buttons for chat"
        raise CaseworkInputError(f"{name}: {error}; a text has the keys {keys}") from None


async def list_versions(office: Office, actor: Actor) -> list[Kept]:
    """Every version, the oldest first. Raises Denied."""
    require(actor, Action.WRITE_TEXT)
    async with office.transaction() as raw:
        return await all_versions(raw)


async def write_text(office: Office, actor: Actor, wanted: Wanted, now: datetime) -> int:
    """Keep a text as a draft; its number. A draft is written over, anything else is succeeded.

    Raises Denied, and CaseworkInputError with every finding where its lint refuses it, or nothing changed.
    """
    require(actor, Action.WRITE_TEXT)
    where = f"{wanted.language}/{wanted.name}/{wanted.channel}"
    try:
        source = with_parts(wanted.source, wanted.language, where)
    except MessageError as error:
        raise CaseworkInputError(str(error)) from None
    found = proofread(wanted.name, wanted.channel, wanted.language, source)
    if found:
        said = "; ".join(f"{one.where}: {one.detail}" for one in dict.fromkeys(found))
        raise CaseworkInputError(f"{where} is refused: {said}")
    async with office.transaction() as raw:
        written = parse(
            wanted.name, wanted.channel, wanted.language, source.text, source.subject, source.buttons
        )
        lacks = lacking(await office.book(raw), written, now)
        if lacks:
            raise CaseworkInputError(f"{where} is refused: {'; '.join(lacks)}")
        last = await latest_version(raw, wanted.name, wanted.channel, wanted.language)
        try:
            if last is None:
                new = registry.draft(wanted.name, wanted.channel, wanted.language, source)
            elif last.version.approval == "draft":
                new = registry.edited(last.version, source)
            else:
                new = registry.succeeded(last.version, source)
        except MessageError as error:
            raise CaseworkInputError(str(error)) from None
        if last is not None and last.version.approval == "draft":
            await rewrite(raw, last.id, new, actor.name, now)
            key = last.id
        else:
            key = await add_version(raw, new, actor.name, now)
        await _record(raw, actor, "text.written", key, new, now)
    return key


async def submit(office: Office, actor: Actor, key: int, now: datetime, *, outside: bool = False) -> None:
    """Hand a draft in: to the house, or (`outside`) to a register, which freezes it.

    Raises Denied, CaseworkInputError.
    """
    require(actor, Action.WRITE_TEXT)
    async with office.transaction() as raw:
        kept = await _one(raw, key)
        new = _moved(registry.submitted, kept.version, outside=outside)
        await set_approval(raw, key, new, None, now)
        await _record(raw, actor, "text.submitted", key, new, now)


async def approve(
    office: Office, actor: Actor, key: int, now: datetime, external_id: str | None = None
) -> None:
    """Approve what was submitted, by somebody else than wrote it; by a register under the id it gave.

    It is what is sent from the next claim on. Raises Denied, CaseworkInputError.
    """
    require(actor, Action.APPROVE_TEXT)
    async with office.transaction() as raw:
        kept = await _one(raw, key)
        if kept.written_by == actor.name:
            raise CaseworkInputError(f"text {key}: {actor.name} wrote it; somebody else approves it")
        new = _moved(registry.approved, kept.version, external_id)
        await set_approval(raw, key, new, actor.name, now)
        await _record(raw, actor, "text.approved", key, new, now)


async def reject(office: Office, actor: Actor, key: int, now: datetime) -> None:
    """Refuse what was submitted. Raises Denied, CaseworkInputError."""
    require(actor, Action.APPROVE_TEXT)
    async with office.transaction() as raw:
        kept = await _one(raw, key)
        new = _moved(registry.rejected, kept.version)
        await set_approval(raw, key, new, None, now)
        await _record(raw, actor, "text.rejected", key, new, now)


def _moved(step: Any, version: TextVersion, *more: Any, **options: Any) -> TextVersion:
    """A step of the registry; what it refuses is an input error."""
    try:
        return step(version, *more, **options)
    except MessageError as error:
        raise CaseworkInputError(str(error)) from None


async def _one(raw: Raw, key: int) -> Kept:
    kept = await one_version(raw, key)
    if kept is None:
        raise CaseworkInputError(f"there is no text version {key}; `kept texts list` shows them")
    return kept


async def _record(raw: Raw, actor: Actor, action: str, key: int, version: TextVersion, now: datetime) -> None:
    data = {"digest": version.digest, "external_id": version.external_id, "frozen": version.frozen}
    await write(raw.connection, [Event(now, actor.name, actor.role, action, "text_version", key, data)])
