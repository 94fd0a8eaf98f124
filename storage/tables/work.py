"""What was decided, and what became of it: decisions, occurrences, messages, contacts, tasks.

occurrence  waiting -> messaged | tasked | suppressed | superseded   (ends once)
contact     planned -> claimed -> sending -> accepted | delivered | failed | unknown, or -> cancelled
A waiting occurrence with a message is planned; it becomes `messaged` when a contact was handed over.
"""

from sqlalchemy import (
    BigInteger,
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
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, moment, one_of, ref


def points_to(name: str) -> Column[int]:
    """An id of a loan, person or address, without a foreign key of its own.

    Kept never deletes those rows, and the id comes from rows that refer to them by one (parties, cases,
    addresses). A foreign key's check locks the row it finds, which writes its page, and after a checkpoint
    all of it into the log: 27 kB a case instead of 2 where a thousand of 100,000 are due.
    """
    return Column(name, BigInteger, nullable=False)


rulebooks = Table(
    "rulebooks",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    moment("at"),
    Column("made_by", Text, nullable=False),
    Column("rulebook", Text, nullable=False),
    Column("engine", SmallInteger, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # compact, no personal data
    one_of("made_by", "look", "claim"),
)

messages = Table(
    "messages",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    # What no strategy planned (an answer to what was asked) has neither.
    ref("decision_id", "decisions.id", nullable=True),
    ref("strategy_version_id", "strategy_versions.id", nullable=True),
    # the leading step: its text is used; of an answer, its text
    Column("step", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    moment("planned_at"),
    moment("expires_at"),
    # open: a contact is still to be sent, awaited, or followed by another channel
    Column("state", Text, nullable=False),
    Column("given", LargeBinary),  # sealed: what an answer says, or its text is filled with
    one_of("state", "open", "done", "cancelled", "failed"),
    CheckConstraint(
        "(given IS NULL) = (decision_id IS NOT NULL) AND (given IS NULL) = (strategy_version_id IS NOT NULL)",
        name="planned_or_answered",
    ),
    Index("ix_messages_open", "case_id", postgresql_where=text("state = 'open'")),
)

occurrences = Table(
    "occurrences",
    metadata,
    key(),
    ref("case_id", "cases.id"),
    points_to("loan_id"),
    Column("anchor", Text, nullable=False),
    Column("anchor_id", BigInteger, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("step", Text, nullable=False),
    moment("due_at"),  # its moment
    Column("state", Text, nullable=False),
    Column("reason", Text),  # the code of the first no
    Column("noes", JSONB),  # every no: [[pack, rule, detail, until], ...]
    ref("message_id", "messages.id", nullable=True, index=True),
    ref("decision_id", "decisions.id"),  # the last one that changed it
    moment("ended_at", nullable=True),
    # The key: what is expected once, ends once. Reserved before anything is sent.
    UniqueConstraint("case_id", "anchor_id", "anchor", "strategy", "step"),
    one_of("anchor", "installment", "promise", "broken", "case"),
    one_of("state", "waiting", "messaged", "tasked", "suppressed", "superseded"),
    CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ends_with_its_state"),
    CheckConstraint("state <> 'messaged' OR message_id IS NOT NULL", name="messaged_by_a_message"),
    CheckConstraint(
        "state NOT IN ('suppressed', 'superseded') OR reason IS NOT NULL", name="every_no_has_a_reason"
    ),
    Index("ix_occurrences_waiting", "case_id", postgresql_where=text("state = 'waiting'")),
)

contacts = Table(
    "contacts",
    metadata,
    key(),
    ref("message_id", "messages.id"),
    ref("case_id", "cases.id"),
    points_to("person_id"),
    points_to("address_id"),
    Column("channel", Text, nullable=False),
    Column("attempt", SmallInteger, nullable=False),  # 1, then one more for each channel fallen back to
    Column("state", Text, nullable=False),
    moment("planned_at"),
    moment("not_before"),  # planned or put off until then
    Column("tries", SmallInteger, nullable=False, server_default=text("0")),
    Column("leased_by", Text),
    moment("leased_until", nullable=True),
    moment("sent_at", nullable=True),  # handed to the provider
    moment("settled_at", nullable=True),  # when its state was last learnt
    moment("confirm_by", nullable=True),  # not delivered by then: the next channel
    Column("provider", Text),
    Column("provider_id", Text),
    Column("code", Text),  # why it failed, was cancelled or is unknown
    Column("template", Text),
    Column("template_digest", Text),
    Column("language", Text),
    Column("segments", Integer),
    Column("body", LargeBinary),  # sealed, stored before it is sent
    ref("claim_id", "decisions.id", nullable=True),  # the decision of its claim
    UniqueConstraint("message_id", "attempt"),
    UniqueConstraint("provider", "provider_id"),
    one_of("channel", "sms", "email", "chat", "call", "visit"),
    one_of(
        "state", "planned", "claimed", "sending", "accepted", "delivered", "failed", "unknown", "cancelled"
    ),
    CheckConstraint(
        "(state IN ('claimed', 'sending')) = (leased_until IS NOT NULL)", name="leased_while_held"
    ),
    CheckConstraint(
        "state NOT IN ('sending', 'accepted', 'delivered', 'unknown') "
        "OR (body IS NOT NULL AND sent_at IS NOT NULL AND claim_id IS NOT NULL)",
        name="body_before_sending",
    ),
    Index("ix_contacts_planned", "not_before", "id", postgresql_where=text("state = 'planned'")),
    # What somebody waits for is found without reading the reminders before it.
    Index(
        "ix_contacts_texted",
        "not_before",
        "id",
        postgresql_where=text("state = 'planned' AND template IS NOT NULL"),
    ),
    Index("ix_contacts_open", "case_id", postgresql_where=text("state IN ('planned', 'claimed')")),
    Index("ix_contacts_leased", "leased_until", postgresql_where=text("leased_until IS NOT NULL")),
    Index("ix_contacts_sent_at", "sent_at", postgresql_using="brin"),
    Index("ix_contacts_unknown", "sent_at", postgresql_where=text("state = 'unknown'")),
    Index(
        "ix_contacts_person_id_sent_at", "person_id", "sent_at", postgresql_where=text("sent_at IS NOT NULL")
    ),
)

tasks = Table(
    "tasks",
    metadata,
    key(),
    ref("case_id", "cases.id", index=True),
    ref("loan_id", "loans.id", nullable=True),  # null: the case as a whole
    # what opened it: a step, an outcome, what became of a promise, a reply ("wrong number")
    ref("occurrence_id", "occurrences.id", nullable=True),
    ref("outcome_id", "outcomes.id", nullable=True, index=True),
    ref("promise_id", "promises.id", nullable=True),
    ref("reply_id", "replies.id", nullable=True),
    Column("kind", Text, nullable=False),
    Column("queue", Text, nullable=False, server_default=""),
    Column("priority", SmallInteger, nullable=False, server_default=text("5")),  # 1 comes first
    Column("state", Text, nullable=False),
    moment("opened_at"),
    moment("starts_at", nullable=True),  # it rings then: a call that was agreed
    moment("finish_by", nullable=True),
    moment("ended_at", nullable=True),
    ref("ended_outcome_id", "outcomes.id", nullable=True, index=True),  # the outcome that finished it
    UniqueConstraint("occurrence_id"),
    UniqueConstraint("promise_id"),
    CheckConstraint(
        "num_nonnulls(occurrence_id, outcome_id, promise_id, reply_id) <= 1", name="opened_by_one_at_most"
    ),
    Index(
        "ix_tasks_deadline",
        "finish_by",
        postgresql_where=text("state = 'open' AND finish_by IS NOT NULL"),
    ),
    Index(
        "ix_tasks_open_trace",
        "case_id",
        unique=True,
        postgresql_where=text(
            "kind = 'trace' AND state = 'open' AND num_nonnulls(occurrence_id, outcome_id, promise_id) = 0"
        ),
    ),
    Index("ix_tasks_open_of_case", "case_id", postgresql_where=text("state = 'open'")),
    Index("ix_tasks_open", "queue", "priority", "id", postgresql_where=text("state = 'open'")),
    Index(
        "ix_tasks_ringing",
        "starts_at",
        postgresql_where=text("state = 'open' AND starts_at IS NOT NULL"),
    ),
    one_of("kind", "call", "visit", "review", "reconcile", "trace"),
    one_of("state", "open", "done", "cancelled"),
)
