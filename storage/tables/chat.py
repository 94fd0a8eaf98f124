"""Chats with the bot: updates as they came, chats and whose they are, proofs of identity, conversations.

An update is stored before it is acknowledged, and worked after; those of one chat one after the other.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.tables.base import key, metadata, moment, one_of, ref

chat_updates = Table(
    "chat_updates",
    metadata,
    key(),
    Column("bot", BigInteger, nullable=False),  # the bot's own id: numbers are unique within it only
    Column("number", BigInteger, nullable=False),
    Column("chat", LargeBinary, nullable=False),  # keyed token of the chat's id
    Column("body", LargeBinary, nullable=False),  # sealed
    moment("received_at"),
    moment("leased_until", nullable=True),
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    moment("worked_at", nullable=True),
    Column("outcome", Text),  # answered | blocked | failed
    UniqueConstraint("bot", "number"),
    CheckConstraint("(worked_at IS NULL) = (outcome IS NULL)", name="worked_with_its_outcome"),
    Index("ix_chat_updates_unworked", "chat", "id", postgresql_where=text("worked_at IS NULL")),
)

chats = Table(
    "chats",
    metadata,
    key(),
    Column("token", LargeBinary, nullable=False),  # keyed, of the chat's id
    Column("value", LargeBinary, nullable=False),  # sealed: the chat's id
    Column("language", Text, nullable=False),
    ref("person_id", "persons.id", nullable=True, index=True),  # whose it is, once they proved it
    ref("address_id", "addresses.id", nullable=True),  # the chat as an address of theirs
    moment("linked_at", nullable=True),
    Column("proof_id", BigInteger),  # what proved it; the tables would name each other
    # Tokens of the numbers that were on file then: another one asks for proof again.
    Column("numbers", ARRAY(LargeBinary), nullable=False, server_default=text("'{}'")),
    moment("seen_at"),  # when they wrote last
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),
    moment("locked_until", nullable=True),
    Column("quiet", Boolean, nullable=False, server_default=text("false")),  # asked to be left alone
    ref("staff_id", "staff.id", nullable=True, index=True),  # somebody of the staff, who works here
    UniqueConstraint("token"),
    Index("ix_chats_locked", "locked_until", postgresql_where=text("locked_until IS NOT NULL")),
    CheckConstraint(
        "(person_id IS NULL) = (address_id IS NULL) AND (person_id IS NULL) = (linked_at IS NULL)",
        name="linked_whole",
    ),
    CheckConstraint("staff_id IS NULL OR person_id IS NULL", name="of_staff_or_borrower"),
)

# What proves who somebody is: a link or a code, sent to an address of theirs. The secret itself is not here:
# it is the keyed digest of the row's id.
chat_proofs = Table(
    "chat_proofs",
    metadata,
    key(),
    ref("person_id", "persons.id", index=True),
    ref("address_id", "addresses.id"),  # where it is sent
    ref("chat_id", "chats.id", nullable=True, index=True),  # of a code: who asked; of a link: who opened it
    ref("number_id", "addresses.id", nullable=True),  # of a code: the number on file that was shown
    Column("kind", Text, nullable=False),
    moment("made_at"),
    moment("expires_at"),
    moment("ended_at", nullable=True),
    Column("outcome", Text),
    one_of("kind", "link", "code"),
    one_of("outcome", "used", "replaced"),
    CheckConstraint(
        "kind = 'link' OR (chat_id IS NOT NULL AND number_id IS NOT NULL)", name="code_of_a_chat"
    ),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_its_outcome"),
)

# A borrower talks to a person: what either side says passes through the bot, and stays.
talks = Table(
    "talks",
    metadata,
    key(),
    ref("chat_id", "chats.id", index=True),
    ref("person_id", "persons.id", nullable=True, index=True),  # null: nobody knows yet whose chat it is
    ref("portfolio_id", "portfolios.id", nullable=True),
    Column("about", Text, nullable=False),  # what the borrower wants: an intent; or UNASKED
    moment("opened_at"),
    moment("told_at", nullable=True),  # somebody of the staff was told of it
    ref("told_staff_id", "staff.id", nullable=True, index=True),
    Column("told_times", Integer, nullable=False, server_default=text("0")),  # since it waits for somebody
    Column("taken_by", Text),
    moment("taken_at", nullable=True),
    moment("ended_at", nullable=True),
    Column("closed_by", Text),  # who of the staff ended it
    moment("goodbye_at", nullable=True),  # the borrower was told so
    CheckConstraint("(taken_by IS NULL) = (taken_at IS NULL)", name="taken_by_somebody"),
    Index("ix_talks_open", "chat_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index("ix_talks_closed", "id", postgresql_where=text("closed_by IS NOT NULL AND goodbye_at IS NULL")),
)

talk_lines = Table(
    "talk_lines",
    metadata,
    key(),
    ref("talk_id", "talks.id", index=True),
    Column("side", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # sealed
    moment("at"),
    # To the borrower: begun before it is handed over, so that nothing is said twice.
    moment("begun_at", nullable=True),
    moment("handed_at", nullable=True),
    moment("passed_on_at", nullable=True),  # of the borrower: to whoever has the conversation
    ref("update_id", "chat_updates.id", nullable=True),
    UniqueConstraint("update_id"),
    one_of("side", "borrower", "staff"),
    CheckConstraint("handed_at IS NULL OR begun_at IS NOT NULL", name="begun_before_handed"),
    Index(
        "ix_talk_lines_heard",
        "talk_id",
        postgresql_where=text("side = 'borrower' AND passed_on_at IS NULL"),
    ),
    Index("ix_talk_lines_waiting", "id", postgresql_where=text("side = 'staff' AND begun_at IS NULL")),
)

# What a borrower says of how it was, once a loan is settled: once each.
feedback = Table(
    "feedback",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("loan_id", "loans.id", index=True),
    Column("rating", Text, nullable=False),
    Column("words", LargeBinary),  # sealed
    moment("at"),
    ref("update_id", "chat_updates.id", nullable=True),
    UniqueConstraint("case_id", "loan_id"),
    one_of("rating", "good", "fair", "poor"),
)

# What was sent in a chat as a proof: a photo of a receipt.
chat_files = Table(
    "chat_files",
    metadata,
    key(),
    ref("chat_id", "chats.id", index=True),
    ref("person_id", "persons.id", index=True),
    Column("kind", Text, nullable=False),  # its MIME type
    Column("content", LargeBinary, nullable=False),  # sealed
    moment("received_at"),
    ref("update_id", "chat_updates.id", nullable=True),
    UniqueConstraint("update_id"),
)
