"""The general rules that packs are made of: data, and one function each.

`rule.first(ask, situation, at)` is the first moment at or after `at` (UTC) that the rule accepts, or None; it
reads nothing else, and is asked only where its binding covers what is asked. `rule.detail(...)` says in a few
words why a no is a no, for the record.
"""

from policy.rules.base import HORIZON, Binding, Rule
from policy.rules.counts import Cap, Cooldown, OneChannel, Spacing
from policy.rules.grounds import Age, Consent, Flagged, Grounds, Precondition, Role
from policy.rules.holds import Held, Overdue
from policy.rules.hours import Calendar, OwnHours, Window
from policy.rules.stops import Confirmation, Stop
from policy.rules.texts import Disclosure

__all__ = [
    "HORIZON",
    "Age",
    "Binding",
    "Calendar",
    "Cap",
    "Confirmation",
    "Consent",
    "Cooldown",
    "Disclosure",
    "Flagged",
    "Grounds",
    "Held",
    "OneChannel",
    "Overdue",
    "OwnHours",
    "Precondition",
    "Role",
    "Rule",
    "Spacing",
    "Stop",
    "Window",
]
