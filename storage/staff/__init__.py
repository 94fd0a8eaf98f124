"""The staff in the database: who they are, what is theirs, what they have at hand."""
