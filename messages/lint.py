"""The lint: what a text may not say, or must say and does not.

It reads a body as rendered at the claim, a collector's own words before they go out, and, through
messages/proof.py, a template when it is saved. It knows nothing but what it is given. Findings are meant for
whoever wrote the text: they name a phrase of the lists or a sort of thing, never a value of the person.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from messages.amounts import amount_in
from messages.body import LENGTH, Body
from messages.context import Context, Disclosure
from messages.links import hosts_in, is_own
from messages.segments import segments
from messages.signs import disguised, folded, hides_signs, is_han, shouts, words_of
from messages.words import Sort, find, says

SUBJECT: Final = 120  # characters; longer ones are cut by the programs that show them
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
_STOP: Final[frozenset[Sort]] = frozenset({"stop"})
# Begins with the digit and looks back from there, for every sign of every text is tried.
_FIGURE: Final = re.compile(r"\d(?<![^\W_].)\d*(?:[.,]\d+)*(?![^\W_])")


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: its code (of SENTENCES), what exactly, and which part of the text has it."""

    code: str
    detail: str
    where: str


def lint(said: Body | str, context: Context) -> tuple[Finding, ...]:
    """What is wrong with `said`; nothing, where it may go out. A string has neither subject nor buttons."""
    body = said if isinstance(said, Body) else Body(text=said)
    values = _values(context)
    own = _own_words(body.text, values, context)
    found = [*_form(body, context, is_whole=isinstance(said, Body)), *_missing(body, own, context)]
    found += _lint_words(body.text, own, context, "text")
    parts = [] if body.subject is None else [("subject", body.subject)]
    parts += [(f"button {number}", label) for number, (label, _) in enumerate(body.buttons, 1)]
    # Nothing is found across a semicolon: nothing wrong in all together is nothing wrong in any. Not so
    # where alphabets mix, for what poses as which depends on what stands around it.
    together = " ; ".join(words for _, words in parts)
    if not together.isascii() or _part(together, values, context, ""):
        for where, words in parts:
            found += _part(words, values, context, where)
    if not context.may_carry_amounts and context.brand:
        found += [
            _finding("sender_name", "sender", f"'{hit.phrase}'")
            for hit in find(words_of(context.brand), frozenset({"collection"}))
        ]
    return tuple(dict.fromkeys(found))


def lint_words(text: str, context: Context, where: str) -> list[Finding]:
    """What is wrong with the words of one part of a text, whatever it has to have as a whole."""
    return _part(text, _values(context), context, where)


def _part(words: str, values: Sequence[str], context: Context, where: str) -> list[Finding]:
    return _lint_words(words, _own_words(words, values, context), context, where)


def _lint_words(text: str, own: str, context: Context, where: str) -> list[Finding]:
    found: list[tuple[str, str | None]] = []
    if hides_signs(text):
        found.append(("hidden", None))
    found += _wrong_words(own, context.may_carry_amounts, context.hosts)
    if not context.may_carry_amounts:
        amount = amount_in(own)
        if amount:
            found.append(("amount", amount))
        plain = f" {folded(text)} "
        if any(f" {folded(reference)} " in plain for reference in context.references if reference.strip()):
            found.append(("reference", None))
    return [_finding(code, where, detail) for code, detail in found]


# One text is sent to thousands, who differ in their figures: what is left without them is read once.
@lru_cache(maxsize=1024)
def _wrong_words(
    own: str, may_carry_amounts: bool, hosts: frozenset[str]
) -> tuple[tuple[str, str | None], ...]:
    """Codes and details of what `own` may not say."""
    found: list[tuple[str, str | None]] = []
    if disguised(own):
        found.append(("look_alike", None))
    sorts = _ALWAYS if may_carry_amounts else _NEUTRAL
    found += [(hit.sort, f"'{hit.phrase}'") for hit in find(words_of(own), sorts)]
    foreign = [host for host in dict.fromkeys(hosts_in(own)) if not is_own(host, hosts)]
    found += [("foreign_link", host or "it cannot be read") for host in foreign]
    if shouts(own):
        found.append(("shouting", None))
    return tuple(found)


@lru_cache(maxsize=1024)
def _says_stop(own: str) -> bool:
    return bool(find(words_of(own), _STOP))


def _finding(code: str, where: str, detail: str | None = None) -> Finding:
    sentence = SENTENCES[code]
    return Finding(code, f"{sentence}: {detail}" if detail else sentence, where)


def _values(context: Context) -> list[str]:
    """The values that were set into a text, the longest first: one may hold another."""
    loans = context.references if context.may_carry_amounts else ()
    values = {value for value in (context.brand, *context.given, *loans) if value}
    return sorted(values, key=len, reverse=True)


def _own_words(text: str, values: Sequence[str], context: Context) -> str:
    """`text` without the values set into it, and where amounts may stand, without its figures."""
    for value in values:
        if value in text:
            text = _without(text, value)
    return _FIGURE.sub("0", text) if context.may_carry_amounts and "/" not in text else text


def _without(text: str, value: str) -> str:
    """`text` with a comma for each `value` that is no piece of a longer word."""
    begins, ends = _is_of_a_word(value[0]), _is_of_a_word(value[-1])
    place = text.find(value)
    while place >= 0:
        end = place + len(value)
        torn = (begins and place and _is_of_a_word(text[place - 1])) or (
            ends and end < len(text) and _is_of_a_word(text[end])
        )
        if not torn:
            text = f"{text[:place]} , {text[end:]}"
            end = place + 3
        place = text.find(value, end)
    return text


def _is_of_a_word(sign: str) -> bool:
    return sign.isalnum() and (sign.isascii() or not is_han(sign))


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


def _missing(body: Body, own: str, context: Context) -> Iterator[Finding]:
    """What it has to have and has not."""
    if context.wanted and context.language and _base(context.wanted) != _base(context.language):
        yield _finding("missing_language", "text", f"it is in '{_base(context.language)}'")
    if context.opt_out != "none":
        says_word = _says_stop(own)
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
