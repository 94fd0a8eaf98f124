"""A card in words and buttons: what a collector sees of a case, and the two taps that end it."""

from bot.staff.post import Post, Rows
from bot.texts import Speech
from casework.said import said_in
from casework.staff.card import Card
from casework.staff.rights import RIGHTS, Action


async def show(post: Post, card: Card | None) -> None:
    """The card; or that there is nothing to do. What was asked before is asked no more."""
    await post.asks_nothing()
    if card is None:
        await post.send(
            post.say("card.nothing"), ((button(post, "day", "day"), button(post, "next", "next")),)
        )
        return
    await post.send(words(post.say, card), rows(post, card))


def words(say: Speech, card: Card) -> str:
    """The card in words."""
    lines = [say("card.title", code=card.code, name=card.name or "", portfolio=card.portfolio).strip()]
    if not card.personal:
        lines.append(say("card.codes"))
    lines.append(say("card.late" if card.days_late else "card.on_time", days=card.days_late))
    for one in card.owed:
        arrears, all_ = say.money(one.arrears, one.currency), say.money(one.outstanding, one.currency)
        lines.append(say("card.owed", arrears=arrears, outstanding=all_))
    if card.stale:
        said = said_in(say.code, card.stale)
        lines.append(said[:1].upper() + said[1:])
    if card.loans:
        lines.append(say("card.loans", loans=", ".join(card.loans)))
    if card.last is not None:
        lines.append(
            say(
                "card.last",
                outcome=outcome(say, card.last.code),
                at=say.moment(card.last.at, card.zone),
                by=say("card.borrower") if card.last.role == "borrower" else card.last.by,
            )
        )
    if card.promise is not None:
        amount = say.money(card.promise.minor, card.promise.currency)
        lines.append(say("card.promise", amount=amount, day=say.day(card.promise.due)))
    lines.append(say("card.why", why=_why(say, card)))
    if card.turn is None and card.whose:
        lines.append(say("card.held" if card.held else "card.whose", name=card.whose))
    lines.append(_gate(say, card))
    lines += [say("card.do", what=", ".join(_do(say, one) for one in card.do))] if card.do else []
    lines += [say("card.dont", what=", ".join(_dont(say, one) for one in card.dont))] if card.dont else []
    if card.notes:
        lines.append(say("card.notes", count=card.notes))
    if card.talk is not None:
        lines.append(say("card.talk"))
    return "\n".join(lines)


def outcome(say: Speech, code: str) -> str:
    """A code of the table in words."""
    return say(f"codes.{code}") if f"codes.{code}" in say.texts else code.replace("_", " ")


def _why(say: Speech, card: Card) -> str:
    task = card.task
    if task is None:
        return say(f"why.{card.why}")
    said = say(f"why.{task.kind}")
    if task.came_of and not task.came_of.startswith("step:"):
        known = {"promise": say("why.of_promise"), "reply": say("why.of_reply")}
        said = say("why.of", what=said, of=known.get(task.came_of) or outcome(say, task.came_of))
    elif task.came_of:
        said = say("why.of_step", what=said, step=task.came_of.removeprefix("step:"))
    if task.starts_at is not None:
        said = say("why.agreed", what=said, at=say.moment(task.starts_at, card.zone))
    elif task.finish_by is not None:
        said = say("why.until", what=said, at=say.moment(task.finish_by, card.zone))
    return said


def _gate(say: Speech, card: Card) -> str:
    if card.call.allowed:
        return say("card.may_call")
    if card.call.until is None:
        return say("card.no_call", why=said_in(say.code, card.call.why))
    return say(
        "card.no_call_before", why=said_in(say.code, card.call.why), at=say.moment(card.call.until, card.zone)
    )


def _do(say: Speech, what: str) -> str:
    kind, _, given = what.partition(":")
    return say(f"do.{kind}", given=given)


def _dont(say: Speech, what: str) -> str:
    kind, _, given = what.partition(":")
    if kind == "stopped":
        return say("dont.stopped", channel=say(f"channels.{given}"))
    return say(f"dont.{kind}") if f"dont.{kind}" in say.texts else kind.replace("_", " ")


def rows(post: Post, card: Card) -> Rows:
    """The buttons of a card; whoever only sees the case has none to enter anything with."""
    turn = card.turn
    public = post.office.doors.public_url
    console = [] if card.personal or public is None else [_console(post, public, card.code)]
    rights = RIGHTS[post.member.actor.role]
    assigns = [button(post, "assign", f"assign:{card.case}")] if Action.ASSIGN_CASE in rights else []
    talk = [button(post, "talk", f"talk:{card.talk}")] if card.talk and Action.TALK in rights else []
    if turn is None:
        takes = (
            [button(post, "take", f"take:{card.case}")]
            if Action.TAKE_CASE in rights and not card.held
            else []
        )
        return (takes, (*talk, *assigns, *console))
    return (
        (button(post, "call", f"call:{turn}"), button(post, "write", f"write:{turn}")),
        (button(post, "missed", f"cat:{turn}:missed"), button(post, "promise", f"promise:{turn}")),
        (button(post, "callback", f"callback:{turn}"), button(post, "said", f"cat:{turn}:said")),
        (button(post, "visit", f"cat:{turn}:visit"), button(post, "stop", f"cat:{turn}:special")),
        (
            button(post, "note", f"note:{turn}"),
            button(post, "tags", f"tags:{card.case}"),
            button(post, "skip", f"skip:{turn}"),
        ),
        (*talk, *assigns, *console),
    )


def _console(post: Post, public: str, code: str) -> tuple[str, str]:
    """The page of a case in the console, where a lender's chat shows nothing personal."""
    return post.say("buttons.console"), f"{public.rstrip('/')}/work/{code}"


def back(post: Post) -> tuple[tuple[str, str], ...]:
    """The row that leaves a question, with nothing changed."""
    return (button(post, "back", "back"),)


def button(post: Post, label: str, asks: str) -> tuple[str, str]:
    return post.say.button(label), asks
