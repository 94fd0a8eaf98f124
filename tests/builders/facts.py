"""Small facts for decisions: one loan of one person, under the shipped strategy and house rules."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from ledger.standing import Unpaid
from policy.pack import Pack, read_pack, shipped_texts
from policy.values import Hold, Past, Situation
from strategies.language import Strategy, read_strategy, shipped_strategies
from strategies.rulebook import Rulebook, Written, read_rulebook
from strategies.values import Address, Begun, Facts, Key, Loan, Tried

ZONE = "Europe/Berlin"
GENTLE_TEXT = shipped_strategies()["gentle"]
HOUSE_TEXT = shipped_texts()["house"]
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2040, 1, 1, tzinfo=UTC)

PHONE = Address(11, "phone", "attested")
EMAIL = Address(12, "email", "attested")
CHAT = Address(13, "chat", "confirmed")


def at(text: str, zone: str = ZONE) -> datetime:
    """ "2026-11-23 08:00" on the clocks of `zone`, in UTC; of two such moments the first."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local(moment: datetime, zone: str = ZONE) -> str:
    """The other way: what the clocks of `zone` show, as "2026-11-23 08:00"."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def unpaid(due: date, installment: int = 1, left: int = 250_00) -> Unpaid:
    return Unpaid(installment, due, left)


def loan(*owed: Unpaid, **fields: Any) -> Loan:
    """An active loan, governed since long ago by strategy 1, its payments always known."""
    return Loan(
        **{
            "id": 1,
            "status": "active",
            "zone": ZONE,
            "strategy": 1,
            "since": LONG_AGO,
            "fed_at": FAR_AHEAD,
            "unpaid": owed,
            **fields,
        }
    )


def situation(*zones: str, **fields: Any) -> Situation:
    return Situation(zones or (ZONE,), **fields)


def facts(*loans: Loan, **fields: Any) -> Facts:
    """A case of one person with a phone and a mail address, in Berlin."""
    return Facts(
        **{
            "case": 1,
            "person": 1,
            "portfolio": 1,
            "situation": situation(),
            "loans": loans,
            "addresses": (PHONE, EMAIL),
            **fields,
        }
    )


def key(step: str, installment: int = 1, strategy: str = "gentle") -> Key:
    return Key("installment", installment, strategy, step)


def begun(message: int, keys: tuple[Key, ...], *tried: Tried, **fields: Any) -> Begun:
    return Begun(
        **{
            "id": message,
            "step": keys[0].step,
            "strategy": 1,
            "expires": FAR_AHEAD,
            "keys": keys,
            "attempts": len(tried),
            "tried": tried,
            **fields,
        }
    )


def tried(state: str, channel: str = "sms", contact: int = 1, **fields: Any) -> Tried:
    """A contact made at the address on file for the channel."""
    address = {"sms": PHONE, "email": EMAIL, "chat": CHAT}[channel].id
    return Tried(
        **{
            "contact": contact,
            "channel": channel,
            "address": address,
            "state": state,
            "at": LONG_AGO,
            **fields,
        }
    )


def past(moment: datetime, channel: str = "sms", message: int = 0, loans: tuple[int, ...] = (1,)) -> Past:
    return Past(moment, channel, "accepted", loans, message)


def hold(start: datetime, end: datetime | None = None, of_loan: int = 0, kind: str = "dispute") -> Hold:
    return Hold(kind, of_loan, start, end)


@cache
def _read(strategies: tuple[tuple[int, str], ...], packs: tuple[tuple[str, str], ...]) -> Rulebook:
    return read_rulebook(Written(dict(strategies), dict(packs), {1: tuple(name for name, _ in packs)}))


def rulebook(strategies: Mapping[int, str] | None = None, packs: Mapping[str, str] | None = None) -> Rulebook:
    """Portfolio 1 under all of `packs`; strategy 1 is gentle."""
    strategies = {1: GENTLE_TEXT} if strategies is None else strategies
    packs = {"house": HOUSE_TEXT} if packs is None else packs
    return _read(tuple(strategies.items()), tuple(packs.items()))


def strategy(steps: str, name: str = "drawn", stale_after: str = "4d") -> str:
    """The YAML of a strategy; `steps` one a line: "id: {at: due, send: text, by: [sms], expires: 1d}"."""
    lines = "\n".join(f"  {line.strip()}" for line in steps.strip().splitlines())
    return f"strategy: {name}\nstale_after: {stale_after}\nsteps:\n{lines}\n"


def read(text: str) -> Strategy:
    return read_strategy(text, "test.yaml")


def pack_text(rules: str, name: str = "test") -> str:
    """The YAML of a pack; `rules` one a line: "most: {kind: cap, most: 1, period: day, ...}"."""
    lines = "\n".join(
        f"  {line.strip().removesuffix('}')}, source: test, sure: U}}" for line in rules.strip().splitlines()
    )
    head = f"pack: {name}\ntitle: Test\njurisdiction: none\nowner: tests\nreview_by: 2030-01-01\nnote: none\n"
    return f"{head}rules:\n{lines}\n"


def pack(rules: str, name: str = "test") -> Pack:
    return read_pack(pack_text(rules, name), name)
