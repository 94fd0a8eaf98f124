"""A simulation as one document, as `kept simulate --json` prints it: counts, amounts as text, dates."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any, Final

from casework.simulation.difference import difference, people
from casework.simulation.priced import VIEWS, Priced, by_view, first_day, summary
from casework.simulation.prices import Prices
from casework.simulation.simulate import Simulated
from casework.simulation.tally import Cell, Money, Tally
from ledger.money import format_major
from policy.calendar import local_day
from policy.rules import Cap, Cooldown, OneChannel, Spacing

CHANNELS: Final = ("sms", "email", "chat")
_COUNTING: Final = (Cap, Cooldown, OneChannel, Spacing)

ASSUMES: Final = (
    "What is planned is delivered at once; what is in the air now arrives.",
    "Payments are known up to every moment from the second day on.",
    "Nobody answers, stops, promises or disputes anything new; no loan is made.",
)
HISTORY: Final = (
    "Payers pay as the book's own payers did, by days late, whatever they hear: what a strategy does to "
    "payment is for an experiment to find."
)
NONE: Final = "Nobody pays."


def document(found: Simulated, prices: Prices | None) -> dict[str, Any]:
    """Everything that was found; costs and hours where there are prices."""
    asked = found.asked
    made: dict[str, Any] = {
        found.candidate.kind: found.candidate.name,
        "in_force": not found.candidate.changes,
        "from": found.now,
        "until": found.until,
        "days": asked.days,
        "cases": found.cases,
        "loans": found.loans,
        "borrowers": found.persons,
        "assumes": [*ASSUMES, NONE if asked.payers == "none" else HISTORY],
        "payers": {
            "kind": asked.payers,
            "seed": asked.seed if asked.payers == "history" else None,
            "measured": [
                {
                    "portfolio": found.candidate.portfolios[key].portfolio,
                    "bucket": one.bucket,
                    "came_in": one.reached,
                    "paid": one.paid,
                    "paid_share": None if one.share is None else round(one.share, 4),
                    "rolled_share": None if one.share is None else round(1 - one.share, 4),
                }
                for key, moved in found.measured.items()
                for one in moved
            ],
        },
        "cures": _money(found.money),
        "result": _scenario(found, found.result, prices),
    }
    if found.live is not None and found.compared is not None:
        made["live"] = _scenario(found, found.live, prices)
        made["difference"] = difference(found, found.live, prices)
        made["people"] = people(found.compared, found.examples)
    return made


def _scenario(found: Simulated, tally: Tally, prices: Prices | None) -> dict[str, Any]:
    money = Priced(found, tally, prices)
    counted = {
        (pack, rule.name)
        for rules in tally.rulebook.rules.values()
        for pack, rule in rules.each
        if isinstance(rule, _COUNTING)
    }
    return {
        **summary(tally, money),
        "decisions": tally.decisions,
        "by_day": list(_days(found, tally, money)),
        **{name: by_view(tally, money, name) for name in VIEWS},
        "work": _tasks(tally, prices),
        "collectors": _collectors(found, tally, prices),
        "caps": _ruled(tally, lambda key: key in counted),
        "rules": _ruled(tally, lambda key: key not in counted),
        "superseded": tally.superseded,
        "refused": dict(tally.refused.most_common()),
    }


def _days(found: Simulated, tally: Tally, money: Priced) -> Iterable[dict[str, Any]]:
    """A row a day, also where nothing happens; days are those of the persons' own zones."""
    messages: dict[date, Counter[Cell]] = {}
    tasks: dict[date, Counter[Cell]] = {}
    for by_day, cells in ((messages, tally.messages), (tasks, tally.tasks)):
        for cell, count in cells.items():
            by_day.setdefault(cell.day, Counter())[cell] += count
    first = min([local_day(found.now, "UTC"), *messages, *tasks])
    last = max([local_day(found.until, "UTC"), *messages, *tasks])
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        said, work = messages.get(day, Counter()), tasks.get(day, Counter())
        minutes = money.minutes(work.items())
        yield {
            "day": day,
            **{by: sum(count for cell, count in said.items() if cell.by == by) for by in CHANNELS},
            "contacts": said.total(),
            "tasks": work.total(),
            "hours": None if money.prices is None else round(minutes / 60, 1),
            "cost": money.text(said, minutes),
            "cures": found.money.cured_on.get(day, 0),
        }


def _tasks(tally: Tally, prices: Prices | None) -> list[dict[str, Any]]:
    kinds: Counter[tuple[str, str]] = Counter()
    for cell, count in tally.tasks.items():
        kinds[cell.by, cell.queue] += count
    return [
        {
            "kind": kind,
            "queue": queue,
            "tasks": count,
            "hours": None if prices is None else round(prices.minutes(kind) * count / 60, 1),
        }
        for (kind, queue), count in kinds.most_common()
    ]


def _collectors(found: Simulated, tally: Tally, prices: Prices | None) -> list[dict[str, Any]]:
    """By queue: the work against the hours that there are, in all and on the busiest day."""
    if prices is None:
        return []
    minutes: dict[str, Counter[date]] = {queue: Counter() for queue in prices.collectors.queues}
    for cell, count in tally.tasks.items():
        minutes.setdefault(cell.queue, Counter())[cell.day] += prices.minutes(cell.by) * count
    rows: list[dict[str, Any]] = []
    for queue, days in sorted(minutes.items()):
        there = prices.collectors.queues.get(queue)
        busiest = max(days, key=lambda day: (days[day], day), default=None)
        rows.append(
            {
                "queue": queue,
                "hours": round(days.total() / 60, 1),
                "hours_there": None if there is None else there * found.asked.days,
                "hours_there_a_day": there,
                "busiest_day": busiest,
                "hours_of_busiest_day": round(days[busiest] / 60, 1) if busiest else 0.0,
                "days_over": 0 if there is None else sum(spent > there * 60 for spent in days.values()),
            }
        )
    return rows


def _ruled(tally: Tally, chosen: Callable[[tuple[str, str]], bool]) -> list[dict[str, Any]]:
    """What rules put off, each occurrence once, and what they suppressed in the end."""
    keys = {key for key in (*tally.deferred, *tally.suppressed) if chosen(key)}
    rows = [
        {
            "pack": pack,
            "rule": rule,
            "deferred": tally.deferred[pack, rule],
            "suppressed": tally.suppressed[pack, rule],
        }
        for pack, rule in keys
    ]
    return sorted(
        rows, key=lambda row: (-int(row["deferred"]) - int(row["suppressed"]), row["pack"], row["rule"])
    )


def _money(money: Money) -> dict[str, Any]:
    order = sorted({*money.at_start, *money.at_end, *money.cured}, key=first_day)
    return {
        "payments": money.payments,
        "received": {
            currency: format_major(minor, currency) for currency, minor in sorted(money.received.items())
        },
        "cured": money.cured.total(),
        "by_bucket": [
            {
                "bucket": bucket,
                "loans_at_start": money.at_start[bucket],
                "cured": money.cured[bucket],
                "loans_at_end": money.at_end[bucket],
            }
            for bucket in order
        ],
    }
