"""`kept ledger`: the pure ledger on a file, no database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from ledger.document import LoanState


def register(app: typer.Typer) -> None:
    """Add `kept ledger` to the app."""
    app.command("ledger")(_ledger)


def _ledger(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.json", help="A loan with its installments and payments.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="At the end of this day (YYYY-MM-DD).")
    ],
    as_json: AsJson = False,
) -> None:
    """Balances, days past due and allocations of the loan in a file. No database is touched."""
    from ledger.document import read, state
    from ledger.errors import LedgerInputError
    from ledger.fields import parse_day

    try:
        day = parse_day(as_of)
    except LedgerInputError as error:
        raise LedgerInputError(f"--as-of: {error}") from None
    text = _text_of(file)
    try:
        loan = read(text)
    except LedgerInputError as error:
        raise LedgerInputError(f"{file}: {error}") from None
    document = state(loan, day)
    if as_json:
        print_json(document)
    else:
        _print_tables(document, loan.terms.currency)


def _text_of(file: Path) -> str:
    from ledger.errors import LedgerInputError

    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise LedgerInputError(f"{file}: cannot be read ({error.strerror}); give a JSON file") from None
    except UnicodeDecodeError:
        raise LedgerInputError(f"{file}: is not text in UTF-8; save it as such") from None


def _print_tables(document: "LoanState", currency: str) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = console()
    days = f"{document['dpd']} days past due, {document['delinquent_days']} of them delinquent"
    out.print(f"As of {document['as_of']}, in {currency}: {days}; bucket {document['bucket']}", markup=False)
    for name in ("arrears", "outstanding", "credit"):
        out.print(f"  {name:<12}{document[name]:>16}", markup=False)

    installments = Table("number", "due date", box=box.SIMPLE, title="Installments", title_justify="left")
    for heading in ("due", "paid", "outstanding", "dpd"):
        installments.add_column(heading, justify="right")
    installments.add_column("bucket")
    for row in document["installments"]:
        installments.add_row(*(Text(str(value)) for value in row.values()))
    out.print(installments)

    allocations = Table("payment", "installment", box=box.SIMPLE, title="Allocations", title_justify="left")
    for heading in ("penalties", "fees", "interest", "principal"):
        allocations.add_column(heading, justify="right")
    for part in document["allocations"]:
        allocations.add_row(*(Text(str(value)) for value in part.values()))
    out.print(allocations)
