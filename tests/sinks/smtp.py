"""A mail server that counts. Faults are `STAGE:WHAT`.

STAGE is `mail`, `rcpt`, `start` (the DATA command, before 354), or `data` (after the final dot). WHAT is an
SMTP answer ("450 4.2.0 Greylisted"), `hang`, or `drop`. At `data`, `take-hang`, `take-drop` and
`take-451 ...` take the mail first. `rcpt:bye-550 ...` answers and hangs up."""

import asyncio
import ssl
from argparse import Namespace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.sinks import certificate
from tests.sinks.record import Faults, Record, arguments, run


class SmtpSink:
    """Listens on 127.0.0.1. With `tls` it demands STARTTLS (or speaks TLS at once, `implicit`); with `login`
    it demands AUTH after TLS."""

    def __init__(self, record: Path | None = None) -> None:
        self.record = Record(record)
        self.faults = Faults()
        self.connections = 0
        self.url = ""
        self.port = 0
        self._live: set[_Server] = set()

    async def start(
        self,
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        login: tuple[str, str] | None = None,
    ) -> "SmtpSink":
        def check(*args: Any) -> AuthResult:
            given = args[-1]
            good = (
                isinstance(given, LoginPassword) and (given.login.decode(), given.password.decode()) == login
            )
            return AuthResult(success=good, handled=False)

        def protocol() -> _Server:
            return _Server(
                self,
                hostname="sink.example.org",
                ident="sink",
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                authenticator=check,
                auth_required=login is not None,
                auth_require_tls=not implicit,
                timeout=600,
                loop=asyncio.get_running_loop(),
            )

        self._listener = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", port, ssl=tls if implicit else None
        )
        self.port = self._listener.sockets[0].getsockname()[1]
        who = f"{login[0]}:{login[1]}@" if login else ""
        scheme, query = ("smtps", "") if implicit else ("smtp", "?starttls=1" if tls else "")
        self.url = f"{scheme}://{who}127.0.0.1:{self.port}{query}"
        return self

    async def drop_connections(self) -> None:
        """Close every connection, as a server does with idle ones, and wait until the closing has left."""
        for server in list(self._live):
            if server.transport is not None:
                server.transport.close()
        await asyncio.gather(*(server.gone.wait() for server in list(self._live)))

    async def close(self) -> None:
        self._listener.close()
        await self.drop_connections()
        self.record.close()


class _Server(SMTP):
    def __init__(self, sink: SmtpSink, **options: Any) -> None:
        super().__init__(_Handler(sink), **options)
        self.sink = sink
        self.fault: str | None = None
        self.gone = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        # Called a second time when STARTTLS puts its transport in place.
        if self not in self.sink._live:
            self.sink._live.add(self)
            self.sink.connections += 1
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.sink._live.discard(self)
        self.gone.set()

    async def misbehave(self, stage: str) -> str | None:
        """The answer that the script wants at this stage; None: be good. May not return."""
        where, _, what = (self.fault or "").partition(":")
        if where != stage:
            return None
        if what == "hang":
            await asyncio.Event().wait()
        if what == "drop":
            await self.hang_up()
        if what.startswith("bye-"):
            await self.push(what.removeprefix("bye-"))
            await self.hang_up()
        return what

    async def hang_up(self) -> None:
        assert self.transport is not None
        self.transport.close()
        await asyncio.Event().wait()  # cancelled when the connection is lost

    async def smtp_DATA(self, arg: str) -> None:
        if answer := await self.misbehave("start"):
            await self.push(answer)
            return
        await super().smtp_DATA(arg)


class _Handler:
    def __init__(self, sink: SmtpSink) -> None:
        self.sink = sink

    async def handle_MAIL(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        # A fault at MAIL is for whoever comes next: the recipient is not known yet.
        if self.sink.faults.once and self.sink.faults.once[0].startswith("mail:"):
            server.fault = self.sink.faults.next("")
            answer = await server.misbehave("mail")
            server.fault = None
            if answer:
                return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: _Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.fault = self.sink.faults.next(address)
        if answer := await server.misbehave("rcpt"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Server, session: Session, envelope: Envelope) -> str:
        where, _, what = (server.fault or "").partition(":")
        if where != "data" or what.startswith("take-"):
            content = envelope.content
            assert isinstance(content, bytes)
            self.sink.record.take(
                to=envelope.rcpt_tos[0],
                sender=envelope.mail_from,
                id=str(message_from_bytes(content, policy=policy.compat32)["Message-ID"]).strip("<>"),
                content=content.decode("ascii"),
                secret=session.ssl is not None,
            )
        if where == "data":
            server.fault = f"data:{what.removeprefix('take-')}"
            return await server.misbehave("data") or "250 OK"
        return "250 OK"


if __name__ == "__main__":
    parser = arguments("A mail server on 127.0.0.1 that counts.")
    parser.add_argument(
        "--tls", type=Path, metavar="FOLDER", help="demand STARTTLS; its certificate goes here"
    )
    parser.add_argument("--login", metavar="USER:SECRET", help="demand AUTH (with --tls)")

    async def start(options: Namespace) -> SmtpSink:
        tls = certificate.for_server(certificate.make(options.tls)) if options.tls else None
        user, _, secret = (options.login or "").partition(":")
        return await SmtpSink(options.record).start(
            options.port, tls=tls, login=(user, secret) if options.login else None
        )

    run(start, parser)
