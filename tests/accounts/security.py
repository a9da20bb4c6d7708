"""Looking at security events."""

from typing import Any

from httpx2 import ASGITransport, AsyncClient

from app.accounts.security.kinds import Kind
from tests.support import Shop

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0"
_ADD = """
    INSERT INTO security_events (kind, user_id, network, device, detail, times, created_at, last_at)
    VALUES (:kind, :user_id, CAST(:network AS cidr), :device, CAST(:detail AS jsonb), :times, {then}, {then})
    RETURNING id
"""

Told = tuple[str, int | None, dict[str, Any]]


async def events(shop: Shop) -> list[Any]:
    """All rows, the oldest first."""
    return await shop.rows("SELECT * FROM security_events ORDER BY id")


async def told(shop: Shop) -> list[Told]:
    """Kind, account and detail of all rows, the oldest first."""
    return [(event.kind, event.user_id, event.detail) for event in await events(shop)]


async def add_event(shop: Shop, kind: Kind, *, then: str = "now()", **columns: Any) -> int:
    """The id of a row of that moment (SQL)."""
    usual = {"user_id": None, "network": None, "device": None, "detail": "{}", "times": 1}
    return await shop.scalar(_ADD.format(then=then), kind=kind.value, **(usual | columns))


def from_address(shop: Shop, address: str, agent: str | bytes = FIREFOX) -> AsyncClient:
    """A client that comes from there and says that of itself."""
    transport = ASGITransport(shop.app, client=(address, 4711))
    headers = {b"User-Agent": agent.encode() if isinstance(agent, str) else agent}
    return AsyncClient(transport=transport, base_url="http://shop.example", headers=headers)
