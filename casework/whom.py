"""One person or case of the book by what people call them; one clear line where that is none or several.

Who has a right in some portfolios hears the same of a borrower of others as of one whom nobody has: who is
somebody's borrower is personal too.
"""

from collections.abc import Sequence

from casework.errors import CaseworkInputError, NotFoundError
from casework.office import Book
from casework.staff.rights import Action, Actor, Denied, require
from storage.raw import Raw
from storage.whom import CaseRow, case_row, cases_of


async def case_of(raw: Raw, case: int) -> CaseRow:
    """The case by its id, whoever asks. Raises NotFoundError."""
    found = await case_row(raw, case)
    if found is None:
        raise NotFoundError(f"there is no case {case}", field="case", wrong="there is no such case")
    return found


async def find_case(
    raw: Raw,
    book: Book,
    actor: Actor,
    action: Action,
    whom: int | str,
    *,
    portfolio: str | None = None,
    source: str | None = None,
    owner: str | None = None,
) -> CaseRow:
    """The case by its id, or the borrower's by their external id, if the actor may do `action` there.

    `owner`: whose case it is, for rights that reach no further than one's own. Raises NotFoundError (a
    borrower of other portfolios among them), CaseworkInputError: several, Denied.
    """
    if isinstance(whom, int):
        found = await case_of(raw, whom)
        require(actor, action, book.portfolios[found.portfolio].portfolio, owner=owner)
        return found
    rows = await find_cases(raw, book, actor, action, whom, portfolio=portfolio, source=source, owner=owner)
    if len(rows) > 1:
        codes = ", ".join(book.portfolios[row.portfolio].portfolio for row in rows)
        raise CaseworkInputError(
            f"borrower {whom!r} has cases in several portfolios: {codes}; say in which (--portfolio)",
            field="portfolio",
            wrong="the borrower has cases in several portfolios",
            right=f"one of {codes}",
        )
    return rows[0]


async def find_cases(
    raw: Raw,
    book: Book,
    actor: Actor,
    action: Action,
    borrower: str,
    *,
    portfolio: str | None = None,
    source: str | None = None,
    owner: str | None = None,
) -> Sequence[CaseRow]:
    """The borrower's cases, of one person, where the actor may do `action`. Raises as `find_case`."""
    theirs = sorted(actor.portfolios or ())
    require(actor, action, portfolio or (theirs[0] if theirs else None), owner=owner)
    rows: list[CaseRow] = []
    denied: Denied | None = None
    for row in await cases_of(raw, borrower, source):
        code = book.portfolios[row.portfolio].portfolio
        if portfolio is not None and code != portfolio:
            continue
        try:
            require(actor, action, code, owner=owner)
        except Denied as error:
            denied = error
        else:
            rows.append(row)
    if not rows:
        where = "".join(
            f" in {name} {value!r}" for name, value in (("source", source), ("portfolio", portfolio)) if value
        )
        error = NotFoundError(
            f"there is no borrower {borrower!r}{where}",
            field="borrower",
            wrong="there is no such borrower",
            right="the id of a borrower of the book, in the source and portfolio that are named",
        )
        error.denied = denied
        raise error
    sources = sorted({row.source for row in rows})
    if len(sources) > 1:
        raise CaseworkInputError(
            f"several sources have a borrower {borrower!r}: {', '.join(sources)}; say which with --source",
            field="source",
            wrong="several sources have a borrower of this id",
            right=f"one of {', '.join(sources)}",
        )
    return rows
