"""Other systems at the door of `/api/v1`: a shop with the API open, and tokens for it."""

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from casework.staff.rights import Actor, Role
from casework.tokens import SCOPES, SECRET_BYTES, create_token
from tests.builders.shop import Shop

ADMINISTRATOR = Actor("ada", Role.ADMINISTRATOR)


class Programs(Shop):
    """A shop that other systems speak with."""

    async def token(self, name: str = "core", scopes: Sequence[str] = (*SCOPES,), **more: Any) -> str:
        """The secret of a new token."""
        made = await create_token(
            self.office, ADMINISTRATOR, name, scopes, os.urandom(SECRET_BYTES), self.now, **more
        )
        return made.secret

    @asynccontextmanager
    async def calling(self, token: str | None = None, **desk: Any) -> AsyncGenerator[httpx2.AsyncClient]:
        """The API over HTTP, as `token` (one with every scope, where none is given)."""
        token = await self.token() if token is None else token
        async with self.open_doors(**desk) as client:
            client.headers["authorization"] = f"Bearer {token}"
            yield client
