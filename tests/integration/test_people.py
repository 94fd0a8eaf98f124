"""The same person in two sources: merged and unmerged by somebody who saw both records."""

from datetime import date
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.errors import CaseworkInputError
from casework.insight.check import check
from casework.look import LookReport, _look_at  # pyright: ignore[reportPrivateUsage]
from casework.people import Name, candidates, compare, merge, merges, unmerge
from casework.staff.rights import Action, Actor, Denied, Role
from storage.chat.holdings import loans_of, schedule_of
from storage.course import due_cases
from storage.facts import load_facts
from storage.people import records_of
from strategies.values import Facts
from tests.builders.book import AUDITOR, SYSTEM, Book, Borrower
from tests.builders.town import DAY, MONDAY, Town

SUE = Actor("sue", Role.SUPERVISOR)
DUE = date(2026, 11, 23)


class Two(Town):
    """The town with a second lender's book beside it, of another source; ann stands in both."""

    async def open(self, fed_at: Any = MONDAY) -> None:
        await super().open(fed_at)
        self.old = Book(self.office, "old-core")
        self.second = await self.old.portfolio("second")
        await self.old.feed(self.second, fed_at)
        self.ann = await self.borrower(DUE)
        self.other = await self.old.borrower(
            self.second, [(DUE, 90_00)], strategy=self.gentle, since=MONDAY - 9 * DAY
        )

    async def merge(self, one: Borrower | None = None, other: Borrower | None = None) -> int:
        names = self.names(one, other)
        seen = (await compare(self.office, SUE, *names, self.now)).seen
        return await merge(self.office, SUE, *names, seen, self.now)

    async def unmerge(self, one: Borrower | None = None, other: Borrower | None = None) -> int:
        return await unmerge(self.office, SUE, *self.names(one, other), self.now)

    def names(self, one: Borrower | None = None, other: Borrower | None = None) -> tuple[Name, Name]:
        return Name((one or self.ann).external_id), Name((other or self.other).external_id)

    async def facts(self, *cases: int) -> dict[int, Facts]:
        async with self.office.transaction() as raw:
            book = await self.office.book(raw)
            wanted = sorted(cases or (self.ann.case, self.other.case))
            return {one.case: one for one in await load_facts(raw, wanted, self.now, book.tolerance)}

    async def broken(self) -> list[str]:
        found = await check(self.office, AUDITOR, self.now, (), everything=True)
        return [example for law in found for example in law.examples if not law.holds]


@pytest.fixture
async def town(engine: AsyncEngine) -> Two:
    made = Two(engine)
    await made.open()
    return made


async def test_as_two_they_are_told_twice_as_one_once(town: Two) -> None:
    await town.look()
    assert len(await town.states()) == 2
    await town.merge()
    await town.look()
    assert sorted(state for _, state, _ in await town.states()) == ["cancelled", "planned"]
    assert (await town.send()).by_channel == {"sms": {"accepted": 1}}
    assert await town.broken() == []


async def test_two_that_are_looked_at_side_by_side_are_told_once(town: Two) -> None:
    await town.merge()
    async with town.office.transaction() as one, town.office.transaction() as two:
        first, second = await due_cases(one, town.now, 1), await due_cases(two, town.now, 1)
        await _look_at(town.office, SYSTEM, two, second, town.now, LookReport())
        await _look_at(town.office, SYSTEM, one, first, town.now, LookReport())
    assert [state for _, state, _ in await town.states()] == ["planned"] * 2
    assert (await town.send()).by_channel["sms"]["accepted"] == 1
    await town.look()
    assert (await town.send()).by_channel == {}
    assert await town.broken() == []


async def test_what_was_planned_for_the_other_is_looked_at_again_when_one_dies(town: Two) -> None:
    await town.look()
    await town.merge()
    await town.book.hold(town.ann.person, "deceased", at=town.now)
    await town.look()
    assert [state for _, state, _ in await town.states()] == ["cancelled"] * 2
    assert (await town.send()).by_channel == {}
    assert (await town.facts())[town.other.case].situation.holds != ()
    await town.unmerge()
    rows = await town.book.sql("SELECT next_look_at <= $1 FROM cases ORDER BY id", town.now)
    assert [row[0] for row in rows] == [True, True]
    facts = await town.facts()
    assert [len(facts[one.case].situation.holds) for one in (town.ann, town.other)] == [1, 0]
    assert await town.broken() == []


