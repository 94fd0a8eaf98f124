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
    from policy.pack import shipped_packs
    from policy.page import page

    pages = [page(pack) for pack in shipped_packs().values()]
    if as_json:
        print_json(pages)
    else:
        _print_list(pages)


def _show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a pack: see `kept policy list`.")],
    as_json: AsJson = False,
) -> None:
    """A pack as a page to be read and signed: rules, numbers, sources, what the machine checks and cannot."""
    from policy.pack import shipped_pack
    from policy.page import page, text

    shown = page(shipped_pack(name))
    if as_json:
        print_json(shown)
    else:
        console().print(text(shown), markup=False, end="", soft_wrap=True)


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


def _print_list(pages: "list[PackPage]") -> None:
    from rich import box
    from rich.table import Table

    table = Table("pack", "where", "binds", "sureness", "review by", box=box.SIMPLE)
    for shown in pages:
        binds = ", ".join(name.replace("_", " ") for name in (*shown["actors"], *shown["stages"]))
        sure = ", ".join(dict.fromkeys(rule["sure"] for rule in shown["rules"]))
        table.add_row(shown["pack"], shown["jurisdiction"], binds, sure, shown["review_by"])
    out = console()
    out.print(table)
    out.print("Facts gathered from the sources named: have counsel confirm before use.")
