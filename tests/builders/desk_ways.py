"""How each dialog of the staff's chat goes, for the test that walks them as each role that has them."""

import msgspec

from casework.staff.rights import RIGHTS, Action, Role

CODE = "the code that was sent"
ENTERED = "SELECT id FROM outcomes WHERE undone_at IS NULL"


class DeskWay(msgspec.Struct, frozen=True):
    """How a dialog goes.

    rights  who has it: all of these
    begins  what is typed to begin; {loan} and {case} are those of a customer of its own
    first   what the first window says
    steps   (what is done, what is said then) in each window: "=label" is tapped, anything else typed
    kept    what it leaves, as a query; a row more at its end, and none before
    free    windows (by number) in which any text is an answer
    live    its buttons do the same whenever they are tapped: nothing of it goes stale
    shared  whoever has the right may tap them
    needs   what there is before: "talk", "alert", "approval", or an outcome that is taken back
    """

    rights: tuple[Action, ...]
    begins: str
    first: str
    steps: tuple[tuple[str, str], ...]
    kept: str = ENTERED
    free: tuple[int, ...] = ()
    live: bool = False
    shared: bool = False
    needs: str | None = None


_AT_CASE = (Action.TAKE_CASE, Action.RECORD_OUTCOME)
_WRITES = (Action.TAKE_CASE, Action.CONTACT, Action.SAY)
_CARD = ("/case {case}", "Due now €250.00")
_WHICH = "What came of it?"

