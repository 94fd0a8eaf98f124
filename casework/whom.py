"""One person or case of the book by what people call them; one clear line where that is none or several."""

from collections.abc import Sequence

from casework.errors import CaseworkInputError, NotFoundError
from casework.office import Book
from storage.raw import Raw
from storage.whom import CaseRow, case_row, cases_of


async def find_case(
    raw: Raw, book: Book, whom: int | str, *, portfolio: str | None = None, source: str | None = None
) -> CaseRow:
    """The case by its id, or the borrower's by their external id. CaseworkInputError: none, or several."""
    if isinstance(whom, int):
        found = await case_row(raw, whom)
        if found is None:
            raise NotFoundError(f"there is no case {whom}")
        return found
    rows = await find_cases(raw, book, whom, portfolio=portfolio, source=source)
    if len(rows) > 1:
        codes = ", ".join(book.portfolios[row.portfolio].portfolio for row in rows)
        raise CaseworkInputError(
            f"borrower {whom!r} has cases in several portfolios: {codes}; say in which (--portfolio)"
        )
    return rows[0]


async def find_cases(
    raw: Raw, book: Book, borrower: str, *, portfolio: str | None = None, source: str | None = None
) -> Sequence[CaseRow]:
    """The borrower's cases, of one person. CaseworkInputError where there is none, or several sources."""
    rows = [
        row
        for row in await cases_of(raw, borrower, source)
        if portfolio is None or book.portfolios[row.portfolio].portfolio == portfolio
    ]
    if not rows:
        where = "".join(
            f" in {name} {value!r}" for name, value in (("source", source), ("portfolio", portfolio)) if value
        )
        raise NotFoundError(f"there is no borrower {borrower!r}{where}")
    sources = sorted({row.source for row in rows})
    if len(sources) > 1:
        raise CaseworkInputError(
            f"several sources have a borrower {borrower!r}: {', '.join(sources)}; say which with --source"
        )
    return rows
