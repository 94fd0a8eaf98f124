"""What contacts and collectors' hours cost: a file of prices, in YAML.

    currency: EUR
    messages:                     # by channel; an SMS costs so much a segment
      sms: "0.07"
      email: "0.0004"
    countries:                    # where a portfolio's country has a price of its own
      NG: {sms: "0.021"}
    tasks: {call: 6, visit: 45, review: 10, reconcile: 10, trace: 15}   # minutes of a person, each
    collectors:
      hour: "24.00"               # what an hour costs
      queues: {desk: 40, field: 24}   # hours a day that there are, by queue

Prices are texts with a point, to a millionth of the currency. What has no price costs nothing, and is said.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from casework.errors import CaseworkInputError
from ledger.errors import LedgerInputError
from ledger.money import format_major, minor_digits

MILLION: Final = 1_000_000
Channel = Literal["sms", "email", "chat"]
Kind = Literal["call", "visit", "review", "reconcile", "trace"]


def _millionths(value: object) -> int:
    try:
        exact = Decimal(str(value)) * MILLION
    except InvalidOperation:
        raise ValueError(f'{value!r} is no price; write it like "0.07"') from None
    if not exact.is_finite() or exact < 0 or exact != int(exact):
        raise ValueError(f'{value!r} is no price; write it like "0.07", with six decimals at most')
    return int(exact)


_Price = Annotated[int, BeforeValidator(_millionths)]
_Hours = Annotated[int, Field(ge=0, le=100_000)]
_Minutes = Annotated[int, Field(ge=0, le=1_440)]


class CollectorSpec(BaseModel):
    """What collectors cost and how many hours of theirs there are a day, by queue."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    hour: _Price = 0
    queues: dict[str, _Hours] = {}


class Prices(BaseModel):
    """A file of prices; each price in millionths of the currency."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    currency: str
    messages: dict[Channel, _Price] = {}
    countries: dict[str, dict[Channel, _Price]] = {}
    tasks: dict[Kind, _Minutes] = {}
    collectors: CollectorSpec = CollectorSpec()

    def of_message(self, channel: str, country: str | None, parts: int) -> int:
        """Millionths for one message; of an SMS, `parts` is its segments."""
        own: dict[Any, int] = self.countries.get(country or "", {})
        usual: dict[Any, int] = dict(self.messages)
        return own.get(channel, usual.get(channel, 0)) * (parts if channel == "sms" else 1)

    def minutes(self, kind: str) -> int:
        """What a task of a kind takes."""
        known: dict[Any, int] = dict(self.tasks)
        return known.get(kind, 0)

    def of_minutes(self, minutes: int) -> int:
        """Millionths for so many minutes of a person."""
        return self.collectors.hour * minutes // 60

    def text(self, millionths: int) -> str:
        """An amount in major units, rounded to the currency's own decimals."""
        unit = MILLION // 10 ** minor_digits(self.currency)
        return format_major((millionths + unit // 2) // unit, self.currency)


def read_prices(text: str, name: str) -> Prices:
    """The prices written in `text`. CaseworkInputError: file, key, what is wrong, what would be right."""
    yaml: Any = YAML(typ="safe")  # its methods have no types
    try:
        prices = Prices.model_validate(yaml.load(text))
        minor_digits(prices.currency)
    except (YAMLError, LedgerInputError) as error:
        raise CaseworkInputError(f"{name}: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise CaseworkInputError(f"{name}: {where}: {said}") from error
    return prices
