"""`kept run`, `kept serve`, `kept worker`: the parts that stay."""

import asyncio

import typer


def register(app: typer.Typer) -> None:
    app.command(
        "run", help="Everything: engines, migrations, workers, webhooks and console. Ctrl-C ends it."
    )(run)
    app.command("serve", help="Webhooks, API and console alone, for many machines.")(serve)
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


def worker() -> None:
    """The working side."""
    from kept.config import load
    from kept.run import run_worker

    asyncio.run(run_worker(load()))
