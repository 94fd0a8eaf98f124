"""No contact of a simulated year breaks a rule; and the bugs one fears, planted, are each found.

500 borrowers here; `KEPT_LONG=1` makes it 10,000.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from policy import calendar
from policy.earliest import earliest, in_force
from policy.pack import shipped_packs
from policy.rules import Cap, Rule, counts, hours
from policy.values import Ask, Past, Situation
from tests.unit.policy.auditor import BINDS, Auditor
from tests.unit.policy.year import broken, contacts

PACKS = {name: pack.rules for name, pack in shipped_packs().items()}
BORROWERS = 10_000 if os.environ.get("KEPT_LONG") else 500


def test_no_contact_of_a_year_breaks_a_rule() -> None:
    made = 0
    by_pack: dict[str, int] = {}
    for contact in contacts(BORROWERS, PACKS):
        assert broken(contact) == [], contact
        made += 1
        for pack in contact.packs:
            by_pack[pack] = by_pack.get(pack, 0) + 1
    assert made > 30 * BORROWERS
    assert set(by_pack) == set(BINDS)
    assert min(by_pack.values()) > BORROWERS / 2


# --- planted bugs ----------------------------------------------------------------------------------------


def _forget() -> None:
    for module in (calendar, hours, counts):
        for name in dir(module):
            clear = getattr(getattr(module, name), "cache_clear", None)
            if clear is not None:
                clear()


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """For patching the engine: what it remembers is forgotten before and after."""
    _forget()
    yield monkeypatch
    monkeypatch.undo()
    _forget()


def _recast(**changes: Any) -> Mapping[str, Sequence[Rule]]:
    """The packs with each cap changed."""

    def changed(rule: Rule) -> Rule:
        if not isinstance(rule, Cap):
            return rule
        return msgspec.structs.replace(rule, **{name: change(rule) for name, change in changes.items()})

    return {name: tuple(changed(rule) for rule in rules) for name, rules in PACKS.items()}


def _cap_off_by_one(_: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    return _recast(most=lambda cap: cap.most + 1)


def _week_of_six_days(_: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    return _recast(days=lambda cap: max(cap.days - 1, 0))


def _window_end_inclusive(patch: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    real = hours._openings

    def openings(*asked: Any) -> tuple[tuple[datetime, datetime], ...]:
        return tuple((begins, ends + timedelta(seconds=1)) for begins, ends in real(*asked))

    patch.setattr(hours, "_openings", openings)
    return PACKS


def _fixed_offset(patch: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    def zone_of(name: str) -> timezone:
        return timezone(datetime(2026, 7, 1, tzinfo=ZoneInfo(name)).utcoffset() or timedelta())

    for module in (calendar, hours):
        patch.setattr(module, "zone_of", zone_of)
    return PACKS


def _per_person_counted_per_debt(_: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    return _recast(per=lambda cap: "debt")


def _utc_day_for_local_day(patch: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    patch.setattr(counts, "local_day", lambda moment, zone: moment.astimezone(UTC).date())
    patch.setattr(counts, "day_start", lambda day, zone: datetime.combine(day, datetime.min.time(), UTC))
    return PACKS


def _first_zone_alone(patch: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    def first_only(zones: Sequence[str], at: datetime, first: Callable[[str, datetime], Any]) -> Any:
        return first(zones[0], at)

    for module in (hours, counts):
        patch.setattr(module, "meet", first_only)
    return PACKS


def _holidays_forgotten(patch: pytest.MonkeyPatch) -> Mapping[str, Sequence[Rule]]:
    patch.setattr(hours, "holiday", lambda day, country, region: None)
    return PACKS


PLANTS = {
    "cap off by one": _cap_off_by_one,
    "seven days that are six": _week_of_six_days,
    "window end inclusive": _window_end_inclusive,
    "fixed offset": _fixed_offset,
    "per person counted per debt": _per_person_counted_per_debt,
    "UTC day for local day": _utc_day_for_local_day,
    "only the first zone": _first_zone_alone,
    "holidays forgotten": _holidays_forgotten,
}


@pytest.mark.parametrize("bug", PLANTS)
def test_a_planted_bug_is_found(bug: str, plant: pytest.MonkeyPatch) -> None:
    packs = PLANTS[bug](plant)
    assert any(broken(contact) for contact in contacts(BORROWERS, packs)), bug


def test_a_cap_per_debt_counted_per_person_is_found() -> None:
    """It breaks no law, it silences too much: the search finds what may be said, and this bug denies it."""
    now = datetime(2026, 11, 25, 17, tzinfo=UTC)
    past = tuple(Past(now - timedelta(hours=n), "call", "no_answer", (2,)) for n in (1, 2))
    ask, situation = Ask("call", (1,)), Situation(("America/New_York",), past=past)
    assert Auditor(("us-ma",), ask, situation).breaches(now) == []
    assert earliest(in_force(PACKS, ["us-ma"]), ask, situation, now).at == now
    planted = in_force(_recast(per=lambda cap: "person"), ["us-ma"])
    assert earliest(planted, ask, situation, now).at != now
