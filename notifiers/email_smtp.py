"""Mail over SMTP by aiosmtplib: connections kept, mails built by hand, every answer classified.

The commands of a mail are driven one by one instead of through `SMTP.sendmail`, for two reasons: what
happened before the body was written is certain (nothing was sent) and what happened after it is not; and one
time limit for the dialogue costs less than a timer for each of its answers.
"""

import asyncio
import re
import ssl
from datetime import timedelta

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)
from aiosmtplib.protocol import SMTPProtocol
from aiosmtplib.response import SMTPResponse

from notifiers import mail
from notifiers.base import (
    DoorClosed,
    NeverBegan,
    NothingHandedOver,
    Notifier,
    OutcomeUnknown,
    Outgoing,
    Permanent,
    SendError,
    Sent,
    Transient,
)
from notifiers.mail_server import Server

_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
# RFC 3463 and its registry: the mailbox or its domain does not exist, has moved, or takes no mail any more.
_DEAD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# Where a server gives no enhanced code, only what it plainly says of the mailbox makes an address dead: a
# bare 550 is as often a block list, and would cost every good address of a batch.
_SAYS_DEAD = re.compile(
    r"(user|recipient|mailbox|address|account)\b.{0,40}(unknown|n[o']t exist|not found|unavailable|disabled)|"
    r"(unknown|no such|invalid) (user|recipient|mailbox|address|account|person)",
    re.IGNORECASE,
)
# What is wrong with our account or set-up fails every mail alike: all wait, none is burnt.
_OURS = timedelta(minutes=5)
_OURS_CODES = frozenset({500, 502, 503, 530, 534, 535, 538})


class Smtp(Notifier):
    """Mail to one server. `accepted` means that the server took it over; whether it arrives nobody reports.

    `connections` are open at most at once, one for each sending at a time; the others wait. `timeout`
    (seconds) bounds that waiting, connecting, the dialogue before the body, and the answer after it, each:
    all four are over before a deliverer's lease is, so that nothing goes out after its time. A connection
    idle for more than `keep` seconds is not trusted any more: what lies between may have forgotten it.
    `sender` is KEPT_MAIL_FROM.
    """

    channel = "email"
    provider = "smtp"

    def __init__(
        self,
        server: Server,
        sender: str,
        *,
        connections: int = 4,
        timeout: float = 20.0,
        keep: float = 60.0,
        tls_context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._sender = mail.mailbox(sender)
        self._timeout = timeout
        self._keep = keep
        self._tls_context = tls_context
        self._idle: list[tuple[SMTP, float]] = []
        self._room = asyncio.Semaphore(connections)

    async def _send(self, outgoing: Outgoing) -> Sent:
        with NothingHandedOver():
            try:
                to = mail.envelope_address(outgoing.to)
            except mail.UnfitError:
                raise Permanent("invalid_address", address_dead=True) from None
            sender = mail.mailbox(outgoing.sender) if outgoing.sender else self._sender
            data = _data(mail.build(outgoing, sender, to))
        try:
            async with asyncio.timeout(self._timeout):
                await self._room.acquire()
        except TimeoutError:  # the server hangs with those before: this mail it never saw
            raise Transient("smtp-busy") from None
        except asyncio.CancelledError:
            raise NeverBegan from None
        try:
            try:
                connection = await self._connection(sender.address, to)
            except asyncio.CancelledError:  # it has sender and recipient at most
                raise NeverBegan from None
            if not outgoing.may_still_go():
                connection.close()  # it waits for a body that it will not get
                raise DoorClosed
            try:
                await _hand_over(connection, data, self._timeout)
            except (Transient, Permanent):
                self._rest(connection)  # it answered, and serves the next mail
                raise
            except BaseException:
                connection.close()
                raise
            self._rest(connection)
        finally:
            self._room.release()
        return Sent("smtp", mail.message_id(outgoing.key, sender), "accepted")

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._idle:
            connection, _ = self._idle.pop()
            try:
                await connection.quit(timeout=self._timeout)
            except (SMTPException, OSError):
                connection.close()

    async def _connection(self, sender: str, to: str) -> SMTP:
        """A connection whose server has taken sender and recipient and waits for the body.

        Servers drop idle connections, some with a 421 to the next command: nothing was handed over, so a
        fresh one is tried. A refusal leaves the connection in use for the next mail."""
        while self._idle:
            connection, since = self._idle.pop()
            if asyncio.get_running_loop().time() - since > self._keep:
                connection.close()
            elif connection.is_connected:
                try:
                    return await self._announce(connection, sender, to)
                except _DroppedError:
                    continue
        try:
            return await self._announce(await self._connect(), sender, to)
        except _DroppedError as dropped:
            raise Transient(dropped.code) from None

    def _rest(self, connection: SMTP) -> None:
        self._idle.append((connection, asyncio.get_running_loop().time()))

    async def _announce(self, connection: SMTP, sender: str, to: str) -> SMTP:
        try:
            async with asyncio.timeout(self._timeout):
                refusal = await _dialogue(connection.protocol, sender, to)
        except (SMTPException, OSError) as error:
            connection.close()
            if isinstance(error, SMTPServerDisconnected | ConnectionError):
                raise _DroppedError("smtp-dropped") from None
            raise Transient("smtp-timeout" if isinstance(error, TimeoutError) else "smtp-garbled") from None
        except BaseException:
            connection.close()
            raise
        if refusal is None:
            return connection
        if await _reset(connection, self._timeout):
            self._rest(connection)
        raise refusal

    async def _connect(self) -> SMTP:
        server = self._server
        connection = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            tls_context=self._tls_context,
            timeout=self._timeout,
            # Asking the resolver for our own name can take seconds; the sender's domain is one we may use.
            local_hostname=self._sender.domain,
        )
        try:
            async with asyncio.timeout(self._timeout):
                await connection.connect()
                # Connecting greets only where it asks whether there is TLS, or signs in.
                if connection.is_ehlo_or_helo_needed:
                    await connection.ehlo()
        except SMTPResponseException as error:
            connection.close()
            code, ours = _code(error.code, error.message), error.code >= 500 or error.code in _OURS_CODES
            raise Transient(code, _OURS if ours else None) from None
        except (SMTPException, OSError) as error:
            connection.close()
            if (
                type(error) is SMTPException
            ):  # the library has no word for STARTTLS or AUTH that is not offered
                raise Transient("smtp-not-offered", _OURS) from None
            timeout = isinstance(error, SMTPTimeoutError | TimeoutError)
            tls = isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError)
            raise Transient("smtp-timeout" if timeout else "smtp-tls" if tls else "smtp-connect") from None
        except BaseException:
            connection.close()
            raise
        return connection


