"""Decisions made again from what was stored, and compared with what the rows say came of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from casework.course import course
from policy.values import reason_of
from storage.course import CaseChange, OccurrenceChange
from storage.insight.decisions import first_contacts, messages_of, occurrences_of
from storage.raw import Raw
from storage.rulebooks import rulebook_content
from strategies.decide import decide
from strategies.rulebook import REPLAYED, Rulebook, decode, read_rulebook
from strategies.values import Decision, Facts, Key

_FACTS = msgspec.msgpack.Decoder(Facts)


class Rulebooks:
    """Stored rulebooks by digest, each read once."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._read: dict[str, Rulebook] = {}

    async def of(self, digest: str) -> Rulebook | None:
        """None: it was not stored, so nothing decided by it can be replayed."""
        if digest not in self._read:
            try:
                self._read[digest] = read_rulebook(decode(await rulebook_content(self._raw, digest)))
            except KeyError:
                return None
        return self._read[digest]


class Stored(msgspec.Struct, frozen=True):
    """A stored decision, made again. `id` is the one its row was given under."""

    id: int
    case: int
    at: datetime
    facts: Facts
    rulebook: Rulebook
    decision: Decision


def facts_of(stored: bytes) -> Facts:
    """The facts as the decision read them. msgspec.DecodeError where the bytes are no facts."""
    return _FACTS.decode(stored)


async def remade(rows: Sequence[Any], rulebooks: Rulebooks) -> tuple[list[Stored], list[tuple[int, str]]]:
    """Decisions (id, case, at, rulebook, engine, facts) made again; and those that cannot be, with why.

    What an engine decided that this one does not replay is left out: it may decide otherwise by right.
    """
    found: list[Stored] = []
    failed: list[tuple[int, str]] = []
    for id_, case, at, digest, engine, content in rows:
        if engine not in REPLAYED:
            continue
        rulebook = await rulebooks.of(digest)
        if rulebook is None:
            failed.append((id_, "its rulebook is not stored"))
            continue
        try:
            facts = facts_of(content)
            found.append(Stored(id_, case, at, facts, rulebook, decide(facts, rulebook, at)))
        except (msgspec.DecodeError, KeyError, StopIteration) as error:
            failed.append((id_, f"its facts cannot be read ({type(error).__name__})"))
    return found, failed


async def differences(raw: Raw, stored: Sequence[Stored]) -> dict[int, list[str]]:
    """What the rows say otherwise than the replay, by decision; what agrees is not in it."""
    occurrences: dict[int, dict[Key, Any]] = defaultdict(dict)
    for row in await occurrences_of(raw, sorted({one.case for one in stored})):
        key = Key(row["anchor"], row["anchor_id"], row["strategy"], row["step"])
        occurrences[row["case_id"]][key] = row
    messages: dict[int, list[Any]] = defaultdict(list)
    for row in await messages_of(raw, [one.id for one in stored]):
        messages[row["decision_id"]].append(row)
    contacts = {
        row["message_id"]: (row["channel"], row["address_id"])
        for row in await first_contacts(raw, [row["id"] for rows in messages.values() for row in rows])
    }
    found: dict[int, list[str]] = {}
    for one in stored:
        change = course(one.facts, one.decision, b"", one.at).change
        said = [
            *_occurrences(one.id, change, occurrences[one.case]),
            *_messages(change, messages[one.id], contacts),
        ]
        if said:
            found[one.id] = said
    return found


def _occurrences(decision: int, change: CaseChange, rows: Mapping[Key, Any]) -> Iterator[str]:
    """Each occurrence that the decision changed has the state and the reason that the replay gives it."""
    changes = [made for _, made in change.new_occurrences] + list(change.occurrences)
    for made in changes:
        row = rows.get(made.key)
        if row is None:
            yield f"step {made.key.step} of {made.key.anchor} {made.key.anchor_id} has no row"
        elif row["decision_id"] == decision:
            yield from _state(made, row)
        elif made.state != "waiting":
            yield f"occurrence {row['id']} ended here ({made.state}), and another decision is on its row"
    for occurrence, made in change.new_occurrences:
        row = rows.get(made.key)
        if row is not None and row["due_at"] != occurrence.at:
            yield f"occurrence {row['id']} is of {row['due_at']}, and replay says {occurrence.at}"
    keys = {made.key for made in changes}
    for key, row in rows.items():
        if row["decision_id"] == decision and key not in keys:
            yield f"occurrence {row['id']} is {row['state']} by this decision, and replay leaves it alone"


def _state(made: OccurrenceChange, row: Any) -> Iterator[str]:
    # A planned occurrence ends `messaged` by what the provider said, without a decision.
    messaged = made.state == "waiting" and made.message is not None and row["state"] == "messaged"
    reason = None if messaged else reason_of(made.noes)
    if not messaged and row["state"] != made.state:
        yield f"occurrence {row['id']} is {row['state']}, and replay says {made.state}"
    elif row["reason"] != reason:
        yield f"occurrence {row['id']} has the reason {row['reason']}, and replay says {reason}"


def _messages(
    change: CaseChange, rows: Sequence[Any], contacts: Mapping[int, tuple[str, int]]
) -> Iterator[str]:
    """The messages that the decision made, each with its first contact."""
    first = {new.message: (new.channel, new.address) for new in change.contacts if new.message < 0}
    planned = [(m.strategy, m.step, m.expires, first[m.id]) for m in change.messages]
    for row in rows:
        contact = contacts.get(row["id"], ("none", 0))
        there = (row["strategy_version_id"], row["step"], row["expires_at"], contact)
        if there in planned:
            planned.remove(there)
        else:
            yield f"message {row['id']} (step {row['step']}) is not what replay plans"
    for _, step, _, (channel, _) in planned:
        yield f"replay plans step {step} by {channel}, and no message says so"
