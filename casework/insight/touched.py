"""Whether a case whose look is not due yet would be decided otherwise now: then news of it touched nothing.

Only the cases at which something is under way are decided again: waiting occurrences, open messages. What the
timeline expects besides is asked of every case (check.py).
"""

from collections.abc import Iterator
from datetime import datetime

from casework.course import course
from casework.office import Book
from storage.course import CaseChange
from storage.facts import load_facts
from storage.insight.invariants import Untouched
from storage.raw import Raw
from strategies.decide import decide
from strategies.values import Decision


async def lost_touches(raw: Raw, book: Book, cases: list[Untouched], now: datetime) -> list[str]:
    """What a look at `now` would change of `cases` before their next look, as sentences with ids."""
    said: list[str] = []
    alone = {case.id for case in cases if case.alone}
    due = {case.id: case.next_look_at for case in cases}
    for facts in await load_facts(raw, list(due), now, book.tolerance, book.needs):
        decision = decide(facts, book.rulebook, now)
        change = course(facts, decision, b"", now).change
        found = list(_over(decision))
        if facts.case in alone:
            found += _of_one_alone(change, now)
        if found:
            when = due[facts.case]
            later = f"at {when:%Y-%m-%d %H:%M}Z" if when else "by nobody"
            said.append(f"case {facts.case}: {found[0]}, and it is looked at {later} only")
    return said


def _over(decision: Decision) -> Iterator[str]:
    """What follows from the case's own rows."""
    for ending in decision.endings:
        if ending.noes and ending.noes[0].pack == "strategy":
            key = ending.key
            yield f"step {key.step} of {key.anchor} {key.anchor_id} is over ({ending.noes[0].rule})"


def _of_one_alone(change: CaseChange, now: datetime) -> Iterator[str]:
    """What follows from the person's contacts too. Of two cases each frees or fills the other's caps, and
    that touches nothing: the later look, or the claim, finds it."""
    for new in change.contacts:
        yield f"a contact by {new.channel} is to be made"
    for task in change.tasks:
        yield f"a task ({task.kind}) is to be opened"
    for contact, code in change.cancelled:
        yield f"contact {contact} is not to be made ({code})"
    for contact, later in change.put_off:
        if later <= now:
            yield f"contact {contact} need not wait any longer"
