"""Reads for people: the book, a loan, the record of a decision, the invariants. Nothing here writes."""
