"""A tape on its way into the book: read, staged, resolved, guarded, allocated, written, counted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from casework.errors import CaseworkInputError
from casework.intake.balances import allocate_moved
from casework.intake.closing import Came, report_of, tell_denied
from casework.intake.formats import FINEST_DIGITS
from casework.intake.guard import LEAST_FACTOR, SCALE_FACTOR, Finding, judge, lacks
from casework.intake.order import Order, Progress, content_digest
from casework.intake.papers import Papers
from casework.intake.parse import read_file
from casework.intake.people import Home
from casework.intake.people_load import load_persons
from casework.intake.reconcile import sums_in_and_out
from casework.intake.refused_stops import obey_waiting
from casework.intake.report import NO_ROWS, ImportReport
from casework.intake.setting import Setting
from casework.intake.shape import coarse, expected_rows, file_rows, own_currency
from casework.intake.stage import Stager
from casework.intake.tape import Tape, look_up_tables
from casework.office import Office
from casework.portfolios import PortfolioSpec, save, spec_of, terms_of
from casework.staff.rights import Action, Actor, may, require
from ledger.money import minor_digits
from storage import differences
from storage.hooks import announce_payments
from storage.intake import faults, guard, payments, refuse, resolve, restate, staging, tally
from storage.intake import write as book
from storage.intake.holds import hold_refused
from storage.intake.totals import resolve_totals
from storage.portfolios import PortfolioRow, all_portfolios
from storage.raw import Raw

BATCH: Final = 5_000
_STEPS: Final = 5


class Loading:
    """One import on its way. The order of `run` is the order of keys: what is referred to comes first."""

    def __init__(
        self,
        office: Office,
        actor: Actor,
        order: Order,
        tape: Tape,
        now: datetime,
        progress: Progress | None,
        *,
        approved: bool = False,
    ) -> None:
        """`approved`: somebody has seen what looks wrong of it."""
        self._office = office
        self._actor = actor
        self._order = order
        self.tape: Final[Tape] = tape
        self._now = now
        self._progress: Final[Progress] = progress or _quiet
        self._approved = approved
        self._fed = now  # the moment of its feed, once its zones are known
        self._read = 0
        self._step = 0
        self._homes: dict[str, tuple[Home, str]] = {}  # of portfolios that the tape names: home, currency
        self._faults = 0
        self.papers: Final = Papers(order.rejects_folder, order.path, now)
        self.order: Final = order
        self.content: Final = content_digest(order, tape)
        self.feeds: list[tuple[int, str]] = []  # (portfolio, source) of the book that it speaks of
        self.measured: guard.Measured | None = None
        self.findings: tuple[Finding, ...] = ()  # why it is held
        self.speaks_of: list[int] = []  # of one that is held: the loans of the book that it speaks of
        self.payments: list[bytes] | None = None  # of one of payments that is held: which they are
        self.replaces: list[int] = []  # approvals of tapes that it takes the place of
        self._after: list[tuple[int, str]] = []  # feeds of which an earlier tape of payments waits on

    async def run(self, raw: Raw) -> ImportReport:
        order = self._order
        known = {row.code: row for row in await all_portfolios(raw)}
        await staging.begin(raw)
        await staging.stage(raw, "s_files", staging.FILES, file_rows(self.tape, order.mapping))
        stager = Stager(raw, self._office.keyring, cache(self._fed_at))
        homes = {code: Home(row.zone, row.country, row.language) for code, row in known.items()}
        await self._stage(stager, homes)
        await staging.staged(raw)
        for code in self._homes:
            require(self._actor, Action.IMPORT_BOOK, code)
            if code not in known:
                await save(raw, self._made(code))
        rows = {row.code: row for row in await all_portfolios(raw)}
        asked = rows[order.portfolio].id if order.portfolio in rows else None
        if order.kind == "payments" and order.portfolio is not None and asked is None:
            known_codes = ", ".join(rows) or "none"
            raise CaseworkInputError(
                f"--portfolio {order.portfolio}: the book has no such portfolio; it has {known_codes}",
                field="portfolio",
                wrong="the book has no such portfolio",
                right="the code of a portfolio of the book",
            )
        theirs = [row.id for row in rows.values() if may(self._actor, Action.IMPORT_BOOK, row.code)]
        of = theirs if asked is None else [asked]
        limited = len(theirs) < len(rows)
        if limited and not theirs:  # nothing of the book is theirs to import to
            require(self._actor, Action.IMPORT_BOOK)
        shape = resolve.Shape(
            many_files=any(file.part.loan is None for file in self.tape.files),
            coarse=any(coarse(file, order.mapping) for file in self.tape.files),
            unnamed=stager.unnamed,
            portfolios=of if limited or asked is not None else None,
        )
        self._next("finding known loans")
        await resolve.resolve_loans(raw, shape)
        if limited:
            await tell_denied(raw, self._actor, theirs, self._now)
        spoken_of = await resolve.spoken_of(raw)
        for code in spoken_of.portfolios:
            require(self._actor, Action.IMPORT_BOOK, code)
        codes = {*spoken_of.currencies, *filter(None, [order.mapping.constants.currency])}
        digits = [(code, 10 ** (FINEST_DIGITS - minor_digits(code))) for code in sorted(codes)]
        await staging.stage(raw, "s_currencies", ("currency", "factor"), digits)
        fed_at = min([self._fed_at(zone) for zone in spoken_of.zones], default=self._fed_at(self._zone))
        await resolve.resolve_installments(raw, shape)
        await payments.resolve_payments(raw, shape)
        await resolve_totals(raw)
        self._fed = fed_at
        await refuse.refuse(raw, many_files=shape.many_files)
        await restate.restate(raw, unnamed=stager.unnamed, totals=stager.totals)
        self.measured = await guard.measure(raw, LEAST_FACTOR, SCALE_FACTOR, totals=stager.totals)
        in_the_book = {row.id for row in known.values()}
        self.feeds = [pair for pair in await guard.feeds(raw, of) if pair[0] in in_the_book]
        self._next("persons")
        await load_persons(raw, self._office.keyring, min(fed_at, self._now))
        self._next("balances")
        await allocate_moved(raw, {row.id: spec_of(row) for row in rows.values()})
        self._next("writing")
        await restate.keep_versions(raw, self._now)
        await restate.withdraw(raw)
        await book.write_book(raw, fed_at, self._now)
        await announce_payments(raw, self._now)
        recalled, notes = await self._recall(raw, fed_at)
        others = await self._others(raw)
        silent = await self._feed(raw, fed_at, asked)
        notes += silent
        # From the day of the feed on, whose end `fed_at` is.
        since = fed_at - timedelta(days=1)
        held = await hold_refused(raw, since, self._now, of, tells_of_payments=self._tells_of_payments)
        if held:
            notes.append(f"{held} loans of the book have refused rows: they are held until a tape has none")
        if not self._read:
            notes.append(NO_ROWS)
        differing = await differences.compare(raw, _terms(rows.values(), spoken_of.currencies), self._now)
        if differing:
            notes.append(f"{differing} loans differ from what the core system states: `kept differences`")
        grace = {row.id: spec_of(row).promises.grace_days for row in rows.values()}
        obeyed = await obey_waiting(raw, self._office, grace, self._now)
        if obeyed:
            notes.append(f"{obeyed} opt-outs and holds that came before their persons are obeyed now")
        await book.touch_changed(raw, fed_at)
        self._faults = await faults.find_faults(raw)
        self._next("counting")
        counts = await self._counts(raw)
        if not self._approved:
            await self._judge(raw, counts, spoken_of.portfolios)
        if silent or any(one.code == "lacks_loans" for one in self.findings):
            notes.append("a tape that has no more than what changed is imported with --delta")
        notes += others
        if self.findings:
            self.speaks_of = await guard.known_loans(raw, of)
            self.payments = await guard.payment_keys(raw) if order.kind == "payments" else None
        else:
            await guard.supersede(raw, self.replaces, self._actor.name, self._now)
            await guard.release_feeds(raw, fed_at)
        constants = order.mapping.constants
        reconciled = await sums_in_and_out(raw, constants.currency, held=bool(self.findings))
        came = Came(
            self._read,
            counts,
            recalled,
            reconciled,
            self._faults,
            self.measured,
            self.findings,
            [*notes, *(f"looks wrong: {one.words}" for one in self.findings)],
            spoken_of.portfolios,
            asked,
            self._as_of(self._zone),
            fed_at,
            self._now,
            self.content,
        )
        return await report_of(raw, self._actor, order, self.tape, self.papers, came)

    # --- reading -----------------------------------------------------------------------------------

    async def _stage(self, stager: Stager, homes: Mapping[str, Home]) -> None:
        mapping, order = self._order.mapping, self._order
        parts = mapping.files.values()
        own_source = any(part.loan is not None and part.loan.source is not None for part in parts)
        setting = Setting(
            constants=mapping.constants,
            formats=mapping.formats,
            look_ups=look_up_tables(mapping, self.tape.look_ups),
            source=None if own_source else mapping.constants.source,
            portfolio=order.portfolio,
            homes=homes,
            as_of=cache(self._as_of),
            currency=None if own_currency(mapping) else mapping.constants.currency,
            keyed_by_number=all(part.installment is None or part.installment.key is None for part in parts),
        )
        total = sum(expected_rows(file) for file in self.tape.files)
        for index, file in enumerate(self.tape.files):
            for read in read_file(file, index, setting, BATCH):
                for loan in read.loans:
                    if loan.portfolio not in self._homes:
                        person = loan.borrower
                        home = Home(loan.zone, person.country, person.language)
                        self._homes[loan.portfolio] = home, loan.currency
                await stager.stage(read)
                self.papers.add_addresses(self.tape.files, read.asides)
                self._read += read.rows
                self._progress("reading", self._read, total)

    @property
    def _zone(self) -> str:
        return self._order.mapping.constants.zone or "UTC"

    def _as_of(self, zone: str) -> date:
        return self._order.as_of or self._now.astimezone(ZoneInfo(zone)).date()

    def _fed_at(self, zone: str) -> datetime:
        """The feed's moment: the end of the as-of day in `zone`, else now."""
        if self._order.as_of is None:
            return self._now
        return datetime.combine(self._order.as_of + timedelta(days=1), time(), ZoneInfo(zone))

    def _made(self, code: str) -> PortfolioSpec:
        """A portfolio that no file describes: the defaults, and what its first loan says."""
        home, currency = self._homes[code]
        return PortfolioSpec(
            portfolio=code,
            name=code,
            brand=code,
            country=home.country,
            zone=home.zone or self._zone,
            language=home.language or "en",
            currency=currency,
        )

    # --- what follows ------------------------------------------------------------------------------

    async def _recall(self, raw: Raw, fed_at: datetime) -> tuple[int, list[str]]:
        if not self._order.full or self._order.kind != "loans":
            return 0, []
        nameless = await tally.nameless_rejects(raw)
        if nameless:
            return 0, [f"nothing was recalled: {nameless} refused rows do not tell which loan they are"]
        return await tally.recall_absent(raw, fed_at), []

    async def _feed(self, raw: Raw, fed_at: datetime, asked: int | None) -> list[str]:
        """A tape tells of payments where it has them, where the mapping knows none, and where it is a folder:
        then what it does not have was not paid. Loans alone tell nothing of payments. What is pushed tells of
        one payment, not that there was no other, unless it says so; nor does a tape that is silent about many
        loans tell what was paid on those, unless it says, or somebody who saw it, that this is all."""
        if not self._tells_of_payments:
            await tally.feed_unknown(raw)
            return []
        order = self._order
        fed_at = order.complete_to or fed_at
        says = order.full or order.delta or order.pushed or self._approved
        assert self.measured is not None
        silent = [one for one in self.measured.feeds if not says and lacks(one.active, one.there)]
        await tally.feed_known(
            raw,
            fed_at,
            asked if order.kind == "payments" else None,
            [*((one.portfolio_id, one.source) for one in silent), *self._after],
        )
        return [
            f"{one.active - one.there:,} of {one.active:,} active loans of {one.source} are not on this tape"
            ": its payments are known no later than before"
            for one in silent
        ]

    @property
    def _tells_of_payments(self) -> bool:
        if self._order.pushed:
            return self._order.complete_to is not None
        pays = any(part.payments for part in self._order.mapping.files.values())
        read = any(file.part.payments for file in self.tape.files)
        return read or not pays or self._order.path.is_dir()

    async def _counts(self, raw: Raw) -> dict[str, int]:
        counts = await tally.outcomes(raw)
        if self._read != sum(counts.values()):
            raise RuntimeError(f"{self._read} rows were read, but {counts} do not add up to them")
        return counts

    async def _judge(self, raw: Raw, counts: Mapping[str, int], codes: list[str]) -> None:
        assert self.measured is not None
        habit = [] if self._order.pushed else await guard.coverage_before(raw, codes)
        self.findings = judge(
            self.measured,
            self._read,
            counts["rejected"],
            full=self._order.full,
            delta=self._order.delta or self._order.pushed,
            habit=habit,
            repeats=await self._repeats(raw),
        )

    async def _others(self, raw: Raw) -> list[str]:
        """Which tapes that wait for approval this one takes the place of, and which wait on, and why.

        One that came before, whatever the moment at which it comes again, takes nobody's place; nor does one
        that is silent about loans of the other that still run, or about payments of it: each tape of payments
        has its own. Until one that waits on is decided about, no later tape tells that all is known.
        """
        order, notes = self._order, list[str]()
        before = not order.pushed and await guard.last_with(raw, order.kind, self.content) is not None
        for one in await guard.waiting(raw, order.kind, self.feeds):
            if not order.pushed and (before or one.fed_at > self._fed):
                why = "is older than the one that it is about"
            elif one.lacks:
                why = f"lacks {one.lacks:,} active loans of the one that it is about"
            elif one.lacks_payments is None:
                why = "may lack payments of the one that it is about"
            elif one.lacks_payments:
                why = f"lacks {one.lacks_payments:,} payments of the one that it is about"
            elif order.pushed:
                why = "was pushed"
            else:
                self.replaces.append(one.id)
                notes.append(f"this tape takes the place of the one that approval {one.id} is about")
                continue
            notes.append(f"approval {one.id} waits on: this tape {why}")
            if order.kind == "payments" and one.fed_at <= self._fed:
                self._after += zip(one.portfolios, one.sources, strict=True)
        return notes

    async def _repeats(self, raw: Raw) -> date | None:
        """The earlier day on which the very same tape came. One that is played by --as-of may come again, and
        so may what is pushed: whoever heard no answer sends it once more."""
        if self._order.as_of is not None or self._order.pushed:
            return None
        last = await guard.last_with(raw, self._order.kind, self.content)
        if last is None:
            return None
        zone = ZoneInfo(self._zone)
        day = last.astimezone(zone).date()
        return day if day < self._now.astimezone(zone).date() else None

    def _next(self, what: str) -> None:
        self._step += 1
        self._progress(what, self._step, _STEPS)


def _terms(portfolios: Iterable[PortfolioRow], currencies: Sequence[str]) -> list[tuple[object, ...]]:
    """(portfolio, currency, tolerance, first day past due, grace, minor units of one) of every pair."""
    found: list[tuple[object, ...]] = []
    for row in portfolios:
        spec = spec_of(row)
        first = 1 if spec.terms.dpd_starts == "on_due" else 0
        grace = spec.terms.grace_days
        found += [
            (row.id, code, terms_of(spec, code).tolerance, first, grace, 10 ** minor_digits(code))
            for code in currencies
        ]
    return found


def _quiet(what: str, done: int, total: int) -> None:
    """Nobody watches."""
