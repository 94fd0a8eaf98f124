"""What people record of a case: outcomes, promises, what was done about holds; and what strategy is in force."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def _key() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _ref(table: str, name: str, target: str) -> sa.ForeignKeyConstraint:
    kind = target.split(".")[0]
    return sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}_{kind}"))


def upgrade() -> None:
    op.create_table(
        "outcomes",
        _key(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        _moment("at"),
        _moment("received_at"),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("address_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "loan_ids", postgresql.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        _moment("starts_at", nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        _moment("undone_at", nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by IS NULL)", name=op.f("ck_outcomes_undone_by_somebody")
        ),
        _ref("outcomes", "case_id", "cases.id"),
        _ref("outcomes", "address_id", "addresses.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("key", name=op.f("uq_outcomes_key")),
    )
    op.create_index(op.f("ix_outcomes_case_id"), "outcomes", ["case_id"], unique=False)
    op.create_table(
        "promises",
        _key(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _moment("made_at"),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        _moment("until"),
        sa.Column("pauses", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _moment("settled_at", nullable=True),
        _moment("recorded_at"),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'kept', 'partly_kept', 'broken', 'cancelled')",
            name=op.f("ck_promises_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_promises_amount_of_something")),
        sa.CheckConstraint("made_on <= due_on AND due_on <= last_on", name=op.f("ck_promises_in_order")),
        _ref("promises", "case_id", "cases.id"),
        _ref("promises", "outcome_id", "outcomes.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promises")),
    )
    op.create_index(op.f("ix_promises_case_id"), "promises", ["case_id"], unique=False)
    op.create_table(
        "promise_loans",
        sa.Column("promise_id", sa.BigInteger(), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        _ref("promise_loans", "promise_id", "promises.id"),
        _ref("promise_loans", "loan_id", "loans.id"),
        sa.PrimaryKeyConstraint("promise_id", "loan_id", name=op.f("pk_promise_loans")),
    )
    op.create_index("ix_promise_loans_loan_id", "promise_loans", ["loan_id"], unique=False)
    op.create_table(
        "hold_actions",
        _key(),
        sa.Column("hold_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        _moment("starts_at", nullable=True),
        _moment("ends_at", nullable=True),
        _moment("recorded_at"),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("outcome_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "action IN ('place', 'change', 'lift')", name=op.f("ck_hold_actions_action_known")
        ),
        _ref("hold_actions", "hold_id", "holds.id"),
        _ref("hold_actions", "outcome_id", "outcomes.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_actions")),
    )
    op.create_index(op.f("ix_hold_actions_hold_id"), "hold_actions", ["hold_id"], unique=False)
    op.create_index(op.f("ix_hold_actions_outcome_id"), "hold_actions", ["outcome_id"], unique=False)
    op.create_table(
        "releases",
        _key(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("strategy_version_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("share", sa.SmallInteger(), server_default=sa.text("100"), nullable=False),
        _moment("at"),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint("action IN ('publish', 'rollback')", name=op.f("ck_releases_action_known")),
        sa.CheckConstraint("share BETWEEN 1 AND 100", name=op.f("ck_releases_share_in_percent")),
        _ref("releases", "strategy_version_id", "strategy_versions.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
    )
    op.create_index("ix_releases_name_id", "releases", ["name", "id"], unique=False)
    # What was published was in force from then on.
    op.execute(
        "INSERT INTO releases (name, strategy_version_id, action, at, by) "
        "SELECT name, id, 'publish', published_at, published_by FROM strategy_versions ORDER BY id"
    )
    op.add_column("loans", sa.Column("strategy_since", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("tasks", "loan_id", nullable=True)
    op.alter_column("tasks", "occurrence_id", nullable=True)
    op.add_column("tasks", sa.Column("outcome_id", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("promise_id", sa.BigInteger(), nullable=True))
    op.add_column("tasks", sa.Column("queue", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "tasks", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("5"), nullable=False)
    )
    op.add_column("tasks", sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_tasks_outcome_id_outcomes"), "tasks", "outcomes", ["outcome_id"], ["id"])
    op.create_foreign_key(op.f("fk_tasks_promise_id_promises"), "tasks", "promises", ["promise_id"], ["id"])
    op.create_unique_constraint(op.f("uq_tasks_promise_id"), "tasks", ["promise_id"])
    op.create_index(op.f("ix_tasks_outcome_id"), "tasks", ["outcome_id"], unique=False)
    op.create_check_constraint(
        op.f("ck_tasks_opened_by_one"),
        "tasks",
        "num_nonnulls(occurrence_id, outcome_id, promise_id) = 1",
    )
