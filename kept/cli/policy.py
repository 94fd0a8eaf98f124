"""`kept policy`: what the packs say of a situation, and the packs themselves; no database."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from policy.document import Verdict
    from policy.page import PackPage


def register(app: typer.Typer) -> None:
    """Add `kept policy check`, `list` and `show` to the app."""
    group = typer.Typer(name="policy", help="The law as data: packs and their rules.")
    group.command("check")(_check)
    group.command("list")(_list)
    group.command("show")(_show)
    app.add_typer(group)


def _check(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="Who is to be contacted how, and when.")],
    as_json: AsJson = False,
) -> None:
    """Whether the packs allow a contact now, later, or not at all. No database is touched."""
    from policy.document import check, read
    from policy.errors import PolicyInputError

    try:
        verdict = check(read(_text_of(file)))
    except PolicyInputError as error:
        raise PolicyInputError(f"{file}: {error}") from None
    if as_json:
        print_json(verdict)
    else:
        _print_verdict(verdict)


def _list(as_json: AsJson = False) -> None:
    """The packs that ship with Kept."""
    from kept.clock import SystemClock
    from policy.pack import shipped_packs
    from policy.page import page

    today = SystemClock().wall().date()
    packs = shipped_packs()
    past = {name for name, pack in packs.items() if pack.review_past(today)}
    if as_json:
        print_json([{**page(pack), "review_past": name in past} for name, pack in packs.items()])
    else:
        _print_list([page(pack) for pack in packs.values()], past)


def _show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a pack: see `kept policy list`.")],
    as_json: AsJson = False,
) -> None:
    """A pack as a page to be read and signed: rules, numbers, sources, what the machine checks and cannot."""
    from kept.clock import SystemClock
    from policy.pack import shipped_pack
    from policy.page import page, text

    pack = shipped_pack(name)
    past = pack.review_past(SystemClock().wall().date())
    shown = page(pack)
    if as_json:
        print_json({**shown, "review_past": past})
        return
    out = console()
    if past:
        out.print("ITS REVIEW DATE HAS PASSED: read it again before you rely on it.\n", markup=False)
    out.print(text(shown), markup=False, end="", soft_wrap=True)


def _text_of(file: Path) -> str:
    from policy.errors import PolicyInputError

    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PolicyInputError(f"cannot be read ({error.strerror}); give a JSON file") from None
    except UnicodeDecodeError:
        raise PolicyInputError("is not text in UTF-8; save it as such") from None


def _print_verdict(verdict: "Verdict") -> None:
    out = console()
    until = f" until {verdict['until']}" if verdict["until"] else ""
    out.print(f"{verdict['verdict']}{until}", markup=False)
    for reason in verdict["reasons"]:
        line = f"  {reason['pack']} {reason['rule']}: {reason['detail']} ({reason['source']})"
        out.print(line, markup=False, soft_wrap=True)


def _print_list(pages: "list[PackPage]", past: set[str]) -> None:
    from rich import box
    from rich.table import Column, Table

    name = Column("pack", no_wrap=True)  # it is what `show` and a portfolio's file ask for
    table = Table(name, "where and what", "binds", "sureness", "review by", box=box.SIMPLE)
    for shown in pages:
        binds = ", ".join(name.replace("_", " ") for name in (*shown["actors"], *shown["stages"]))
        sure = ", ".join(dict.fromkeys(rule["sure"] for rule in shown["rules"]))
        by = f"{shown['review_by']} (past)" if shown["pack"] in past else shown["review_by"]
        table.add_row(shown["pack"], f"{shown['jurisdiction']}: {shown['title']}", binds, sure, by)
    out = console()
    out.print(table)
    out.print("Facts gathered from the sources named: have counsel confirm before use.")
    if past:
        out.print(f"To be read again, their review date has passed: {', '.join(sorted(past))}.", markup=False)
