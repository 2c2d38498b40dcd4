"""A session for people to read: terminal text, picture and HTML page."""
