"""Roll-outs are experiments: which version an experiment brings, and which one it goes back to."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    for name in ("version_id", "before_id"):
        op.add_column("experiments", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_experiments_{name}_strategy_versions"),
            "experiments",
            "strategy_versions",
            [name],
            ["id"],
        )
    op.create_check_constraint(
        op.f("ck_experiments_rolled_out_from_one"),
        "experiments",
        "(version_id IS NULL) = (before_id IS NULL)",
    )
