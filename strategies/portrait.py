"""A loan and its person as conditions and segments see them: each declared fact, by name.

Pure, of the frozen facts and the moment. A fact is worked out when something names it, and not before.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from ledger.money import minor_digits
from ledger.standing import Standing, standing
from ledger.terms import Terms
from policy.calendar import local_day
from policy.values import Past
from strategies.addresses import best_address
from strategies.conditions import Value
from strategies.enrol import arm_of
from strategies.rulebook import Counting, Rulebook
from strategies.timeline import state_of
from strategies.values import Facts, Loan, Traits

NEVER: Final = 9999
_NO_TRAITS = Traits("EUR")


class Portrait(Mapping[str, Value]):
    """The declared facts of one loan of a case at a moment, by the names of strategies/conditions.py."""

    def __init__(self, facts: Facts, loan: Loan, rulebook: Rulebook, now: datetime) -> None:
        self.facts, self.loan, self.rulebook, self.now = facts, loan, rulebook, now
        self.traits = loan.traits or _NO_TRAITS
        self.today = local_day(now, loan.zone)
        self._known: dict[str, Value] = {}
        self._stands: Standing | None = None

    def __getitem__(self, name: str) -> Value:
        if name not in self._known:
            self._known[name] = _READ[name](self)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_READ)

    def __len__(self) -> int:
        return len(_READ)

    @property
    def terms(self) -> Terms:
        """How the portfolio counts. What is within the tolerance is not among the facts."""
        counting = self.rulebook.counting.get(self.facts.portfolio, Counting())
        return terms_of(counting, self.traits.currency, self.loan.zone)

    @property
    def stands(self) -> Standing:
        if self._stands is None:
            self._stands = standing(self.loan.unpaid, self.terms, self.today)
        return self._stands

    @property
    def first_day(self) -> date | None:
        """The first delinquent day of a loan that has none yet; None: nothing is unpaid."""
        if not self.loan.unpaid:
            return None
        starts = 0 if self.terms.dpd_starts == "on_due" else 1
        return date.fromordinal(self.loan.unpaid[0].due.toordinal() + starts + self.terms.grace_days)


@lru_cache(maxsize=256)
def terms_of(counting: Counting, currency: str, zone: str) -> Terms:
    return Terms(currency, zone, counting.dpd_starts, counting.grace_days, buckets=counting.buckets)


def _whole(minor: int, currency: str) -> int:
    """Whole units of the currency, rounded down."""
    return minor // 10 ** minor_digits(currency)


def _since(of: Portrait, chosen: Callable[[Past], bool]) -> int:
    last = max((past.at for past in of.facts.situation.past if chosen(past)), default=None)
    return NEVER if last is None else (of.today - local_day(last, of.loan.zone)).days


def _promises(of: Portrait, wanted: str) -> int:
    return sum(state_of(one, of.facts, of.now) == wanted for one in of.facts.promises if one.own)


def _missed(of: Portrait) -> int:
    starts = 0 if of.terms.dpd_starts == "on_due" else 1
    return sum((of.today - unpaid.due).days >= starts for unpaid in of.loan.unpaid)


def _months(of: Portrait) -> int:
    made = of.traits.made_on
    if made is None:
        return 0
    months = (of.today.year - made.year) * 12 + of.today.month - made.month
    return max(months - (of.today.day < made.day), 0)


def _outstanding(of: Portrait) -> int:
    owed = of.traits.outstanding
    owed = sum(unpaid.left for unpaid in of.loan.unpaid) if owed is None else owed
    return _whole(owed, of.traits.currency)


def _contactable(of: Portrait) -> Value:
    addresses = of.facts.addresses
    return tuple(one for one in ("sms", "email", "chat") if best_address(addresses, one) is not None)


def _arm(of: Portrait) -> str:
    return arm_of(of.facts, of.rulebook.strategies[of.loan.strategy].arms, of.rulebook)


_READ: Final[Mapping[str, Callable[[Portrait], Value]]] = {
    "days_past_due": lambda of: of.stands.dpd,
    "bucket": lambda of: of.stands.bucket,
    "arrears": lambda of: _whole(of.stands.arrears, of.traits.currency),
    "outstanding": _outstanding,
    "missed": _missed,
    "currency": lambda of: of.traits.currency,
    "product": lambda of: of.traits.product or "",
    "months_on_book": _months,
    "attributes": lambda of: of.traits.attributes,
    "risk": lambda of: of.traits.risk or "",
    "tags": lambda of: of.traits.tags,
    "language": lambda of: of.facts.language,
    "country": lambda of: of.facts.situation.country or "",
    "contactable": _contactable,
    "promises_kept": lambda of: _promises(of, "kept"),
    "promises_broken": lambda of: _promises(of, "broken"),
    "last_outcome": lambda of: of.facts.last_outcome,
    "days_since_contact": lambda of: _since(of, lambda past: not past.inbound),
    "days_since_conversation": lambda of: _since(of, lambda past: past.result == "conversation"),
    "arm": _arm,
}