WAYS = {
    "missed": DeskWay(
        _AT_CASE, *_CARD, (("=Not reached", _WHICH), ("=no answer", "{case} saved: no answer"))
    ),
    "said": DeskWay(_AT_CASE, *_CARD, (("=They said", _WHICH), ("=refused", "saved: refused"))),
    "special": DeskWay(_AT_CASE, *_CARD, (("=Stop or specialist", _WHICH), ("=deceased", "saved: deceased"))),
    "stop": DeskWay(_AT_CASE, *_CARD, (("=Stop or specialist", _WHICH), ("=Stop SMS", "saved: stop"))),
    "cash": DeskWay(
        _AT_CASE,
        *_CARD,
        (
            ("=Visit", _WHICH),
            ("=cash taken", "How much cash?"),
            ("800", "€800.00 is more than the €250.00 that is owed"),
            ("=Yes, €800.00", "saved: cash taken, €800.00"),
        ),
    ),
    "promise": DeskWay(
        _AT_CASE, *_CARD, (("=Promise", "on which day?"), ("=Tomorrow", "saved: promise of €250.00"))
    ),
    "promise of another amount on another day": DeskWay(
        _AT_CASE,
        *_CARD,
        (
            ("=Promise", "on which day?"),
            ("=Another amount", "How much?"),
            ("100", "€100.00: on which day?"),
            ("=Another day", "which day?"),
            ("=28", "saved: promise of €100.00"),
        ),
    ),
    "plan": DeskWay(
        _AT_CASE,
        *_CARD,
        (
            ("=They said", _WHICH),
            ("=plan agreed", "in how many payments"),
            ("=2 x €125.00", "A plan of €250.00 in 2 payments"),
            ("=Other payments", "in how many payments"),
            ("5 x 50 weekly from tomorrow", "A plan of €250.00 in 5 payments"),
            ("=Save", "saved: a plan of €250.00 in 5 payments"),
        ),
    ),
    "plan without its payments": DeskWay(
        _AT_CASE,
        *_CARD,
        (
            ("=They said", _WHICH),
            ("=plan agreed", "in how many payments"),
            ("=Payments later", "saved: plan agreed"),
        ),
    ),
    "callback": DeskWay(_AT_CASE, *_CARD, (("=Call back", "When?"), ("tomorrow 15:30", "it rings"))),
    "undo": DeskWay(
        _AT_CASE,
        *_CARD,
        (("=They said", _WHICH), ("=refused", "saved: refused"), ("=Undo", "Taken back.")),
        kept="SELECT id FROM outcomes WHERE undone_at IS NOT NULL",
    ),
    "text": DeskWay(
        _WRITES,
        *_CARD,
        (("=Message", "What do you want to write?"), ("=SMS: what is due", "on its way")),
        kept="SELECT id FROM contacts",
        live=True,
    ),
    "words": DeskWay(
        _WRITES,
        *_CARD,
        (
            ("=Message", "What do you want to write?"),
            ("=SMS: own words", "Type your words."),
            ("Hello Ann, this is Acme Credit. Thank you for calling; I noted Friday.", "on its way"),
        ),
        kept="SELECT id FROM contacts",
        free=(2,),
        live=True,
    ),
    "note": DeskWay(
        _AT_CASE,
        *_CARD,
        (("=Note", "Write it"), ("Speaks softly", "Kept.")),
        kept="SELECT id FROM notes",
        free=(1,),
    ),
    "tags": DeskWay(
        _AT_CASE,
        *_CARD,
        (("=Tags", "Type tags"), ("vip", "has these tags: vip")),
        kept="SELECT tag FROM case_tags",
        free=(1,),
    ),
    "skip": DeskWay(
        (Action.TAKE_CASE, Action.SEE_LOAN),
        *_CARD,
        (("=Skip", "Why?"), ("=Not today", "")),
        kept="SELECT id FROM rests WHERE reason = 'tomorrow'",
    ),
    "late": DeskWay(
        _AT_CASE,
        "MET @8:00 {loan}",
        "{case} met (at",
        (("=Save 1", "Saved: 1."),),
    ),
    "find": DeskWay(
        (Action.SEE_LOAN,),
        "/find",
        "Type a number",
        (("{loan}", "Found:"), ("=Keep this search", "Type a name"), ("Mine", "Kept.")),
        kept="SELECT id FROM filters",
        free=(0, 1, 2),
    ),
    "caller": DeskWay(
        (Action.ANSWER_CALLER,),
        "/caller",
        "Type their whole number",
        (("{loan}", "first have them say"), ("=They want to pay", "the customer is on the line")),
        kept="SELECT id FROM turns WHERE why = 'caller'",
        free=(0,),
        live=True,
        shared=True,
    ),
    "number": DeskWay(
        (Action.TAKE_CASE,),
        "/number",
        "Type the number",
        (("+44 7700 900555", "A code is on its way"), (CODE, "is yours now")),
        kept="SELECT id FROM staff_numbers WHERE confirmed_at IS NOT NULL",
    ),
    "assign": DeskWay(
        (Action.TAKE_CASE, Action.ASSIGN_CASE),
        *_CARD,
        (("=Assign", "to whom?"), ("=carl", "carl has it now")),
        kept="SELECT case_id FROM assignments",
        live=True,
        shared=True,
    ),
    "alert": DeskWay(
        (Action.HEAR_ALERT,),
        "/alerts",
        "What stands",
        (
            ("=The nightly check found 2 violations: sent_once.", "Have kept check run"),
            ("=Snooze", "Until when?"),
            ("=Seen to", "Nobody is told"),
        ),
        kept="SELECT id FROM alerts WHERE ended_by IS NOT NULL",
        needs="alert",
        shared=True,
    ),
    "approval": DeskWay(
        (Action.APPROVE, Action.IMPORT_BOOK),
        "/approvals",
        "the file looks wrong",
        (("=Refuse", "is refused"),),
        kept="SELECT id FROM approvals WHERE state = 'refused'",
        needs="approval",
        shared=True,
    ),
    "conversation": DeskWay(
        (Action.TALK, Action.TAKE_CASE),
        *_CARD,
        (
            ("=Conversation", "You are talking with"),
            ("=Hello, how can I help?", ""),
            ("=End it", "The conversation is over."),
        ),
        kept="SELECT id FROM talks WHERE ended_at IS NOT NULL",
        free=(1, 2),
        needs="talk",
        shared=True,
    ),
}
"""The dialogs. Those of one tap (/next, /day, /queue...) ask nothing and keep nothing."""


def ways_of(role: Role) -> dict[str, DeskWay]:
    """The dialogs that a role has."""
    return {name: way for name, way in WAYS.items() if all(one in RIGHTS[role] for one in way.rights)}
