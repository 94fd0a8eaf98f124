"""Portfolios: one legal entity's loans under one brand, its terms, packs, senders and payment lines.

A portfolio is a YAML file in `portfolios/`; one that a tape names and no file describes is made with the
defaults below and what the mapping says of its country, zone, language and currency.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from casework.errors import CaseworkInputError
from ledger.errors import LedgerInputError
from ledger.grades import FLOORS, Grade, check_floors
from ledger.money import minor_digits, parse_major
from ledger.terms import COMPONENTS, Component, DpdStarts, Prepayment, Spread, Terms
from policy.pack import shipped_texts
from policy.values import Actor
from storage.portfolios import PortfolioRow, save_portfolio
from storage.raw import Raw
from storage.rulebooks import releases
from strategies.language import shipped_strategies

# As tapes and files name a portfolio.
CODE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$"


class TermsSpec(BaseModel):
    """How the portfolio counts; see ledger.terms.Terms. `tolerance` is in major units of each currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dpd_starts: DpdStarts = "day_after_due"
    grace_days: Annotated[int, Field(ge=0)] = 0
    tolerance: str = "0"
    allocation: tuple[Component, ...] = COMPONENTS
    spread: Spread = "by_installment"
    prepayment: Prepayment = "next"
    buckets: tuple[tuple[int, int | None], ...] = ((1, 30), (31, 60), (61, 90), (91, None))


class ReplySpec(BaseModel):
    """Where an answer reaches a person, as people write it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    phone: str | None = None
    email: str | None = None
    hours: str | None = None


class LimitSpec(BaseModel):
    """How far a role may go with a promise.

    `days`: the promised day is at most so far ahead. `share`: one of less than so many percent of what is due
    is kept in mind and pauses nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    days: Annotated[int, Field(ge=0, le=365)]
    share: Annotated[int, Field(ge=0, le=100)] = 0


class PromisesSpec(BaseModel):
    """How promises are taken: how long they are waited for after their day, and by whom up to which limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    grace_days: Annotated[int, Field(ge=0, le=30)] = 2
    limits: dict[str, LimitSpec] = {
        "borrower": LimitSpec(days=14, share=25),
        "collector": LimitSpec(days=30, share=25),
        "customer_service": LimitSpec(days=30, share=25),
        "supervisor": LimitSpec(days=60, share=0),
        "credit_manager": LimitSpec(days=90, share=0),
        "operations": LimitSpec(days=365, share=0),
        "program": LimitSpec(days=30, share=25),
    }

    def of(self, role: str) -> LimitSpec:
        """The limit of a role; one that none is stated for may take none ahead."""
        return self.limits.get(role, LimitSpec(days=0))

    def further(self, days: int) -> list[str]:
        """The roles of people who may go beyond `days`, in words."""
        return [
            role.replace("_", " ")
            for role, limit in self.limits.items()
            if limit.days > days and role != "program"
        ]


class AddressSpec(BaseModel):
    """What the portfolio makes of addresses that nobody has vouched for, lately or ever.

    An attested one is unverified when that is older than `stale_after_days` (unset: never). Who has no better
    one is asked to get in touch where a step is past due, or (`nothing`) is not written to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    stale_after_days: Annotated[int, Field(ge=1)] | None = None
    unverified: Literal["get-in-touch", "nothing"] = "get-in-touch"


