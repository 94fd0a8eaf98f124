"""The table of all pages, in the order of the menu."""

from console.pages import approvals, audit, cases, entrance, home, me, outbox, staff, today, unknown
from console.registry import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *today.PAGES,
    *cases.PAGES,
    *approvals.PAGES,
    *unknown.PAGES,
    *audit.PAGES,
    *staff.PAGES,
    *outbox.PAGES,
    *me.PAGES,
    *entrance.PAGES,
)
