"""The staff: people, links, chats, whose a case is, who has it at hand, notes, calls that ring."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _ref(table: str, name: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{table}_{name}_{to}"))


def upgrade() -> None:
    op.create_table(
        "staff",
        _id(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("portfolios", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("queues", sa.ARRAY(sa.Text()), nullable=True),
        _moment("invited_at"),
        sa.Column("invited_by", sa.Text(), nullable=False),
        _moment("removed_at", nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (removed_by IS NULL)", name=op.f("ck_staff_removed_by_somebody")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
    )
    op.create_table(
        "staff_links",
        _id(),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        _moment("made_at"),
        sa.Column("made_by", sa.Text(), nullable=False),
        _moment("expires_at"),
        _moment("ended_at", nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('used', 'replaced', 'removed')", name=op.f("ck_staff_links_outcome_known")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_staff_links_ended_with_its_outcome")
        ),
        _ref("staff_links", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_links")),
    )
    op.create_index(op.f("ix_staff_links_staff_id"), "staff_links", ["staff_id"])
    op.add_column("chats", sa.Column("staff_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_chats_staff_id_staff"), "chats", "staff", ["staff_id"], ["id"])
    op.create_index(op.f("ix_chats_staff_id"), "chats", ["staff_id"])
    op.create_check_constraint(
        op.f("ck_chats_of_staff_or_borrower"), "chats", "staff_id IS NULL OR person_id IS NULL"
    )
    op.add_column("tasks", _moment("ended_at", nullable=True))
    op.add_column("tasks", sa.Column("ended_outcome_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tasks_ended_outcome_id_outcomes"), "tasks", "outcomes", ["ended_outcome_id"], ["id"]
    )
    op.create_index(op.f("ix_tasks_ended_outcome_id"), "tasks", ["ended_outcome_id"])
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["queue", "priority", "id"],
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_tasks_ringing",
        "tasks",
        ["starts_at"],
        postgresql_where=sa.text("state = 'open' AND starts_at IS NOT NULL"),
    )
    op.create_table(
        "assignments",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        _moment("at"),
        sa.Column("by", sa.Text(), nullable=False),
        _ref("assignments", "case_id", "cases"),
        _ref("assignments", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_staff_id"), "assignments", ["staff_id"])
    op.create_table(
        "turns",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        _moment("began_at"),
        _moment("until"),
        _moment("ended_at", nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("why IN ('task', 'arrears', 'found', 'caller')", name=op.f("ck_turns_why_known")),
        sa.CheckConstraint(
            "outcome IN ('recorded', 'skipped', 'left', 'over', 'handed_on')",
            name=op.f("ck_turns_outcome_known"),
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_turns_ended_with_its_outcome")
        ),
        _ref("turns", "case_id", "cases"),
        _ref("turns", "staff_id", "staff"),
        _ref("turns", "task_id", "tasks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
    )
    op.create_index(op.f("ix_turns_case_id"), "turns", ["case_id"])
    for name, column in (("ix_turns_of_staff", "staff_id"), ("ix_turns_of_case", "case_id")):
        op.create_index(name, "turns", [column], unique=True, postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "rests",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _moment("at"),
        _moment("until"),
        sa.Column("outcome_id", sa.BigInteger(), nullable=True),
        _ref("rests", "case_id", "cases"),
        _ref("rests", "staff_id", "staff"),
        _ref("rests", "outcome_id", "outcomes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rests")),
    )
    op.create_index(op.f("ix_rests_case_id"), "rests", ["case_id"])
    op.create_table(
        "notes",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _moment("at"),
        sa.Column("update_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('text', 'voice', 'photo', 'place')", name=op.f("ck_notes_kind_known")),
        _ref("notes", "case_id", "cases"),
        _ref("notes", "update_id", "chat_updates"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
        sa.UniqueConstraint("update_id", name=op.f("uq_notes_update_id")),
    )
    op.create_index(op.f("ix_notes_case_id"), "notes", ["case_id"])
    op.create_table(
        "rings",
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        _moment("begun_at"),
        _moment("handed_at", nullable=True),
        _ref("rings", "task_id", "tasks"),
        _ref("rings", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_rings")),
    )
