"""What the packs in force have a text of one's own say, asked when it is written: not first at the claim.

The text is rendered for borrowers of every kind (messages/proof.py), and each rendering is held to the rules
of every portfolio, as its first communication and as a later one.
"""

from datetime import datetime, timedelta
from typing import Final

import msgspec

from casework.office import Book
from messages.proof import renderings
from messages.templates import KINDS, NOTICES, Template
from messages.values import Saying
from policy.earliest import Rules
from policy.rules import Disclosure, Rule
from policy.rules.base import Dated
from policy.values import FIRST_COMMUNICATION, Ask, Situation

_PURPOSES: Final = {
    "stop-confirmed": "opt_out_confirmation",
    "sms-figures": "answer",
    **dict.fromkeys(NOTICES.values(), "statutory"),
}


class Wanted(msgspec.Struct, frozen=True):
    """What a rule of a pack wants a text to say, or never to say. `lacks`: what is wrong; None: it has it.

    `part`: the shipped piece that says it.
    """

    pack: str
    rule: str
    lacks: str | None
    part: str = ""


def wanted(book: Book, text: Template, now: datetime) -> list[Wanted]:
    """What the rules of all portfolios want of a text, whatever becomes of it."""
    purpose = _PURPOSES.get(text.name, "dunning")
    if purpose == "dunning" and KINDS[text.name] == "neutral":
        return []  # it speaks of no debt
    portfolios = {key: rules for key, rules in book.rulebook.rules.items() if _reads_texts(rules)}
    if not portfolios:
        return []
    found: dict[tuple[str, str], Wanted] = {}
    for saying, said in renderings(text):
        words = f"{said.subject or ''}\n{said.text}"
        for key, rules in portfolios.items():
            stage = "reminder" if KINDS[text.name] == "due" else "collection"
            ask = Ask(text.channel, (), purpose, actor=book.rulebook.actor(key), stage=stage, text=words)
            situation = _situation(saying, now)
            for pack, bound in rules.bound(ask, situation):
                rule = _plain(bound)
                # What a part says is put in where a pack binds: only then is it to be there.
                if not isinstance(rule, Disclosure) or (rule.part and saying.collector is None):
                    continue
                has = bound.first(ask, situation, now) == now
                lacks = None if has else rule.detail(ask, situation, now)
                known = found.get((pack, rule.name))
                if known is None or (known.lacks is None and lacks is not None):
                    found[pack, rule.name] = Wanted(pack, rule.name, lacks, rule.part)
    return list(found.values())


def lacking(book: Book, text: Template, now: datetime) -> list[str]:
    """What a rule about texts says against it, a sentence for each rule; nothing, where it may be said."""
    return [
        f"{one.pack} {one.rule}: {one.lacks}" + (f"; <<{one.part}>> says it" if one.part else "")
        for one in wanted(book, text, now)
        if one.lacks is not None
    ]


def _reads_texts(rules: Rules) -> bool:
    return any(isinstance(_plain(rule), Disclosure) for _, rule in rules.each)


def _plain(rule: Rule) -> Rule:
    return rule.rule if isinstance(rule, Dated) else rule


def _situation(saying: Saying, now: datetime) -> Situation:
    begun = {} if saying.collector == "first" else {FIRST_COMMUNICATION: now - timedelta(days=1)}
    return Situation(("UTC",), notices=begun)
