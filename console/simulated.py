"""A simulation as pictures, each with its table: what was played beside what is in force.

Pure: the document of casework/simulation/document.py as JSON in, options of ECharts and rows out. Amounts are
texts in it, and stay texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec

_CHANNELS: Final = ("sms", "email", "chat")
# Room for the names at the left, whatever font measures them.
_GRID: Final = {"left": 24, "right": 16, "top": 36, "bottom": 8, "containLabel": True}
_RULES: Final = 12  # that are drawn; the table has all

Words = Mapping[str, Any]
Rows = Sequence[Sequence[Any]]


class Picture(msgspec.Struct, frozen=True):
    """One picture. `name`: its title among the words of the page."""

    name: str
    option: Mapping[str, Any]
    head: Sequence[str]
    rows: Rows


def summary(found: Mapping[str, Any]) -> list[tuple[str, Any, Any, Any]]:
    """(what, simulated, in force, difference) in all; what has no prices has no cost."""
    result, live, less = found["result"], found["live"], found["difference"]
    return [
        (name, _text(result[name]), _text(live[name]), _text(less[name], sign=True))
        for name in ("contacts", "reached", "tasks", "hours", "cost")
        if result[name] is not None
    ]


def pictures(found: Mapping[str, Any], words: Words, channels: Words) -> list[Picture]:
    """Contacts by day, work, cost, what rules put off, load by queue, cures, who gains and who loses."""
    result, live = found["result"], found["live"]
    made = [
        _contacts(result, live, words, channels),
        _lines("work", "tasks", result, live, words),
        _rules(result, live, words),
        _cures(found, words),
        _buckets(found["cures"]["by_bucket"], words),
        _people(found["people"]["by_segment"], words),
    ]
    if result["cost"] is not None:
        made.insert(2, _cost(result, live, words))
    if result["collectors"] or live["collectors"]:
        made.insert(3, _load(result["collectors"], live["collectors"], words))
    return [one for one in made if one.rows]


def _contacts(result: Any, live: Any, words: Words, channels: Words) -> Picture:
    days = [row["day"] for row in result["by_day"]]
    now = {row["day"]: row["contacts"] for row in live["by_day"]}
    series = [
        {
            "type": "bar",
            "stack": "simulated",
            "name": channels[by],
            "data": [row[by] for row in result["by_day"]],
        }
        for by in _CHANNELS
    ]
    series.append(_in_force([now.get(day, 0) for day in days], words))
    rows = [
        (row["day"], *(row[by] for by in _CHANNELS), row["contacts"], now.get(row["day"], 0))
        for row in result["by_day"]
    ]
    head = [words["day"], *(channels[by] for by in _CHANNELS), words["simulated"], words["in_force"]]
    return Picture("contacts", _by_day(days, series), head, rows)


def _lines(name: str, key: str, result: Any, live: Any, words: Words) -> Picture:
    days = [row["day"] for row in result["by_day"]]
    now = {row["day"]: row[key] for row in live["by_day"]}
    data = [row[key] for row in result["by_day"]]
    series = [
        {"type": "bar", "name": words["simulated"], "data": data},
        _in_force([now.get(day, 0) for day in days], words),
    ]
    rows = [(day, value, now.get(day, 0)) for day, value in zip(days, data, strict=True)]
    return Picture(name, _by_day(days, series), _pair(words["day"], words), rows)


def _cost(result: Any, live: Any, words: Words) -> Picture:
    """One currency: prices have one."""
    (currency,) = result["cost"]
    days = [row["day"] for row in result["by_day"]]
    now = {row["day"]: row["cost"][currency] for row in live["by_day"]}
    data = [row["cost"][currency] for row in result["by_day"]]
    series = [
        {"type": "bar", "name": words["simulated"], "data": data},
        _in_force([now.get(day, "0") for day in days], words),
    ]
    option = _by_day(days, series)
    option["yAxis"]["name"] = currency
    rows = [
        (day, f"{value} {currency}", f"{now.get(day, '0')} {currency}")
        for day, value in zip(days, data, strict=True)
    ]
    return Picture("cost", option, _pair(words["day"], words), rows)


def _rules(result: Any, live: Any, words: Words) -> Picture:
    """What caps and other rules put off or suppressed, the most first."""
    caps = {(row["pack"], row["rule"]) for side in (result, live) for row in side["caps"]}
    counted = [
        {(row["pack"], row["rule"]): row for row in (*side["caps"], *side["rules"])}
        for side in (result, live)
    ]
    nothing = {"deferred": 0, "suppressed": 0}
    rows: list[tuple[Any, ...]] = []
    for key in {*counted[0], *counted[1]}:
        one, other = counted[0].get(key, nothing), counted[1].get(key, nothing)
        name = f"{key[0]}: {key[1]}" + (f" ({words['cap']})" if key in caps else "")
        rows.append((name, one["deferred"], one["suppressed"], other["deferred"], other["suppressed"]))
    rows.sort(key=lambda row: (-(row[1] + row[2]), row[0]))
    drawn = rows[:_RULES][::-1]
    series = [
        {"type": "bar", "name": words["simulated"], "data": [row[1] + row[2] for row in drawn]},
        {"type": "bar", "name": words["in_force"], "data": [row[3] + row[4] for row in drawn]},
    ]
    head = [
        words["rule"],
        words["deferred"],
        words["suppressed"],
        f"{words['deferred']} ({words['in_force']})",
        f"{words['suppressed']} ({words['in_force']})",
    ]
    return Picture("rules", _across([row[0] for row in drawn], series), head, rows)


def _load(result: Any, live: Any, words: Words) -> Picture:
    """Hours of the busiest day against the hours that there are a day, by queue."""
    now = {row["queue"]: row for row in live}
    rows = [
        (
            row["queue"],
            row["hours"],
            row["hours_of_busiest_day"],
            row["hours_there_a_day"] if row["hours_there_a_day"] is not None else "",
            row["days_over"],
            now[row["queue"]]["hours"] if row["queue"] in now else 0,
        )
        for row in result
    ]
    names = [row[0] for row in rows]
    series = [
        {"type": "bar", "name": words["busiest"], "data": [row[2] for row in rows]},
        {"type": "bar", "name": words["there"], "data": [row[3] for row in rows]},
    ]
    head = [words[key] for key in ("queue", "hours", "busiest", "there", "over")]
    return Picture("load", _across(names, series), [*head, f"{words['hours']} ({words['in_force']})"], rows)


def _cures(found: Any, words: Words) -> Picture:
    """Loans that are current again, by day: payers do not know what they hear, so there is one line."""
    by_day = found["result"]["by_day"]
    days, data = [row["day"] for row in by_day], [row["cures"] for row in by_day]
    series = [{"type": "bar", "name": words["cured"], "data": data}]
    rows = list(zip(days, data, strict=True)) if any(data) else []
    return Picture("cures", _by_day(days, series), [words["day"], words["cured"]], rows)


def _buckets(found: Any, words: Words) -> Picture:
    rows = [(row["bucket"], row["loans_at_start"], row["cured"], row["loans_at_end"]) for row in found]
    series = [
        {"type": "bar", "name": words["at_start"], "data": [row[1] for row in rows]},
        {"type": "bar", "name": words["at_end"], "data": [row[3] for row in rows]},
    ]
    option = _by_day([row[0] for row in rows], series)
    head = [words["bucket"], words["at_start"], words["cured_from"], words["at_end"]]
    return Picture("buckets", option, head, rows)


def _people(found: Any, words: Words) -> Picture:
    rows = [
        (f"{row['strategy']} · {row['bucket']}", row["gain"], row["lose"], row["same"])
        for row in found
        if row["gain"] or row["lose"]
    ]
    series = [
        {"type": "bar", "stack": "who", "name": words["gain"], "data": [row[1] for row in rows][::-1]},
        {"type": "bar", "stack": "who", "name": words["lose"], "data": [-row[2] for row in rows][::-1]},
    ]
    head = [words["segment"], words["gain"], words["lose"], words["same"]]
    return Picture("people", _across([row[0] for row in rows][::-1], series), head, rows)


def _by_day(days: Sequence[str], series: Sequence[Any]) -> dict[str, Any]:
    return {
        "legend": {},
        "grid": _GRID,
        "xAxis": {"type": "category", "data": list(days)},
        "yAxis": {"type": "value"},
        "series": list(series),
    }


def _across(names: Sequence[str], series: Sequence[Any]) -> dict[str, Any]:
    return {
        "legend": {},
        "grid": _GRID,
        "xAxis": {"type": "value"},
        "yAxis": {"type": "category", "data": list(names)},
        "series": list(series),
    }


def _in_force(data: Sequence[Any], words: Words) -> dict[str, Any]:
    return {
        "type": "line",
        "step": "middle",
        "name": words["in_force"],
        "data": list(data),
        "showSymbol": False,
    }


def _pair(first: str, words: Words) -> list[str]:
    return [first, words["simulated"], words["in_force"]]


def _text(value: Any, *, sign: bool = False) -> str:
    if isinstance(value, Mapping):
        amounts = cast("Mapping[str, str]", value)
        return ", ".join(f"{amount} {currency}" for currency, amount in amounts.items())
    return f"{value:+,}" if sign else f"{value:,}"
