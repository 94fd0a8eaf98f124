"""The staff: who they are, what they have at hand, whose each case is, what they noted.

A chat of theirs is `chats.staff_id`. Names of staff are in clear, as in the audit record.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
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

staff = Table(
    "staff",
    metadata,
    key(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("portfolios", ARRAY(Text)),  # null: every one
    Column("queues", ARRAY(Text)),  # null: those of the role
    moment("invited_at"),
    Column("invited_by", Text, nullable=False),
    moment("removed_at", nullable=True),
    Column("removed_by", Text),
    UniqueConstraint("name"),
    CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="removed_by_somebody"),
)

# A one-time link to the chat, and once to the console. Its secret is the keyed digest of the row's id.
staff_links = Table(
    "staff_links",
    metadata,
    key(),
    ref("staff_id", "staff.id", index=True),
    moment("made_at"),
    Column("made_by", Text, nullable=False),
    moment("expires_at"),
    moment("ended_at", nullable=True),
    Column("outcome", Text),
    moment("joined_at", nullable=True),  # an account of the console was made by it
    one_of("outcome", "used", "replaced", "removed"),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_its_outcome"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    ref("staff_id", "staff.id", index=True),
    moment("at"),
    Column("by", Text, nullable=False),
    moment("told_at", nullable=True),  # whoever has it was told; by their own doing they know
    Index("ix_assignments_untold", "staff_id", postgresql_where=text("told_at IS NULL")),
)

# A case that somebody took from whoever had it; the row goes when they are told.
partings = Table(
    "partings",
    metadata,
    Column("case_id", BigInteger, ForeignKey("cases.id"), primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.id"), primary_key=True, index=True),
    ref("heir_id", "staff.id", nullable=True),  # null: the case went back to the queue
    moment("at"),
    Column("by", Text, nullable=False),
)

# A case that somebody has at hand: nobody else is given it before it ends, or is over by itself. Who
# answers a caller has it beside them.
turns = Table(
    "turns",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    ref("staff_id", "staff.id"),
    ref("task_id", "tasks.id", nullable=True),  # what it was given for
    Column("why", Text, nullable=False),
    moment("began_at"),
    moment("until"),
    moment("ended_at", nullable=True),
    Column("outcome", Text),
    one_of("why", "task", "arrears", "found", "caller"),
    one_of("outcome", "recorded", "skipped", "left", "over", "handed_on"),
    CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_its_outcome"),
    Index("ix_turns_of_staff", "staff_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    Index(
        "ix_turns_of_case",
        "case_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL AND why <> 'caller'"),
    ),
)

# Each time that the number was shown in a turn; not `called`: they said that there was no call.
showings = Table(
    "showings",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    ref("turn_id", "turns.id", index=True),
    ref("address_id", "addresses.id", nullable=True),  # null: of before it was kept
    moment("at"),
    Column("called", Boolean, nullable=False, server_default=text("true")),
    Index("ix_showings_of_case", "case_id", "at"),
)

# A message of a chat that shows the number of a turn: it goes when another shows it, or the turn ends.
shown_numbers = Table(
    "shown_numbers",
    metadata,
    Column("turn_id", BigInteger, ForeignKey("turns.id"), primary_key=True, autoincrement=False),
    ref("chat_id", "chats.id"),
    Column("message", BigInteger, primary_key=True, autoincrement=False),  # the messenger's own id of it
    moment("at"),
    moment("tried_at", nullable=True),  # when it was last tried to be taken away
)

# Who wrote a message that is on its way, until it has arrived, or they were told that it did not.
staff_messages = Table(
    "staff_messages",
    metadata,
    Column("contact_id", BigInteger, ForeignKey("contacts.id"), primary_key=True, autoincrement=False),
    ref("staff_id", "staff.id"),
    moment("at"),
)

# A case that is not given before `until`: to whoever skipped it, or (null) to nobody.
rests = Table(
    "rests",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    ref("staff_id", "staff.id", nullable=True),
    Column("reason", Text, nullable=False),
    moment("at"),
    moment("until"),
    ref("outcome_id", "outcomes.id", nullable=True),  # of an attempt that reached nobody
)

notes = Table(
    "notes",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    Column("author", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("mime", Text),  # of a voice or a photo
    Column("body", LargeBinary, nullable=False),  # sealed
    moment("at"),
    ref("update_id", "chat_updates.id", nullable=True),
    UniqueConstraint("update_id", "kind"),  # a photo, and what was written with it
    one_of("kind", "text", "voice", "photo", "place"),
)

# A call that was agreed was announced to whose it is: begun before it is said, so that it rings once.
rings = Table(
    "rings",
    metadata,
    Column("task_id", BigInteger, ForeignKey("tasks.id"), primary_key=True),
    ref("staff_id", "staff.id"),
    moment("begun_at"),
    moment("handed_at", nullable=True),
)

# A number from which somebody of the staff may send what came of their work by SMS: theirs once they typed
# the code that went there. The code is not here: it is of the keyed digest of the row's id.
staff_numbers = Table(
    "staff_numbers",
    metadata,
    key(),
    ref("staff_id", "staff.id", index=True),
    Column("value", LargeBinary, nullable=False),  # sealed, E.164
    Column("token", LargeBinary, nullable=False),  # keyed, as of addresses
    moment("made_at"),
    moment("expires_at"),  # of the code
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),
    moment("confirmed_at", nullable=True),
    moment("ended_at", nullable=True),
    Index(
        "ix_staff_numbers_token",
        "token",
        unique=True,
        postgresql_where=text("confirmed_at IS NOT NULL AND ended_at IS NULL"),
    ),
    Index("ix_staff_numbers_open", "staff_id", unique=True, postgresql_where=text("ended_at IS NULL")),
)

# What goes to such a number: begun before it is handed over, so that nothing is said twice. `asks`: the lines
# that were read back and wait for a yes.
staff_texts = Table(
    "staff_texts",
    metadata,
    key(),
    ref("number_id", "staff_numbers.id"),
    ref("reply_id", "replies.id", nullable=True),  # what it answers
    Column("kind", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # sealed
    Column("asks", LargeBinary),  # sealed
    Column("failures", SmallInteger, nullable=False, server_default=text("0")),
    moment("planned_at"),
    moment("begun_at", nullable=True),
    moment("handed_at", nullable=True),
    moment("settled_at", nullable=True),  # of what waited for a yes
    UniqueConstraint("reply_id"),
    one_of("kind", "code", "echo", "answer"),
    CheckConstraint("handed_at IS NULL OR begun_at IS NOT NULL", name="begun_before_handed"),
    CheckConstraint("(kind = 'echo') = (asks IS NOT NULL)", name="an_echo_asks"),
    Index("ix_staff_texts_number_id", "number_id", "id"),
    Index("ix_staff_texts_waiting", "id", postgresql_where=text("begun_at IS NULL")),
)
