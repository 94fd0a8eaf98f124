"""`kept import loans|payments`: a tape into the book."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kept.cli.arguments import AsOf
from kept.cli.errors import BadInput
from kept.cli.output import AsJson, console, print_json, progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from casework.intake.import_tape import Order
    from casework.intake.inherited import InheritedReport
    from casework.intake.report import ImportReport

_COUNTS = ("read", "loaded", "updated", "unchanged", "skipped", "rejected", "recalled")
_COMMONEST = 5
_INHERITED = {
    "consents": "Consents and opt-outs that came with the book.",
    "holds": "Holds and marks that came with the book.",
    "promises": "Promises that are still open.",
    "contacts": "Contacts made before us, or elsewhere: the caps count them.",
}

_Tape = Annotated[
    Path, typer.Argument(metavar="FILE_OR_FOLDER", help="A file, or the folder with the files of one tape.")
]
_MappingName = Annotated[
    str,
    typer.Option(
        "--mapping",
        metavar="NAME_OR_FILE",
        help="How the tape is read: kept, superlender, home_credit, claritypay, berka, or a YAML file.",
    ),
]
_Portfolio = Annotated[
    str | None, typer.Option("--portfolio", metavar="CODE", help="The portfolio of loans that name none.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Do all of it, say what came of it, keep nothing.")]
_Full = Annotated[bool, typer.Option("--full", help="The tape is the whole book: recall loans it lacks.")]

_Delta = Annotated[
    bool, typer.Option("--delta", help="The tape has what changed, and all that was paid: it lacks no loan.")
]


def register(app: typer.Typer) -> None:
    """Add `kept import` to the app."""
    group = typer.Typer(help="Load a tape: what is wrong goes to a rejects file, the rest is loaded.")
    group.command("loans", help="A tape of loans: with borrowers, schedules, and payments.")(loans)
    group.command("payments", help="A file of payments alone, for loans of the book.")(payments)
    for kind, what in _INHERITED.items():
        group.command(kind, help=what)(_command(kind))
    app.add_typer(group, name="import")


def _command(kind: str) -> "Callable[..., None]":
    def inherited(
        file: _Tape, mapping: _MappingName, dry_run: _DryRun = False, as_json: AsJson = False
    ) -> None:
        if mapping != "kept":
            raise BadInput(f"--mapping {mapping}: {kind} are read in the format of `kept` alone")
        report = asyncio.run(_run_inherited(kind, file, dry_run=dry_run))
        if as_json:
            print_json(report.document())
            return
        kept = " (dry run: nothing was kept)" if report.dry_run else ""
        console().print(
            f"{report.read:,} {kind} read: {report.loaded:,} loaded, {report.unchanged:,} unchanged, "
            f"{report.rejected:,} rejected{kept}",
            markup=False,
        )
        for note in report.notes:
            console().print(note, markup=False, soft_wrap=True)
        _print_rejects(report)

    return inherited


async def _run_inherited(kind: str, path: Path, *, dry_run: bool) -> "InheritedReport":
    from casework.intake.inherited import import_inherited
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    settings = load()
    async with assembled(settings) as running:
        now = SystemClock().now()
        rejects = settings.data_dir / "rejects"
        return await import_inherited(running.office, OPERATOR, kind, path, rejects, now, dry_run=dry_run)  # pyright: ignore[reportArgumentType] - one of _INHERITED


def loans(
    tape: _Tape,
    mapping: _MappingName,
    portfolio: _Portfolio = None,
    as_of: AsOf = None,
    full: _Full = False,
    delta: _Delta = False,
    dry_run: _DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import a tape of loans."""
    if full and delta:
        raise BadInput("--full and --delta: a tape is the whole book, or what changed of it; say one of them")
    _import(
        "loans", tape, mapping, portfolio, as_of, full=full, delta=delta, dry_run=dry_run, as_json=as_json
    )


