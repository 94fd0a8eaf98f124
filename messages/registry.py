"""Versions of a text: written, submitted, approved, succeeded; as values, without a place to keep them.

A version that was handed to an outside register (India's DLT, WhatsApp) is frozen from then on: what they
read is what is sent, to the letter. It cannot be edited, only succeeded by a new version. What was approved
in the house alone may be edited, and loses its approval by that. A send uses the latest approved version.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from messages.errors import MessageError, NotApprovedError
from messages.templates import Source, Template, library, parse

Approval = Literal["draft", "submitted", "approved", "rejected"]


class TextVersion(msgspec.Struct, frozen=True):
    """One version of one text of one channel in one language.

    `digest` names its exact content, as `Template.digest`; `external_id` is what an outside register calls
    it; `frozen` says that one has it.
    """

    name: str
    channel: str
    language: str
    source: Source
    digest: str
    external_id: str | None = None
    approval: Approval = "draft"
    frozen: bool = False


class FrozenTextError(MessageError):
    """A text that an outside register has cannot be changed."""

    def __init__(self, version: TextVersion) -> None:
        super().__init__(
            f"{_where(version)} was handed to an outside register and cannot be edited:"
            " write a version that succeeds it"
        )


class ApprovalError(MessageError):
    """A text is not in the state that this asks for; the sentence says in which, and what would be right."""


def draft(name: str, channel: str, language: str, source: Source) -> TextVersion:
    """A first version. Raises InvalidTextError where `source` is no text."""
    parsed = parse(name, channel, language, source.text, source.subject, source.buttons)
    return TextVersion(name, channel, language, source, parsed.digest)


def shipped(language: str) -> tuple[TextVersion, ...]:
    """The texts of the library in one of its languages: versions that the house approved."""
    return tuple(
        TextVersion(text.name, text.channel, language, text.source, text.digest, approval="approved")
        for text in library(language).values()
    )


def template_of(version: TextVersion) -> Template:
    """The version, ready to be rendered."""
    source = version.source
    return parse(version.name, version.channel, version.language, source.text, source.subject, source.buttons)


def edited(version: TextVersion, source: Source) -> TextVersion:
    """The version with other content: a draft again. Raises FrozenTextError, InvalidTextError."""
    if version.frozen:
        raise FrozenTextError(version)
    return draft(version.name, version.channel, version.language, source)


def succeeded(version: TextVersion, source: Source) -> TextVersion:
    """A draft that is to follow `version`, which stays what it is. Raises InvalidTextError, ApprovalError."""
    new = draft(version.name, version.channel, version.language, source)
    if new.digest == version.digest:
        raise ApprovalError(f"{_where(version)} says exactly this already: change something, or keep it")
    return new


def submitted(version: TextVersion, *, outside: bool = False) -> TextVersion:
    """Handed in for approval, to the house or (`outside`) to a register, which freezes it."""
    if version.approval != "draft":
        raise ApprovalError(f"{_where(version)} is {version.approval}: only a draft can be submitted")
    return msgspec.structs.replace(version, approval="submitted", frozen=outside)


def approved(version: TextVersion, external_id: str | None = None) -> TextVersion:
    """Approved; by an outside register under the id it gave."""
    if version.approval != "submitted":
        raise ApprovalError(
            f"{_where(version)} is {version.approval}: only what is submitted can be approved"
        )
    given = (external_id or "").strip()
    if version.frozen and not given:
        raise ApprovalError(f"{_where(version)} was submitted to a register: give the id it has there")
    if given and not version.frozen:
        raise ApprovalError(f"{_where(version)} was submitted to the house: an id of a register has no place")
    return msgspec.structs.replace(version, approval="approved", external_id=given or None)


def rejected(version: TextVersion) -> TextVersion:
    """Refused by whom it was submitted to. What a register refused stays frozen: it is known there."""
    if version.approval != "submitted":
        raise ApprovalError(
            f"{_where(version)} is {version.approval}: only what is submitted can be rejected"
        )
    return msgspec.structs.replace(version, approval="rejected")


def current(versions: Sequence[TextVersion], name: str, channel: str, language: str) -> TextVersion:
    """The version that a send uses: the last approved of `versions`, oldest first. Else NotApprovedError."""
    for version in reversed(versions):
        its = (version.name, version.channel, version.language)
        if its == (name, channel, language) and version.approval == "approved":
            return version
    raise NotApprovedError(name, channel, language)


def _where(version: TextVersion) -> str:
    return f"{version.language}/{version.name}/{version.channel}"
