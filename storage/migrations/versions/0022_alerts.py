"""Alerts to who leads, while they stand; and the morning's figures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"


def _moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _ref(table: str, name: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([name], [f"{to}.id"], name=op.f(f"fk_{table}_{name}_{to}"))


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("portfolio_id", sa.BigInteger(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("task_id", sa.BigInteger(), nullable=True),
        sa.Column("said", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        _moment("raised_at"),
        _moment("ended_at", nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('harm', 'feed', 'check', 'locked', 'deadline', 'broken_again')",
            name=op.f("ck_alerts_kind_known"),
        ),
        sa.CheckConstraint(
            "ended_by IS NULL OR ended_at IS NOT NULL", name=op.f("ck_alerts_ended_by_somebody")
        ),
        _ref("alerts", "portfolio_id", "portfolios"),
        _ref("alerts", "case_id", "cases"),
        _ref("alerts", "task_id", "tasks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_alerts_key")),
    )
    op.create_index("ix_alerts_open", "alerts", ["id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "alert_tellings",
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        _moment("begun_at"),
        _moment("handed_at", nullable=True),
        _moment("again_at", nullable=True),
        _ref("alert_tellings", "alert_id", "alerts"),
        _ref("alert_tellings", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("alert_id", "staff_id", name=op.f("pk_alert_tellings")),
    )
    op.create_table(
        "digests",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        _moment("made_at"),
        _moment("begun_at", nullable=True),
        _moment("handed_at", nullable=True),
        _ref("digests", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("staff_id", "day", name=op.f("pk_digests")),
    )
    op.create_index(
        "ix_digests_waiting", "digests", ["staff_id"], postgresql_where=sa.text("begun_at IS NULL")
    )
    # What alerts are raised from is found without reading what is not locked, or not due.
    for table in ("pins", "chats"):
        op.create_index(
            f"ix_{table}_locked",
            table,
            ["locked_until"],
            postgresql_where=sa.text("locked_until IS NOT NULL"),
        )
    op.create_index(
        "ix_tasks_deadline",
        "tasks",
        ["finish_by"],
        postgresql_where=sa.text("state = 'open' AND finish_by IS NOT NULL"),
    )