class PortfolioSpec(BaseModel):
    """A portfolio's file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    portfolio: Annotated[str, Field(pattern=CODE)]
    name: str
    brand: str
    country: str | None = None
    zone: str
    language: str = "en"
    currency: str
    strategy: str = "gentle"  # governs what no other takes in
    strategies: tuple[str, ...] = ()  # each governs the loans of its segment; see its priority
    promises: PromisesSpec = PromisesSpec()
    packs: Annotated[tuple[str, ...], Field(min_length=1)] = ("house",)
    # as whom it collects: the lender in its own name, or somebody for them (a collection agency)
    actor: Actor = "first_party"
    creditor: str | None = None  # whose debts these are, where somebody else collects
    # Notices of the law that a worker sends by itself to whoever has none yet.
    notices: tuple[Literal["validation", "agent_identity"], ...] = ()
    # before due: held to what the packs bind collection to as well, or only to what they bind reminders to
    reminders: Literal["collection", "reminder"] = "collection"
    terms: TermsSpec = TermsSpec()
    # From how many days past due on a loan is of a grade at the least.
    grades: dict[Grade, int] = dict(FLOORS)
    addresses: AddressSpec = AddressSpec()
    senders: dict[Literal["sms", "email", "chat"], str] = {}
    # Channels on which only a text that an outside register approved may go out (India's DLT: sms).
    registered: frozenset[Literal["sms", "email", "chat"]] = frozenset()
    # What the staff's chat may show: masked names, loans and numbers, or nothing personal but a short code.
    staff_chat: Literal["personal", "codes"] = "personal"
    pay: dict[str, str] = {}  # language -> how to pay; {reference} is the loan's
    reply_to: ReplySpec | None = None


def read_portfolio(text: str, name: str) -> PortfolioSpec:
    """The portfolio written in `text`. CaseworkInputError: file, key, what is wrong, what would be right."""
    yaml: Any = YAML(typ="safe")  # its methods have no types
    try:
        spec = PortfolioSpec.model_validate(yaml.load(text))
        terms_of(spec, spec.currency)
    except YAMLError as error:
        raise CaseworkInputError(f"{name}: {error}") from error
    except LedgerInputError as error:
        raise CaseworkInputError(f"{name}: terms: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CaseworkInputError(f"{name}: {where}: {first['msg']}") from error
    try:
        check_floors(spec.grades)
    except LedgerInputError as error:
        raise CaseworkInputError(f"{name}: grades: {error}") from error
    missing = [pack for pack in spec.packs if pack not in shipped_texts()]
    if missing:
        known = ", ".join(shipped_texts())
        raise CaseworkInputError(f"{name}: packs: {missing[0]!r} is no policy pack; there are: {known}")
    return spec


def read_portfolios(folder: Path) -> list[PortfolioSpec]:
    """The portfolios of a folder, by file name; none where there is no folder."""
    if not folder.is_dir():
        return []
    return [read_portfolio(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))]


def terms_of(spec: PortfolioSpec, currency: str) -> Terms:
    """The terms by which a loan in `currency` counts."""
    terms = spec.terms
    return _terms(
        currency,
        spec.zone,
        terms.dpd_starts,
        terms.grace_days,
        terms.tolerance,
        terms.allocation,
        terms.spread,
        terms.prepayment,
        terms.buckets,
    )


@lru_cache(maxsize=256)
def _terms(currency: str, zone: str, starts: Any, grace: int, tolerance: str, *others: Any) -> Terms:
    """Kept, for they are asked for with each loan: they take longer to make than what they are asked for."""
    return Terms(currency, zone, starts, grace, _tolerance(tolerance, currency), *others)


def _tolerance(text: str, currency: str) -> int:
    """Minor units; of what a currency cannot say (half a yen), the part that it can."""
    major, _, decimals = text.partition(".")
    digits = minor_digits(currency)
    return parse_major(f"{major}.{decimals[:digits]}" if digits and decimals else major, currency)


def spec_of(row: PortfolioRow) -> PortfolioSpec:
    """The file as it was validated when the row was written."""
    return PortfolioSpec.model_validate(row.settings)


async def save(raw: Raw, spec: PortfolioSpec) -> tuple[int, bool]:
    """Write the portfolio as its file says; (id, whether anything changed).

    CaseworkInputError where it names a strategy that neither ships with Kept nor is published.
    """
    known = {*shipped_strategies(), *{one.name for one in await releases(raw)}}
    for strategy in (spec.strategy, *spec.strategies):
        if strategy not in known:
            raise CaseworkInputError(
                f"portfolio {spec.portfolio}: strategy: {strategy!r} is no strategy; "
                f"there are: {', '.join(sorted(known))}; `kept strategy publish FILE` adds one"
            )
    settings = spec.model_dump(mode="json")
    return await save_portfolio(
        raw, spec.portfolio, spec.country, spec.zone, spec.language, settings, spec.strategy
    )


def tolerances(specs: Mapping[int, PortfolioSpec]) -> Callable[[int, str], int]:
    """(portfolio id, currency) -> the tolerance in minor units, worked out once for each."""

    @cache
    def tolerance(portfolio: int, currency: str) -> int:
        return terms_of(specs[portfolio], currency).tolerance

    return tolerance
