"""Tapes drawn by hypothesis and dirtied: what loads plus what is rejected equals what was written."""

import tempfile
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from casework.approvals import approve
from tests.builders.book import office_of
from tests.builders.tapes import NOW, OPERATIONS, book_rows, bring, due, loan, paid, refused, tape

_examples = count()
Row = dict[str, object]

# (column, what is written there): each makes its row unreadable.
BAD = {
    "loans": [("principal", "1.005"), ("made_on", "1/5/2026"), ("zone", "Nowhere"), ("loan_id", "")],
    "installments": [("due_date", "soon"), ("principal", "1,00"), ("number", "one"), ("loan_id", "")],
    "payments": [
        ("amount", "0"),
        ("amount", "1.005"),
        ("received_on", ""),
        ("loan_id", "no"),
        ("installment", "9"),
    ],
}

cents = st.integers(1, 50_000)
bad = st.integers(0, 11)  # 0: the row is dirtied


class Drawn(msgspec.Struct):
    """A loan: the amounts of its installments and payments (with the installment meant, 0: none)."""

    dues: list[int]
    pays: list[tuple[int, int]]


drawn_loans = st.lists(
    st.builds(
        Drawn,
        st.lists(cents, min_size=1, max_size=4),
        st.lists(st.tuples(cents, st.integers(0, 1)), max_size=3),
    ),
    min_size=1,
    max_size=6,
)


def euros(minor: int) -> str:
    return str(Decimal(minor) / 100)


class Written:
    """The rows of a tape with what is true of each: which loan, what amount, whether it was dirtied."""

    def __init__(self, drawn: list[Drawn], draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        prefix = f"x{next(_examples)}-"
        self.rows: dict[str, list[Row]] = {"loans": [], "installments": [], "payments": []}
        self.facts: dict[tuple[str, int], tuple[str, int, bool]] = {}  # (file, row) -> loan, cents, dirtied
        self._draw = draw
        for place, one in enumerate(drawn):
            key = f"{prefix}{place}"
            self._add("loans", key, 0, loan(key, f"{prefix}B{place // 2}"))
            for number, amount in enumerate(one.dues, 1):
                row = due(key, number, f"2026-0{number}-01", euros(amount))
                self._add("installments", key, amount, row)
            for number, (amount, meant) in enumerate(one.pays):
                row = paid(key, f"p{number}", "2026-02-01", euros(amount), installment=meant or "")
                self._add("payments", key, amount, row)

    def _add(self, file: str, key: str, amount: int, row: Row) -> None:
        dirtied = self._draw(bad) == 0
        if dirtied:
            choices = BAD[file]
            column, value = choices[self._draw(st.integers(0, len(choices) - 1))]
            row[column] = value
        self.rows[file].append(row)
        self.facts[f"{file}.csv", len(self.rows[file]) + 1] = key, amount, dirtied

    def refused(self) -> set[tuple[str, int]]:
        """Rows that cannot be taken: dirtied ones, and all of a loan whose own row or schedule is dirtied.

        A dirtied row that cannot tell its loan takes nothing with it, except that a loan left without any
        installment has no schedule; and what was paid for a lost installment is for none.
        """
        broken: set[str] = set()
        lost: set[tuple[str, str]] = set()
        for (file, row), (key, _, dirtied) in self.facts.items():
            nameless = self.rows[file.removesuffix(".csv")][row - 2]["loan_id"] == ""
            if dirtied and file == "installments.csv" and nameless:
                lost.add((key, str(self.rows["installments"][row - 2]["number"])))
            elif dirtied and file != "payments.csv":
                broken.add(key)
        scheduled = {k for (file, _), (k, _, dirtied) in self.facts.items() if file[0] == "i" and not dirtied}
        return {
            place
            for place, (key, _, dirtied) in self.facts.items()
            if dirtied or key in broken or key not in scheduled or (key, self._meant(*place)) in lost
        }

    def _meant(self, file: str, row: int) -> str:
        """The installment that a payment names."""
        return str(self.rows["payments"][row - 2]["installment"]) if file == "payments.csv" else ""


@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a database is too slow to shrink on
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=drawn_loans, data=st.data())
async def test_loaded_and_rejected_are_all_that_was_written(
    engine: AsyncEngine, drawn: list[Drawn], data: st.DataObject
) -> None:
    office = office_of(engine)
    written = Written(drawn, data.draw)
    with tempfile.TemporaryDirectory() as folder:
        there = tape(Path(folder) / "t", *written.rows.values())
        report = await bring(office, there)
        if report.held_for_approval:  # half of it was dirtied
            await approve(office, OPERATIONS, int(report.held_for_approval), NOW)
        rejected = {(file, row) for file, row, *_ in refused(report)}
        assert rejected == written.refused()
        assert report.read == len(written.facts) == report.loaded + report.rejected
        again = await bring(office, there)
        assert (again.unchanged, again.rejected) == (report.loaded, report.rejected)

    def taken(file: str) -> int:
        return sum(
            cents
            for place, (_, cents, _) in written.facts.items()
            if place[0] == file and place not in rejected
        )

    keys = list({key for key, _, _ in written.facts.values()})
    ((owed, left, received, credit, allocated),) = await book_rows(
        office,
        "WITH l AS (SELECT id, credit_minor FROM loans WHERE external_id = ANY($1)) SELECT "
        "(SELECT coalesce(sum(left_minor + paid_minor), 0)::bigint "
        " FROM installments JOIN l ON l.id = loan_id), "
        "(SELECT coalesce(sum(left_minor), 0)::bigint FROM installments JOIN l ON l.id = loan_id), "
        "(SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments JOIN l ON l.id = loan_id), "
        "(SELECT coalesce(sum(credit_minor), 0)::bigint FROM l), "
        "(SELECT coalesce(sum(penalties_minor + fees_minor + interest_minor + principal_minor), 0)::bigint "
        " FROM allocations JOIN l ON l.id = loan_id)",
        keys,
    )
    assert owed == taken("installments.csv")
    assert received == taken("payments.csv") == allocated + credit
    assert left == owed - allocated
    assert report.sums["due"] == ({"EUR": f"{Decimal(owed) / 100:.2f}"} if owed else {})
