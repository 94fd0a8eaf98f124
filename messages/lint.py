"""The lint: what a text may not say, or must say and does not.

It reads a body as rendered at the claim, a collector's own words before they go out, and, through
messages/proof.py, a template when it is saved. It knows nothing but what it is given. Findings are meant for
whoever wrote the text: they name a phrase of the lists or a sort of thing, never a value of the person.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from messages.amounts import amount_in
from messages.body import LENGTH, Body
from messages.links import hosts_in, hosts_of, is_own
from messages.segments import segments
from messages.signs import disguised, folded, hides_signs, is_han, words_of
from messages.values import Saying
from messages.words import Sort, find, says

SUBJECT: Final = 120  # characters; longer ones are cut by the programs that show them
SEGMENTS: Final = 6
LABEL: Final = 40
BUTTONS: Final = 8

SENTENCES: Final[Mapping[str, str]] = {
    "empty": "there is nothing in it",
    "too_long": "it is longer than the channel takes",
    "too_many_segments": "as an SMS it falls into too many segments",
    "subject": "a mail needs a subject of one line, not too long; nothing else has one",
    "buttons": "the buttons are too many or their labels too long",
    "missing_language": "it is not in the language that the person reads",
    "no_opt_out": "it does not say how to stop these messages",
    "stop_not_received": "it asks for a reply, and the sender cannot receive one",
    "no_disclosure": "a disclosure that is required is missing",
    "amount": "it names an amount, and the address may not carry one",
    "debt": "it speaks of a debt, and the address may not carry that",
    "reference": "it names a loan, and the address may not carry that",
    "sender_name": "the sender's name itself speaks of collection, and the address may not carry that",
    "foreign_link": "it links to a host that is not the lender's",
    "shouting": "it shouts, in capitals or exclamation marks",
    "look_alike": "a word takes letters of another alphabet for their looks",
    "hidden": "it hides signs that nobody sees",
    "threat_arrest": "it threatens with police or prison",
    "threat_court": "it threatens with a court or a lawyer",
    "threat_seizure": "it threatens to take or block what the person has",
    "threat_exposure": "it threatens to tell others",
    "threat_violence": "it threatens with harm",
    "threat_shame": "it insults or shames",
    "threat_pressure": "it presses with ultimatums or consequences",
    "promotion": "it advertises",
    "invalid": "it cannot be read as a text",
    "unknown_variable": "it asks for something that this text is not given",
}
"""What each code of a finding means."""

_DEBT: Final[frozenset[Sort]] = frozenset({"debt"})
_ALWAYS: Final[frozenset[Sort]] = frozenset(
    {
        "threat_arrest",
        "threat_court",
        "threat_seizure",
        "threat_exposure",
        "threat_violence",
        "threat_shame",
        "threat_pressure",
        "promotion",
    }
)
_NEUTRAL: Final = _ALWAYS | _DEBT
_CLAUSE: Final = re.compile(r"[^.!?。！？\n]+")
_LETTERS: Final = re.compile(r"[^\W\d_\u3400-\u9fff]+")
_EXCLAIMED: Final = re.compile(r"(?:[!！]\s*){3}")
# Written in capitals by everybody.
_CAPITAL_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        STOP START HELP SMS OK ID PIN OTP ATM PDF QR FAQ TV CEO LLC LTD PLC INC USA UK EU UAE NYC UPI IFSC
        NEFT IMPS RTGS KYC EMI PAN IBAN BIC SWIFT SEPA ACH CLABE SPEI OXXO PIX BSB VA BCA BNI BRI KTP SPB
        СБП БИК ИНН КПП СМС ОК ООО АО ПАО МФО
        """,
    )
)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: its code (of SENTENCES), what exactly, and which part of the text has it."""

    code: str
    detail: str
    where: str


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
    `references` name loans. `hosts` are the lender's own; a host below one of them is too.
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
    lines = [saying.opt_out_url, saying.reply_to]
    if saying.may_carry_amounts:
        lines += [saying.payment_line, saying.name, *(owed.product for owed in saying.owed)]
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
        hosts=hosts | hosts_of(saying.payment_line, saying.opt_out_url),
    )


def lint(said: Body | str, context: Context) -> tuple[Finding, ...]:
    """What is wrong with `said`; nothing, where it may go out. A string has neither subject nor buttons."""
    body = said if isinstance(said, Body) else Body(text=said)
    found = [*_form(body, context, is_whole=isinstance(said, Body)), *_missing(body, context)]
    found += lint_words(body.text, context, "text")
    if body.subject is not None:
        found += lint_words(body.subject, context, "subject")
    for number, (label, _) in enumerate(body.buttons, 1):
        found += lint_words(label, context, f"button {number}")
    if not context.may_carry_amounts and context.brand:
        found += [
            _finding("sender_name", "sender", f"'{hit.phrase}'")
            for hit in find(words_of(context.brand), frozenset({"collection"}))
        ]
    return tuple(dict.fromkeys(found))


def lint_words(text: str, context: Context, where: str) -> list[Finding]:
    """What is wrong with the words of one part of a text, whatever it has to have as a whole."""
    own = _own_words(text, context)
    found: list[Finding] = []
    if hides_signs(text):
        found.append(_finding("hidden", where))
    if disguised(own):
        found.append(_finding("look_alike", where))
    sorts = _ALWAYS if context.may_carry_amounts else _NEUTRAL
    found += [_finding(hit.sort, where, f"'{hit.phrase}'") for hit in find(words_of(own), sorts)]
    if not context.may_carry_amounts:
        amount = amount_in(own)
        if amount:
            found.append(_finding("amount", where, amount))
        plain = f" {folded(text)} "
        if any(f" {folded(reference)} " in plain for reference in context.references if reference.strip()):
            found.append(_finding("reference", where))
    found += [
        _finding("foreign_link", where, host or "it cannot be read")
        for host in dict.fromkeys(hosts_in(own))
        if not is_own(host, context.hosts)
    ]
    if _shouts(own):
        found.append(_finding("shouting", where))
    return found


def _finding(code: str, where: str, detail: str | None = None) -> Finding:
    sentence = SENTENCES[code]
    return Finding(code, f"{sentence}: {detail}" if detail else sentence, where)


def _own_words(text: str, context: Context) -> str:
    """`text` without the values set into it."""
    values = {value for value in (context.brand, *context.given) if value}
    for value in sorted(values, key=len, reverse=True):  # one may hold another
        text = _without(text, value)
    return text


def _without(text: str, value: str) -> str:
    """`text` with a comma for each `value` that is no piece of a longer word."""
    place = text.find(value)
    while place >= 0:
        end = place + len(value)
        if _parts_words(text[:place][-1:], value[0]) and _parts_words(value[-1], text[end : end + 1]):
            text = f"{text[:place]} , {text[end:]}"
            end = place + 3
        place = text.find(value, end)
    return text


def _parts_words(before: str, after: str) -> bool:
    return not (_is_of_a_word(before) and _is_of_a_word(after))


def _is_of_a_word(sign: str) -> bool:
    return sign.isalnum() and not is_han(sign)


def _form(body: Body, context: Context, *, is_whole: bool) -> Iterator[Finding]:
    """Its length and its parts."""
    if not body.text.strip():
        yield _finding("empty", "text")
    most = LENGTH.get(context.channel)
    if most is not None and len(body.text) > most:
        yield _finding("too_long", "text", f"{most} characters at most")
    if context.channel == "sms" and segments(body.text) > context.most_segments:
        yield _finding("too_many_segments", "text", f"{context.most_segments} at most")
    subject = body.subject
    if is_whole and (subject is not None) != (context.channel == "email"):
        yield _finding("subject", "subject")
    if subject is not None and (
        not subject.strip() or len(subject) > SUBJECT or len(subject.splitlines()) > 1
    ):
        yield _finding("subject", "subject", f"{SUBJECT} characters at most")
    if body.buttons and (
        len(body.buttons) > BUTTONS or any(not 0 < len(label) <= LABEL for label, _ in body.buttons)
    ):
        yield _finding("buttons", "buttons", f"{BUTTONS} at most, of {LABEL} characters")


def _missing(body: Body, context: Context) -> Iterator[Finding]:
    """What it has to have and has not."""
    if context.wanted and context.language and _base(context.wanted) != _base(context.language):
        yield _finding("missing_language", "text", f"it is in '{_base(context.language)}'")
    if context.opt_out != "none":
        says_word = bool(find(words_of(body.text), frozenset({"stop"})))
        has_link = any(way in body.text for way in context.opt_out_at if way)
        if context.opt_out == "link" and says_word:
            yield _finding("stop_not_received", "text")
        if not has_link and (context.opt_out == "link" or not says_word):
            yield _finding("no_opt_out", "text")
    for disclosure in context.disclosures:
        phrases = _phrases(disclosure, context.language)
        if not phrases:
            detail = f"'{disclosure.code}' has no wording in '{context.language}'"
            yield _finding("no_disclosure", "text", detail)
        elif not any(_says(body.text, phrase) for phrase in phrases):
            yield _finding("no_disclosure", "text", f"'{disclosure.code}'")


def _phrases(disclosure: Disclosure, language: str | None) -> tuple[str, ...]:
    if language is None:
        return tuple(phrase for phrases in disclosure.phrases.values() for phrase in phrases)
    return disclosure.phrases.get(language) or disclosure.phrases.get(_base(language)) or ()


def _says(text: str, phrase: str) -> bool:
    return bool(hosts_in(text)) if phrase == "<link>" else says(words_of(text), phrase)


def _base(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].lower()


def _shouts(text: str) -> bool:
    """Two or more words in a row in capitals, or three exclamation marks."""
    if _EXCLAIMED.search(text):
        return True
    for clause in _CLAUSE.findall(text):
        run: list[str] = []
        for word in _LETTERS.findall(clause):
            shouted = len(word) > 1 and word.isupper() and word not in _CAPITAL_WORDS
            run = [*run, word] if shouted else []
            if len(run) > 1 and len("".join(run)) >= 6:
                return True
    return False
