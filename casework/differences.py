"""Differences between the core system's balances and ours: listed with both figures, accepted by a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from casework.errors import CaseworkInputError
from casework.office import Office
from casework.staff.rights import Action, Actor, may, require
from ledger.money import format_major
from storage import differences as stored
from storage.audit import Event, write

EXPLAINED: Final = {
    "credit_netted": "the core system takes the credit off",
    "principal_only": "the core system counts the principal alone",
    "fees_not_fed": "the tape feeds no fees, and the loan is late",
    "convention": "the due date counts as day one there, or does not here",
    "grace": "the core system does not count the days of grace",
    "allocation_order": "the core system spread the payments in another order",
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
    return {
        "loan": row["external_id"],
        "source": row["source"],
        "portfolio": row["code"],
        "what": row["what"],
        "ours": format_major(row["ours"], row["currency"]) if money else row["ours"],
        "theirs": format_major(row["theirs"], row["currency"]) if money else row["theirs"],
        "currency": row["currency"] if money else None,
        "explained_by": why,
        "explanation": EXPLAINED.get(why) if why else None,
        "state": row["state"],
        "found_at": row["found_at"],
    }
