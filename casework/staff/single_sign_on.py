"""Single sign-on by OpenID Connect: the code flow with PKCE, at the issuer that settings name.

The issuer vouches for a subject, and the first time for a mailbox; whom those mean is written down when
somebody is invited. Nobody becomes staff by signing in, and the role is ours.
"""

import asyncio
import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # pyright: ignore[reportUnknownVariableType] - it has no types
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from redis.asyncio import Redis
from redis.exceptions import RedisError

from casework.office import Office
from casework.staff.sessions import SessionsAwayError
from storage.crypt import normal_email
from storage.staff import accounts as stored

_ASKED_LASTS: Final = timedelta(minutes=10)
_KNOWN_LASTS: Final = timedelta(hours=1)
_LEEWAY: Final = 60  # seconds, between our clock and the issuer's
_TIME: Final = ClientTimeout(total=10)
_MOST_BYTES: Final = 256 * 1024
# Signatures that only the issuer can make (RFC 8725, 3.1): no `none`, nothing with our own secret.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")


class Client(msgspec.Struct, frozen=True):
    """What the issuer knows us by. `back`: where it sends people back to, as it is registered there."""

    issuer: str
    client_id: str
    secret: str
    back: str


class NotVouchedError(Exception):
    """The issuer vouches for nobody of the staff. `why` is a word for the record, without anybody's data."""

    def __init__(self, why: str) -> None:
        super().__init__(f"single sign-on: {why}")
        self.why = why


class Vouched(msgspec.Struct, frozen=True):
    """Whom the issuer vouched for, and where they wanted to go."""

    staff: int
    to: str


class _Asked(msgspec.Struct, frozen=True):
    """What is remembered of somebody who went to the issuer; `stranger`: in which browser."""

    nonce: str
    verifier: str
    to: str
    stranger: str


