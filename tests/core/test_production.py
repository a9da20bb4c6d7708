"""A shop that is open to all: what it refuses to start with, each in a sentence and all at once, and what it warns of."""

import base64
import secrets
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from app.core.config import ConfigurationError, Settings, load_settings
from app.core.production import can_be_guessed, doubts, open_origins, too_trusting

GOOD = {
    "ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(48),
    "PUBLIC_BASE_URL": "https://books.example",
    "ALLOW_MOCK_PAYMENTS": "true",
}


def given(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    for name, value in (GOOD | changed).items():
        monkeypatch.setenv(name, value)


def test_production_starts_with_a_secret_https_and_a_word_on_payments(monkeypatch: pytest.MonkeyPatch):
    given(monkeypatch)
    settings = load_settings()
    assert settings.signing_key() == GOOD["SECRET_KEY"]
    assert settings.is_https


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SECRET_KEY", "", "SECRET_KEY must have at least 32 bytes: python3 -c "),
        ("SECRET_KEY", "tooshort", "SECRET_KEY must have at least 32 bytes"),
        ("SECRET_KEY", "a" * 64, "SECRET_KEY can be guessed: python3 -c "),
        ("SECRET_KEY_PREVIOUS", "changeme" * 5, "SECRET_KEY_PREVIOUS can be guessed"),
        ("PUBLIC_BASE_URL", "", "PUBLIC_BASE_URL: must start with https:// in production"),
        ("PUBLIC_BASE_URL", "http://books.example", "PUBLIC_BASE_URL: must start with https:// in production"),
        ("TRUSTED_PROXIES", "*", "TRUSTED_PROXIES: must name the proxies in production: behind * anybody"),
        ("TRUSTED_PROXIES", "10.0.0.1, 0.0.0.0/0", "TRUSTED_PROXIES: must name the proxies in production"),
        ("TRUSTED_PROXIES", "::/0", "TRUSTED_PROXIES: must name the proxies in production"),
        ("ALLOWED_ORIGINS", '["http://app.example"]', "ALLOWED_ORIGINS: must be https:// origins"),
        ("ALLOWED_ORIGINS", '["https://*.example"]', "ALLOWED_ORIGINS: must be https:// origins"),
        ("ALLOW_MOCK_PAYMENTS", "", "PAYMENT_PROVIDER is mock, which takes no money"),
        ("ALLOW_MOCK_PAYMENTS", "false", "PAYMENT_PROVIDER is mock, which takes no money"),
    ],
)
def test_production_refuses_to_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str):
    """Each alone, and for that alone. Seen to fail with its check taken out."""
    given(monkeypatch, **{name: value})
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    assert str(refusal.value).startswith(sentence)
    assert "; " not in str(refusal.value).replace("import secrets; print", "")
    monkeypatch.setenv("ENV", "development")
    if value != "tooshort":
        assert load_settings().env == "development"


def test_whatever_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch):
    """Seen to fail (CURRENCY alone) with the checks of production behind those of each variable."""
    wrong = {
        "SECRET_KEY": "changeme" * 5,
        "PUBLIC_BASE_URL": "http://books.example",
        "TRUSTED_PROXIES": "*",
        "ALLOWED_ORIGINS": "not JSON",
        "ALLOW_MOCK_PAYMENTS": "",
        "CURRENCY": "dollars",
    }
    given(monkeypatch, **wrong)
    with pytest.raises(ConfigurationError) as refusal:
        load_settings()
    told = str(refusal.value)
    assert [name for name in (*wrong, "PAYMENT_PROVIDER") if name not in told] == []
    assert "changeme" not in told


