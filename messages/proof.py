"""The lint of a template when it is saved, before anything can be sent by it.

A template is rendered for every kind of borrower that its branches may tell apart, and each outcome is
linted; its words are read once more where no branch was taken.
"""

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from itertools import product
from typing import Final

from messages.body import Body
from messages.context import Context, Disclosure, context_of
from messages.errors import InvalidTextError, MessageError, UnknownVariableError
from messages.lint import SENTENCES, Finding, lint, lint_words
from messages.render import render_with
from messages.templates import Source, Template, parse
from messages.values import Collector, Owed, Saying

NO_OPT_OUT: Final = frozenset({"stop-confirmed", "link-unknown", "chat-code", "chat-link"})
"""Texts that need not say how to stop: one says that it is done, one answers whom we never write to."""

_TODAY: Final = date(2026, 3, 2)
_REPLY: Final = "+1 212 555 0100"
_PAY: Final = "https://pay.example.com/L-1001"
_STOP: Final = "https://pay.example.com/stop/abc"
_STOPS: Final = {"sms": "<<stop>>", "email": "<<stop-mail>>", "chat": "<<stop-chat>>"}
_TAG: Final = re.compile(r"\{%-?(.*?)-?%\}|\{\{-?(.*?)-?\}\}", re.DOTALL)
_LITERAL: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")


def proofread(
    name: str,
    channel: str,
    language: str,
    source: Source,
    *,
    disclosures: tuple[Disclosure, ...] = (),
    hosts: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """What is wrong with a template; nothing, where it may be saved. `where` is as in `lint`."""
    try:
        chosen = parse(name, channel, language, source.text, source.subject, source.buttons)
    except UnknownVariableError as error:
        return (Finding("unknown_variable", str(error), "text"),)
    except InvalidTextError as error:
        return (Finding("invalid", str(error), "text"),)
    found = list(_as_written(chosen, source, hosts))
    for saying in _sayings():
        found += _rendered(chosen, saying, disclosures, hosts)
    return tuple(dict.fromkeys(_with_remedy(one, channel) for one in found))


def renderings(chosen: Template) -> Iterator[tuple[Saying, Body]]:
    """A template as borrowers of every kind would read it, with what is told of them. Raises MessageError."""
    for saying in _sayings():
        yield saying, render_with(chosen, chosen.language, saying).body


def _with_remedy(found: Finding, channel: str) -> Finding:
    """What is missing where there is a shipped piece for it, with the piece."""
    if found.code not in ("no_opt_out", "stop_not_received"):
        return found
    piece = _STOPS[channel]
    detail = (
        f"{found.detail}; {piece} in its place is the link where the sender takes no reply, else the word"
    )
    return Finding(found.code, detail, found.where)


def missing_languages(
    name: str, channel: str, there_are: Collection[str], needed: Collection[str]
) -> tuple[Finding, ...]:
    """A finding for each language that a text is needed in and has no version of."""
    return tuple(
        Finding("missing_language", f"{name}/{channel} has no text in '{language}'", language)
        for language in sorted(set(needed) - set(there_are))
    )


def _as_written(chosen: Template, source: Source, hosts: frozenset[str]) -> Iterator[Finding]:
    """Its own words, those of every branch and those in quotes within a tag."""
    context = Context(
        channel=chosen.channel,
        language=chosen.language,
        may_carry_amounts=chosen.kind != "neutral",
        hosts=hosts,
    )
    for where, text in (("text", source.text), ("subject", source.subject)):
        if text is None:
            continue
        quoted = [
            first or second
            for of_tag, of_output in _TAG.findall(text)
            for first, second in _LITERAL.findall(of_tag or of_output)
        ]
        for words in (_TAG.sub(" ", text), _TAG.sub("", text), *quoted):
            yield from lint_words(words, context, where)


def _rendered(
    chosen: Template, saying: Saying, disclosures: tuple[Disclosure, ...], hosts: frozenset[str]
) -> Iterator[Finding]:
    try:
        body = render_with(chosen, chosen.language, saying).body
    except MessageError as error:
        yield Finding("invalid", f"{SENTENCES['invalid']}: {error}", "text")
        return
    needs = "none" if chosen.name in NO_OPT_OUT else "link" if saying.opt_out_url else "reply"
    if chosen.kind == "neutral":
        saying = Saying(
            brand=saying.brand, today=saying.today, opt_out_url=saying.opt_out_url, reply_to=saying.reply_to
        )
    context = context_of(
        saying, chosen.channel, chosen.language, opt_out=needs, disclosures=disclosures, hosts=hosts
    )
    yield from lint(body, context)


def _sayings() -> Iterator[Saying]:
    """Borrowers that differ in what is known of them, and in how many loans they owe on, and since when."""
    for known, reply_to, opt_out_url in product((True, False), (_REPLY, None), (_STOP, None)):
        for loans in _loans():
            yield Saying(
                brand="Acme",
                today=_TODAY,
                owed=loans,
                name="Maria" if known else None,
                payment_line=_PAY if known else None,
                reply_to=reply_to,
                opt_out_url=opt_out_url,
                may_carry_amounts=True,
            )
    # Of who collects for others, at the length that is worst.
    told: tuple[Collector, ...] = ("first", "later")
    for collector, loans in product(told, _loans()):
        yield Saying(
            brand="Acme",
            today=_TODAY,
            owed=loans,
            name="Maria",
            payment_line=_PAY,
            reply_to=_REPLY,
            may_carry_amounts=True,
            collector=collector,
            creditor="Acme Bank",
            dispute_by=_TODAY + timedelta(days=37),
        )


def _loans() -> Iterator[tuple[Owed, ...]]:
    """One late loan, one due today beside it, and as many as every plural form wants."""
    yield (_loan(1, 3),)
    yield _loan(1, 1), _loan(2, 0)
    for count in (2, 5, 21):
        yield tuple(_loan(number, 1 + number % 3 * 10) for number in range(count))


def _loan(number: int, days_late: int) -> Owed:
    return Owed(
        loan=f"L-{number}",
        due=_TODAY - timedelta(days=days_late),
        currency="USD",
        amount_minor=25_000,
        arrears_minor=25_000 if days_late else 0,
        outstanding_minor=100_000,
        days_late=days_late,
        product="Business" if number % 2 else None,
    )
