"""What the rules in force read of a situation beyond what is always loaded.

Whoever loads situations by the thousand loads a part only where some rule reads it: under house rules alone,
none. What is not loaded is not known, so a rule that reads a part must say so here.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, cast, get_args

from policy.rules import Age, Confirmation, Disclosure, Grounds, Overdue, Precondition, Rule, Window

Part = Literal[
    "due",  # due dates of the loans
    "basis",  # why the address may be used
    "checked",  # when it was last known as theirs
    "written",  # what the person wrote to us
    "notices",  # those sent, and when something first reached the person
]
EVERY_PART: Final[frozenset[Part]] = frozenset(get_args(Part))

_BY_KIND: Final[Mapping[type[object], frozenset[Part]]] = {
    Age: frozenset({"checked", "written"}),
    Confirmation: frozenset({"written"}),
    Grounds: frozenset({"basis"}),
    Overdue: frozenset({"due"}),
    Precondition: frozenset({"notices"}),
}
_IF: Final[Mapping[type[object], tuple[Callable[[Rule], bool], frozenset[Part]]]] = {
    Window: (lambda rule: cast("Window", rule).unless_over is not None, frozenset({"due"})),
    Disclosure: (lambda rule: bool(cast("Disclosure", rule).says_first), frozenset({"notices"})),
}
_NONE: Final[frozenset[Part]] = frozenset()


def needs(rules: Iterable[Rule], purpose: str = "dunning") -> frozenset[Part]:
    """The parts that any of `rules` reads when something of `purpose` is asked about."""
    found: set[Part] = set()
    for rule in rules:
        if purpose in rule.binding.purposes:
            found |= _BY_KIND.get(type(rule), _NONE)
            when, parts = _IF.get(type(rule), (bool, _NONE))
            if parts and when(rule):
                found |= parts
    return frozenset(found)
