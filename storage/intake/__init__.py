"""Loading a tape, set-based: staged by COPY into temporary tables, resolved, then inserted or updated.

staging   what the rows of the tape say, as read         s_loans, s_installments, s_payments, ...
resolve   what that is in the book: known, new, refused  i_loans, i_installments, i_payments, b_loans
people    persons and addresses, sealed under their ids
balances  what the ledger needs to allocate, and what it made
write     the book itself
tally     what became of each row

All temporary tables live as long as the transaction. Amounts are minor units.
"""
