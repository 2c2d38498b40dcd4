"""The page of the person who sits beside: a server on this machine, a client of the public API."""