class SingleSignOn:
    """The use cases. `draw`: so many random bytes, from kept/."""

    def __init__(self, office: Office, redis: Redis, client: Client, draw: Callable[[int], bytes]) -> None:
        self._office = office
        self._redis = redis
        self._client = client
        self._draw = draw
        self._known: tuple[datetime, Mapping[str, Any], KeySet] | None = None
        self._learning = asyncio.Lock()

    async def ask(self, stranger: str, to: str, now: datetime) -> str:
        """Where somebody goes to be vouched for. Raises NotVouchedError, SessionsAwayError."""
        issuer, _ = await self._learn(now)
        state, verifier = self._draw(24).hex(), self._draw(32).hex()
        asked = _Asked(self._draw(24).hex(), verifier, to, stranger)
        try:
            await self._redis.set(self._place(state), _encode(asked), ex=_ASKED_LASTS)
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        challenge = str(create_s256_code_challenge(verifier))  # pyright: ignore[reportUnknownArgumentType]
        query: dict[str, str] = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.back,
            "state": state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        begins, asked_for = str(issuer["authorization_endpoint"]), urlencode(query)
        return f"{begins}{'&' if urlsplit(begins).query else '?'}{asked_for}"

    async def back(self, state: str, code: str, stranger: str, now: datetime) -> Vouched:
        """Whom the issuer vouched for, once a question. Raises NotVouchedError, SessionsAwayError."""
        try:
            found = await self._redis.getdel(self._place(state))
        except (RedisError, OSError) as error:
            raise SessionsAwayError from error
        asked = None if found is None else _decode(found)
        if asked is None or asked.stranger != stranger or not code:
            raise NotVouchedError("nobody asked in this browser")
        claims = await self._claims(code, asked, now)
        subject = self._office.keyring.token("subject", f"{self._client.issuer} {claims['sub']}")
        async with self._office.transaction() as raw:
            staff = await stored.vouched(raw, subject, self._mailbox(claims))
        if staff is None:
            raise NotVouchedError("nobody of the staff")
        return Vouched(staff, asked.to)

    def _mailbox(self, claims: Mapping[str, Any]) -> bytes | None:
        """The token of the mailbox, where the issuer says that it has checked it."""
        if claims.get("email_verified") is not True or not isinstance(claims.get("email"), str):
            return None
        try:
            return self._office.keyring.token("staff mailbox", normal_email(claims["email"]))
        except ValueError:
            return None

    async def _claims(self, code: str, asked: _Asked, now: datetime) -> Mapping[str, Any]:
        """What the issuer says of them, its signature and every claim checked."""
        issuer, keys = await self._learn(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.back,
            "code_verifier": asked.verifier,
        }
        answer = await self._fetch(issuer["token_endpoint"], form)
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self._client.issuer},
            aud={"essential": True, "value": self._client.client_id},
            sub={"essential": True},
            exp={"essential": True},
            nonce={"essential": True, "value": asked.nonce},
        )
        try:
            token = self._decoded(str(answer.get("id_token", "")), keys)
            if token is None:  # signed with a key that is newer than what we know
                _, keys = await self._learn(now, anew=True)
                token = self._decoded(str(answer.get("id_token", "")), keys)
            if token is None:
                raise NotVouchedError("an unknown key")
            registry.validate(token.claims)
        except JoseError as error:
            raise NotVouchedError(f"the token: {error.error}") from None
        if isinstance(token.claims["aud"], list) and token.claims.get("azp") != self._client.client_id:
            raise NotVouchedError("the token: azp")
        return token.claims

    @staticmethod
    def _decoded(text: str, keys: KeySet) -> jwt.Token | None:
        """The token; None where no known key fits. Raises JoseError where it is none, or not theirs."""
        try:
            return jwt.decode(text, keys, algorithms=list(_ALGORITHMS))
        except InvalidKeyIdError:
            return None

    async def _learn(self, now: datetime, *, anew: bool = False) -> tuple[Mapping[str, Any], KeySet]:
        """The issuer's own description and its keys; asked for once an hour."""
        async with self._learning:
            if self._known is not None and not anew and now - self._known[0] < _KNOWN_LASTS:
                return self._known[1], self._known[2]
            found = await self._fetch(f"{self._client.issuer}/.well-known/openid-configuration")
            if found.get("issuer") != self._client.issuer:
                raise NotVouchedError("another issuer answers")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not is_private(str(found.get(name, ""))):
                    raise NotVouchedError(f"{name} is no https address")
            try:
                keys = KeySet.import_key_set(await self._fetch(found["jwks_uri"]))  # pyright: ignore[reportArgumentType] - checked as it is read
            except (JoseError, ValueError, KeyError, TypeError):
                raise NotVouchedError("its keys cannot be read") from None
            self._known = (now, found, keys)
            return found, keys

    async def _fetch(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A JSON object of the issuer's; with `form` it is posted, and we say who we are."""
        headers = {"authorization": self._who_we_are()} if form else None
        try:
            async with (
                ClientSession(timeout=_TIME) as http,
                http.request(
                    "POST" if form else "GET", url, data=form, headers=headers, allow_redirects=False
                ) as answer,
            ):
                if answer.status != HTTPStatus.OK:
                    raise NotVouchedError(f"the issuer answers {answer.status}")
                body = bytearray()
                async for chunk in answer.content.iter_chunked(64 * 1024):
                    body += chunk
                    if len(body) > _MOST_BYTES:
                        raise NotVouchedError("the issuer's answer is too long")
                return msgspec.json.decode(body, type=dict[str, Any])
        except (ClientError, OSError, TimeoutError, msgspec.DecodeError) as error:
            raise NotVouchedError(f"the issuer does not answer ({type(error).__name__})") from None

    def _who_we_are(self) -> str:
        """Client and secret, as RFC 6749, 2.3.1 writes them."""
        known = f"{quote_plus(self._client.client_id)}:{quote_plus(self._client.secret)}"
        return f"Basic {base64.b64encode(known.encode()).decode()}"

    def _place(self, state: str) -> str:
        return f"kept:single:{self._office.keyring.token('single sign-on', state[:200]).hex()}"


def is_private(url: str) -> bool:
    """Whether nobody on the way reads what goes there: https, or this machine."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.scheme == "http" and parts.hostname == "localhost"


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(_Asked).decode