async def test_a_stop_and_a_mark_count_for_both_and_a_consent_for_one(town: Two) -> None:
    await town.book.consent(town.ann.person, "sms", "revoked", MONDAY - DAY)
    await town.book.consent(town.ann.person, "email", "granted", MONDAY - DAY)
    await town.book.sql("UPDATE persons SET flags = '{represented}' WHERE id = $1", town.ann.person)
    await town.merge()
    facts = await town.facts()
    mine, theirs = facts[town.ann.case].situation, facts[town.other.case].situation
    assert (mine.consents["sms"], theirs.consents["sms"]) == ("revoked", "revoked")
    assert (mine.consents["email"], theirs.consents.get("email")) == ("granted", None)
    assert mine.flags == theirs.flags == ("represented",)
    assert facts[town.ann.case].one == facts[town.other.case].one == town.ann.person


async def test_zones_and_hours_of_either_bind_both(town: Two) -> None:
    ben = await town.old.borrower(
        town.second, [(DUE, 5_00)], strategy=town.gentle, zones=("America/Lima",), since=MONDAY - 9 * DAY
    )
    await town.book.sql("UPDATE persons SET own_hours = '{10:00-11:00}' WHERE id = $1", ben.person)
    await town.merge(town.ann, ben)
    mine = (await town.facts(town.ann.case))[town.ann.case].situation
    assert mine.zones == ("Europe/Berlin", "America/Lima")
    assert [(str(opens), str(closes)) for opens, closes in mine.windows] == [("10:00:00", "11:00:00")]


async def test_the_number_that_both_have_is_one_persons_again(town: Two) -> None:
    number = "+447700900123"
    mine = await town.book.address(town.ann.person, "phone", number, shared=True)
    theirs = await town.old.address(town.other.person, "phone", number, shared=True)

    async def shared() -> list[bool]:
        rows = await town.book.sql("SELECT shared FROM addresses WHERE id IN ($1, $2)", mine, theirs)
        return [row[0] for row in rows]

    await town.merge()
    assert await shared() == [False, False]
    await town.unmerge()
    assert await shared() == [True, True]
    third = await town.borrower(DUE)
    await town.book.address(third.person, "phone", number, shared=True)
    await town.merge()
    assert await shared() == [True, True]


async def test_a_number_found_wrong_on_one_record_is_not_used_from_the_other(town: Two) -> None:
    number = "+447700900124"
    await town.book.address(town.ann.person, "phone", number, state="detached")
    theirs = await town.old.address(town.other.person, "phone", number)
    await town.merge()
    facts = (await town.facts(town.other.case))[town.other.case]
    assert theirs not in {one.id for one in facts.addresses}
    await town.unmerge()
    facts = (await town.facts(town.other.case))[town.other.case]
    assert theirs in {one.id for one in facts.addresses}


async def test_their_chat_knows_the_loans_of_both_as_each_is_party_to_them(town: Two) -> None:
    joint = await town.borrower(DUE)
    await town.book.party(joint.loan, town.ann.person, "co-borrower")
    async with town.office.transaction() as raw:
        before = await loans_of(raw, town.ann.person)
        assert await schedule_of(raw, town.ann.person, town.other.loan) == []
    await town.merge()
    async with town.office.transaction() as raw:
        both = {one.id: one.role for one in await loans_of(raw, town.ann.person)}
        assert both == {town.ann.loan: "borrower", joint.loan: "co-borrower", town.other.loan: "borrower"}
        assert {one.id for one in await loans_of(raw, town.other.person)} == set(both)
        assert {one.id for one in await loans_of(raw, joint.person)} == {joint.loan}
        assert len(await schedule_of(raw, town.ann.person, town.other.loan)) == 1
    await town.unmerge()
    async with town.office.transaction() as raw:
        assert await loans_of(raw, town.ann.person) == before


async def test_both_records_are_shown_before(town: Two) -> None:
    names = town.names()
    shown = await compare(town.office, SUE, *names, town.now)
    assert [(one["source"], one["borrower"]) for one in shown.records] == [
        ("core", town.ann.external_id),
        ("old-core", town.other.external_id),
    ]
    assert shown.records[1]["loans"][0]["outstanding"] == {"EUR": "90.00"}
    with pytest.raises(CaseworkInputError, match="look at both first"):
        await merge(town.office, SUE, *names, "0" * 12, town.now)
    await town.book.sql("UPDATE persons SET region = 'DE-BE' WHERE id = $1", town.other.person)
    with pytest.raises(CaseworkInputError, match="look at both first"):
        await merge(town.office, SUE, *names, shown.seen, town.now)
    await town.merge()
    with pytest.raises(CaseworkInputError, match="one person already"):
        await merge(town.office, SUE, *names, shown.seen, town.now)
    ((one, other, made),) = await merges(town.office, SUE)
    assert ((one.borrower, other.borrower), made.made_by) == (tuple(name.borrower for name in names), "sue")
    rows = await town.book.sql("SELECT action FROM events WHERE action LIKE 'person.%' ORDER BY id")
    assert [row[0] for row in rows].count("person.compared") == 2
    assert rows[-1][0] == "person.merged"


