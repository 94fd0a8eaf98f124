"""What people may see and ask: the book, a loan, why something was decided, whether everything holds."""
