"""What a strategy, or a pack, would do to today's book: played, counted, compared; nothing is written."""
