"""Rendering a text: at the claim only, with the figures of that moment."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Final

import msgspec
from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError

from messages.body import LENGTH, Body
from messages.errors import InvalidTextError, MayNotCarryError, NothingOwedError, TextTooLongError
from messages.filled import fill
from messages.locales import best_language, listed, locale_for, long_date, money, short_date
from messages.mail_page import page
from messages.segments import segments
from messages.templates import Template, languages, template
from messages.values import Owed, Saying

FALLBACK: Final = "en"
_LISTED: Final = 20  # loans named one by one; the others are counted
_NAME: Final = 60
_REFERENCE: Final = 40
_JOINERS: Final = "\u200c\u200d"  # they shape words of Hindi and other scripts
_LINK: Final = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]")
_BLANK_LINES: Final = re.compile(r"\n\s*\n")


class Rendered(msgspec.Struct, frozen=True):
    """A body, and what it was made of: the text's name, the digest of its content, the language it is in."""

    body: Body
    template: str
    digest: str
    language: str


def render(name: str, channel: str, language: str | None, saying: Saying) -> Rendered:
    """The text `name` for `channel` ('sms', 'email', 'chat').

    `language` is what the person wants, best with their country ('es-MX', 'en-IN'): figures and dates are
    then written as there. The text is in the nearest language there is (`Rendered.language`), else in
    English. Raises MessageError: UnknownTextError, MayNotCarryError, NothingOwedError, TextTooLongError.
    """
    spoken = best_language(language, languages(), FALLBACK)
    chosen = template(name, channel, spoken)
    return render_with(chosen, language or spoken, saying)


def render_with(chosen: Template, language: str, saying: Saying) -> Rendered:
    """As `render`, with a text that is already at hand."""
    if chosen.kind != "neutral" and not saying.may_carry_amounts:
        raise MayNotCarryError(chosen.name)
    data = _data(chosen, locale_for(language, chosen.language), saying)
    raw = _filled(chosen, chosen.text, data)
    if chosen.channel == "sms":
        text = " ".join(raw.split())
        body = Body(text=text, segments=segments(text))
    else:
        paragraphs = _paragraphs(raw)
        text = "\n\n".join(paragraphs)
        if chosen.subject is None:
            body = Body(text=text, buttons=_buttons(chosen, saying))
        else:
            subject = " ".join(_filled(chosen, chosen.subject, data).split())
            html = _html(paragraphs, subject, chosen.language, saying)
            body = Body(text=text, subject=subject, html=html)
    if len(body.text) > LENGTH[chosen.channel]:
        raise TextTooLongError(chosen.name, chosen.channel, LENGTH[chosen.channel])
    return Rendered(body, chosen.name, chosen.digest, chosen.language)


def _buttons(chosen: Template, saying: Saying) -> tuple[tuple[str, str], ...]:
    """Those of the text; none to pay where nobody can say how."""
    if saying.payment_line:
        return chosen.source.buttons
    return tuple(button for button in chosen.source.buttons if button[1] != "pay")


def _filled(chosen: Template, source: BoundTemplate, data: Mapping[str, object]) -> str:
    try:
        return fill(source, data)
    except ResourceLimitError as error:
        raise TextTooLongError(chosen.name, chosen.channel, LENGTH[chosen.channel]) from error
    except LiquidError as error:
        where = f"{chosen.language}/{chosen.name}/{chosen.channel}"
        raise InvalidTextError(where, str(error.message)) from error


