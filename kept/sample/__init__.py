"""The sample portfolio: invented lenders, borrowers, loans and payments, all from one seed."""

from kept.sample.tape import BORROWERS, COLUMNS, DAYS, SEED, SOURCE, START, Written, tape

__all__ = ["BORROWERS", "COLUMNS", "DAYS", "SEED", "SOURCE", "START", "Written", "tape"]
