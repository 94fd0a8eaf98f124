"""What rules read of a situation is what they say they need: nothing else may be left unloaded."""

from datetime import UTC, datetime
from typing import Any

import pytest

from policy.needs import EVERY_PART, needs
from policy.pack import shipped_packs
from policy.values import FLAGS, Ask, Basis, Past, Situation

NOW = datetime(2026, 11, 25, 17, tzinfo=UTC)
PARTS = {"due": "due", "basis": "basis", "checked": "checked", "notices": "notices"}
ALWAYS = {
    "zones",
    "country",
    "region",
    "consents",
    "holds",
    "past",
    "hours_agreed",
    "windows",
    "flags",
    "stopped",
}


class Watched:
    """A situation that notes what is read of it."""

    def __init__(self, situation: Situation) -> None:
        self.situation, self.read = situation, set[str]()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self.situation, name)


@pytest.mark.parametrize("name", shipped_packs())
def test_a_rule_reads_nothing_that_it_does_not_need(name: str) -> None:
    past = (Past(NOW.replace(hour=3), "sms", "stop", (1,), inbound=True), Past(NOW, "call", "", (1,)))
    situation = Situation(
        ("America/New_York",),
        past=past,
        flags=tuple(FLAGS),
        due={1: NOW.date()},
        basis={"email": Basis("found")},
        checked={"sms": NOW},
        notices={},
    )
    for rule in shipped_packs()[name].rules:
        for purpose in rule.binding.purposes:
            stated = needs([rule], purpose)
            watched: Any = Watched(situation)
            for channel in rule.binding.channels:
                ask = Ask(channel, (1,), purpose, actor="third_party", text="a text")
                for at in (NOW, NOW.replace(hour=4)):
                    rule.first(ask, watched, at)
                    rule.detail(ask, watched, at)
            assert watched.read - ALWAYS <= {PARTS[part] for part in stated if part in PARTS}, rule.name


def test_house_rules_need_nothing_and_regulation_f_almost_everything() -> None:
    packs = shipped_packs()
    assert needs(packs["house"].rules) == frozenset()
    assert needs(packs["us-reg-f"].rules) == EVERY_PART - {"due"}
    assert needs(packs["gr-3758"].rules) == {"due"}
    assert needs(packs["us-tcpa"].rules) == frozenset()
    assert needs(packs["us-tcpa"].rules, "opt_out_confirmation") == {"written"}
