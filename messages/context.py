"""What a text is held to: who gets it, on what, and what it must or may not say."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from messages.links import hosts_of
from messages.values import Saying

SEGMENTS: Final = 6
"""The most that an SMS may fall into, where nobody says otherwise."""


class Disclosure(msgspec.Struct, frozen=True):
    """What a policy has a text say: one of its phrases for the language that the text is in.

    A phrase is written as in messages/wordlists/ ("attempt* to collect"); `<link>` is any link.
    """

    code: str
    phrases: Mapping[str, tuple[str, ...]]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a text is held to.

    `language` is the one it is written in; `wanted` what the person reads (None: any will do). `opt_out` says
    whether it must tell how to stop: by a 'reply' with a word, or, where the sender cannot receive one, by
    a 'link' or number; `opt_out_at` are those that count. `given` are values that were set into it (the
    person's name, how to pay, where to reply): they and the `brand` are not read as words of the text.
    `references` name loans, and are not read either where they may be named. `hosts` are the lender's own; a
    host below one of them is too.
    """

    channel: str
    language: str | None = None
    wanted: str | None = None
    may_carry_amounts: bool = False
    opt_out: Literal["none", "reply", "link"] = "none"
    opt_out_at: tuple[str, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    brand: str | None = None
    given: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()
    most_segments: int = SEGMENTS


def context_of(
    saying: Saying,
    channel: str,
    language: str,
    *,
    opt_out: Literal["none", "reply", "link"] = "none",
    disclosures: tuple[Disclosure, ...] = (),
    hosts: frozenset[str] = frozenset(),
    wanted: str | None = None,
) -> Context:
    """The context of a text in `language` that is given `saying`; to `hosts` come those of its own lines."""
    lines = [saying.opt_out_url, saying.reply_to, saying.code, saying.link]
    lines += [saying.promised, saying.promised_on]
    if saying.may_carry_amounts:
        lines += [saying.payment_line, saying.name, saying.creditor, *(owed.product for owed in saying.owed)]
    return Context(
        channel=channel,
        language=language,
        wanted=wanted,
        may_carry_amounts=saying.may_carry_amounts,
        opt_out=opt_out,
        opt_out_at=tuple(filter(None, (saying.opt_out_url,))),
        disclosures=disclosures,
        brand=saying.brand,
        given=tuple(" ".join(line.split()) for line in lines if line and line.strip()),
        references=tuple(owed.loan for owed in saying.owed),
        hosts=hosts | hosts_of(saying.payment_line, saying.opt_out_url, saying.link),
    )
