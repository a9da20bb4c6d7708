"""STARTTLS with verified certificates, then login."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import AuthResult
from pydantic import SecretStr

from app.core.config import Settings
from app.core.db.transaction import Database
from tests.mail.support import mail_server, queue, smtp, state, worker_on


@dataclass(frozen=True)
class Certificates:
    """A certificate for 127.0.0.1, and the authority that signed it."""

    authority: Path
    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    new_key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"]
    authority = [
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-subj",
        "/CN=Tests",
        "-addext",
        "keyUsage=critical,keyCertSign",
    ]
    server = ["-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=mail", "-CA", "ca.pem", "-CAkey", "ca.key"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    for words in (authority, [*server, *names]):
        subprocess.run(["openssl", "req", "-x509", *new_key, *words], cwd=folder, check=True, capture_output=True)
    return Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")


@pytest.fixture
def trusted(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))


def secure(settings: Settings, port: int, **changes: Any) -> Settings:
    return smtp(settings, port, smtp_starttls=True, **changes)


@pytest.mark.usefixtures("trusted")
async def test_mail_goes_over_tls(
    certificates: Certificates, raw: asyncpg.Connection, database: Database, settings: Settings
):
    [mail] = await queue(raw)
    async with mail_server(tls_context=certificates.context(), require_starttls=True) as server:
        await worker_on(secure(settings, server.port), database).drain()
    assert (await state(raw, mail))["status"] == "sent"
    assert len(server.accepted) == 1


async def test_a_certificate_of_nobody_we_trust_gets_no_mail(
    certificates: Certificates, raw: asyncpg.Connection, database: Database, settings: Settings
):
    [mail] = await queue(raw)
    async with mail_server(tls_context=certificates.context()) as server:
        await worker_on(secure(settings, server.port), database).drain()
    assert "certificate" in (await state(raw, mail))["last_error"].lower()
    assert (server.asked, server.accepted) == (0, [])


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_for_another_name_gets_no_mail(
    certificates: Certificates, raw: asyncpg.Connection, database: Database, settings: Settings
):
    [mail] = await queue(raw)
    async with mail_server(tls_context=certificates.context()) as server:
        await worker_on(secure(settings, server.port, smtp_host="localhost"), database).drain()
    assert (await state(raw, mail))["status"] == "pending"
    assert (server.asked, server.accepted) == (0, [])


async def test_a_server_without_tls_gets_no_mail_unless_the_shop_asks_for_none(
    raw: asyncpg.Connection, database: Database, settings: Settings
):
    [mail] = await queue(raw)
    async with mail_server() as server:
        await worker_on(secure(settings, server.port), database).drain()
    assert (await state(raw, mail))["status"] == "pending"
    assert (server.asked, server.accepted) == (0, [])


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("password", ["right", "wrong"])
async def test_the_login_comes_after_tls(
    certificates: Certificates, raw: asyncpg.Connection, database: Database, settings: Settings, password: str
):
    def check(_server: Any, session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        assert session.ssl is not None
        return AuthResult(success=(given.login, given.password) == (b"shop", b"right"), handled=False)

    [mail] = await queue(raw)
    login = {"smtp_username": "shop", "smtp_password": SecretStr(password)}
    options: dict[str, Any] = {"tls_context": certificates.context(), "authenticator": check, "auth_required": True}
    async with mail_server(**options) as server:
        await worker_on(secure(settings, server.port, **login), database).drain()
    row = await state(raw, mail)
    if password == "right":
        assert row["status"] == "sent"
    else:
        assert row["last_error"].startswith("535 ")
        assert password not in row["last_error"]
        assert server.accepted == []
