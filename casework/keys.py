"""The ring of keys against the book: without the book's own token key nobody would be found again."""

from datetime import datetime

from casework.errors import CaseworkInputError
from casework.office import Office

_MARK = "token_key"


async def check_keys(office: Office, now: datetime) -> None:
    """Remember the token key of a new book; CaseworkInputError where the ring lost or moved it."""
    async with office.transaction() as raw:
        await raw.run(
            "INSERT INTO marks (name, at, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            _MARK,
            now,
            office.keyring.fingerprint(),
        )
        known = await raw.value("SELECT value FROM marks WHERE name = $1", _MARK)
    if known != office.keyring.fingerprint():
        raise CaseworkInputError(
            "KEPT_ENCRYPTION_KEYS does not end with the key that this database was begun with: opt-outs and "
            "replies would find nobody. Add that key as the last one (older keys come after newer ones)"
        )
