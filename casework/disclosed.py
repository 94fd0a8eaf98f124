"""What the packs in force have a text of one's own say, asked when it is written: not first at the claim.

The text is rendered for borrowers of every kind (messages/proof.py), and each rendering is held to the rules
of every portfolio, as its first communication and as a later one.
"""

from datetime import datetime, timedelta
from typing import Final

from casework.office import Book
from messages.proof import renderings
from messages.templates import KINDS, NOTICES, Template
from messages.values import Saying
from policy.rules import Disclosure
from policy.rules.base import Dated
from policy.values import FIRST_COMMUNICATION, Ask, Situation

_PURPOSES: Final = {
    "stop-confirmed": "opt_out_confirmation",
    "sms-figures": "answer",
    **dict.fromkeys(NOTICES.values(), "statutory"),
}


def lacking(book: Book, text: Template, now: datetime) -> list[str]:
    """What a rule about texts says against it, a sentence for each rule; nothing, where it may be said."""
    purpose = _PURPOSES.get(text.name, "dunning")
    if purpose == "dunning" and KINDS[text.name] == "neutral":
        return []  # it speaks of no debt
    found: dict[tuple[str, str], str] = {}
    for saying, said in renderings(text):
        words = f"{said.subject or ''}\n{said.text}"
        for key, rules in book.rulebook.rules.items():
            stage = "reminder" if KINDS[text.name] == "due" else "collection"
            ask = Ask(text.channel, (), purpose, actor=book.rulebook.actor(key), stage=stage, text=words)
            situation = _situation(saying, now)
            for pack, bound in rules.bound(ask, situation):
                rule = bound.rule if isinstance(bound, Dated) else bound
                # What a part says is put in where a pack binds: only then is it to be there.
                if not isinstance(rule, Disclosure) or (rule.part and saying.collector is None):
                    continue
                if bound.first(ask, situation, now) != now:
                    remedy = f"; <<{rule.part}>> says it" if rule.part else ""
                    said_by_it = f"{pack} {rule.name}: {rule.detail(ask, situation, now)}{remedy}"
                    found.setdefault((pack, rule.name), said_by_it)
    return list(found.values())


def _situation(saying: Saying, now: datetime) -> Situation:
    begun = {} if saying.collector == "first" else {FIRST_COMMUNICATION: now - timedelta(days=1)}
    return Situation(("UTC",), notices=begun)
