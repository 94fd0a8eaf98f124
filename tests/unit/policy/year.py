"""A year of contacts of many borrowers, made as Kept makes them: asked for, put off, asked at dispatch."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import msgspec

from policy.earliest import Rules, earliest, in_force
from policy.rules import Rule
from policy.values import Ask, Hold, Past, Situation
from tests.unit.policy.auditor import BINDS, Auditor

BEGINS = datetime(2026, 7, 1, tzinfo=UTC)
ZONES = {
    "house": ("Europe/Berlin", "Asia/Kathmandu"),
    "us-reg-f": ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu"),
    "us-tcpa": ("America/Chicago",),
    "us-ma": ("America/New_York",),
    "us-nyc": ("America/New_York",),
    "cn-gbt-45251": ("Asia/Shanghai",),
    "cn-cba": ("Asia/Shanghai",),
    "in-rbi": ("Asia/Kolkata",),
    "gb-conc": ("Europe/London",),
    "gb-breathing-space": ("Europe/London",),
    "ru-230fz": ("Asia/Vladivostok", "Europe/Moscow", "Asia/Kamchatka"),
    "kz-62vi": ("Asia/Almaty",),
    "co-2300": ("America/Bogota",),
    "cl-19496": ("America/Santiago", "Pacific/Easter"),
    "id-pojk22": ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
    "ph-mc18": ("Asia/Manila",),
    "mx-condusef": ("America/Mexico_City", "America/Tijuana"),
    "gr-3758": ("Europe/Athens",),
    "ke-ln46": ("Africa/Nairobi",),
}
RESULTS = {
    "call": ("no_answer", "no_answer", "no_answer", "voicemail", "busy", "not_in_service", "conversation"),
    "visit": ("conversation", "no_answer"),
}


class Made(msgspec.Struct, frozen=True):
    """A contact that was made, and the situation in which it was."""

    packs: tuple[str, ...]
    ask: Ask
    situation: Situation
    at: datetime


def contacts(borrowers: int, packs: Mapping[str, Sequence[Rule]], seed: int = 1) -> Iterator[Made]:
    """Every contact of the year, of one borrower after the other."""
    for number in range(borrowers):
        yield from _year(Random(seed * 1_000_003 + number), number, packs)


def _year(random: Random, number: int, packs: Mapping[str, Sequence[Rule]]) -> Iterator[Made]:
    first = sorted(BINDS)[number % len(BINDS)]
    names = (first, *random.sample(sorted(set(BINDS) - {first}), random.choice((0, 0, 1, 2))))
    rules = in_force(packs, names)
    situation = _person(random, first)
    actor = random.choice(("third_party", "third_party", "first_party"))
    now = BEGINS + timedelta(minutes=random.randrange(60 * 24 * 14))
    while now < BEGINS + timedelta(days=365):
        # A desk or a strategy is busy with the person for some days, then lets them be.
        for _ in range(random.choice((2, 5, 12, 25))):
            now += timedelta(minutes=random.choice((30, 60, 60, 180, 600, 1440)))
            if random.random() < 0.3:  # on the hour, where windows begin and end
                now = now.replace(minute=0)
            loans = random.choice(((1,), (1,), (2,), (1, 2)))
            ask = Ask(random.choice(("sms", "sms", "email", "chat", "call", "call", "call", "visit")), loans)
            ask = msgspec.structs.replace(ask, actor=actor)
            made = _send(random, rules, names, ask, situation, now)
            if made is None:
                continue
            yield made
            now = made.at
            result = random.choice(RESULTS.get(ask.channel, ("delivered", "delivered", "failed")))
            past = Past(now, ask.channel, result, ask.loans)
            situation = msgspec.structs.replace(situation, past=_recent((*situation.past, past), now))
        now += timedelta(days=random.randrange(1, 25))


def _send(
    random: Random, rules: Rules, names: tuple[str, ...], ask: Ask, situation: Situation, now: datetime
) -> Made | None:
    """Planned when it may be, and asked about again when it goes out: a little late, at times."""
    for _ in range(3):
        answer = earliest(rules, ask, situation, now)
        if answer.at is None:
            return None
        if answer.at == now:
            return Made(names, ask, situation, now)
        # Put off; the queue may release it some minutes later.
        now = answer.at + timedelta(minutes=random.choice((0, 0, 0, 1, 5, 700)))
    return None


def _recent(past: tuple[Past, ...], now: datetime) -> tuple[Past, ...]:
    """What the storage loads: no cap reaches further back than a month and two days."""
    return tuple(one for one in past if now - one.at < timedelta(days=33))


def _person(random: Random, pack: str) -> Situation:
    zones = [random.choice(ZONES[pack])]
    if random.random() < 0.1:
        zones.append(random.choice(("America/Denver", "Asia/Kolkata", "Europe/Berlin")))
    consents = {channel: "granted" for channel in ("sms", "email", "chat", "call") if random.random() < 0.8}
    if random.random() < 0.1:
        consents[random.choice(("sms", "call"))] = "revoked"
    windows: tuple[tuple[time, time], ...] = ()
    if random.random() < 0.05:
        windows = ((time(18), time(20)), (time(2), time(3)))
    began = BEGINS + timedelta(days=random.randrange(300), minutes=random.randrange(1440))
    holds = (Hold("moratorium", random.choice((0, 1, 2)), began, began + timedelta(days=60)),)
    return Situation(
        tuple(dict.fromkeys(zones)),
        consents=consents,
        holds=holds if random.random() < 0.3 else (),
        hours_agreed=random.random() < 0.1,
        windows=windows,
        flags=("vulnerable",) if random.random() < 0.05 else (),
        due={loan: date(2026, 7, 1) + timedelta(days=random.randrange(300)) for loan in (1, 2)},
    )


def broken(made: Made) -> list[str]:
    """What the auditor finds against a contact."""
    return Auditor(made.packs, made.ask, made.situation).breaches(made.at)
