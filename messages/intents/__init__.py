"""What a person wants, read from everyday words: `messages.intents.reading.read_intent`."""
