"""The demo: a sample book played through ninety days by the same code as production, on sandbox adapters."""
