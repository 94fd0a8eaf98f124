"""The jobs: thin, each calls casework and carries nothing. Losing one loses nothing: the sweep wakes."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Protocol

import msgspec
import structlog
from prometheus_client import Counter, Gauge

import casework.delivery.deliver as delivery
import casework.delivery.receipts as receipts
import casework.delivery.unknown as unknown
import casework.experiments as experiments
import casework.feeds as feeds
import casework.hooks as hooks
import casework.inbound as inbound
import casework.look as looking
import casework.simulation.queued as simulating
import casework.staff.tokens as tokens
from casework.borrower.settled import ask_how_it_was
from casework.delivery.rates import Rates
from casework.insight.check import check as check_invariants
from casework.insight.last_check import note_check
from casework.insight.today import make_figures
from casework.intake.uploads import work_uploads
from casework.notices import notify_all
from casework.office import Clock, Office
from casework.played import note_look
from casework.ready import packs_past_review
from casework.seal import Head, seal
from casework.staff.alerts import raise_alerts
from casework.staff.digest import make_digests
from casework.staff.rights import Actor
from casework.staff.texting import send_staff_texts
from casework.staff.trying import send_tried
from notifiers.base import Notifier
from workers.wake import wake, wake_at, wake_deliverers

log: structlog.stdlib.BoundLogger = structlog.get_logger("workers")

_CONTACTS = Counter("kept_contacts_total", "Contacts by what became of them", ["channel", "state"])
_CASES = Counter("kept_cases_decided_total", "Cases decided by looks")
_TOLD = Counter("kept_webhook_calls_total", "Calls to webhooks by what became of them", ["state"])
_EXPERIMENTS = Counter("kept_experiments_ended_total", "Experiments that ended by themselves", ["how"])
_SILENT_FEEDS = Gauge("kept_silent_feeds", "Feeds whose payments are too old to speak of arrears")
_WAITING_LOANS = Gauge("kept_silent_feeds_loans", "Loans past due of which nothing is said for that")
_PAST_REVIEW = Gauge("kept_packs_past_review", "Policy packs in force whose review date has passed")


class Pace(msgspec.Struct, frozen=True):
    """How long what was taken is held, and how often is looked for what no wake-up reached."""

    lease: timedelta = timedelta(minutes=2)  # of contacts, and of the names of jobs
    sweep: timedelta = timedelta(seconds=10)

    @property
    def turn(self) -> timedelta:
        """A deliverer ends after this long and wakes the next, far below the time limit of its job: one that
        is cut off in the middle of a send leaves contacts unknown."""
        return self.lease / 4


class Anchors(Protocol):
    """Where the heads of the audit chain are kept outside the database."""

    async def append(self, head: Head) -> None: ...
    def read(self) -> list[Head]: ...


class Shift:
    """What the jobs of one process share, under ctx["shift"]."""

    def __init__(
        self,
        office: Office,
        actor: Actor,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        name: str,
        anchors: Anchors,
        rates: Rates | None = None,
        pace: Pace = Pace(),  # noqa: B008, frozen
        askable: Mapping[str, unknown.Asks] = MappingProxyType({}),
        poster: hooks.Poster | None = None,
    ) -> None:
        self.office, self.actor, self.notifiers, self.clock = office, actor, notifiers, clock
        self.name, self.anchors, self.rates, self.pace = name, anchors, rates, pace
        self.askable, self.poster = askable, poster
        self.stopping = False
        self._turns = 0

    def next_name(self) -> str:
        """A deliverer's name that no other has: leases are told apart by it."""
        self._turns += 1
        return f"{self.name}-{self._turns}"


async def look(ctx: dict[str, Any]) -> None:
    """Decide the cases that are due; wake the deliverers when something was planned."""
    shift: Shift = ctx["shift"]
    now = shift.clock.now()
    report = await looking.look(shift.office, shift.actor, now)
    await note_look(shift.office, now)
    _CASES.inc(report.cases)
    if report.contacts:
        await wake_deliverers(ctx["redis"], report.contacts)


