"""`python -m kept` is the command `kept`."""

from kept.cli import main

main()
