"""How each dialog of the chat goes, for the tests that walk them, over HTTP and without a network."""

from collections.abc import Mapping

import msgspec

CODE = "the code that was sent"


class Way(msgspec.Struct, frozen=True):
    """How a dialog goes. `steps`: what is done in each window, "=key": its button of that text is tapped;
    anything else is typed. `asked`: the text of each of those windows. `kept`: what it leaves, as a query.
    `nonsense`: "text" where a photo is an answer. `no_back`: windows (by number) without a way back; `back`:
    where it leads, where that is not the window before.
    """

    steps: tuple[str, ...]
    asked: tuple[str, ...]
    kept: str
    ends: str
    nonsense: str = "photo"
    no_back: tuple[int, ...] = (0,)
    back: Mapping[int, int] = {}


OUTCOMES = "SELECT code FROM outcomes"
WAYS = {
    "promise": Way(
        ("100", "28/11", "=buttons.yes"),
        ("promise.amount", "promise.day", "promise.check"),
        OUTCOMES,
        "promise.done",
        nonsense="text",
    ),
    "paid": Way(("=buttons.skip",), ("paid.receipt",), OUTCOMES, "paid.done", nonsense="text"),
    "cannot": Way(
        ("=cannot.why_health", "=cannot.when_weeks", "=cannot.what_pause", "=buttons.yes"),
        ("cannot.why", "cannot.when", "cannot.what", "cannot.check"),
        OUTCOMES,
        "cannot.done",
    ),
    "dispute": Way(
        ("=dispute.reason_amount", "My aunt paid it.", "=buttons.yes"),
        ("dispute.reason", "dispute.words", "dispute.check"),
        OUTCOMES,
        "dispute.done",
    ),
    "complaint": Way(
        ("You called at night.", "=buttons.yes"),
        ("complaint.words", "complaint.check"),
        OUTCOMES,
        "complaint.done",
    ),
    "quiet": Way(
        ("=quiet.hours_evening", "=buttons.yes"),
        ("quiet.hours", "quiet.check"),
        "SELECT own_hours FROM persons WHERE own_hours <> '{}'",
        "quiet.done",
    ),
    "pin": Way(("4829", "4829"), ("pin.first", "pin.again"), "SELECT person_id FROM pins", "pin.done"),
    "number": Way(
        ("+44 7700 900456", "=buttons.yes", CODE, "=buttons.yes"),
        ("number.words", "number.check", "number.code", "number.old"),
        "SELECT id FROM addresses WHERE kind = 'phone' AND state = 'confirmed'",
        "number.done",
        no_back=(0, 3),
        back={2: 0},
    ),
    "feedback": Way(
        ("=feedback.rating_good", "=buttons.skip"),
        ("feedback.rating", "feedback.words"),
        "SELECT rating FROM feedback",
        "feedback.done",
    ),
    "wrong": Way(
        ("=buttons.yes",),
        ("wrong.check",),
        "SELECT DISTINCT kind FROM tasks WHERE kind = 'trace'",
        "open.not_me",
    ),
}
