"""Sessions on music servers: MPD and Subsonic."""
