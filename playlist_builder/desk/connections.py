"""The connections of browsers: any number may come, and few may stay without asking for something.

Each takes a file handle, of which the music needs some too, and another user of this machine could
take them all. One that does not ask at once is closed; where very many come, the oldest of those
that have asked nothing gives way. Who has asked stays, as long as the page is open.
"""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 256  # that have asked nothing yet
SILENT_S = 2.0  # for which they may
AT_ONCE = 32  # that are taken before those that came earlier are listened to
WAITING = 1024  # that wait to be taken, in their order; others try again a second later
STAYS_S = 600  # for which a page that asks nothing keeps its connections


def connection_type() -> type[H11Protocol]:
    """Return the kind of the connections of one server."""
    silent: dict[H11Protocol, asyncio.TimerHandle] = {}

    def heard(own: H11Protocol) -> None:
        """Count a connection as silent no more."""
        timer = silent.pop(own, None)
        if timer is not None:
            timer.cancel()

    class Connection(H11Protocol):
        """One connection, which is `silent` until it has asked for something."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Take a connection, and close the oldest one where too many are silent."""
            super().connection_made(transport)
            silent[self] = self.loop.call_later(SILENT_S, transport.abort)
            if len(silent) > MOST:
                oldest = next(iter(silent))
                heard(oldest)
                oldest.transport.abort()

        def data_received(self, data: bytes) -> None:
            """Take what was sent."""
            super().data_received(data)
            if self.cycle is not None:
                heard(self)

        def connection_lost(self, exc: Exception | None) -> None:
            """Take that it is closed."""
            heard(self)
            super().connection_lost(exc)

    return Connection
