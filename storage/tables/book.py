"""The book: portfolios, persons and their addresses, loans with schedules and payments, cases, feeds.

`feed_digest` is the keyed digest of what the feed last said of the row: equal means unchanged.
Sealed columns (bytea of storage/crypt.py) are bound to table, column and id of their row.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, minor, moment, one_of, ref

portfolios = Table(
    "portfolios",
    metadata,
    key(),
    Column("code", Text, nullable=False, unique=True),
    Column("country", Text),
    Column("zone", Text, nullable=False),
    Column("language", Text, nullable=False),
    # name, brand, terms, packs, senders, payment lines: the portfolio's file, as validated
    Column("settings", JSONB, nullable=False),
    Column("strategy", Text, nullable=False),
)

persons = Table(
    "persons",
    metadata,
    key(),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("name", LargeBinary),  # sealed
    Column("language", Text),
    # they chose it themselves: what a file says of it later changes nothing
    Column("language_chosen", Boolean, nullable=False, server_default=text("false")),
    # every zone the person may be in; one where the zone is known
    Column("zones", ARRAY(Text), nullable=False),
    Column("country", Text),
    Column("region", Text),
    Column("feed_digest", LargeBinary, nullable=False),
    # marks that the rules read (policy.values.Flag); those that a hold of the person says are not repeated
    Column("flags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # agreed to hours that a pack does not give
    Column("hours_agreed", Boolean, nullable=False, server_default=text("false")),
    # hours they asked for, on their own clocks: "09:00-12:30"; they replace those of the packs
    Column("own_hours", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("source", "external_id"),
    Index("ix_persons_external_id", "external_id"),
    CheckConstraint("cardinality(zones) > 0", name="zones_some"),
    CheckConstraint("array_position(flags, NULL) IS NULL", name="flags_whole"),
    CheckConstraint("array_position(own_hours, NULL) IS NULL", name="own_hours_whole"),
)

addresses = Table(
    "addresses",
    metadata,
    key(),
    ref("person_id", "persons.id"),
    Column("kind", Text, nullable=False),
    Column("value", LargeBinary, nullable=False),  # sealed: E.164, mailbox, or chat id
    Column("token", LargeBinary, nullable=False),  # keyed, of the normal form: finds whole values
    Column("state", Text, nullable=False),
    Column("basis", Text, nullable=False, server_default="contract"),
    moment("basis_since", nullable=True),  # since when the basis holds, where that is known
    # on file with another person too: carries what an unverified address may, for both
    Column("shared", Boolean, nullable=False, server_default=text("false")),
    moment("seen_at"),  # when the file or the person last vouched for it
    moment("replaced_at", nullable=True),  # the file names another one since; null: it does not
    UniqueConstraint("person_id", "kind", "token"),
    one_of("kind", "phone", "email", "chat"),
    one_of("state", "attested", "confirmed", "linked", "unverified", "suspended", "detached"),
    Index("ix_addresses_token_kind", "token", "kind"),
)

strategy_versions = Table(
    "strategy_versions",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Text, nullable=False),
    Column("source", Text, nullable=False),  # the YAML as published
    moment("published_at"),
    Column("published_by", Text, nullable=False),
    UniqueConstraint("name", "version"),
    UniqueConstraint("name", "digest"),
)

loans = Table(
    "loans",
    metadata,
    key(),
    ref("portfolio_id", "portfolios.id"),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("product", Text),
    Column("currency", Text, nullable=False),
    minor("principal_minor", nullable=True),
    Column("made_on", Date, nullable=False),
    Column("status", Text, nullable=False),
    Column("zone", Text, nullable=False),
    minor("core_outstanding_minor", nullable=True),
    Column("core_dpd", Integer),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    ref("strategy_version_id", "strategy_versions.id", nullable=True),
    moment("governed_since"),  # nothing is expected before
    moment("strategy_since", nullable=True),  # nor before this: since when this version was chosen
    # received and not owed yet: what no installment could take
    Column("credit_minor", BigInteger, nullable=False, server_default=text("0")),
    Column("feed_digest", LargeBinary, nullable=False),
    UniqueConstraint("source", "external_id"),
    one_of("status", "active", "closed", "recalled", "sold", "written_off"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_code"),
    CheckConstraint("credit_minor >= 0", name="credit_not_negative"),
    Index("ix_loans_portfolio_id_source", "portfolio_id", "source"),
    Index("ix_loans_external_id_upper", text("upper(external_id)")),
    # Of those that have any: a book without tags and attributes pays for neither.
    Index("ix_loans_tags", "tags", postgresql_using="gin", postgresql_where=text("tags <> '{}'")),
    Index(
        "ix_loans_attributes",
        text("(lower(attributes::text)::jsonb) jsonb_path_ops"),
        postgresql_using="gin",
        postgresql_where=text("attributes <> '{}'"),
    ),
)

cases = Table(
    "cases",
    metadata,
    key(),
    ref("person_id", "persons.id"),
    ref("portfolio_id", "portfolios.id"),
    moment("opened_at"),
    # when a decision is next needed; null: only news can change anything
    moment("next_look_at", nullable=True),
    # every occurrence expected up to here is stored
    moment("looked_through", nullable=True),
    UniqueConstraint("person_id", "portfolio_id"),
    Index("ix_cases_next_look_at", "next_look_at", postgresql_where=text("next_look_at IS NOT NULL")),
)

parties = Table(
    "parties",
    metadata,
    Column("loan_id", BigInteger, ForeignKey("loans.id"), nullable=False),
    Column("person_id", BigInteger, ForeignKey("persons.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    ref("case_id", "cases.id", index=True),
    PrimaryKeyConstraint("loan_id", "person_id"),
    one_of("role", "borrower", "co-borrower", "guarantor", "representative", "estate"),
)

installments = Table(
    "installments",
    metadata,
    key(),
    ref("loan_id", "loans.id"),
    Column("external_id", Text, nullable=False),  # the feed's key within the loan; often the number
    Column("number", Integer, nullable=False),
    Column("due_on", Date, nullable=False),
    minor("principal_minor"),
    minor("interest_minor"),
    minor("fees_minor"),
    minor("penalties_minor"),
    Column("paid_minor", BigInteger, nullable=False, server_default=text("0")),
    Column(
        "left_minor",
        BigInteger,
        Computed(
            "principal_minor + interest_minor + fees_minor + penalties_minor - paid_minor", persisted=True
        ),
        nullable=False,
    ),
    Column("feed_digest", LargeBinary, nullable=False),
    UniqueConstraint("loan_id", "external_id"),
    CheckConstraint(
        "principal_minor >= 0 AND interest_minor >= 0 AND fees_minor >= 0 AND penalties_minor >= 0",
        name="parts_not_negative",
    ),
    CheckConstraint("paid_minor >= 0 AND left_minor >= 0", name="paid_within_due"),
    Index("ix_installments_unpaid", "loan_id", "due_on", postgresql_where=text("left_minor > 0")),
)

payments = Table(
    "payments",
    metadata,
    key(),
    ref("loan_id", "loans.id"),
    Column("external_id", Text, nullable=False),
    Column("received_on", Date, nullable=False),
    moment("recorded_at"),
    minor("amount_minor"),
    ref("installment_id", "installments.id", nullable=True),  # directed to it by the payer or the feed
    ref("reverses_id", "payments.id", nullable=True),
    Column("feed_digest", LargeBinary, nullable=False),
    UniqueConstraint("loan_id", "external_id"),
    CheckConstraint("(reverses_id IS NULL) = (amount_minor > 0)", name="amount_or_reversal"),
    CheckConstraint("reverses_id IS NULL OR amount_minor = 0", name="reversal_moves_nothing_itself"),
    Index(
        "ix_payments_reverses_id",
        "reverses_id",
        unique=True,
        postgresql_where=text("reverses_id IS NOT NULL"),
    ),
    Index("ix_payments_received_on", "received_on", postgresql_using="brin"),
)

# What was known of an installment, or a payment, until a tape said otherwise.
installment_versions = Table(
    "installment_versions",
    metadata,
    key(),
    ref("installment_id", "installments.id"),
    ref("loan_id", "loans.id", index=True),
    Column("number", Integer, nullable=False),
    Column("due_on", Date, nullable=False),
    minor("principal_minor"),
    minor("interest_minor"),
    minor("fees_minor"),
    minor("penalties_minor"),
    moment("until"),
)

payment_versions = Table(
    "payment_versions",
    metadata,
    key(),
    ref("payment_id", "payments.id"),
    ref("loan_id", "loans.id", index=True),
    Column("received_on", Date, nullable=False),
    minor("amount_minor"),
    moment("until"),
)

allocations = Table(
    "allocations",
    metadata,
    Column("payment_id", BigInteger, ForeignKey("payments.id", ondelete="CASCADE"), nullable=False),
    Column("installment_id", BigInteger, ForeignKey("installments.id"), nullable=False),
    ref("loan_id", "loans.id", index=True),
    minor("penalties_minor"),
    minor("fees_minor"),
    minor("interest_minor"),
    minor("principal_minor"),
    PrimaryKeyConstraint("payment_id", "installment_id"),
    CheckConstraint(
        "principal_minor >= 0 AND interest_minor >= 0 AND fees_minor >= 0 AND penalties_minor >= 0 "
        "AND principal_minor + interest_minor + fees_minor + penalties_minor > 0",
        name="something",
    ),
)

feeds = Table(
    "feeds",
    metadata,
    Column("portfolio_id", BigInteger, ForeignKey("portfolios.id"), nullable=False),
    Column("source", Text, nullable=False),
    moment("fed_at"),  # payments up to here are known
    # since when a tape of it waits for approval; null: none does
    moment("held_since", nullable=True),
    PrimaryKeyConstraint("portfolio_id", "source"),
)

# Where the core system states otherwise than the payments do. `ours` and `theirs` are minor units, or days.
differences = Table(
    "differences",
    metadata,
    key(),
    ref("loan_id", "loans.id"),
    Column("what", Text, nullable=False),
    Column("ours", BigInteger, nullable=False),
    Column("theirs", BigInteger, nullable=False),
    Column("explained_by", Text),  # the rule that would make them equal, where there is one
    Column("state", Text, nullable=False),
    moment("found_at"),
    moment("settled_at", nullable=True),
    Column("settled_by", Text),
    one_of("what", "outstanding", "dpd"),
    one_of("state", "open", "accepted", "resolved"),
    CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="settled_with_its_state"),
    UniqueConstraint("loan_id", "what"),
)

imports = Table(
    "imports",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mapping", Text, nullable=False),
    ref("portfolio_id", "portfolios.id", nullable=True),
    moment("at"),
    moment("fed_at"),
    Column("report", JSONB, nullable=False),
    Column("content_digest", LargeBinary),  # of the files: the same again is yesterday's tape
)
