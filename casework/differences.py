"""Differences between the core system's balances and ours: listed with both figures, accepted by a person."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, may, require
from ledger.money import format_major
from storage import differences as stored
from storage.audit import Event, write

# The rule, and what it takes off or adds: {by} is the whole of the difference, so both sides are equal.
EXPLAINED: Final = {
    "credit_netted": "the core system takes the credit off: {theirs} there = {ours} here - {by} of credit",
    "principal_only": "the core system counts the principal alone: {theirs} there = {ours} here - {by} of "
    "interest, fees and penalties",
    "fees_not_fed": "the tape states fees that its schedule does not feed: {theirs} there = {ours} here + "
    "{by} of fees",
    "convention": "the due date counts as day one on one side: {theirs} there = {ours} here {sign} {by}",
    "grace": "the core system does not count the days of grace: {theirs} there = {ours} here - {by} of grace",
    "allocation_order": "the core system spread the same payments in another order: {both} is outstanding "
    "there = {both} here, and the oldest unpaid day is {theirs} days ago there, {ours} here",
}


async def differences(office: Office, actor: Actor, *, settled: bool = False) -> list[dict[str, Any]]:
    """Every difference that waits (and with `settled` those that do not), by portfolio and loan."""
    states = ("open", "accepted", "resolved") if settled else ("open",)
    async with office.transaction() as raw:
        rows = await stored.listed(raw, states)
    return [_document(row) for row in rows if may(actor, Action.SEE_PORTFOLIO, row["code"])]


async def accept(office: Office, actor: Actor, loans: Sequence[str] | None, now: datetime) -> int:
    """Accept the differences of `loans` (None: all of them) as they are; how many.

    Contact goes on, by our own figures; a difference that changes waits again. Raises Denied, and
    CaseworkInputError for a loan without one.
    """
    async with office.transaction() as raw:
        waiting = await stored.listed(raw, ("open",))
        for row in waiting:
            if loans is None or row["external_id"] in loans:
                require(actor, Action.IMPORT_BOOK, row["code"])
        missing = set(loans or ()) - {row["external_id"] for row in waiting}
        if missing:
            raise CaseworkInputError(
                f"loan {sorted(missing)[0]}: no difference of it waits; see `kept differences`"
            )
        ids = await stored.accept(raw, loans, actor.name, now)
        await write(
            raw.connection,
            [Event(now, actor.name, actor.role, "difference.accepted", "difference", one) for one in ids],
        )
    return len(ids)


def _document(row: Any) -> dict[str, Any]:
    money = row["what"] == "outstanding"
    why = row["explained_by"]

    def told(figure: int) -> str | int:
        return format_major(figure, row["currency"]) if money else figure

    return {
        "loan": row["external_id"],
        "source": row["source"],
        "portfolio": row["code"],
        "what": row["what"],
        "ours": told(row["ours"]),
        "theirs": told(row["theirs"]),
        "currency": row["currency"] if money else None,
        "explained_by": why,
        "explanation": _explained(row, told) if why else None,
        "state": row["state"],
        "found_at": row["found_at"],
    }


def _explained(row: Any, told: Callable[[int], str | int]) -> str | None:
    """The rule with both sides of its equation."""
    rule = EXPLAINED.get(row["explained_by"])
    if rule is None:
        return None
    core = row["core_outstanding"]
    return rule.format(
        theirs=told(row["theirs"]),
        ours=told(row["ours"]),
        by=told(abs(row["theirs"] - row["ours"])),
        sign="+" if row["theirs"] > row["ours"] else "-",
        both="" if core is None else format_major(core, row["currency"]),
    )