class _DroppedError(Exception):
    """The server went away before it had anything of the mail's body."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def _dialogue(protocol: SMTPProtocol | None, sender: str, to: str) -> SendError | None:
    """Everything before the body. None: the server waits for it."""
    steps = (
        ("sender", b"MAIL FROM:<%s>" % sender.encode(), (250,)),
        ("recipient", b"RCPT TO:<%s>" % to.encode(), (250, 251, 252)),
        ("data", b"DATA", (354,)),
    )
    if protocol is None:
        raise _DroppedError("smtp-dropped")
    for stage, command, wanted in steps:
        answer = await protocol.execute_command(command)
        if answer.code == 421:
            raise _DroppedError("smtp-421")
        if answer.code not in wanted:
            return _refusal(answer, stage)
    return None


async def _reset(connection: SMTP, within: float) -> bool:
    """Whether the next mail can begin on this connection. Some servers hang up on whom they refused."""
    try:
        await connection.rset(timeout=within)
    except (SMTPException, OSError):
        connection.close()
        return False
    except BaseException:
        connection.close()
        raise
    return True


async def _hand_over(connection: SMTP, data: bytes, within: float) -> None:
    """Write the body and its final dot, and wait for the answer. Without one, nobody knows."""
    protocol = connection.protocol
    if protocol is None or not protocol.is_connected:
        raise Transient("smtp-dropped")
    try:
        async with asyncio.timeout(within):
            protocol.write(data)
            answer = await protocol.read_response()
    except TimeoutError:
        raise OutcomeUnknown("smtp-timeout") from None
    except (SMTPException, OSError):
        raise OutcomeUnknown("smtp-dropped-after-data") from None
    if answer.code // 100 != 2:
        raise _refusal(answer, "data")


def _data(message: bytes) -> bytes:
    """A mail as it crosses the wire: leading dots doubled, ended by a line with a dot."""
    if b"\n." in message:
        message = message.replace(b"\r\n.", b"\r\n..")
    return message + (b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")


def _code(number: int, text: str) -> str:
    enhanced = _ENHANCED.match(text)
    return f"smtp-{number}-{enhanced[1]}" if enhanced else f"smtp-{number}"


def _refusal(answer: SMTPResponse, stage: str) -> SendError:
    """What a server's refusal means, by its code, its enhanced code and what was refused (RFC 5321, 3463)."""
    code = _code(answer.code, answer.message)
    if answer.code in _OURS_CODES:
        return Transient(code, _OURS)
    if answer.code // 100 == 4:
        # Greylisting and a full mailbox concern this recipient alone: when to come back is the caller's.
        return Transient(code)
    if answer.code // 100 != 5:
        return OutcomeUnknown(code) if stage == "data" else Transient(code)
    enhanced = _ENHANCED.match(answer.message)
    if enhanced:
        dead = stage != "sender" and enhanced[1] in _DEAD
    else:
        said = answer.code in (550, 551, 553) and _SAYS_DEAD.search(answer.message)
        dead = stage == "recipient" and bool(said)
    return Permanent(code, address_dead=dead)