def _data(chosen: Template, locale: str, saying: Saying) -> dict[str, object]:
    """Plain strings and counts by the names of `templates.ALL_NAMES`; absent is None."""
    data: dict[str, object] = {
        "brand": _plain(saying.brand),
        "reply_to": _plain(saying.reply_to),
        "opt_out_url": _plain(saying.opt_out_url),
        "code": _plain(saying.code),
        "link": _plain(saying.link),
        "promised": _plain(saying.promised),
        "promised_on": _plain(saying.promised_on),
    }
    if chosen.kind == "neutral":
        return data
    about = sorted(saying.owed, key=_worst_first) if len(saying.owed) > 1 else saying.owed
    also: Sequence[Owed] = ()
    late = [o for o in about if o.days_late > 0]
    if chosen.kind == "late" or (chosen.kind == "promise" and late):
        about, also = late, [o for o in about if o.days_late <= 0]
    if not about:
        raise NothingOwedError(chosen.name)
    if chosen.kind == "promise":
        left, currency = saying.promise_minor, about[0].currency
        data["promised"] = money(left, currency, locale, gsm7=chosen.gsm7) if left else None
    owed = [_item(o, saying, locale, chosen.gsm7) for o in about[:_LISTED]]
    data["name"] = _cut(saying.name, _NAME)
    data["payment_line"] = _plain(saying.payment_line)
    data["owed"] = owed
    data["one"] = owed[0]
    data["also"] = [_item(o, saying, locale, chosen.gsm7) for o in also[:_LISTED]] or None
    data["count"] = len(about)
    data["more"] = len(about) - len(owed) or None
    data["total"] = owed[0]["pay"] if len(about) == 1 else _total(about, locale, chosen.gsm7)
    data["collector"] = saying.collector is not None
    data["first_time"] = saying.collector == "first"
    data["creditor"] = _plain(saying.creditor)
    data["dispute_by"] = long_date(saying.dispute_by, locale) if saying.dispute_by else None
    data["same_due"] = len({o.due for o in about}) == 1
    return data


def _worst_first(owed: Owed) -> tuple[int, date]:
    return -owed.days_late, owed.due


def _to_pay(owed: Owed) -> int:
    return owed.arrears_minor if owed.days_late > 0 else owed.amount_minor


def _item(owed: Owed, saying: Saying, locale: str, gsm7: bool) -> dict[str, object]:
    return {
        "loan": _cut(owed.loan, _REFERENCE),
        "product": _cut(owed.product, _REFERENCE),
        "due": short_date(owed.due, saying.today, locale),
        "long_due": long_date(owed.due, locale),
        "today": owed.due == saying.today,
        "pay": money(_to_pay(owed), owed.currency, locale, gsm7=gsm7),
        "outstanding": money(owed.outstanding_minor, owed.currency, locale, gsm7=gsm7),
        "days_late": owed.days_late,
    }


def _total(about: Sequence[Owed], locale: str, gsm7: bool) -> str:
    """What is to be paid, a sum for each currency: never one across them."""
    sums: dict[str, int] = {}
    for owed in about:
        sums[owed.currency] = sums.get(owed.currency, 0) + _to_pay(owed)
    return listed([money(minor, currency, locale, gsm7=gsm7) for currency, minor in sums.items()], locale)


def _plain(value: str | None) -> str | None:
    """A value on one line, without what is not seen or turns the direction; None where nothing is left."""
    if not value:
        return None
    if not value.isprintable():
        value = "".join(c if c.isprintable() or c in _JOINERS else " " for c in value)
    return " ".join(value.split()) or None


def _cut(value: str | None, limit: int) -> str | None:
    plain = _plain(value)
    return plain if plain is None or len(plain) <= limit else plain[:limit].rstrip()


def _paragraphs(raw: str) -> list[str]:
    paragraphs = (
        "\n".join(filter(None, map(str.strip, paragraph.splitlines())))
        for paragraph in _BLANK_LINES.split(raw)
    )
    return [paragraph for paragraph in paragraphs if paragraph]


def _html(paragraphs: Sequence[str], subject: str, language: str, saying: Saying) -> str:
    """The same words as a page that any mail program and screen reader takes; every character escaped."""
    links = sorted(
        {link for line in (saying.payment_line, saying.opt_out_url) if line for link in _LINK.findall(line)},
        key=len,
        reverse=True,
    )
    return page(language, subject, "\n".join(_block(paragraph, links) for paragraph in paragraphs))


def _block(paragraph: str, links: Sequence[str]) -> str:
    """One paragraph: its lines that begin with a dash are a list. Only the lender's links become links."""
    for number, link in enumerate(links):
        paragraph = paragraph.replace(link, f"\x00{number}\x00")
    safe = escape(paragraph)
    for number, link in enumerate(links):
        url = escape(link)
        safe = safe.replace(f"\x00{number}\x00", f'<a href="{url}">{url}</a>')
    if "\n" not in safe:
        return f"<p>{safe}</p>"
    lines = safe.split("\n")
    words = [line for line in lines if not line.startswith("- ")]
    items = [f"<li>{line[2:]}</li>" for line in lines if line.startswith("- ")]
    return (f"<p>{'<br>'.join(words)}</p>" if words else "") + (f"<ul>{''.join(items)}</ul>" if items else "")
