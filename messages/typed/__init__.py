"""What people type where something is asked for: numbers, amounts, dates, yes and no.

Each reader gives everything that the text can mean: nothing (ask again), one thing (echo it), or several
(ask which). None of them guesses.
"""
