"""The connections of browsers: any number may come, and few may stay without asking for something.

Each takes a file handle, of which the music needs some too. Another user of this machine could take
them all; the oldest connection that has asked nothing yet gives way to a new one.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 64


class Connection(H11Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, and close another where too many are silent."""
        super().connection_made(transport)
        self.since_s = self.loop.time()
        silent = [
            each
            for each in self.connections
            if isinstance(each, Connection)
            if each.cycle is None and not each.transport.is_closing()
        ]
        if len(silent) > MOST:
            min(silent, key=lambda each: each.since_s).transport.abort()