@pytest.mark.parametrize(
    "key",
    [
        "a" * 64,
        "ab" * 20,
        "abcdefgh" * 4,
        "0123456789abcdef" * 2,
        "12345678901234567890123456789012",
        "00000000000000000000000000000001",
        "abcdefghijklmnopqrstuvwxyz012345",
        "aabbccddeeffgghhiijjkkllmmnnoopp",
        "aaaabbbbccccddddeeeeffffgggghhhh",
        "aooahohooaoahhoaaohoohhoaaoaohoa",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "changeme" * 5,
        "change-me-to-a-long-random-string-please",
        "your-secret-key-your-secret-key-here-32",
        "your_secret_key_goes_here_your_secret_key",
        "replace-with-a-secret-of-at-least-32-bytes",
        "my-super-secret-key-that-nobody-will-guess-ever-123",
        "development-secret-key-do-not-use-in-production",
        "password" * 4,
        "secret" * 8,
        "test-test-test-test-test-test-1234",
        "Bookstore-SECRET-KEY-Bookstore-SECRET-KEY",
    ],
)
def test_keys_that_were_made_up_can_be_guessed(key: str):
    assert len(key) >= 32
    assert can_be_guessed(key)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: secrets.token_hex(16),
        lambda: secrets.token_hex(32),
        lambda: secrets.token_urlsafe(24),
        lambda: secrets.token_urlsafe(32),
        lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
        lambda: base64.b32encode(secrets.token_bytes(20)).decode(),
        lambda: "django-insecure-" + secrets.token_urlsafe(40),
        lambda: (
            " ".join(secrets.choice(("horse", "staple", "orbit", "quartz", "violin", "meadow")) for _ in range(3))
            + secrets.token_hex(16)
        ),
    ],
)
def test_keys_that_were_drawn_cannot(draw: Callable[[], str]):
    assert [key for key in (draw() for _ in range(2000)) if can_be_guessed(key)] == []


def test_networks_of_everybody_are_too_wide():
    wide = ["*", "0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/3", "::ffff:0:0/96"]
    narrow = [
        "10.0.0.0/8",
        "127.0.0.1",
        "192.168.0.1/24",
        "fc00::/7",
        "::ffff:10.0.0.0/104",
        "2001:db8::/32",
        "unix:",
    ]
    assert too_trusting([*narrow, *wide]) == wide


def test_origins_of_anybody_are_open():
    closed = ["https://a.example", "https://a.example:8443", "http://localhost:3000", "http://127.0.0.1:3000"]
    opened = [
        "http://a.example",
        "https://*.a.example",
        "https://a.example/",
        "https://",
        "https://[::1",
        "a.example",
    ]
    assert open_origins(closed + opened) == opened


def test_what_may_be_meant_so_is_a_warning():
    """Seen to fail with each of the doubts taken out."""
    quiet = Settings(
        env="production",
        secret_key=SecretStr(GOOD["SECRET_KEY"]),
        public_base_url="https://books.example",
        allow_mock_payments=True,
        smtp_host="mail.example",
        database_url="postgresql://shop:word@db.example/shop?sslmode=verify-full",
    )
    assert list(doubts(quiet)) == ["payments are simulated: PAYMENT_PROVIDER is mock"]
    for changed, words in {
        ("smtp_host", None): "mails are not sent: SMTP_HOST",
        ("smtp_starttls", False): "travel in the clear: SMTP_STARTTLS",
        ("rate_limit_enabled", False): "RATE_LIMIT_ENABLED is false",
        ("log_level", "DEBUG"): "LOG_LEVEL is DEBUG",
        ("database_url", "postgresql+asyncpg://shop@db.example/shop?ssl=require"): "DATABASE_URL has no password",
        ("database_url", "postgresql+asyncpg://shop:word@db.example/shop"): "may travel in the clear: add ?sslmode",
        ("database_url", "postgresql+asyncpg://shop:word@db.example/shop?ssl=prefer"): "may travel in the clear",
    }.items():
        told = list(doubts(quiet.model_copy(update=dict([changed]))))
        assert len(told) == 2, told
        assert any(words in sentence for sentence in told), told


@pytest.mark.parametrize(
    "address", [None, "postgresql+asyncpg:///shop?host=/run/postgresql", "postgresql+asyncpg://shop@127.0.0.1/shop"]
)
def test_a_database_on_this_machine_is_no_doubt(address: str | None):
    quiet = Settings(smtp_host="localhost", smtp_starttls=False)
    told = list(doubts(quiet.model_copy(update={"database_url": address})))
    assert told == ["payments are simulated: PAYMENT_PROVIDER is mock"]
