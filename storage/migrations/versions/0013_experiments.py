"""Experiments, and who was drawn into which arm."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("arms", postgresql.JSONB(), nullable=False),
        sa.Column("holdout", sa.SmallInteger(), nullable=False),
        sa.Column("asks", sa.Text(), nullable=False),
        sa.Column("within_days", sa.SmallInteger(), nullable=False),
        sa.Column("now_share", sa.SmallInteger(), nullable=False),
        sa.Column("hoped_share", sa.SmallInteger(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("finding", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("asks IN ('paid', 'current')", name=op.f("ck_experiments_asks_known")),
        sa.CheckConstraint(
            "state IN ('running', 'answered', 'harmed', 'stopped')", name=op.f("ck_experiments_state_known")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (ended_at IS NULL)", name=op.f("ck_experiments_ended_with_its_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("name", name=op.f("uq_experiments_name")),
    )
    op.create_table(
        "enrolments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("experiment_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loan_id", sa.BigInteger(), nullable=False),
        sa.Column("installment_id", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_enrolments_experiment_id_experiments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolments")),
        sa.UniqueConstraint("experiment_id", "person_id", name=op.f("uq_enrolments_experiment_id_person_id")),
    )
    op.create_index(op.f("ix_enrolments_person_id"), "enrolments", ["person_id"], unique=False)
    op.create_index(
        "ix_enrolments_one_a_person",
        "enrolments",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL AND arm <> 'holdout'"),
    )
