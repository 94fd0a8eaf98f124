"""A borrower who talks to a person, as the bot keeps it: a chat that is theirs, and what they say in it."""

from casework.borrower import conversation
from casework.borrower.chats import Chat, arrive
from storage.chat import chats
from tests.builders.book import SYSTEM, Borrower
from tests.builders.town import Town

PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763c8aa3a0200028a014d1f6f7d6b0000000049454e44ae426082"
)


async def chat_of(town: Town, who: Borrower | None, telegram: int, language: str = "en") -> Chat:
    """A chat, linked to that borrower; None: nobody's."""
    office = town.office
    chat = await arrive(office, SYSTEM, telegram, language, town.now)
    if who is None:
        return chat
    async with office.transaction() as raw:
        token = office.keyring.token("chat", str(telegram))
        await chats.link(raw, office.keyring, chat.id, token, who.person, 0, town.now)
    return await arrive(office, SYSTEM, telegram, language, town.now)


async def asks(town: Town, chat: Chat, *says: str, about: str = "human") -> int:
    """They want a person, and say that; the conversation."""
    asked = await conversation.ask_for_person(town.office, SYSTEM, chat, about, town.now)
    for text in says:
        await conversation.hear(town.office, SYSTEM, chat, text, None, town.now)
    return asked.talk


async def sends(town: Town, chat: Chat, words: str, kind: str = "image/png", content: bytes = PHOTO) -> None:
    """They send a photo or a document in it."""
    await conversation.hear_file(town.office, SYSTEM, chat, kind, content, words, None, town.now)