def payments(
    tape: _Tape,
    mapping: _MappingName,
    portfolio: _Portfolio = None,
    as_of: AsOf = None,
    dry_run: _DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Import a file of payments."""
    _import("payments", tape, mapping, portfolio, as_of, dry_run=dry_run, as_json=as_json)


def _import(
    kind: Literal["loans", "payments"],
    path: Path,
    mapping: str,
    portfolio: str | None,
    as_of: "date | None",
    *,
    full: bool = False,
    delta: bool = False,
    dry_run: bool,
    as_json: bool,
) -> None:
    from casework.intake.import_tape import Order
    from casework.intake.mapping_file import find_mapping
    from casework.intake.tape import open_tape
    from kept.config import load

    found = find_mapping(mapping)
    open_tape(path, found, kind)  # what is wrong with the files is said before anything is started
    order = Order(
        kind=kind,
        path=path,
        mapping=found,
        rejects_folder=load().data_dir / "rejects",
        portfolio=portfolio,
        as_of=as_of,
        full=full,
        delta=delta,
        dry_run=dry_run,
    )
    report = asyncio.run(_run(order))
    if as_json:
        print_json(report.document())
    else:
        _print(report)


async def _run(order: "Order") -> "ImportReport":
    from casework.intake.import_tape import import_tape
    from kept.bootstrap import OPERATOR, assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        with progress() as bar:
            task = bar.add_task("reading", total=None)

            def show(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total)

            return await import_tape(running.office, OPERATOR, order, SystemClock().now(), show)


def _print(report: "ImportReport") -> None:
    from rich.table import Table

    out = console()
    kept = " (dry run: nothing was kept)" if report.dry_run else ""
    out.print(
        f"Imported {report.kind} with the mapping {report.mapping}, as of {report.as_of}{kept}", markup=False
    )
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name in _COUNTS:
        count: int = getattr(report, name)
        if count or name not in ("recalled", "skipped"):
            table.add_row("rows " + name if name != "recalled" else "loans recalled", f"{count:,}")
    for what, sums in report.sums.items():
        for currency, amount in sums.items():
            table.add_row(what, f"{amount} {currency}")
    out.print(table)
    _print_sums(report.reconciled)
    if report.held_for_approval:
        out.print(
            f"HELD: nothing of this tape is in the book. `kept approve {report.held_for_approval}` loads it, "
            "`kept approvals` shows the picture of what differs"
            if not report.dry_run
            else "This tape would be held for approval",
            markup=False,
        )
    for file in report.files:
        if file.get("form"):
            out.print(f"{file['file']}: {_written(file)}", markup=False)
        if file.get("not_used"):
            out.print(f"{file['file']}: not used: {', '.join(file['not_used'])}", markup=False)
    if report.faults_file is not None:
        out.print(
            f"{report.faults:,} oddities were taken, listed with what was done: {report.faults_file}",
            markup=False,
            soft_wrap=True,
        )
    if report.aside_file is not None:
        out.print(
            f"{report.addresses_aside:,} addresses cannot be read (their loans are in): {report.aside_file}",
            markup=False,
            soft_wrap=True,
        )
    for note in report.notes:
        out.print(note, markup=False)
    _print_rejects(report)


def _print_rejects(report: "ImportReport | InheritedReport") -> None:
    """Where the rejects are, and the commonest reasons."""
    out = console()
    if report.rejects_file is not None:
        out.print(f"Rejected rows with their reasons: {report.rejects_file}", markup=False, soft_wrap=True)
        for column, reason, rows in report.reasons[:_COMMONEST]:
            out.print(f"  {rows:>7,}  {column + ' ' if column else ''}{reason}", markup=False, soft_wrap=True)


def _print_sums(reconciled: "Mapping[str, Mapping[str, Mapping[str, str]]]") -> None:
    """In and out: what the tape says, and where each part of it is; only columns that hold anything."""
    from rich.table import Table

    rows = [(what, code, sums) for what, of in reconciled.items() for code, sums in of.items()]
    if not rows:
        return
    shown = [
        way for way in rows[0][2] if way in ("tape", "booked") or any(one[2][way].strip("0.") for one in rows)
    ]
    table = Table("", *shown)
    for column in table.columns[1:]:
        column.justify = "right"
    for what, code, sums in rows:
        table.add_row(f"{what} {code}", *(sums[way] for way in shown))
    console().print(table)


def _written(file: "Mapping[str, Any]") -> str:
    """How a file is written, in words."""
    if file["form"] == "sheet":
        return "a sheet of a workbook"
    known = {"mark": "by its mark", "declared": "as declared", "sniffed": "found out"}[file["encoding_by"]]
    text = f"{file['encoding']} ({known})"
    if file["form"] == "jsonl":
        return f"JSON lines, {text}"
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
    dates = "".join(f", {column} is {pattern}" for column, pattern in file["dates"].items())
    return f"{text}, {names.get(file['delimiter'], file['delimiter'])}, {file['line_ends']}{dates}"
