"""The table of all pages, in the order of the menu."""

from console.pages import entrance, home, me, outbox
from console.registry import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *outbox.PAGES,
    *me.PAGES,
    *entrance.PAGES,
)
