"""What the sandbox knows, in memory alone: people with their chats, their updates, what the bot said."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

FIRST_CHAT: Final = 5_000_001
BOT_NAME: Final = "kept_sandbox_bot"
_KEPT: Final = 10_000  # updates that nobody asked for

Shaped = dict[str, Any]


class Persona(msgspec.Struct, frozen=True):
    """Somebody whom a newcomer may play: a borrower of the book, with the number on file."""

    name: str
    phone: str
    language: str = "en"


class Chat(msgspec.Struct):
    """One chat. `messages` by id, in order; `board` the keyboard below the field, `blocked` by the person."""

    id: int
    persona: Persona
    messages: dict[int, Shaped] = msgspec.field(default_factory=dict[int, Shaped])
    board: Shaped | None = None
    blocked: bool = False
    version: int = 0
    typing: bool = False
    toast: str | None = None


class RefusedError(Exception):
    """The bot may not do that: a status, and what Telegram says."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


class World:
    """Chats and updates. `now` gives the moment of messages."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.chats: dict[int, Chat] = {}
        self.updates: list[Shaped] = []
        self.files: dict[str, bytes] = {}
        self.webhook: tuple[str, str | None] | None = None
        self._numbers = {"update": 0, "message": 0, "query": 0, "file": 0}
        self._changed = asyncio.Condition()

    def _next(self, what: str) -> int:
        self._numbers[what] += 1
        return self._numbers[what]

    async def changed(self, until: Callable[[], bool], seconds: float) -> None:
        """Wait until something holds, or for so long."""
        async with self._changed:
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait_for(until)
            except TimeoutError:
                return

    async def _tell(self, chat: Chat | None = None) -> None:
        if chat is not None:
            chat.version += 1
        async with self._changed:
            self._changed.notify_all()

    # What people do.

    async def join(self, persona: Persona) -> Chat:
        """A new chat, before anything is said in it."""
        chat = Chat(FIRST_CHAT + len(self.chats), persona)
        self.chats[chat.id] = chat
        await self._tell(chat)
        return chat

    async def say(self, chat: Chat, text: str) -> None:
        """The person writes."""
        await self._from_person(chat, {"text": text})

    async def share(self, chat: Chat, phone: str | None = None, of: int | None = None) -> None:
        """The person shares a contact: their own, unless somebody else's is given."""
        contact = {
            "phone_number": (phone or chat.persona.phone).removeprefix("+"),
            "first_name": chat.persona.name,
            "user_id": of or chat.id,
        }
        await self._from_person(chat, {"contact": contact})

    async def photo(self, chat: Chat, content: bytes, caption: str | None, album: str | None = None) -> None:
        """The person sends a picture, by itself or as one of an `album`."""
        name = f"file{self._next('file')}"
        self.files[name] = content
        size = {"file_id": name, "file_unique_id": name, "width": 800, "height": 600}
        more = {"caption": caption} if caption else {}
        more |= {"media_group_id": album} if album else {}
        await self._from_person(chat, {"photo": [{**size, "file_size": len(content)}], **more})

    async def document(self, chat: Chat, name: str, mime: str, content: bytes, caption: str | None) -> None:
        """The person sends a file."""
        more = {"caption": caption} if caption else {}
        id_ = f"file{self._next('file')}"
        self.files[id_] = content
        sent = {"file_id": id_, "file_unique_id": id_, "file_name": name, "mime_type": mime}
        await self._from_person(chat, {"document": {**sent, "file_size": len(content)}, **more})

    async def voice(self, chat: Chat, content: bytes) -> None:
        """The person speaks."""
        name = f"file{self._next('file')}"
        self.files[name] = content
        spoken = {"file_id": name, "file_unique_id": name, "duration": 3, "mime_type": "audio/ogg"}
        await self._from_person(chat, {"voice": {**spoken, "file_size": len(content)}})

    async def place(self, chat: Chat, latitude: float, longitude: float) -> None:
        """The person sends where they are."""
        await self._from_person(chat, {"location": {"latitude": latitude, "longitude": longitude}})

    async def tap(self, chat: Chat, message: int, data: str) -> None:
        """The person taps a button, of whatever message, gone or not."""
        shown = chat.messages.get(message) or self._message(chat, {"message_id": message, "text": "-"})
        query = {
            "id": str(self._next("query")),
            "from": self._user(chat),
            "chat_instance": str(chat.id),
            "message": shown,
            "data": data,
        }
        await self._update({"callback_query": query})

    async def block(self, chat: Chat, blocked: bool) -> None:
        """The person blocks the bot, or opens it again."""
        if chat.blocked == blocked:
            return
        chat.blocked = blocked
        member = {"user": {"id": 1, "is_bot": True, "first_name": "Bot"}}
        states = [{**member, "status": "member"}, {**member, "status": "kicked", "until_date": 0}]
        if not blocked:
            states.reverse()
        change = {
            "chat": self._chat(chat),
            "from": self._user(chat),
            "date": self._stamp(),
            "old_chat_member": states[0],
            "new_chat_member": states[1],
        }
        await self._update({"my_chat_member": change})
        await self._tell(chat)

    async def _from_person(self, chat: Chat, content: Shaped) -> None:
        message = {"message_id": self._next("message"), "from": self._user(chat), **content}
        message = self._message(chat, message)
        chat.messages[message["message_id"]] = message
        await self._update({"message": message})
        await self._tell(chat)

    async def _update(self, content: Shaped) -> None:
        self.updates.append({"update_id": self._next("update"), **content})
        del self.updates[:-_KEPT]
        await self._tell()

    # What the bot does.

    def pending(self, offset: int, limit: int) -> list[Shaped]:
        """Updates from `offset` on; earlier ones are acknowledged by that."""
        self.updates = [one for one in self.updates if one["update_id"] >= offset]
        return self.updates[:limit]

    def chat_of(self, asked: Mapping[str, Any]) -> Chat:
        """The chat that a method names. Raises RefusedError."""
        try:
            chat = self.chats[int(asked["chat_id"])]
        except (KeyError, ValueError):
            raise RefusedError(400, "Bad Request: chat not found") from None
        if chat.blocked:
            raise RefusedError(403, "Forbidden: bot was blocked by the user")
        return chat

    async def show(self, asked: Mapping[str, Any], content: Shaped) -> Shaped:
        """The bot says something. A keyboard of its own replaces the one below the field."""
        chat = self.chat_of(asked)
        board: Shaped = asked.get("reply_markup") or {}
        message = {"message_id": self._next("message"), "from": self.me(), **content}
        if "inline_keyboard" in board:
            message["reply_markup"] = board
        elif "keyboard" in board:
            chat.board = board
        elif board.get("remove_keyboard"):
            chat.board = None
        message = self._message(chat, message)
        chat.messages[message["message_id"]] = message
        await self._tell(chat)
        return message

    async def change(self, asked: Mapping[str, Any], content: Shaped) -> Shaped:
        """The bot edits a message of its own. Raises RefusedError."""
        chat = self.chat_of(asked)
        message = chat.messages.get(int(asked.get("message_id", 0)))
        if message is None or not message["from"]["is_bot"]:
            raise RefusedError(400, "Bad Request: message to edit not found")
        board = asked.get("reply_markup")
        changed = {**message, **content}
        changed.pop("reply_markup", None)
        if board:
            changed["reply_markup"] = board
        if changed == message:
            raise RefusedError(400, "Bad Request: message is not modified")
        chat.messages[message["message_id"]] = changed
        await self._tell(chat)
        return changed

    async def remove(self, asked: Mapping[str, Any]) -> bool:
        """The bot deletes a message."""
        chat = self.chat_of(asked)
        if chat.messages.pop(int(asked.get("message_id", 0)), None) is None:
            raise RefusedError(400, "Bad Request: message to delete not found")
        await self._tell(chat)
        return True

    def me(self) -> Shaped:
        """The bot."""
        return {"id": 1, "is_bot": True, "first_name": "Kept", "username": BOT_NAME}

    def _user(self, chat: Chat) -> Shaped:
        language = chat.persona.language
        return {
            "id": chat.id,
            "is_bot": False,
            "first_name": chat.persona.name,
            "language_code": "zh-hans" if language == "zh" else language,
        }

    def _chat(self, chat: Chat) -> Shaped:
        return {"id": chat.id, "type": "private", "first_name": chat.persona.name}

    def _message(self, chat: Chat, content: Shaped) -> Shaped:
        return {"date": self._stamp(), "chat": self._chat(chat), **content}

    def _stamp(self) -> int:
        return int(self._now().timestamp())
