"""A browser that signs in, and a shop that is pointed at the provider of the tests."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response
from pydantic import SecretStr

from app.accounts.oauth.providers import Providers
from tests.oauth.provider import CLIENT_ID, CLIENT_SECRET, FakeProvider
from tests.support import Shop, assert_problem

BASE = "https://books.example.com"
NAMES = ["google", "github"]
TOKEN_PATHS = {"google": "/token", "github": "/login/oauth/access_token"}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def point(app: FastAPI, provider: FakeProvider, clock: Clock, **changes: Any) -> None:
    """Configure the shop for sign-in at the provider."""
    given = {
        "google_client_id": CLIENT_ID,
        "google_client_secret": SecretStr(CLIENT_SECRET),
        "google_issuer": provider.url,
        "google_authorize_url": f"{provider.url}/authorize",
        "github_client_id": CLIENT_ID,
        "github_client_secret": SecretStr(CLIENT_SECRET),
        "github_url": provider.url,
        "github_api_url": f"{provider.url}/api",
        "public_base_url": BASE,
    }
    app.state.settings = app.state.settings.model_copy(update=given | changes)
    app.state.oauth = Providers(app.state.settings, clock)


def browser(app: FastAPI) -> AsyncClient:
    """A browser with a cookie jar of its own, at the address the shop is known under."""
    return AsyncClient(transport=ASGITransport(app), base_url=BASE)


async def depart(client: AsyncClient, name: str) -> str:
    """Where the shop sends the browser."""
    answer = await client.get(f"/auth/{name}")
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def consent(address: str) -> str:
    """Where the provider sends the browser back to, once the person has said yes."""
    async with AsyncClient(verify=False) as network:  # loading authorities takes longer than the rest
        answer = await network.get(address)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def way_back(client: AsyncClient, name: str) -> str:
    return await consent(await depart(client, name))


async def sign_in(app: FastAPI, name: str) -> Response:
    """The whole way, in a new browser."""
    async with browser(app) as client:
        return await client.get(await way_back(client, name))


async def exchange(shop: Shop, id_token: str) -> Response:
    return await shop.client.post("/auth/google/token", json={"id_token": id_token})


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


async def accounts(shop: Shop) -> list[Any]:
    return await shop.rows("SELECT * FROM users ORDER BY id")


async def identities(shop: Shop) -> list[Any]:
    rows = await shop.rows("SELECT user_id, oauth_provider, oauth_account_id FROM oauth_accounts ORDER BY id")
    return [tuple(row) for row in rows]


def assert_failed(answer: Response) -> None:
    assert_problem(answer, 401, "AUTH_OAUTH_FAILED")
    assert answer.headers["cache-control"] == "no-store"


async def nobody_signed_in(shop: Shop) -> bool:
    return not await accounts(shop) and await shop.scalar("SELECT count(*) FROM refresh_tokens") == 0
