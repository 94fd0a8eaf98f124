"""An issuer of single sign-on on 127.0.0.1: code flow with PKCE, and the ways in which one is wrong.

Whoever comes is vouched for as `claims` say; what is in `wrong` is answered otherwise.
"""

import base64
import hashlib
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


class Issuer:
    """`claims`: of whom it vouches for. `wrong`: claims put into the token whatever is right."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "u-1", "email": "Ann@Example.org", "email_verified": True}
        self.wrong: dict[str, Any] = {}
        self.key = self.signs = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.now = 0
        self.named: str | None = None
        self.status = 200
        self._codes: dict[str, dict[str, str]] = {}

    async def start(self) -> "Issuer":
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._described),
                web.get("/keys", self._keys),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _described(self, _: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.named or self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert asked["code_challenge_method"] == "S256"
        assert asked["response_type"] == "code"
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        who = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        made = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(made).decode().rstrip("=")
        if (
            asked is None
            or who != "kept:s3cret"
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = {
            "iss": self.url,
            "aud": "kept",
            "exp": self.now + 300,
            "iat": self.now,
            "nonce": asked["nonce"],
            **self.claims,
            **self.wrong,
        }
        kid = self.signs.kid
        token = jwt.encode({"alg": "RS256", "kid": kid}, claims, self.signs)
        return web.json_response({"id_token": token, "token_type": "Bearer"}, status=self.status)
