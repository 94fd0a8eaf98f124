"""Messages and tasks that no strategy plans; the purpose and the evidence of a consent; a registry of texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("messages", sa.Column("given", sa.LargeBinary(), nullable=True))
    op.alter_column("messages", "decision_id", nullable=True)
    op.alter_column("messages", "strategy_version_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_messages_planned_or_answered"),
        "messages",
        "(given IS NULL) = (decision_id IS NOT NULL) AND (given IS NULL) = (strategy_version_id IS NOT NULL)",
    )
    op.add_column("tasks", sa.Column("reply_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_tasks_reply_id_replies"), "tasks", "replies", ["reply_id"], ["id"])
    op.drop_constraint(op.f("ck_tasks_opened_by_one"), "tasks")
    op.create_check_constraint(
        op.f("ck_tasks_opened_by_one_at_most"),
        "tasks",
        "num_nonnulls(occurrence_id, outcome_id, promise_id, reply_id) <= 1",
    )
    op.create_index(
        "ix_tasks_open_trace",
        "tasks",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text(
            "kind = 'trace' AND state = 'open' AND num_nonnulls(occurrence_id, outcome_id, promise_id) = 0"
        ),
    )
    op.add_column("consents", sa.Column("purpose", sa.Text(), nullable=True))
    op.add_column("consents", sa.Column("contact_id", sa.BigInteger(), nullable=True))
    op.add_column("consents", sa.Column("note", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(
        op.f("fk_consents_contact_id_contacts"), "consents", "contacts", ["contact_id"], ["id"]
    )
    op.create_table(
        "text_versions",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("frozen", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "approval IN ('draft', 'submitted', 'approved', 'rejected')",
            name=op.f("ck_text_versions_approval_known"),
        ),
        sa.CheckConstraint(
            "channel IN ('sms', 'email', 'chat')", name=op.f("ck_text_versions_channel_known")
        ),
        sa.CheckConstraint(
            "(external_id IS NOT NULL) = (frozen AND approval = 'approved')",
            name=op.f("ck_text_versions_registered_whole"),
        ),
        sa.CheckConstraint(
            "(approval = 'approved') = (approved_at IS NOT NULL AND approved_by IS NOT NULL)",
            name=op.f("ck_text_versions_approved_by_somebody"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_versions")),
    )
    op.create_index(
        "ix_text_versions_of_a_text", "text_versions", ["name", "channel", "language", "id"], unique=False
    )
    op.execute(
        "CREATE FUNCTION text_versions_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.frozen AND (NEW.source, NEW.digest, NEW.name, NEW.channel, NEW.language, NEW.frozen) "
        "IS DISTINCT FROM (OLD.source, OLD.digest, OLD.name, OLD.channel, OLD.language, OLD.frozen) THEN "
        "RAISE EXCEPTION 'text version % was handed to an outside register and stays as it is', OLD.id; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER text_versions_keep BEFORE UPDATE ON text_versions "
        "FOR EACH ROW EXECUTE FUNCTION text_versions_keep()"
    )
