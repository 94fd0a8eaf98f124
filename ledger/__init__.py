"""The pure ledger: money, schedules, allocation of payments, and where a loan stands on a date."""
