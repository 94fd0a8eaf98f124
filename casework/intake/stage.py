"""Records of a tape as rows of the staging tables: digested with the keys, persons sealed."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec

from casework.intake.records import (
    InstallmentRecord,
    LoanRecord,
    PartyRecord,
    PaymentRecord,
    PersonRecord,
    Read,
)
from storage.crypt import Keyring
from storage.intake import staging
from storage.raw import Raw

_REMEMBERED: Final = 5_000
_encode: Final = msgspec.json.Encoder().encode


class Stager:
    """Puts what was read into the staging tables. `fed_at` is the feed's moment in a zone."""

    def __init__(self, raw: Raw, keyring: Keyring, fed_at: Callable[[str], datetime]) -> None:
        self._raw = raw
        self._keyring = keyring
        self._fed_at = fed_at
        self._places = 0
        self.unnamed = False  # whether some payment has no id of the feed
        self.totals = False  # whether some rows say what was paid in all
        self._staged: set[tuple[str, PersonRecord]] = set()

    async def stage(self, read: Read) -> None:
        """COPY one batch."""
        raw, persons = self._raw, list[tuple[object, ...]]()
        for loan in read.loans:
            # One person stands on many rows; said again in the same words they are staged once.
            said = loan.source, loan.borrower
            if said not in self._staged:
                if len(self._staged) >= _REMEMBERED:
                    self._staged.clear()
                self._staged.add(said)
                persons.append(self._person(loan.borrower, loan.source, None))
        for party in read.parties:
            persons.append(self._person(party.person, party.source or "", party.loan_id))
        await staging.stage(raw, "s_persons", staging.PERSONS, persons)
        await staging.stage(raw, "s_loans", staging.LOANS, [self._loan(one) for one in read.loans])
        await staging.stage(raw, "s_parties", staging.PARTIES, [_party(one) for one in read.parties])
        digest = self._keyring.digest
        await staging.stage(
            raw,
            "s_installments",
            staging.INSTALLMENTS,
            [_installment(one, digest) for one in read.installments],
        )
        singles = [one for one in read.payments if not one.so_far]
        self.unnamed = self.unnamed or any(one.payment_id is None for one in singles)
        await staging.stage(raw, "s_payments", staging.PAYMENTS, [_payment(one, digest) for one in singles])
        totals = [_total(one) for one in read.payments if one.so_far]
        self.totals = self.totals or bool(totals)
        await staging.stage(raw, "s_totals", staging.TOTALS, totals)
        await staging.stage(
            raw,
            "s_rejects",
            staging.REJECTS,
            [
                (one.file, one.row, one.column, one.reason, one.source or "", one.loan_id, one.breaks_loan)
                for one in read.rejects
            ],
        )
        await staging.stage(
            raw,
            "s_skips",
            staging.SKIPS,
            [(file, row, source or "", loan) for file, row, source, loan in read.skipped],
        )

    def _person(self, person: PersonRecord, source: str, loan_id: str | None) -> tuple[object, ...]:
        self._places += 1
        content = _encode(person)
        sealed = self._keyring.seal("intake", "content", self._places, content.decode())
        return (
            source,
            loan_id,
            person.person_id,
            self._keyring.digest("person", content),
            self._places,
            sealed,
        )

    def _loan(self, loan: LoanRecord) -> tuple[object, ...]:
        said = (
            loan.portfolio,
            loan.product,
            loan.currency,
            loan.principal,
            loan.made_on,
            loan.status,
            loan.zone,
            loan.core_outstanding,
            loan.core_dpd,
            loan.attributes,
            loan.tags,
            loan.borrower.person_id,
        )
        return (
            loan.file,
            loan.row,
            loan.source,
            loan.loan_id,
            loan.borrower.person_id,
            loan.portfolio,
            loan.product,
            loan.currency,
            loan.principal,
            loan.made_on,
            loan.status,
            loan.zone,
            loan.core_outstanding,
            loan.core_dpd,
            loan.attributes,
            loan.tags,
            self._fed_at(loan.zone),
            self._keyring.digest("loan", _encode(said)),
        )


Digest = Callable[[str, bytes], bytes]


def _party(party: PartyRecord) -> tuple[object, ...]:
    return party.file, party.row, party.source or "", party.loan_id, party.person.person_id, party.role


def _installment(one: InstallmentRecord, digest: Digest) -> tuple[object, ...]:
    said = (one.number, one.due_on.toordinal(), one.principal, one.interest, one.fees, one.penalties)
    return (
        one.file,
        one.row,
        one.source or "",
        one.loan_id,
        one.key,
        one.number,
        one.due_on,
        one.principal,
        one.interest,
        one.fees,
        one.penalties,
        digest("installment", b"%d %d %d %d %d %d" % said),
    )


def _payment(one: PaymentRecord, digest: Digest) -> tuple[object, ...]:
    said = (one.received_on, one.amount, one.installment, one.reverses)
    return (
        one.file,
        one.row,
        one.source or "",
        one.loan_id,
        one.payment_id,
        one.received_on,
        one.amount,
        one.installment,
        one.reverses,
        digest("payment", _encode(said)),
    )


def _total(one: PaymentRecord) -> tuple[object, ...]:
    return one.file, one.row, one.source or "", one.loan_id, one.received_on, one.amount


class Opener:
    """Opens what `Stager` sealed: persons read back from the staging tables."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._decoder = msgspec.json.Decoder(PersonRecord)

    def person(self, place: int, sealed: bytes) -> PersonRecord:
        """The person sealed at that place."""
        return self._decoder.decode(self._keyring.open("intake", "content", place, sealed))
