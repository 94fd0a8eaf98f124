"""`kept loan show`: one loan, as everything about it stands."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from kept.cli.arguments import AsOf, moment
from kept.cli.output import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    """Add `kept loan show` to the app."""
    group = typer.Typer(help="One loan, as everything about it stands.")
    group.command("show")(_show)
    group.callback()(_group)
    app.add_typer(group, name="loan")


def _group() -> None:
    """One loan, as everything about it stands."""


def _show(
    external_id: Annotated[str, typer.Argument(metavar="EXTERNAL_ID", help="The loan's id in its source.")],
    as_of: AsOf = None,
    known_at: Annotated[
        datetime | None,
        typer.Option(
            "--known-at",
            parser=moment,
            metavar="MOMENT",
            help="By the schedule and payments on record then (ISO 8601 with zone): corrections came later.",
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The source, where several have the id.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Balances, installments, days past due, bucket, case, payments and contacts of a loan."""
    import asyncio

    document = asyncio.run(_document(external_id, as_of, known_at, source))
    if as_json:
        print_json(document)
    else:
        _print_tables(document)


async def _document(
    external_id: str, as_of: date | None, known_at: datetime | None, source: str | None
) -> dict[str, Any]:
    from casework.insight.loan import loan
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        return await loan(
            running.office, OPERATOR, external_id, now, source=source, as_of=as_of, known_at=known_at
        )


def _print_tables(document: dict[str, Any]) -> None:
    out = console()
    known = f" as known {_when(document['known_at'])}" if document["known_at"] else ""
    out.print(
        f"Loan {document['loan']} ({document['source']}, {document['portfolio']}), {document['status']}, "
        f"as of {document['as_of']}{known}, in {document['currency']}: {document['dpd']} days past due; "
        f"bucket {document['bucket']}",
        markup=False,
    )
    for name in ("arrears", "outstanding", "credit"):
        out.print(f"  {name:<12}{document[name]:>16}", markup=False)
    for case in document["cases"]:
        looked = f"looked through {_when(case['looked_through'])}, next {_when(case['next_look_at'])}"
        out.print(f"  case {case['case']} of {case['borrower']} ({case['role']}): {looked}", markup=False)
    for hold in document["holds"]:
        whose = "the person" if hold["of_person"] else "this loan"
        out.print(f"  hold of {whose}: {hold['kind']} until {_when(hold['to'])}", markup=False)
    _table("Installments", document["installments"], ("due", "paid", "outstanding", "dpd"))
    payments = [
        {**payment, "settled": "; ".join(_settled(part) for part in payment["allocations"])}
        for payment in document["payments"]
    ]
    _table("Payments", payments, ("amount", "credit"), ("allocations", "installment", "reverses"))
    _table("Contacts", document["contacts"], (), ("not_before", "settled_at"))
    _table("Tasks", document["tasks"], ())


def _settled(part: dict[str, Any]) -> str:
    parts = [f"{name} {amount}" for name, amount in part.items() if name != "installment" and _some(amount)]
    return f"#{part['installment']} " + ", ".join(parts)


def _some(amount: str) -> bool:
    return amount.strip("0.") != ""


def _table(
    title: str, rows: list[dict[str, Any]], right: tuple[str, ...], leave_out: tuple[str, ...] = ()
) -> None:
    """A table of what the rows have in common; nothing where there is none."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=box.SIMPLE, title=title, title_justify="left")
    names = [name for name in rows[0] if name not in leave_out]
    for name in names:
        table.add_column(name.replace("_", " "), justify="right" if name in right else "left")
    for row in rows:
        table.add_row(*(Text(_when(row[name])) for name in names))
    console().print(table)


def _when(value: object) -> str:
    """As people read it: moments to the minute in UTC, nothing for none."""
    from datetime import datetime

    if value is None:
        return "-"
    return f"{value:%Y-%m-%d %H:%M}Z" if isinstance(value, datetime) else str(value)
