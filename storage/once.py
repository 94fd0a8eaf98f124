"""Keys of requests, with what was answered to them."""

from datetime import datetime
from typing import Final

from storage.raw import Raw

_RESERVE: Final = """
INSERT INTO api_answers AS a (token_id, key, digest, at) VALUES ($1, $2, $3, $4)
ON CONFLICT (token_id, key)
DO UPDATE SET digest = EXCLUDED.digest, at = EXCLUDED.at, status = NULL, body = NULL
WHERE a.at < $5
RETURNING 1
"""
_FORGET: Final = """
DELETE FROM api_answers WHERE (token_id, key) IN (
  SELECT token_id, key FROM api_answers WHERE at < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
"""


async def reserve(raw: Raw, token: int, key: str, digest: bytes, now: datetime, forgotten: datetime) -> bool:
    """Whether the key is ours now; one that was used before `forgotten` is as new. Waits for who has it."""
    return await raw.value(_RESERVE, token, key, digest, now, forgotten) is not None


async def known(raw: Raw, token: int, key: str) -> tuple[bytes, int, bytes]:
    """(digest of the request, status, body) of what was answered under the key."""
    sql = "SELECT digest, status, body FROM api_answers WHERE token_id = $1 AND key = $2"
    return tuple((await raw.rows(sql, token, key))[0])


async def keep(raw: Raw, token: int, key: str, status: int, body: bytes) -> None:
    """What is answered, in the transaction of the change."""
    sql = "UPDATE api_answers SET status = $3, body = $4 WHERE token_id = $1 AND key = $2"
    await raw.run(sql, token, key, status, body)


async def forget(raw: Raw, before: datetime) -> None:
    """Some of the keys of long ago."""
    await raw.run(_FORGET, before)
