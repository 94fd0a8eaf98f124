"""What finds a person by a part of their name or number: keyed tokens of beginnings, and nothing readable.

A blind index finds whole values only. So each word of a name has tokens of its first letters, and a number
one of its last figures. They only narrow down: whoever searches opens what they lead to and compares, so a
token of a name that has changed since, or one that two names share, finds nobody wrongly.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from storage.crypt import Keyring
from storage.raw import Raw

BEGINNINGS: Final = (3, 5)  # letters
TAIL: Final = 4  # figures
_BATCH: Final = 2_000
_UNSPACED: Final = "\u2e80"  # from here on scripts that write words without blanks


def folded(text: str) -> str:
    """Lower case, half width, without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def name_tokens(keyring: Keyring, name: str) -> set[int]:
    """All that leads to somebody of that name."""
    return {_token(keyring, part) for word in folded(name).split() for part in _parts(word)}


def tail_token(keyring: Keyring, phone: str) -> int:
    """What leads to somebody by the last figures of a number of theirs."""
    return _number(keyring.token("phone tail", phone[-TAIL:]))


def wanted_tokens(keyring: Keyring, words: Sequence[str]) -> list[int] | None:
    """What all of `words` (folded) have in common; None: one is too short to look up."""
    found: set[int] = set()
    for word in words:
        if word >= _UNSPACED:
            pairs = [word[at : at + 2] for at in range(len(word) - 1)]
            found |= {_token(keyring, pair) for pair in pairs or [word]}
        elif len(word) < BEGINNINGS[0]:
            found.add(_token(keyring, f"{word}."))
        else:
            found.add(_token(keyring, word[: max(size for size in BEGINNINGS if size <= len(word))]))
    return sorted(found) or None


def is_called(name: str, words: Sequence[str]) -> bool:
    """Whether each of `words` (folded) begins a word of the name, or stands where none is spaced."""
    parts = folded(name).split()
    return all(
        any(part.startswith(word) for part in parts) or (word >= _UNSPACED and any(word in p for p in parts))
        for word in words
    )


def _parts(word: str) -> list[str]:
    if word >= _UNSPACED:
        return [word[0], *(word[at : at + 2] for at in range(len(word) - 1))]
    if len(word) < BEGINNINGS[0]:
        return [f"{word}."]  # a whole word: what begins with two letters is too many
    return [word[:size] for size in BEGINNINGS if size <= len(word)]


def _token(keyring: Keyring, part: str) -> int:
    return _number(keyring.token("name part", part))


def _number(token: bytes) -> int:
    return int.from_bytes(token[:8], "big", signed=True)


async def keep_tokens(raw: Raw, tokens: Sequence[tuple[int, int]]) -> None:
    """Keep (token, person), each once."""
    if tokens:
        numbers, persons = zip(*sorted(set(tokens)), strict=True)
        await raw.run(
            "INSERT INTO person_tokens (token, person_id) SELECT * FROM unnest($1::bigint[], $2::bigint[]) "
            "ON CONFLICT DO NOTHING",
            list(numbers),
            list(persons),
        )


async def fill_tokens(raw: Raw, keyring: Keyring, after: int, through: int) -> int | None:
    """Tokens of persons whose ids follow `after`, a batch; the last id, None where none is left."""
    persons = await raw.rows(
        "SELECT id, name FROM persons WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", after, through, _BATCH
    )
    if not persons:
        return None
    last: int = persons[-1][0]
    phones = await raw.rows(
        "SELECT id, person_id, value FROM addresses "
        "WHERE kind = 'phone' AND person_id > $1 AND person_id <= $2",
        after,
        last,
    )
    found = [
        (token, person)
        for person, name in persons
        if name is not None
        for token in name_tokens(keyring, keyring.open("persons", "name", person, name))
    ]
    found += [
        (tail_token(keyring, keyring.open("addresses", "value", id_, value)), person)
        for id_, person, value in phones
    ]
    await keep_tokens(raw, found)
    return last
