"""Call and message: the number for one call, texts of the library, one's own words; and why not."""

from bot.staff.cards import back, button
from bot.staff.post import Post
from casework.say import Reason, Spoken
from casework.staff.desk import still_mine
from casework.staff.reaching import WRITTEN, show_number, ways, write_text, write_words
from casework.staff.shown import number_said
from policy.values import Channel


async def call(post: Post, given: str) -> None:
    """The number, in a message of its own taken away when the case ends or it is shown again."""
    shown = await show_number(post.office, post.member, int(given), post.now)
    if shown.elsewhere:
        await post.send(post.say("call.console"))
        return
    if shown.number is None:
        await _refused(post, shown.reasons, shown.zone)
        return
    sent = await post.send(post.say("call.number", name=shown.name or "", number=shown.number))
    await number_said(post.office, post.member, int(given), post.here.chat.id, sent.message_id, post.now)


async def write(post: Post, given: str) -> None:
    """What can be written, where."""
    found = await ways(post.office, post.member, int(given), post.now)
    if not found:
        await post.send(post.say("write.nowhere"))
        return
    say = post.say
    rows = [
        [
            *(
                (
                    say(f"write.{text}", channel=say(f"channels.{way.channel}")),
                    f"text:{given}:{way.channel}:{text}",
                )
                for text in way.texts
            ),
            *(
                [(say("write.own", channel=say(f"channels.{way.channel}")), f"words:{given}:{way.channel}")]
                if way.own
                else ()
            ),
        ]
        for way in found
    ]
    await post.send(say("write.which"), [*rows, back(post)])


async def send_text(post: Post, given: str) -> None:
    """A text of the library."""
    turn, channel, text = given.split(":")
    await _told(
        post, await write_text(post.office, post.member, int(turn), _channel(channel), text, post.now), turn
    )


async def ask_words(post: Post, given: str) -> None:
    """Their own words are typed."""
    turn, _, channel = given.partition(":")
    await still_mine(post.office, post.member, int(turn), post.now)
    await post.asks("words", turn=int(turn), channel=channel)
    await post.send(post.say("write.words"), (back(post),))


async def typed_words(post: Post, text: str, turn: int, channel: str) -> None:
    """Their own words."""
    said = await write_words(post.office, post.member, turn, _channel(channel), text, post.now)
    await _told(post, said, str(turn))


def _channel(text: str) -> Channel:
    return text if text in WRITTEN else "sms"


async def _told(post: Post, said: Spoken, turn: str) -> None:
    if said.contact is None:
        await _refused(post, said.reasons, said.zone)
        return
    await post.asks_nothing()
    await post.send(post.say("write.done"), ((button(post, "next", f"skipped:{turn}:written"),),))


async def _refused(post: Post, reasons: tuple[Reason, ...], zone: str) -> None:
    whys = dict.fromkeys(one.detail or one.code for one in reasons)
    lines = [post.say("refused.title"), *(post.say("refused.reason", why=post.why(why)) for why in whys)]
    until = [one.until for one in reasons if one.until is not None]
    if until and len(until) == len(reasons):  # what no time settles would be against it then too
        lines.append(post.say("refused.until", at=post.say.moment(max(until), zone)))
    await post.send("\n".join(lines))
