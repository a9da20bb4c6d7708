"""The shop as it is served: pointed at a provider by its environment, and what it refuses to be told."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from pydantic import SecretStr

from app.accounts.oauth.errors import Unreachable
from app.accounts.oauth.http import ProviderHttp
from app.accounts.oauth.providers import warn_of_missing_secrets
from app.core.config import ConfigurationError, Settings, load_settings
from tests.command import serving
from tests.oauth.provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, provider_running
from tests.oauth.support import consent


async def test_a_running_server(provider: FakeProvider, database_url: str, tmp_path: Path):
    given = {
        "DATABASE_URL": database_url,
        "BOOKSTORE_DATA": str(tmp_path),
        "GOOGLE_CLIENT_ID": CLIENT_ID,
        "GOOGLE_CLIENT_SECRET": CLIENT_SECRET,
        "GOOGLE_ISSUER": provider.url,
        "GOOGLE_AUTHORIZE_URL": f"{provider.url}/authorize",
        "GITHUB_CLIENT_ID": CLIENT_ID,
        "GITHUB_CLIENT_SECRET": CLIENT_SECRET,
        "GITHUB_URL": provider.url,
        "GITHUB_API_URL": f"{provider.url}/api",
    }
    with serving(tmp_path / "log", **given) as shop:
        async with AsyncClient(base_url=shop.address, verify=False) as client:
            for name in ("google", "github"):
                departure = await client.get(f"/auth/{name}")
                back = (await consent(departure.headers["location"])).removeprefix("http://localhost:8000")
                assert (await client.get(back)).status_code == 200
                assert (await client.get(back)).status_code == 401
        shop.stop()
        assert "GITHUB_CLIENT_SECRET is not set" not in shop.log.read_text()
        assert "Traceback" not in shop.log.read_text()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate for this machine, signed by nobody else."""
    folder = tmp_path_factory.mktemp("tls")
    words = [
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-keyout",
        "key.pem",
        "-out",
        "cert.pem",
        "-subj",
        "/CN=x",
    ]
    words += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(["openssl", "req", "-x509", *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def secure(certificate: Path) -> Iterator[FakeProvider]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with provider_running(context) as provider:
        yield provider


@pytest.mark.parametrize("trusted", [True, False])
async def test_certificates_are_verified(
    secure: FakeProvider, certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
):
    """Seen to fail with `verify=False`."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    http = ProviderHttp(timeout_seconds=10)
    place = f"{secure.url}/.well-known/openid-configuration"
    try:
        if trusted:
            assert (await http.get(place))["issuer"] == secure.url
        else:
            with pytest.raises(Unreachable, match="ConnectError"):
                await http.get(place)
            assert secure.calls == []
    finally:
        await http.aclose()


@pytest.mark.parametrize("name", ["GOOGLE_ISSUER", "GOOGLE_AUTHORIZE_URL", "GITHUB_URL", "GITHUB_API_URL"])
@pytest.mark.parametrize(
    "value",
    [
        "http://accounts.example.com",
        "http://127.0.0.1.example.com",
        "accounts.google.com",
        "https://",
        "ftp://accounts.google.com",
        "https://user:password@accounts.example.com",
        "https://accounts.example.com/?x=1",
        "https://accounts.example.com/#x",
        "https://accounts.example.com/a b",
        "https://[::1",
    ],
)
def test_addresses_that_others_could_listen_to(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load_settings()


def test_addresses_that_will_do(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GITHUB_URL", "https://github.example.com/")
    monkeypatch.setenv("GITHUB_API_URL", "http://[::1]:8080/api/v3")
    settings = load_settings()
    assert settings.github_url == "https://github.example.com/"
    assert settings.github_api_url == "http://[::1]:8080/api/v3"


def test_an_empty_client_id_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "")
    assert load_settings().google_client_id is None


def test_a_client_id_on_two_lines(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_CLIENT_ID", "id\r\nX: y")
    with pytest.raises(ConfigurationError, match="GOOGLE_CLIENT_ID"):
        load_settings()


def test_a_missing_secret_is_told_at_the_start(settings: Settings, caplog: pytest.LogCaptureFixture):
    given = {"google_client_id": "g", "github_client_id": "h", "github_client_secret": SecretStr("s")}
    warn_of_missing_secrets(settings.model_copy(update=given))
    assert [record.args for record in caplog.records] == [("GOOGLE",)]


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET", "do not show me")
    assert "do not show me" not in repr(load_settings())
