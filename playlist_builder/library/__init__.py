"""The user's music, kept in SQLite."""
