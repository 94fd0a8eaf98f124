"""A Bot API server on this machine, with a chat page in the browser: to try the bot without an account."""
