"""The shapes of what is given and answered, and the words of their fields."""

from datetime import UTC, date, datetime
from typing import Annotated, Final, Literal

from fastapi import Header, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

MOST: Final = 2**63 - 1  # of the database's ids


def storable(text: str | None) -> str | None:
    """The same text, if the database can hold it. Raises ValueError."""
    if text is not None and "\0" in text:
        raise ValueError("holds a sign that cannot be stored (NUL)")
    return text


def _ours(at: datetime) -> datetime:
    if not 1971 <= at.year <= 2199:
        raise ValueError("is no moment of our days")
    return at.astimezone(UTC)


def _our_day(day: date) -> date:
    if not 1901 <= day.year <= 2199:
        raise ValueError("is no day of our days")
    return day


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(storable)]
Words = Annotated[str, Field(max_length=4000), AfterValidator(storable)]
Moment = Annotated[AwareDatetime, AfterValidator(_ours), Field(examples=["2026-11-30T09:00:00Z"])]
Day = Annotated[date, AfterValidator(_our_day), Field(examples=["2026-11-30"])]
# Forms of text, and what they are in words: a pattern is no sentence.
FORMS: Final[dict[str, str]] = {
    (_SIGNED := r"^-?\d{1,15}(\.\d{1,4})?$"): 'an amount in major units, such as "250.00"',
    (_ABOVE := r"^\d{1,15}(\.\d{1,4})?$"): 'an amount in major units, not below zero, such as "250.00"',
    (_CODE := r"^[A-Z]{3}$"): "an ISO 4217 code in capitals, such as EUR",
    (_RESULT := r"^([a-z][a-z0-9_]{0,40})?$"): "a word in small letters, such as no_answer or conversation",
    (_STATE := r"^[a-z_]{1,30}$"): "a word in small letters, such as active or open",
    (_KEY := r"^[!-~]+$"): "visible ASCII signs, no spaces",
    (_SAID := r"\S"): "words that say it",
}
Money = Annotated[str, Field(pattern=_SIGNED, examples=["250.00"])]
Paid = Annotated[str, Field(pattern=_ABOVE, examples=["250.00"])]
Currency = Annotated[str, Field(pattern=_CODE, examples=["EUR"])]
Evidence = Annotated[str, Field(min_length=1, max_length=4000, pattern=_SAID), AfterValidator(storable)]
Result = Annotated[str, Field(pattern=_RESULT)]
Word = Annotated[str | None, Query(pattern=_STATE, description="Only those in this state.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=_KEY,
        description="Of this one request: sent again within a day, the first answer is given again and "
        "nothing is done twice.",
    ),
]
Channel = Literal["sms", "email", "chat", "call", "visit"]


class Body(BaseModel):
    """What is given: nothing that is not known, so that a misspelt field is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Whom(Body):
    """A borrower by what the lender calls them."""

    borrower: Name = Field(description="The borrower's id, as on the tape.", examples=["B17"])
    source: Name | None = Field(None, description="Which system's id it is, where several have it.")
    portfolio: Name | None = Field(None, description="Where they have cases in several.")


Cursor = Annotated[
    int | None,
    Query(ge=0, le=MOST, description="Where the last page ended: its `next`. Left out: the first."),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