async def deliver(ctx: dict[str, Any]) -> None:
    """Deliver for one turn; what is left then, or found no room, is woken for again."""
    shift: Shift = ctx["shift"]
    ends = shift.clock.wall() + shift.pace.turn
    report = await delivery.deliver(
        shift.office,
        shift.actor,
        shift.notifiers,
        shift.clock,
        shift.next_name(),
        rates=shift.rates,
        lease_for=shift.pace.lease,
        stopping=lambda: shift.stopping or shift.clock.wall() >= ends,
    )
    for channel, counted in report.by_channel.items():
        for state, number in counted.items():
            _CONTACTS.labels(channel, state).inc(number)
    if any(counted["failed"] for counted in report.by_channel.values()):
        await wake(ctx["redis"], "look")
    opens = ends if shift.clock.wall() >= ends else report.opens
    if opens is not None and not shift.stopping:
        await wake_at(ctx["redis"], "deliver", opens)


async def hear(ctx: dict[str, Any]) -> None:
    """Work the receipts and replies that are stored; answer those of the staff, and send them their tests."""
    shift: Shift = ctx["shift"]
    await inbound.work_replies(shift.office, shift.actor, shift.clock.now())
    await send_staff_texts(shift.office, shift.actor, shift.notifiers["sms"], shift.clock)
    await send_tried(shift.office, shift.actor, shift.notifiers, shift.clock)
    await receipts.work_receipts(shift.office, shift.actor, shift.clock.now())


async def ask(ctx: dict[str, Any]) -> None:
    """Ask providers about what is unknown, for one turn; what was not taken goes on by the next channel."""
    shift: Shift = ctx["shift"]
    ends = shift.clock.wall() + shift.pace.turn
    counts = await unknown.ask(
        shift.office,
        shift.actor,
        shift.askable,
        shift.clock.now(),
        stopping=lambda: shift.stopping or shift.clock.wall() >= ends,
    )
    if counts["failed"] or counts[unknown.NOT_TAKEN]:
        await wake(ctx["redis"], "look")


async def tell(ctx: dict[str, Any]) -> None:
    """Tell other systems what happened; an alert in the log for what was given up."""
    shift: Shift = ctx["shift"]
    if shift.poster is None:
        return
    told = await hooks.tell_hooks(shift.office, shift.poster, shift.clock.wall())
    for state in ("delivered", "failed", "dead"):
        _TOLD.labels(state).inc(getattr(told, state))
    if told.dead:
        log.error("webhook_given_up", calls=told.dead)


async def sweep(ctx: dict[str, Any]) -> None:
    """Wake for everything: finds what no wake-up reached.

    By this worker's own names: the common ones are held for a while by whoever was killed at them.
    """
    shift: Shift = ctx["shift"]
    for job in ROUND:
        await wake(ctx["redis"], job.__name__, shift.name)


async def seal_record(ctx: dict[str, Any]) -> None:
    """Chain the audit events written since, and anchor the head."""
    shift: Shift = ctx["shift"]
    await seal(shift.office, shift.actor, shift.clock.wall(), shift.anchors.append)


async def check(ctx: dict[str, Any]) -> None:
    """The invariants over the live data, nightly: metrics of every process, and an alert in the log."""
    shift: Shift = ctx["shift"]
    anchored = shift.anchors.read()
    found = await check_invariants(shift.office, shift.actor, shift.clock.wall(), anchored)
    await note_check(shift.office, found, shift.clock.wall())
    for invariant in found:
        if not invariant.holds:
            log.error("invariant_broken", invariant=invariant.name, violations=invariant.violations)


async def review(ctx: dict[str, Any]) -> None:
    """Packs in force whose review date has passed: a metric, and a warning in the log for each."""
    shift: Shift = ctx["shift"]
    past = await packs_past_review(shift.office, shift.clock.wall().date())
    _PAST_REVIEW.set(len(past))
    for name, by in past.items():
        log.warning("pack_past_review", pack=name, review_by=by.isoformat())


