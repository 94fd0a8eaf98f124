"""The whole table of rights, stated a second time: a right changes in two places or not at all."""

import pytest

from casework.staff.rights import Action, Actor, Denied, Role, may, require, who_may

# a: every portfolio, p: the portfolios one is given, o: one's own, .: no right
COLUMNS = ["bor", "col", "sup", "cre", "ope", "ris", "fin", "com", "aud", "man", "cus", "adm", "sys", "pro"]
TABLE = {
    "import_book":        ".   .   .   .   p   .   .   .   .   .   .   .   .   p",
    "look":               ".   .   .   .   p   .   .   .   .   .   .   .   a   .",
    "send":               ".   .   .   .   p   .   .   .   .   .   .   .   a   .",
    "take_receipt":       ".   .   .   .   .   .   .   .   .   .   .   .   a   .",
    "take_reply":         ".   .   .   .   .   .   .   .   .   .   .   .   a   .",
    "say":                ".   p   p   p   .   .   .   .   .   .   p   .   .   .",
    "record_consent":     ".   p   p   p   .   .   .   a   .   .   p   .   a   p",
    "settle_address":     ".   .   p   p   .   .   .   .   .   .   p   .   a   .",
    "write_text":         ".   .   .   .   p   .   .   a   .   .   .   .   .   .",
    "approve_text":       ".   .   .   .   .   .   .   a   .   .   .   .   .   .",
    "set_pin":            "o   .   p   p   p   .   .   .   .   .   p   .   .   .",
    "take_update":        ".   .   .   .   .   .   .   .   .   .   .   .   a   .",
    "link_chat":          ".   o   p   p   p   .   .   .   .   .   p   .   a   .",
    "tell":               "o   .   .   .   .   .   .   .   .   .   .   .   .   .",
    "talk":               ".   p   p   p   .   .   .   .   .   .   p   .   .   .",
    "seal_record":        ".   .   .   .   .   .   .   .   .   .   .   .   a   .",
    "settle_unknown":     ".   .   p   .   p   .   .   .   .   .   .   .   a   .",
    "publish_strategy":   ".   .   .   .   p   .   .   .   .   .   .   .   .   .",
    "run_experiment":     ".   .   .   .   p   .   .   .   .   .   .   .   a   .",
    "record_outcome":    "o   o   p   p   p   .   .   .   .   .   p   .   .   p",
    "place_hold":        ".   o   p   p   p   .   .   a   .   .   p   .   .   .",
    "lift_hold":         ".   .   p   p   p   .   .   a   .   .   .   .   .   .",
    "approve":           ".   .   p   p   p   .   .   a   .   .   .   .   .   .",
    "pause":              ".   .   p   p   p   .   .   a   .   .   .   a   .   .",
    "see_portfolio":      ".   .   p   p   p   p   p   a   a   a   .   .   .   p",
    "see_loan":           "o   o   p   p   p   p   p   a   a   .   p   .   .   p",
    "explain":            ".   o   p   p   p   p   .   a   a   .   p   .   .   .",
    "read_personal_data": "o   o   p   p   .   .   .   a   .   .   p   .   .   .",
    "contact":            ".   o   p   p   p   .   .   a   .   .   p   .   a   p",
    "record_contact":     ".   o   p   p   p   .   .   a   .   .   p   .   a   p",
    "mark_person":        ".   o   p   p   p   .   .   a   .   .   p   .   a   .",
    "merge_persons":     ".   .   p   p   .   .   .   a   .   .   .   .   .   .",
    "manage_staff":       ".   .   .   .   p   .   .   .   .   .   .   a   .   .",
    "manage_webhooks":    ".   .   .   .   .   .   .   .   .   .   .   a   .   .",
    "manage_tokens":      ".   .   .   .   .   .   .   .   .   .   .   a   .   .",
    "take_case":          ".   p   p   p   .   .   .   .   .   .   p   .   .   .",
    "answer_caller":      ".   p   p   p   .   .   .   .   .   .   p   .   .   .",
    "assign_case":        ".   .   p   p   p   .   .   .   .   .   .   .   .   .",
    "hear_alert":         ".   .   p   p   p   .   .   .   .   .   .   .   .   .",
    "read_digest":        ".   .   p   p   p   .   .   .   .   a   .   .   .   .",
    "check":              ".   .   .   .   p   .   .   a   a   .   .   a   a   .",
    "verify_audit":       ".   .   .   .   .   .   .   a   a   .   .   a   a   .",
}  # fmt: skip

CELLS = [
    (role, action, scope)
    for action, line in TABLE.items()
    for role, scope in zip(Role, line.split(), strict=True)
]


def test_the_table_names_every_action_and_role() -> None:
    assert set(TABLE) == {action.value for action in Action}
    assert [role.value[:3] for role in Role] == COLUMNS


@pytest.mark.parametrize(("role", "action", "scope"), CELLS)
def test_each_cell_of_the_table(role: Role, action: str, scope: str) -> None:
    ann = Actor("ann", role, frozenset({"north"}))
    everywhere = Actor("ann", role)
    wanted = Action(action)
    answers = {
        "north": may(ann, wanted, "north"),
        "south": may(ann, wanted, "south"),
        "all at once": may(ann, wanted),
        "all at once, with every portfolio": may(everywhere, wanted),
        "own": may(ann, wanted, "north", owner="ann"),
        "own elsewhere": may(ann, wanted, "south", owner="ann"),
        "another's": may(ann, wanted, "north", owner="ben"),
    }
    yes = {
        "a": set(answers),
        "p": {"north", "all at once, with every portfolio", "own", "another's"},
        "o": {"own"},
        ".": set[str](),
    }[scope]
    assert {asked for asked, answer in answers.items() if answer} == yes


def test_who_may_reads_the_table_by_column() -> None:
    for action, line in TABLE.items():
        assert who_may(Action(action)) == tuple(
            role for role, scope in zip(Role, line.split(), strict=True) if scope != "."
        )


def test_a_denial_says_who_what_where_and_who_may() -> None:
    ann = Actor("ann", Role.COLLECTOR, frozenset({"north"}))
    with pytest.raises(Denied) as caught:
        require(ann, Action.PUBLISH_STRATEGY)
    assert str(caught.value) == (
        "ann (collector) may not publish strategy: the role collector has no such right; it is for operations"
    )
    with pytest.raises(Denied) as caught:
        require(ann, Action.SEE_LOAN, "north", owner="ben")
    assert str(caught.value).startswith(
        "ann (collector) may not see loan in portfolio north: it is not their own;"
    )
    assert (caught.value.actor, caught.value.action, caught.value.portfolio) == (
        ann,
        Action.SEE_LOAN,
        "north",
    )
    ops = Actor("oda", Role.OPERATIONS, frozenset({"west", "north"}))
    with pytest.raises(Denied, match="every portfolio, and theirs are north, west;"):
        require(ops, Action.LOOK)
    with pytest.raises(Denied, match="in portfolio south: their portfolios are north, west;"):
        require(ops, Action.IMPORT_BOOK, "south")
    with pytest.raises(Denied, match="theirs are none;"):
        require(Actor("oda", Role.OPERATIONS, frozenset()), Action.LOOK)


def test_own_is_nobodys_where_there_is_no_owner() -> None:
    assert not may(Actor("ann", Role.COLLECTOR), Action.SEE_LOAN, "north")
    assert not may(Actor("", Role.COLLECTOR), Action.SEE_LOAN, "north", owner=None)
