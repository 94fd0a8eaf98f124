"""`kept run`, `kept serve`, `kept worker`, `kept bot`, `kept sandbox`: the parts that stay."""

import asyncio
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command(
        "run", help="Everything: engines, migrations, workers, webhooks, console and bot. Ctrl-C ends it."
    )(run)
    app.command("serve", help="Webhooks, API and console alone, for many machines.")(serve)
    app.command("bot", help="The borrower's chat alone, for many machines.")(bot)
    app.command("sandbox", help="A Bot API server on this machine, with a chat page: no account is needed.")(
        sandbox
    )
    app.command("worker", help="A worker alone, for many machines.")(worker)


def run() -> None:
    """Everything in one process."""
    from kept.config import load
    from kept.run import run_all

    asyncio.run(run_all(load()))


def serve() -> None:
    """The HTTP side."""
    from kept.config import load
    from kept.run import run_http

    asyncio.run(run_http(load()))


def bot() -> None:
    """The chat."""
    from kept.config import load
    from kept.run import run_bot

    asyncio.run(run_bot(load()))


def sandbox(
    port: Annotated[int, typer.Option(help="Where it listens, on 127.0.0.1.", min=1, max=65535)] = 8081,
) -> None:
    """The sandbox alone, until Ctrl-C."""
    from kept.sandbox import serve

    asyncio.run(serve(port))


def worker() -> None:
    """The working side."""
    from kept.config import load
    from kept.run import run_worker

    asyncio.run(run_worker(load()))
