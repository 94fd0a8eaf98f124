"""What comes back from people and providers, and what people said about being contacted.

Receipts and replies are stored first, unique by the provider's own id, then worked.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import key, metadata, moment, one_of, ref
from storage.tables.work import decisions


def place() -> Column[int]:
    """Where the row stands among decisions: a number of their sequence, drawn while its cases are held.

    A claim holds them as well when it draws the number of its decision. So the lower number was committed
    first, whatever the clocks said, and a claim with a higher one knew of the row.
    """
    return Column("place", BigInteger, nullable=False, server_default=text("nextval('decisions_id_seq')"))


receipts = Table(
    "receipts",
    metadata,
    key(),
    Column("provider", Text, nullable=False),
    Column("event_key", Text, nullable=False),  # the same callback again has the same key
    Column("provider_id", Text, nullable=False),
    # as the callback named it: whose receipt it is, although the answer to the send was lost
    Column("contact_id", BigInteger),
    Column("state", Text),  # null: a code we do not know, kept to be looked at
    Column("code", Text),
    Column("effect", Text),
    moment("received_at"),
    moment("worked_at", nullable=True),
    UniqueConstraint("provider", "event_key"),
    one_of("state", "accepted", "delivered", "failed"),
    one_of("effect", "address_dead", "blocked"),
    Index("ix_receipts_unworked", "id", postgresql_where=text("worked_at IS NULL")),
)

# What a provider knew of a contact that is unknown, when it was asked last.
enquiries = Table(
    "enquiries",
    metadata,
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True),
    moment("asked_at"),
    Column("finding", Text, nullable=False),  # why it did not settle the contact, or that it did
    Column("found_nothing", SmallInteger, nullable=False),  # so often, one after the other, late enough
)

replies = Table(
    "replies",
    metadata,
    key(),
    Column("provider", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("token", LargeBinary, nullable=False),  # of the sender's address
    Column("sender", LargeBinary, nullable=False),  # sealed
    Column("body", LargeBinary, nullable=False),  # sealed
    Column("meaning", Text),
    moment("received_at"),
    moment("worked_at", nullable=True),
    UniqueConstraint("provider", "provider_id"),
    Index("ix_replies_unworked", "id", postgresql_where=text("worked_at IS NULL")),
    Index("ix_replies_token_received_at", "token", "received_at"),
)

consents = Table(
    "consents",
    metadata,
    key(),
    ref("person_id", "persons.id", index=True),
    ref("portfolio_id", "portfolios.id", nullable=True),  # null: every portfolio
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    moment("at"),
    Column("source", Text, nullable=False),
    Column("purpose", Text),  # null: whatever a consent is asked for
    # The evidence: what they wrote, the message whose link they followed, or in words.
    ref("reply_id", "replies.id", nullable=True),
    ref("contact_id", "contacts.id", nullable=True),
    Column("note", LargeBinary),  # sealed
    place(),
    one_of("channel", "sms", "email", "chat", "call", "visit"),
    one_of("state", "granted", "revoked"),
    one_of("source", "reply", "provider", "link", "staff", "feed"),
    Index("ix_consents_revoked", "at", postgresql_where=text("state = 'revoked'")),
)

holds = Table(
    "holds",
    metadata,
    key(),
    ref("person_id", "persons.id", index=True),
    ref("loan_id", "loans.id", nullable=True),  # null: the person, all their loans
    Column("kind", Text, nullable=False),
    moment("starts_at"),
    moment("ends_at", nullable=True),
    moment("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    place(),
)

for noted in (consents, holds):
    noted.add_is_dependent_on(decisions)  # for the sequence

# Opt-outs and holds of a file that could not be obeyed as they stood. Those of nobody in the book wait for
# them; of the others their person is held. The same row again is one row.
refused_stops = Table(
    "refused_stops",
    metadata,
    key(),
    Column("kind", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("borrower", Text),  # external ids, as the row has them
    Column("loan", Text),
    Column("cells", LargeBinary, nullable=False),  # sealed
    moment("came_at"),
    moment("obeyed_at", nullable=True),
    one_of("kind", "consents", "holds"),
    Index("ix_refused_stops_waiting", "borrower", "loan", postgresql_where=text("obeyed_at IS NULL")),
)

# Contacts with a person that did not go through our deliverers: calls and visits, what an earlier system did,
# what is told us of another lender's. The caps count them. The same contact told twice is one row.
contacts_elsewhere = Table(
    "contacts_elsewhere",
    metadata,
    key(),
    ref("person_id", "persons.id"),
    moment("at"),
    Column("channel", Text, nullable=False),
    Column("inbound", Boolean, nullable=False),  # from the person to us
    Column("result", Text, nullable=False, server_default=""),  # how it ended; empty: not known
    Column("loan_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),  # empty: not known
    ref("address_id", "addresses.id", nullable=True),
    moment("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    one_of("channel", "sms", "email", "chat", "call", "visit"),
    UniqueConstraint("person_id", "at", "channel", "inbound"),
)

# What the law wants said before other things, and when it was: names as packs have them ("validation").
notices = Table(
    "notices",
    metadata,
    key(),
    ref("person_id", "persons.id"),
    ref("portfolio_id", "portfolios.id"),
    Column("name", Text, nullable=False),
    moment("at"),
    moment("recorded_at"),
    Column("recorded_by", Text, nullable=False),
    UniqueConstraint("person_id", "portfolio_id", "name", "at"),
)

outbox = Table(
    "outbox",
    metadata,
    key(),
    # once: the sandbox makes a repeat harmless; null: an SMS to somebody of the staff
    ref("contact_id", "contacts.id", nullable=True),
    Column("channel", Text, nullable=False),
    Column("recipient", LargeBinary, nullable=False),  # sealed
    Column("body", LargeBinary, nullable=False),  # sealed
    moment("at"),
    UniqueConstraint("contact_id"),
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    moment("at"),
    Column("value", LargeBinary),
)
