"""What a chat of the staff knows: commands, what the first word of a button does, what a text answers."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiogram.types import Message

from bot.staff import alerts, day, entries, find, keeping, late, leading, notes, number, plans, reach, talks
from bot.staff.help import help_
from bot.staff.post import Post
from casework.staff.late import looks_like_entries

Act = Callable[[Post, str], Awaitable[None]]
"""What a command or a tap does; handed what follows it."""


async def said_to(post: Post, given: str) -> None:
    """Words that look like an entry are for the customer, a note, or an entry after all."""
    whom, _, key = given.partition(":")
    kept = await post.kept(key)
    if kept is None or "words" not in kept:
        await post.send(post.say("stale"))
    elif whom == "entry":
        await late.read(post, kept["words"])
    elif kept["asks"] == "talk":
        await talks.typed(post, kept["words"], **kept["about"])
    elif kept["asks"] == "note":
        await notes.keep_words(post, kept["words"], kept["about"]["turn"])
    else:
        await reach.typed_words(post, kept["words"], kept["about"]["turn"], kept["about"]["channel"])


async def nothing(_: Post, __: str) -> None:
    """A button that is only there for the eye."""


COMMANDS: Final[dict[str, Act]] = {
    "/start": help_,
    "/help": help_,
    "/next": day.next_,
    "/case": day.open_,
    "/find": find.find_,
    "/caller": find.caller,
    "/day": find.day,
    "/promises": find.promises,
    "/tag": keeping.tags,
    "/filters": keeping.searches,
    "/route": keeping.route,
    "/number": number.number,
    "/queue": leading.queue,
    "/assign": leading.assign_,
    "/broken": leading.broken,
    "/approvals": leading.approvals,
    "/alerts": alerts.listed,
    "/morning": alerts.morning,
}
TAPS: Final[dict[str, Act]] = {
    "help": help_,
    "next": day.next_,
    "back": day.leave,
    "open": day.open_,
    "skip": day.ask_skip,
    "skipped": day.skipped,
    "note": notes.ask_note,
    "notes": notes.read_notes,
    "kept": notes.file_,
    "call": reach.call,
    "write": reach.write,
    "text": reach.send_text,
    "words": reach.ask_words,
    "cat": entries.category,
    "o": entries.record,
    "stop": entries.stop,
    "promise": entries.promise,
    "amount": entries.another_amount,
    "month": entries.month,
    "p": entries.promised,
    "cash": entries.cash,
    "askcash": entries.ask_cash,
    "callback": entries.callback,
    "ring": entries.ring,
    "plan": plans.ask,
    "parts": plans.tapped,
    "planlater": plans.later,
    "plansave": plans.save,
    "undo": entries.undo,
    "caller": find.caller,
    "line": find.line,
    "day": find.day,
    "promises": find.promises,
    "late": late.confirm,
    "meant": said_to,
    "queue": leading.queue,
    "assign": leading.whom,
    "give": leading.give,
    "take": day.take,
    "uncalled": day.uncalled,
    "broken": leading.broken,
    "approvals": leading.approvals,
    "alerts": alerts.listed,
    "alert": alerts.opened,
    "snooze": alerts.ask_snooze,
    "snoozed": alerts.snoozed,
    "seen": alerts.seen,
    "yes": leading.yes,
    "nay": leading.no,
    "talk": talks.take_,
    "ready": talks.ready,
    "tell": talks.tell,
    "file": talks.file_,
    "endtalk": talks.end,
    "nonumber": number.drop,
    "tags": keeping.ask_tags,
    "filter": find.again,
    "nofilter": keeping.drop,
    "keepfilter": keeping.ask_name,
    "no": nothing,
}


async def answer(post: Post, message: Message) -> None:
    """What was sent that is no command: the answer to what was asked last."""
    asks, about = await post.asked()
    text = (message.text or "").strip()
    if looks_like_entries(text) and not (asks in ("find", "found", "caller") and "@" not in text):
        # Before anything else: as an answer to what was asked, it would be lost.
        if asks in ("talk", "words", "note"):
            await late.ask_whom(post, text, asks, about)
        else:
            await late.read(post, text)
    elif asks == "talk" and text:
        await talks.typed(post, text, **about)
    elif asks == "note" or (asks == "album" and message.media_group_id == about["album"]):
        await notes.take_note(post, message, about["turn"])
    elif asks == "route" and (message.location is not None or not text):
        await keeping.route_from(post, message)
    elif not text:
        await post.send(post.say("note.words_only" if asks in ("talk", "words") else "note.on_a_tap"))
    elif asks == "amount":
        await entries.typed_amount(post, text, about["turn"], about.get("currency"))
    elif asks == "cash":
        await entries.typed_cash(post, text, about["turn"], about.get("currency"))
    elif asks == "day":
        await entries.typed_day(post, text, about["turn"], about["amount"], about.get("currency"))
    elif asks == "moment":
        await entries.typed_moment(post, text, about["turn"], about["zone"])
    elif asks == "parts":
        await plans.typed(post, text, about["turn"], about["total"], about.get("currency"))
    elif asks in ("find", "found"):
        await find.find_(post, text)
    elif asks == "caller":
        await find.caller(post, text)
    elif asks == "tags":
        await keeping.typed_tags(post, text, about["case"])
    elif asks == "filter":
        await keeping.typed_name(post, text, about["wanted"])
    elif asks == "number":
        await number.number(post, text)
    elif asks == "number_code":
        await number.code(post, text)
    elif asks == "words":
        await reach.typed_words(post, text, about["turn"], about["channel"])
    else:
        await help_(post, "")
