"""A strategy with an experiment to start, and an experiment that has its answer."""

from datetime import timedelta

import msgspec

from casework.insight.experiments import Arm, Result
from casework.publish import publish
from casework.staff.rights import Actor, Role
from storage import experiments as stored
from storage.experiments import Started
from strategies.experiments import Finding, Interval
from tests.builders.shop import Shop

OLGA = Actor("Olga", Role.OPERATIONS)
ARMED = """
strategy: two-tones
stale_after: 4d
arms: {experiment: tone-2, split: {plain: 45, kind: 45}, holdout: 10, horizon: 10d}
steps:
  plain: {at: due + 1d 09:00, arm: plain, send: late-early, by: [email], expires: 3d}
  kind: {at: due + 1d 09:00, arm: kind, send: late, by: [email], expires: 3d}
"""
_HARMS = {"opt_outs": 2, "complaints": 0, "wrong_party": 0, "disputes": 1}
_FOUND = Result(
    (
        Arm("plain", 1600, 1580, 632, _HARMS),
        Arm("kind", 1610, 1590, 715, _HARMS),
        Arm("holdout", 320, 310, 99),
    ),
    {"kind": Finding("better", Interval(0.0497, 0.0155, 0.0839))},
    Interval(0.08, 0.02, 0.14),
)


async def try_out(shop: Shop) -> None:
    """The strategy `two-tones` with `tone-2` to start; the experiment `tone` of gentle, answered."""
    await publish(shop.office, OLGA, ARMED, "two-tones.yaml", shop.now)
    began = shop.now - timedelta(days=60)
    arms = (("plain", 45), ("kind", 45))
    one = Started(
        "tone", "gentle", arms, 10, "paid", 14, 4000, 4500, 1534, began, began + timedelta(days=40), "Olga"
    )
    async with shop.office.transaction() as raw:
        key = await stored.start(raw, one)
        await stored.end(raw, key, "answered", shop.now, "kept", finding=msgspec.to_builtins(_FOUND))
