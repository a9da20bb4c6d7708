"""A running shop that believes in addresses which a proxy tells, so that guests may come from anywhere."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from httpx2 import Response

from app.core.config import Settings
from tests.accounts.support import PASSWORD
from tests.processes.support import Premises, own_database, trading


@asynccontextmanager
async def guarded(server_url: str, settings: Settings, folder: Path, **variables: str) -> AsyncIterator[Premises]:
    """`bookstore serve` of one process behind a proxy on this machine, with its limits on.

    The limit on calls is out of the way: each test sends in a minute what an attacker sends in an hour.
    """
    given = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_AUTH_PER_MINUTE": "1000", "TRUSTED_PROXIES": "127.0.0.1"}
    words = ("--demo", "--no-worker")
    async with (
        own_database(server_url) as url,
        trading(url, settings, folder, *words, **given | variables) as premises,
    ):
        yield premises


async def post(premises: Premises, address: str, path: str, **body: str) -> Response:
    """A JSON request from that address."""
    return await premises.shop.client.post(path, json=body, headers={"X-Forwarded-For": address})


async def log_in(premises: Premises, address: str, email: str, password: str = PASSWORD) -> Response:
    return await post(premises, address, "/auth/login", email=email, password=password)
