"""Experiments: what was asked of how many people, who was drawn into which arm, the answer."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from storage.tables.base import key, metadata, moment, one_of, ref
from storage.tables.work import points_to

experiments = Table(
    "experiments",
    metadata,
    key(),
    Column("name", Text, nullable=False, unique=True),  # of the strategy's `arms`: the salt of the draw
    Column("strategy", Text, nullable=False),
    # of a roll-out: the version that it brings, and the one it goes back to where that does harm
    ref("version_id", "strategy_versions.id", nullable=True),
    ref("before_id", "strategy_versions.id", nullable=True),
    Column("arms", JSONB, nullable=False),  # [[name, percent], ...]; the champion is the first
    Column("holdout", SmallInteger, nullable=False),
    Column("asks", Text, nullable=False),
    Column(
        "within_days", SmallInteger, nullable=False
    ),  # after the draw: when the answer of a person is read
    # the share that does it now, and the share hoped for, in hundredths of a percent
    Column("now_share", SmallInteger, nullable=False),
    Column("hoped_share", SmallInteger, nullable=False),
    Column("needed", Integer, nullable=False),  # people in each arm, told before the start
    moment("started_at"),
    moment("ends_at"),  # nobody is drawn from here on
    Column("started_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    moment("ended_at", nullable=True),
    Column("ended_by", Text),
    Column("why", Text),  # of a stop
    Column("finding", JSONB),  # as it was when it ended: read once
    one_of("asks", "paid", "current"),
    one_of("state", "running", "answered", "harmed", "stopped"),
    CheckConstraint("(state = 'running') = (ended_at IS NULL)", name="ended_with_its_state"),
    CheckConstraint("(version_id IS NULL) = (before_id IS NULL)", name="rolled_out_from_one"),
)

enrolments = Table(
    "enrolments",
    metadata,
    key(),
    ref("experiment_id", "experiments.id"),
    points_to("person_id"),
    Column("arm", Text, nullable=False),
    moment("at"),
    # the loan and its installment for which a step came then: what the answer of the person is read from
    points_to("loan_id"),
    points_to("installment_id"),
    moment("ended_at", nullable=True),
    # of a roll-out that was widened: when the person, drawn before, came under the new version
    moment("moved_at", nullable=True),
    UniqueConstraint("experiment_id", "person_id"),
    Index(
        "ix_enrolments_one_a_person",
        "person_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL AND arm <> 'holdout'"),
    ),
    Index("ix_enrolments_person_id", "person_id"),
)
