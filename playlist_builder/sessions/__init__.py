"""Turn what was asked for into a session, and change one."""
