"""The table of all pages, in the order of the menu."""

from console.pages import (
    approvals,
    audit,
    case,
    cases,
    entrance,
    experiments,
    home,
    me,
    outbox,
    policies,
    simulations,
    staff,
    strategies,
    strategy_edit,
    today,
    unknown,
    work,
)
from console.registry import Page

PAGES: tuple[Page, ...] = (
    *home.PAGES,
    *today.PAGES,
    *work.PAGES,
    *cases.PAGES,
    *case.PAGES,
    *work.BY_CODE,
    *approvals.PAGES,
    *unknown.PAGES,
    *strategies.PAGES,
    *experiments.PAGES,
    *policies.PAGES,
    *strategy_edit.PAGES,
    *simulations.PAGES,
    *audit.PAGES,
    *staff.PAGES,
    *outbox.PAGES,
    *me.PAGES,
    *entrance.PAGES,
)