async def test_who_cannot_be_merged_is_said(town: Two) -> None:
    with pytest.raises(CaseworkInputError, match="no borrower nobody"):
        await compare(town.office, SUE, Name("nobody"), town.names()[1], town.now)
    with pytest.raises(CaseworkInputError, match="same record"):
        await compare(town.office, SUE, town.names()[0], town.names()[0], town.now)
    with pytest.raises(CaseworkInputError, match="are not merged"):
        await town.unmerge()
    await town.old.person(town.ann.external_id)
    with pytest.raises(CaseworkInputError, match=f"core:{town.ann.external_id}, old-core:"):
        await compare(town.office, SUE, *town.names(), town.now)


async def test_it_takes_the_right_in_every_portfolio_of_both(town: Two) -> None:
    for actor in (
        Actor("col", Role.COLLECTOR),
        Actor("ops", Role.OPERATIONS),
        Actor("half", Role.SUPERVISOR, frozenset({"acme"})),
    ):
        with pytest.raises(Denied):
            await compare(town.office, actor, *town.names(), town.now)
        with pytest.raises(Denied):
            await unmerge(town.office, actor, *town.names(), town.now)
    # Without a case of their own a person is of the portfolios of their loans; without loans, of every one.
    for name in ("guarantor", "nobody"):
        await town.old.person(name)
    await town.book.sql(
        "INSERT INTO parties (loan_id, person_id, case_id, role) SELECT $1::bigint, id, $2::bigint, "
        "'guarantor' FROM persons WHERE external_id = 'guarantor' RETURNING 1",
        town.ann.loan,
        town.ann.case,
    )
    of_second = Actor("half", Role.SUPERVISOR, frozenset({"second"}))
    merging = Actor("token", Role.SUPERVISOR, None, frozenset({Action.MERGE_PERSONS}))
    for actor, one, other in (
        (of_second, "guarantor", town.other.external_id),
        (of_second, "nobody", town.other.external_id),
        (merging, "guarantor", "nobody"),
    ):
        with pytest.raises(Denied):
            await compare(town.office, actor, Name(one), Name(other), town.now)


async def test_a_third_record_goes_with_the_one_it_was_merged_with(town: Two) -> None:
    third = await town.borrower(DUE)
    await town.merge()
    await town.merge(town.other, third)
    async with town.office.transaction() as raw:
        assert len(await records_of(raw, [town.ann.person])) == 3
    with pytest.raises(CaseworkInputError, match="it follows from merges"):
        await town.unmerge(town.ann, third)
    await town.unmerge()
    async with town.office.transaction() as raw:
        assert await records_of(raw, [town.ann.person]) == [town.ann.person]
        assert await records_of(raw, [third.person]) == sorted([town.other.person, third.person])


async def test_who_may_be_one_is_found_by_what_both_say(town: Two) -> None:
    number, mail = "+447700900125", "Same@Example.org"
    await town.book.address(town.ann.person, "phone", number)
    await town.old.address(town.other.person, "phone", number)
    by_mail = [await town.borrower(DUE), await town.old.borrower(town.second, [(DUE, 1_00)], strategy=None)]
    for one in by_mail:
        await town.book.address(one.person, "email", mail)
    by_name = [await town.borrower(DUE), await town.old.borrower(town.second, [(DUE, 1_00)], strategy=None)]
    for one, name in zip(by_name, ("Zoë  Sample", "SAMPLE zoë"), strict=True):
        sealed = town.office.keyring.seal("persons", "name", one.person, name)
        await town.book.sql("UPDATE persons SET name = $2 WHERE id = $1", one.person, sealed)
        await town.book.sql(
            """UPDATE loans SET attributes = '{"birth_date": "1990-01-02"}' WHERE id = $1""", one.loan
        )
    found = await candidates(town.office, SUE, town.now)
    assert {(one.one.borrower, one.other.borrower, one.by) for one in found} == {
        (town.ann.external_id, town.other.external_id, ("phone",)),
        (by_mail[0].external_id, by_mail[1].external_id, ("email",)),
        (by_name[0].external_id, by_name[1].external_id, ("name",)),
    }
    await town.merge()
    assert len(await candidates(town.office, SUE, town.now)) == 2
    with pytest.raises(Denied):
        await candidates(town.office, Actor("ops", Role.OPERATIONS), town.now)


