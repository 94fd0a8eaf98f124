"""What is simulated less what is in force, in the same terms; and for whom it changes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from casework.simulation.compared import CHANGES, GAINS, LOSES, Compared
from casework.simulation.priced import VIEWS, Priced, first_day, named, parts, summary
from casework.simulation.prices import Prices
from casework.simulation.simulate import Simulated
from casework.simulation.tally import Tally


def difference(found: Simulated, live: Tally, prices: Prices | None) -> dict[str, Any]:
    """The result less what is in force."""
    after, before = Priced(found, found.result, prices), Priced(found, live, prices)
    one, other = summary(found.result, after), summary(live, before)
    made: dict[str, Any] = {name: one[name] - other[name] for name in ("contacts", "reached", "tasks")}
    made["hours"] = made["cost"] = None
    if prices is not None:
        made["hours"] = round(one["hours"] - other["hours"], 1)
        more = after.spent(found.result) - before.spent(live)
        made["cost"] = {prices.currency: ("-" if more < 0 else "") + prices.text(abs(more))}
    return {**made, **{view: _changes(found.result, live, view) for view in VIEWS}}


def _changes(after: Tally, before: Tally, view: str) -> list[dict[str, Any]]:
    moved: dict[tuple[str, ...], list[int]] = {}
    counted = [(0, 1, after.messages), (0, -1, before.messages)]
    if view != "by_channel":
        counted += [(1, 1, after.tasks), (1, -1, before.tasks)]
    for place, sign, cells in counted:
        for cell, count in cells.items():
            moved.setdefault(parts(cell, view), [0, 0])[place] += sign * count
    return [
        {**named(one, view), "contacts": contacts, **({} if view == "by_channel" else {"tasks": tasks})}
        for one, (contacts, tasks) in sorted(moved.items())
        if contacts or tasks
    ]


def people(compared: Compared, examples: Mapping[int, str]) -> dict[str, Any]:
    """Who gains and who loses, by what changes and by segment; some external ids of each."""
    total: Counter[str] = Counter()
    segments: dict[tuple[str, str], Counter[str]] = {}
    for (strategy, bucket, change), count in compared.persons.items():
        total[change] += count
        segments.setdefault((strategy, bucket), Counter())[change] += count
    return {
        "gain": sum(total[change] for change in GAINS),
        "lose": sum(total[change] for change in LOSES),
        "same": total["same"],
        "by_change": {change: total[change] for change in CHANGES},
        "by_segment": [
            {
                "strategy": strategy,
                "bucket": bucket,
                "gain": sum(counts[change] for change in GAINS),
                "lose": sum(counts[change] for change in LOSES),
                "same": counts["same"],
            }
            for (strategy, bucket), counts in sorted(
                segments.items(), key=lambda row: (row[0][0], first_day(row[0][1]))
            )
        ],
        "examples": {
            change: [examples[person] for person in persons if person in examples]
            for change, persons in compared.examples.items()
            if change != "same"
        },
    }
