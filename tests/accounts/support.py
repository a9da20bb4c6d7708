"""Accounts with passwords, and what clients do with them."""

import re
from functools import cache
from typing import Any

import asyncpg
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from app.accounts import passwords
from tests.support import Person, Shop

PASSWORD = "correct horse battery"
NEW_PASSWORD = "another horse battery"


@cache
def hashed() -> str:
    """PASSWORD, hashed as the shop does it, once for all tests."""
    return PasswordHasher(memory_cost=65536, time_cost=3, parallelism=4).hash(PASSWORD)


async def reader(shop: Shop, **columns: Any) -> Person:
    """An account whose password is PASSWORD."""
    return await shop.person(**{"hashed_password": hashed()} | columns)


def limit(shop: Shop, per_minute: int) -> None:
    """Switch the limits on, with so many calls of an operation a minute."""
    given = {"rate_limit_enabled": True, "rate_limit_auth_per_minute": per_minute}
    shop.app.state.settings = shop.app.state.settings.model_copy(update=given)


def from_address(app: FastAPI, address: str) -> AsyncClient:
    """A client elsewhere."""
    return AsyncClient(transport=ASGITransport(app, client=(address, 4711)), base_url="http://shop.example")


async def log_in(client: AsyncClient, email: str, password: str = PASSWORD) -> Response:
    return await client.post("/auth/login", json={"email": email, "password": password})


async def signed_in(shop: Shop, person: Person) -> dict[str, str]:
    """The tokens of a new session."""
    answer = await log_in(shop.client, person.email)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refresh(client: AsyncClient, token: str) -> Response:
    return await client.post("/auth/refresh", json={"refresh_token": token})


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def note_verifications(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes against which passwords are verified from now on."""
    verified: list[str] = []
    real = passwords._verify

    def noting(hash_: str, given: str) -> bool:
        verified.append(hash_)
        return real(hash_, given)

    monkeypatch.setattr(passwords, "_verify", noting)
    return verified


async def mails(shop: Shop, kind: str) -> list[Any]:
    return await shop.rows("SELECT * FROM email_outbox WHERE kind = :kind ORDER BY id", kind=kind)


async def mailed_token(shop: Shop, kind: str) -> str:
    """The token in the newest mail of that kind."""
    found = re.search(r"\?token=([\w-]+)", (await mails(shop, kind))[-1].text)
    assert found
    return found[1]


async def gate_token_inserts(raw: asyncpg.Connection) -> None:
    """From now on, inserts of refresh tokens wait for `raw` to give up its advisory lock 1."""
    await raw.execute("""
        CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
        CREATE TRIGGER gate AFTER INSERT ON refresh_tokens FOR EACH ROW EXECUTE FUNCTION wait_at_gate();
        SELECT pg_advisory_lock(1);
    """)


async def waiting(raw: asyncpg.Connection, sessions: int) -> None:
    """Return once that many sessions of the database wait for a lock."""
    query = """SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'"""
    while await raw.fetchval(query) < sessions:
        await raw.execute(
            "SELECT pg_sleep(0.01), pg_stat_clear_snapshot()"
        )  # a transaction would see the first answer


async def open_gate(raw: asyncpg.Connection) -> None:
    await raw.execute("SELECT pg_advisory_unlock(1)")