async def test_the_check_finds_what_went_out_against_a_stop_of_the_other_record(town: Two) -> None:
    await town.look()
    assert (await town.send()).by_channel == {"sms": {"accepted": 2}}
    await town.merge()
    await town.book.consent(town.ann.person, "sms", "revoked", MONDAY - DAY)
    await town.book.hold(town.ann.person, "deceased", at=MONDAY - DAY)
    await town.look()
    assert await town.broken() == []
    await town.book.sql("UPDATE same_persons SET place = 0")
    assert await town.broken() == []
    for table in ("consents", "holds"):
        await town.book.sql(f"UPDATE {table} SET place = 0")
    found = " ".join(await town.broken())
    assert "on record" in found
    assert found.count("under a hold") == 2


_examples = count()
PEOPLE = 4
who = st.integers(0, PEOPLE - 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("merge"), who, who),
        st.tuples(st.just("unmerge"), who, who),
        st.tuples(st.just("hold"), who, st.sampled_from(["deceased", "bankrupt", "cease"])),
        st.tuples(st.just("said"), who, st.sampled_from(["granted", "revoked"])),
        st.tuples(st.just("called"), who, st.integers(1, 20)),
    ),
    min_size=3,
    max_size=10,
)


class Model:
    """Who was said to be one with whom: edges, and what hangs together by them."""

    def __init__(self) -> None:
        self.edges: set[frozenset[int]] = set()

    def group(self, one: int) -> set[int]:
        found, new = {one}, {one}
        while new:
            new = {other for edge in self.edges if edge & new for other in edge} - found
            found |= new
        return found


@given(steps)
@settings(
    max_examples=6,
    deadline=None,
    # The database is the same for all examples, each has persons of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_taking_it_back_restores_what_was_and_keeps_what_was_written(
    town: Two, drawn: list[tuple[str, int, Any]]
) -> None:
    next(_examples)
    people = [await town.borrower(DUE) for _ in range(PEOPLE)]
    cases = [one.case for one in people]
    model = Model()
    for number, (what, first, second) in enumerate(drawn):
        town.now = MONDAY + number * DAY / 24
        person = people[first].person
        if what == "merge" and second not in model.group(first):
            await town.merge(people[first], people[second])
            model.edges.add(frozenset((first, second)))
        elif what == "unmerge" and frozenset((first, second)) in model.edges:
            await town.unmerge(people[first], people[second])
            model.edges.remove(frozenset((first, second)))
        elif what == "hold":
            await town.book.hold(person, second, at=town.now)
        elif what == "said":
            await town.book.consent(person, "sms", second, town.now)
        elif what == "called":
            await town.book.sql(
                "INSERT INTO contacts_elsewhere (person_id, at, channel, inbound, recorded_at, recorded_by) "
                "VALUES ($1, $2, 'call', false, $2, 'test') ON CONFLICT DO NOTHING",
                person,
                town.now - second * DAY,
            )
        facts = await town.facts(*cases)
        alone = await _as_if_never_merged(town, cases)
        for place, case in enumerate(cases):
            group = model.group(place)
            ids = {people[one].person for one in group}
            assert facts[case].one == (min(ids) if len(ids) > 1 else 0)
            for part in ("holds", "past"):
                expected = [each for one in group for each in getattr(alone[cases[one]].situation, part)]
                assert sorted(map(repr, getattr(facts[case].situation, part))) == sorted(map(repr, expected))
    town.now += DAY
    expected = await _as_if_never_merged(town, cases)
    for edge in list(model.edges):
        one, other = sorted(edge)
        await town.unmerge(people[one], people[other])
    assert await town.facts(*cases) == expected
    assert await town.broken() == []


async def _as_if_never_merged(town: Two, cases: list[int]) -> dict[int, Facts]:
    async with town.office.transaction() as raw:
        book = await town.office.book(raw)
        found = {}
        try:
            async with raw.attempt():
                await raw.run("DELETE FROM same_persons")
                read = await load_facts(raw, cases, town.now, book.tolerance)
                found = {one.case: one for one in read}
                raise _Enough
        except _Enough:
            return found


class _Enough(Exception):
    pass