async def notify(ctx: dict[str, Any]) -> None:
    """Plan the notices that portfolios have sent by themselves, an alert for persons whom none can reach;
    and the question of how it was, to those whose matter is settled."""
    shift: Shift = ctx["shift"]
    planned = await notify_all(shift.office, shift.actor, shift.clock.now())
    for (portfolio, notice), made in planned.items():
        if made.nowhere:
            log.error("notice_nowhere", portfolio=portfolio, notice=notice, persons=len(made.nowhere))
        if made.planned:
            await wake(ctx["redis"], "deliver")
    if await ask_how_it_was(shift.office, shift.actor, shift.clock.now()):
        await wake(ctx["redis"], "deliver")


async def watch_experiments(ctx: dict[str, Any]) -> None:
    """End experiments that do harm, with an alert in the log, and those that have their answer."""
    shift: Shift = ctx["shift"]
    for one, state, found in await experiments.watch(shift.office, shift.actor, shift.clock.now()):
        _EXPERIMENTS.labels(state).inc()
        if state == "harmed":
            log.error("experiment_harmed", experiment=one.name, strategy=one.strategy, harm=found.harmed)
        await wake(ctx["redis"], "look")


async def watch_feeds(ctx: dict[str, Any]) -> None:
    """Feeds whose payments are too old to speak of arrears: a metric, and an alert in the log for each."""
    shift: Shift = ctx["shift"]
    silent = await feeds.watch_feeds(shift.office, shift.actor, shift.clock.now())
    _SILENT_FEEDS.set(len(silent))
    _WAITING_LOANS.set(sum(one.loans for one in silent))
    for one in silent:
        log.error(
            "feed_silent",
            portfolio=one.portfolio,
            source=one.source,
            fed_at=one.fed_at.isoformat(),
            loans=one.loans,
        )


async def alert(ctx: dict[str, Any]) -> None:
    """Raise what somebody who leads is to hear of; the bot says it."""
    shift: Shift = ctx["shift"]
    await raise_alerts(shift.office, shift.actor, shift.clock.now())


async def fill_tokens(ctx: dict[str, Any]) -> None:
    """Tokens of names for who was in the book before there were any, for one turn."""
    shift: Shift = ctx["shift"]
    ends = shift.clock.wall() + shift.pace.turn
    await tokens.fill(
        shift.office,
        shift.actor,
        shift.clock.now(),
        lambda: shift.stopping or shift.clock.wall() >= ends,
    )


async def digest(ctx: dict[str, Any]) -> None:
    """Read the morning's figures for those whose morning it is; the bot shows them."""
    shift: Shift = ctx["shift"]
    await make_digests(shift.office, shift.actor, shift.clock.now())


async def count_today(ctx: dict[str, Any]) -> None:
    """Where each loan stands, and the figures of the day, for who opens the console."""
    shift: Shift = ctx["shift"]
    await make_figures(shift.office, shift.actor, shift.clock.now())


async def play(ctx: dict[str, Any]) -> None:
    """Play the simulations that were asked for on a page, one after the other."""
    shift: Shift = ctx["shift"]
    while not shift.stopping and await simulating.work(shift.office, shift.clock):
        pass


async def load_uploads(ctx: dict[str, Any]) -> None:
    """Try or load the tapes that were uploaded; what was loaded concerns cases."""
    shift: Shift = ctx["shift"]
    if await work_uploads(shift.office, shift.clock):
        await wake(ctx["redis"], "look")


ROUND: Final = (look, deliver, hear)  # what a sweep wakes, in this order
JOBS: Final = (
    *ROUND,
    ask,
    tell,
    sweep,
    seal_record,
    check,
    review,
    notify,
    watch_experiments,
    watch_feeds,
    alert,
    digest,
    count_today,
    fill_tokens,
    play,
    load_uploads,
)
LONG: Final = {
    play: timedelta(hours=2),
    load_uploads: timedelta(hours=2),
}  # what may take longer than a lease
