"""The shared MetaData, and the few column shapes that every table uses.

Constraints are named by convention, so that migrations can speak of them. Ids are drawn from sequences
(`<table>_id_seq`), before the row is written where a value of the row is encrypted under its id.
"""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Identity, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key() -> Column[int]:
    """The table's own id: bigint, drawn from `<table>_id_seq` unless given."""
    return Column("id", BigInteger, Identity(always=False), primary_key=True)


def ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[Any]:
    """A foreign key of bigint to `target` ("loans.id")."""
    return Column(name, BigInteger, ForeignKey(target), nullable=nullable, index=index)


def moment(name: str, *, nullable: bool = False) -> Column[Any]:
    """A moment in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def minor(name: str, *, nullable: bool = False) -> Column[Any]:
    """An amount in minor units of the row's (or its loan's) currency."""
    return Column(name, BigInteger, nullable=nullable)


def one_of(column: str, *values: str) -> CheckConstraint:
    """A closed list of words for a text column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")
