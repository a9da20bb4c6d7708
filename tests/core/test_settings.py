"""Settings: what is read, and what is refused with a sentence."""

from pathlib import Path

import pytest

from app.core.config import ConfigurationError, Settings, load_settings
from app.core.secret_files import kept_secret


def test_only_its_own_variable_names_the_data_folder(monkeypatch: pytest.MonkeyPatch):
    """Seen to fail when the field's own name was read as well."""
    monkeypatch.setenv("DATA", "/elsewhere")
    assert load_settings().data == Path("var")
    monkeypatch.setenv("BOOKSTORE_DATA", "/here")
    assert load_settings().data == Path("/here")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCK_TIMEOUT_MS", "99999999999"),
        ("STATEMENT_TIMEOUT_MS", "0"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "999999999"),
        ("SESSION_MAX_DAYS", "-1"),
        ("SECURITY_EVENTS_DAYS", "0"),
        ("PUBLIC_BASE_URL", "nonsense"),
        ("PUBLIC_BASE_URL", "https://bücher.example"),
        ("PUBLIC_BASE_URL", "https://books.example/a b"),
        ("ALLOWED_ORIGINS", '["*"]'),
        ("ALLOWED_ORIGINS", '["null"]'),
        ("ALLOWED_ORIGINS", "https://books.example"),
        ("CURRENCY", "dollars"),
        ("PAYMENT_MOCK_SUCCESS_RATE", "1.1"),
        ("PAYMENT_PROVIDER", "cash"),
        ("SECRET_KEY", "short"),
        ("TRUSTED_PROXIES", "localhost"),
        ("TRUSTED_PROXIES", "10.0.0"),
        ("TRUSTED_PROXIES", "10.0.0.1;10.0.0.2"),
        ("TRUSTED_PROXIES", "10.0.0.1, 10.0.0.1/8"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "[::1]"),
        ("TRUSTED_PROXIES", "10.0.0.1:8080"),
        ("TRUSTED_PROXIES", "10.0.0.1, *"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_unusable_values_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("", ""),
        ("*", "*"),
        ("10.0.0.1", "10.0.0.1"),
        (" 10.0.0.1 ,::1,, 10.1.0.0/16,", "10.0.0.1,::1,10.1.0.0/16"),
        ("127.0.0.1, unix:", "127.0.0.1,unix:"),
    ],
)
def test_proxies_are_addresses_networks_and_sockets(monkeypatch: pytest.MonkeyPatch, given: str, kept: str):
    monkeypatch.setenv("TRUSTED_PROXIES", given)
    assert load_settings().trusted_proxies == kept


def test_a_misspelt_proxy_is_named(monkeypatch: pytest.MonkeyPatch):
    """uvicorn would take it for the name of a peer, and believe the headers of nobody."""
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.1, 10.0.0.300")
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert str(refusal.value) == (
        "TRUSTED_PROXIES: must be addresses or networks such as 10.0.0.1 or 10.0.0.0/8, which '10.0.0.300' is not"
    )


def test_a_generated_secret_is_kept_and_private(tmp_path: Path):
    settings = Settings(bookstore_data=tmp_path / "var")
    assert settings.signing_key() == settings.signing_key() == kept_secret(tmp_path / "var" / "secret_key")
    assert len(settings.signing_key()) >= 32
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("given", "on"),
    [
        ({}, True),
        ({"ENV": "test"}, False),
        ({"ENV": "test", "RATE_LIMIT_ENABLED": "true"}, True),
        ({"RATE_LIMIT_ENABLED": "0"}, False),
    ],
)
def test_rate_limits_are_on_unless_it_is_a_test(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], on: bool):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load_settings().rate_limits_on is on


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"])
def test_the_driver_is_named_whatever_the_scheme(monkeypatch: pytest.MonkeyPatch, scheme: str):
    monkeypatch.setenv("DATABASE_URL", f"{scheme}://ann:p%40ss@db.example:5433/shop")
    assert load_settings().database_url == "postgresql+asyncpg://ann:p%40ss@db.example:5433/shop"
