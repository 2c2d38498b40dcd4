"""A browser of the desk's own, without a network: requests as they are, to an ASGI application."""

import asyncio

import httpx


class Client:
    """Asks an application under a host, in a folder of it, with headers that every request has."""

    def __init__(self, app, host, folder="", **headers):
        self._app = app
        self._base = f"http://{host}{folder}"
        self._headers = {"Host": host, **headers}

    def request(self, method, path, *, headers=None, **content):
        """Return the answer to one request; header values may be text or bytes."""
        return asyncio.run(self._sent(method, path, self._headers | (headers or {}), content))

    async def _sent(self, method, path, headers, content):
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self._base) as client:
            return await client.request(method, path, headers=headers, **content)

    def get(self, path, **values):
        """Return the answer to a GET."""
        return self.request("GET", path, **values)

    def post(self, path, **values):
        """Return the answer to a POST."""
        return self.request("POST", path, **values)
