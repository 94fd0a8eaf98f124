"""`kept plan`: what was agreed to be paid in parts; somebody else approves it."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kept.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from casework.plans import Agreed, Standing
    from casework.staff.rights import Actor

_Borrower = Annotated[str, typer.Argument(metavar="BORROWER", help="The borrower's external id.")]
_Portfolio = Annotated[
    str | None, typer.Option("--portfolio", metavar="CODE", help="Where they have several.")
]
_Source = Annotated[str | None, typer.Option("--source", help="The source, where several have the id.")]
_Loans = Annotated[
    list[str] | None,
    typer.Option("--loan", metavar="ID", help="Of this loan; may be given again. None: all that owe."),
]
_Parts = Annotated[
    list[str], typer.Option("--part", metavar="DAY=AMOUNT", help="2026-12-01=100.00; once for each payment.")
]
_By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who agreed it; who approves is another.")]


def register(app: typer.Typer) -> None:
    """Add `kept plan` to the app."""
    group = typer.Typer(help="Agreed plans: paid in parts, in place of the strategy.")
    group.command("agree", help="Record what was agreed; it waits for somebody else's yes.")(agree)
    group.command("show", help="The plans of a borrower, and how they are kept.")(show)
    group.command("cancel", help="Take one back: the strategy goes on.")(cancel)
    app.add_typer(group, name="plan")


def agree(
    borrower: _Borrower,
    part: _Parts,
    loan: _Loans = None,
    portfolio: _Portfolio = None,
    source: _Source = None,
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Record a plan."""
    came = asyncio.run(_agree(borrower, part, tuple(loan or ()), portfolio, source, by))
    if as_json:
        print_json(_agreed(came))
        return
    if came.approval is None:
        _say("It was entered before, and is one plan.")
        return
    _say(
        f"{len(came.parts)} payments from {came.parts[0].due} to {came.parts[-1].due} wait: "
        f"kept approve {came.approval} --by SOMEBODY_ELSE"
    )


def show(
    borrower: _Borrower, portfolio: _Portfolio = None, source: _Source = None, as_json: AsJson = False
) -> None:
    """Show them."""
    found = [_standing(one) for one in asyncio.run(_show(borrower, portfolio, source))]
    if as_json:
        print_json(found)
        return
    for one in found:
        if one["approval"] is None:
            answered = f"plan {one['plan']}: {one['state']}"
            answered += f", agreed by {one['agreed_by']}, approved by {one['approved_by']}"
        else:
            answered = f"agreed by {one['agreed_by']}; it waits: "
            answered += f"kept approve {one['approval']} --by SOMEBODY_ELSE"
        _say(answered)
        for payment in one["payments"]:
            _say(f"  {payment['due']}  {payment['currency']} {payment['amount']}  {payment['state']}")
    if not found:
        _say("No plan was agreed.")


def cancel(
    borrower: _Borrower,
    plan: Annotated[int, typer.Argument(metavar="PLAN", min=1, help="Its number in `kept plan show`.")],
    portfolio: _Portfolio = None,
    source: _Source = None,
    by: _By = "operator",
    as_json: AsJson = False,
) -> None:
    """Cancel one."""
    asyncio.run(_cancel(borrower, plan, portfolio, source, by))
    if as_json:
        print_json({"plan": plan, "state": "cancelled"})
        return
    _say(f"plan {plan} is taken back; the strategy goes on.")


def _say(line: str) -> None:
    console().print(line, markup=False, soft_wrap=True)


def _agreed(came: "Agreed") -> dict[str, Any]:
    from ledger.money import format_major

    return {
        "approval": came.approval,
        "outcome": came.outcome,
        "currency": came.currency,
        "payments": [
            {"due": part.due, "amount": format_major(part.amount, came.currency)} for part in came.parts
        ],
    }


def _standing(one: "Standing") -> dict[str, Any]:
    from ledger.money import format_major

    return {
        "plan": one.plan,
        "state": one.state,
        "agreed_at": one.agreed_at,
        "agreed_by": one.agreed_by,
        "approved_by": one.approved_by,
        "approval": one.approval,
        "payments": [
            {
                "due": payment.due,
                "amount": format_major(payment.amount, payment.currency),
                "currency": payment.currency,
                "state": payment.state,
            }
            for payment in one.payments
        ],
    }


def _actor(name: str) -> "Actor":
    from casework.staff.rights import Actor, Role

    return Actor(name, Role.OPERATIONS)


async def _agree(
    borrower: str,
    parts: list[str],
    loans: tuple[str, ...],
    portfolio: str | None,
    source: str | None,
    by: str,
) -> "Agreed":
    from casework.plan_words import agree as use
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now, actor = SystemClock().now(), _actor(by)
        return await use(
            running.office, actor, borrower, parts, now, loans=loans, portfolio=portfolio, source=source
        )


async def _show(borrower: str, portfolio: str | None, source: str | None) -> "list[Standing]":
    from casework.plan_words import shown
    from kept.bootstrap import OPERATOR, assembled
    from kept.config import load

    async with assembled(load()) as running:
        return await shown(running.office, OPERATOR, borrower, portfolio=portfolio, source=source)


async def _cancel(borrower: str, plan: int, portfolio: str | None, source: str | None, by: str) -> None:
    from casework.plan_words import cancelled
    from kept.bootstrap import assembled
    from kept.clock import SystemClock
    from kept.config import load

    async with assembled(load()) as running:
        now = SystemClock().now()
        await cancelled(running.office, _actor(by), borrower, plan, now, portfolio=portfolio, source=source)
