"""Each part of the model is needed: without it a short story ends badly, with it the same one ends well."""

from contextlib import nullcontext

import pytest

from tests.unit.casework.test_sent_once_model import Delivery

STORIES = {
    "read before the lock": "lease A 0, pay 0, claim A 0, hand_over A 1 accepted, sent_once",
    "sent past the lease": "lease A 0, claim A 0, time_passes 0, end_leases, ask 0, look 0, "
    "lease B 1, claim B 1, hand_over B 1 accepted, hand_over A 1 accepted, record A, sent_once",
    "leases without end": "lease B 0, crash B, teardown",
    "resent": "lease A 0, claim A 0, hand_over A 1 accepted, crash A, time_passes 0, end_leases, sent_once",
}


@pytest.mark.parametrize("mistake", STORIES)
def test_each_part_is_needed(mistake: str) -> None:
    for made in (Delivery, type("Broken", (Delivery,), {"mistake": mistake})):
        machine = made()
        machine.begin(1)
        with nullcontext() if made is Delivery else pytest.raises(AssertionError):
            for step in STORIES[mistake].split(", "):
                name, *given = step.split()
                getattr(machine, name)(*(int(one) if one.isdigit() else one for one in given))
