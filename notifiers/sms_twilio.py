"""SMS by Twilio: the send, the signature of its webhooks, and what its codes mean.

Through the twilio package's client, with an HTTP client of our own beneath it: the package's ignores its time
limit (twilio-python#925), logs numbers and texts, and drops the headers of a refusal, Retry-After among them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from logging import getLogger
from typing import Any, Protocol, cast
from urllib.parse import urlencode, urlsplit

import orjson
from aiohttp import ClientError, ClientSession, DummyCookieJar, TCPConnector, encode_basic_auth
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from notifiers.base import (
    Found,
    Media,
    NothingHandedOver,
    Notifier,
    OutcomeUnknown,
    Outgoing,
    Permanent,
    Receipt,
    ReceiptState,
    RecipientBlocked,
    Reply,
    SendError,
    Sent,
    Transient,
)
from notifiers.http import OURS, limits, network_failure, wait_of

_API = "https://api.twilio.com"
_PAGES = 20  # of 50: who had a thousand messages since a send is not settled by a machine

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
_STATES: dict[str, ReceiptState] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "accepted",
    "delivered": "delivered",
    "read": "delivered",
    "partially_delivered": "failed",  # a part that is missing is a message that was not delivered
    "undelivered": "failed",
    "failed": "failed",
    "canceled": "failed",
}
# https://www.twilio.com/docs/api/errors: the number itself takes no SMS, now or later. 30003 (switched off),
# 30004 (blocked on the way), 30007 (filtered), 21408 (region not enabled) and 21612 (no route) are not such.
_DEAD = frozenset({"21211", "21214", "21217", "21614", "21635", "30005", "30006"})
_BLOCKED = frozenset({"21610"})
# A queue that is full, a limit of the day: nobody's fault, and nothing was taken.
_LATER = frozenset({"14107", "20429", "21611", "63038"})
# Credentials, account, sender: every message fails alike until somebody mends the set-up.
_OURS = frozenset({"20003", "20005", "20008", "20404", "21212", "21603", "21606", "21659", "21660", "21703"})


class Form(Protocol):
    """A posted form: a mapping, or one of several values a name that offers `getlist`."""

    def get(self, key: str, /) -> Any: ...


class Twilio(Notifier):
    """SMS from one Twilio account.

    `sender` is a number, a short code, a name, or the SID of a messaging service (`MG...`). `api_url`
    replaces Twilio's address. `public_url` is where Twilio reaches us: without it no receipts come.
    `timeout` in seconds.
    """

    channel = "sms"
    provider = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        sender: str,
        *,
        api_url: str | None = None,
        public_url: str | None = None,
        timeout: float = 15.0,
        connections: int = 50,
    ) -> None:
        self._sender = sender
        self._status_url = f"{public_url.rstrip('/')}/webhooks/twilio/status" if public_url else None
        self.can_report_delivery = self._status_url is not None
        self._http = _Http((api_url or _API).rstrip("/"), timeout, connections, account_sid, auth_token)
        # An environment is given so that the package does not look for one of its own.
        self._client = Client(account_sid, auth_token, http_client=self._http, environment={"-": ""})
        self._messages = f"{_API}/2010-04-01/Accounts/{account_sid}/Messages.json"
        self._validator = RequestValidator(auth_token)

    async def _send(self, outgoing: Outgoing) -> Sent:
        with NothingHandedOver():
            sender = outgoing.sender or self._sender
            by_service = sender.startswith("MG") and len(sender) == 34
            form: dict[str, object] = {
                "To": outgoing.to,
                "MessagingServiceSid" if by_service else "From": sender,
                "Body": outgoing.body.text,
            }
            if self._status_url is not None:
                form["StatusCallback"] = f"{self._status_url}?{urlencode({'key': outgoing.key})}"
        answer = await self._client.request_async("POST", self._messages, data=form)
        if answer.status_code not in (200, 201):
            raise _refusal(answer)
        sid = _read(answer).get("sid")
        if not isinstance(sid, str):
            raise OutcomeUnknown("twilio-unreadable")
        return Sent("twilio", sid, "accepted")

    async def look_up(self, to: str, since: datetime) -> tuple[Found, ...]:
        """What Twilio has on record for this number since a moment, newest first: to settle an unknown.

        Selected by its creation and not by Twilio's filter, which is on the moment of sending and misses
        what is still queued. An empty answer says that nothing is there yet; a request still on its way may
        follow. Raises Transient: it cannot be asked now, or there is too much to read."""
        params: dict[str, object] = {"To": to, "PageSize": 50}
        url, found = self._messages, list[Found]()
        for _ in range(_PAGES):
            try:
                answer = await self._client.request_async("GET", url, params=params)
            except SendError as error:
                raise Transient(error.code) from None
            if answer.status_code != 200:
                raise Transient(f"twilio-{answer.status_code}", wait_of(_header(answer, "Retry-After")))
            page = _read(answer)
            for row in cast("list[dict[str, Any]]", page.get("messages") or []):
                made = _moment(row.get("date_created"))
                if made is not None and made < since.replace(microsecond=0):
                    return tuple(found)
                found.append(_found(row, made))
            follow = page.get("next_page_uri")
            if not isinstance(follow, str) or not follow:
                return tuple(found)
            url, params = _API + follow, {}
        raise Transient("twilio-too-many")

    def verify(self, url: str, params: Form, signature: str | None) -> bool:
        """Whether Twilio signed this webhook. `url` is the public one with its query, `params` the posted
        form as it came: a name that occurs twice counts twice."""
        validate = cast(
            "Callable[[str, Form, str], bool]", self._validator.validate
        )  # the package is untyped
        return signature is not None and validate(url, params, signature)

    def read_status(self, form: Form, key: str | None = None) -> Receipt:
        """A status callback; `key` is that of its query. KeyError: it names no message or no status."""
        sid, status = _required(form, "MessageSid", "SmsSid"), _required(form, "MessageStatus", "SmsStatus")
        code = form.get("ErrorCode") or None
        state = _STATES.get(status)
        return Receipt(
            provider="twilio",
            event_key=f"{sid}:{status}",
            provider_id=sid,
            state=state,
            code=str(code) if code else None if state else status,
            address_dead=state == "failed" and str(code) in _DEAD,
            blocked=state == "failed" and str(code) in _BLOCKED,
            key=key,
        )

    def read_reply(self, form: Form) -> Reply:
        """An incoming SMS. Raises KeyError: it lacks its id or its numbers."""
        count = str(form.get("NumMedia") or "0")
        media = tuple(
            Media(str(form.get(f"MediaUrl{n}") or ""), str(form.get(f"MediaContentType{n}") or ""))
            for n in range(min(int(count) if count.isdecimal() else 0, 10))
        )
        keywords: Mapping[str, Any] = {"STOP": "stop", "START": "start", "HELP": "help"}
        return Reply(
            provider="twilio",
            provider_id=_required(form, "MessageSid", "SmsSid"),
            channel="sms",
            sender=_required(form, "From"),
            recipient=_required(form, "To"),
            text=str(form.get("Body") or ""),
            media=media,
            keyword=keywords.get(str(form.get("OptOutType") or "").upper()),
        )

    async def close(self) -> None:
        await self._http.close()


class _Http(AsyncHttpClient):
    """Carries what the twilio client asks for to `base`, whatever host it names, over kept connections."""

    def __init__(self, base: str, seconds: float, connections: int, account: str, secret: str) -> None:
        super().__init__(getLogger("twilio"), True, None)
        self._base = base
        self._limits = limits(seconds)
        self._connections = connections
        self._authorization = encode_basic_auth(account, secret)
        self._session: ClientSession | None = None

    async def request(  # pyright: ignore[reportIncompatibleMethodOverride] - the package's two signatures differ
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the package's signature
        allow_redirects: bool = False,
    ) -> Response:
        parts = urlsplit(uri)
        query = f"?{parts.query}" if parts.query else f"?{urlencode(params)}" if params else ""
        try:
            async with self._open().request(
                method,
                f"{self._base}{parts.path}{query}",
                data=urlencode(data).encode() if data else None,
                headers={**(headers or {}), "Authorization": self._authorization},
                allow_redirects=allow_redirects,
            ) as answer:
                return Response(answer.status, await answer.text("utf-8", "replace"), answer.headers)
        except (ClientError, OSError) as error:
            raise network_failure("twilio", error) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> ClientSession:
        if self._session is None or self._session.closed:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections),
                timeout=self._limits,
                cookie_jar=DummyCookieJar(),
            )
        return self._session


def _refusal(answer: Response) -> SendError:
    """What an answer other than 'created' means, by Twilio's own code where it gives one."""
    status, given = answer.status_code, _read(answer).get("code")
    code = str(given) if isinstance(given, int) else f"twilio-{status}"
    if status == 429 or code in _LATER:
        # "never processed and always safe to retry": twilio.com/docs/api/errors/20429
        return Transient(code, wait_of(_header(answer, "Retry-After")))
    if status >= 500 or status < 400:
        # "if you retry [...] a customer may receive multiple messages": twilio.com/docs/api/errors/20500
        return OutcomeUnknown(code)
    if code in _BLOCKED:
        return RecipientBlocked(code)
    if status in (401, 403, 404) or code in _OURS:
        return Transient(code, OURS)
    if status in (408, 409, 423, 425):
        return OutcomeUnknown(code)
    return Permanent(code, address_dead=code in _DEAD)


def _read(answer: Response) -> dict[str, Any]:
    try:
        content: object = orjson.loads(answer.text)
    except orjson.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", content) if isinstance(content, dict) else {}


def _header(answer: Response, name: str) -> str | None:
    return cast("Mapping[str, str]", answer.headers or {}).get(name)


def _found(row: dict[str, Any], made: datetime | None) -> Found:
    code, state = row.get("error_code"), _STATES.get(str(row.get("status")))
    return Found(
        provider="twilio",
        provider_id=str(row["sid"]),
        text=str(row.get("body") or ""),
        state=state,
        code=None if code is None else str(code),
        at=made,
        address_dead=state == "failed" and str(code) in _DEAD,
        blocked=state == "failed" and str(code) in _BLOCKED,
    )


def _moment(text: object) -> datetime | None:
    """RFC 2822, as Twilio's API of 2010 writes moments."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _required(form: Form, *names: str) -> str:
    for name in names:
        if value := form.get(name):
            return str(value)
    raise KeyError(names[0])
