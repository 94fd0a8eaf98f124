"""Passwords and second steps: hashed slowly, a few at a time; the same work for whoever is unknown."""

import asyncio
import hmac
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import quote, urlencode

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pyotp.totp import TOTP

from casework.errors import CaseworkInputError

LEAST: Final = 12  # characters, as NIST SP 800-63B-4 would rather have 15 and demands 8 beside a second step
MOST: Final = 200
STEP: Final = 30  # seconds of a code; one step early or late is taken, for clocks are never quite right
_AT_ONCE: Final = 2  # each takes 64 MiB and a tenth of a second of a core


class Passwords:
    """argon2id with the parameters of RFC 9106's second choice (64 MiB, 3 passes)."""

    def __init__(self) -> None:
        self._hash = PasswordHash((Argon2Hasher(),))
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def hashed(self, password: str) -> str:
        """What is stored of a password."""
        async with self._room:
            return await asyncio.to_thread(self._hash.hash, password)

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether it is the one; `stored` None: no, after the same work."""
        async with self._room:
            return await asyncio.to_thread(self._fits, password[:MOST], stored)

    def _fits(self, password: str, stored: str | None) -> bool:
        try:
            return self._hash.verify(password, stored or _nobodys()) and stored is not None
        except UnknownHashError:
            return False


@cache
def _nobodys() -> str:
    return PasswordHash((Argon2Hasher(),)).hash("nobody's")


def check_password(password: str, name: str) -> None:
    """CaseworkInputError where it is too short, too long, or what everybody would try first."""
    if not LEAST <= len(password) <= MOST:
        raise CaseworkInputError(f"a password has {LEAST} to {MOST} characters; a few words make a good one")
    if name.lower() in password.lower() or len(set(password)) < 5:
        raise CaseworkInputError(
            "that password is too easy to guess: no name in it, and not one sign again and again"
        )


def step_of(seed: str | None, code: str, now: datetime) -> int | None:
    """Which step a code is of (30 s each, RFC 6238); None: of none near `now`."""
    otp = TOTP(seed or _NOBODYS_SEED, interval=STEP)
    present = int(now.timestamp()) // STEP
    given = "".join(code.split())[:12]
    fitting = [
        step
        for step in (present - 1, present, present + 1)
        if hmac.compare_digest(otp.generate_otp(step).encode(), given.encode())
    ]
    return fitting[-1] if fitting and seed is not None else None


def seed_uri(seed: str, name: str, issuer: str) -> str:
    """What an authenticator app reads from the square picture (Google's Key Uri Format)."""
    asked = urlencode({"secret": seed, "issuer": issuer, "period": STEP}, quote_via=quote)
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?{asked}"


_NOBODYS_SEED: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
