"""`explain` for what no strategy planned: an answer, the confirmation of a stop, somebody's own words."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from policy.values import Ask
from strategies import reasons as say
from strategies.ahead import coming
from strategies.explain import headline_of
from strategies.explanation import Contact, Explanation, Labels, RuleAnswer, Told
from strategies.owing import owed
from strategies.reasons import CONTACT_CODES
from strategies.rule_answers import rule_answers
from strategies.rulebook import Rulebook
from strategies.values import Facts


class Spoken(msgspec.Struct, frozen=True):
    """A message without a step. `text` is its name; `by` who wrote it, where somebody did.

    `wrote_at`: when the person wrote what it answers, where that is on record, and `meant` what that was
    taken for.
    """

    purpose: str
    text: str
    own_words: bool = False
    by: str | None = None
    wrote_at: datetime | None = None
    meant: str | None = None


def explain_said(
    facts: Facts,
    rulebook: Rulebook,
    now: datetime,
    labels: Labels,
    contact: Contact,
    spoken: Spoken,
    asks: Sequence[Ask],
) -> Explanation:
    """Why it was said, or was not, and what each rule says of `asks` at `now`, the moment of the claim."""
    zone = facts.situation.zones[0]
    rules = rule_answers(rulebook, facts.portfolio, asks, facts.situation, now)
    why = " ".join(filter(None, (_reason(spoken, contact.channel, zone), _became(contact, rules, zone))))
    step = f"none: {_name(spoken)}, purpose {spoken.purpose.replace('_', ' ')}"
    told = Told(headline_of(contact, labels.borrower, now, zone), why, step, contact.state)
    ahead = coming(facts, rulebook, now, labels)
    return Explanation(now, zone, (told,), owed(facts, now, labels), rules, ahead)


def _name(spoken: Spoken) -> str:
    return "own words" if spoken.own_words else f"text {spoken.text}"


def _reason(spoken: Spoken, channel: str, zone: str) -> str:
    """Why there was something to say."""
    if spoken.own_words:
        by = spoken.by or "Somebody of the staff"
        return f"{by} wrote it in their own words; no strategy planned it."
    wrote = ""
    if spoken.wrote_at is not None:
        taken = f", taken for {spoken.meant.replace('_', ' ')}" if spoken.meant else ""
        wrote = f"The borrower wrote on {say.moment(spoken.wrote_at, zone)}{taken}. "
    return wrote + _PURPOSES.get(spoken.purpose, _OTHER).format(channel=say.CHANNELS[channel])


def _became(contact: Contact, rules: Sequence[RuleAnswer], zone: str) -> str:
    """Why it went, waits or did not go: a rule's no, or the code."""
    noes = [rule for rule in rules if rule.answer != "yes"]
    said = "; ".join(f"{rule.pack} {rule.rule}: {rule.words}" for rule in noes)
    if contact.state in ("planned", "claimed"):
        until = max((rule.until for rule in noes if rule.until is not None), default=None)
        waits = f" The next permitted moment is {say.moment(until, zone)}." if until else ""
        return f"It waits for {said}.{waits}" if noes else "It goes out next."
    if contact.code and contact.state in ("cancelled", "failed", "unknown"):
        known = contact.meaning or CONTACT_CODES.get(contact.code)
        because = f" ({said})" if noes and contact.state == "cancelled" else ""
        return f"{known or f'The code is {contact.code}.'}{because}"
    return "" if noes else "Every rule allowed it."


_OTHER: Final = "No strategy planned it."
_PURPOSES: Final[Mapping[str, str]] = {
    "opt_out_confirmation": "It confirms, once, that there will be no more by {channel}.",
    "statutory": "It is a notice that the law wants sent; a stop does not hold it up.",
    "answer": "It answers what the borrower asked for.",
}
