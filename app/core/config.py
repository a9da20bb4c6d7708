"""Settings, read from environment variables only; the names and defaults are those of docs/configuration.md."""

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from app.core.addresses import private_address
from app.core.keys import Keys
from app.core.production import (
    MAKE_A_SECRET,
    MIN_SECRET_BYTES,
    can_be_guessed,
    open_origins,
    too_trusting,
    trusted_peers,
)
from app.core.secret_files import ConfigurationError, kept_secret
from app.core.values import SingleLine, no_control_characters

__all__ = ["ConfigurationError", "Settings", "load_settings"]

MAX_DAYS = 3650
MAX_PORT = 65535
URL_OPTIONS = frozenset({"host", "port", "ssl"})
MAX_MILLISECONDS = 2**31 - 1
MAX_BOUND = 1_000_000
_PLAIN_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}", re.ASCII)

Bound = Annotated[int, Field(ge=1, le=MAX_BOUND)]
PrivateAddress = Annotated[str, AfterValidator(private_address)]


class Settings(BaseSettings):
    """One field a variable; `ENV` becomes `env` and so on."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True)

    env: Literal["development", "test", "production"] = "development"
    bookstore_data: Path = Path("var")
    database_url: str | None = None
    db_pooler: Literal["transaction"] | None = None
    db_pool_size: int = Field(default=10, ge=1)
    db_max_overflow: int = Field(default=10, ge=0)
    lock_timeout_ms: int = Field(default=5000, ge=1, le=MAX_MILLISECONDS)
    statement_timeout_ms: int = Field(default=15000, ge=1, le=MAX_MILLISECONDS)
    secret_key: SecretStr | None = None
    secret_key_previous: SecretStr | None = None
    access_token_expire_minutes: int = Field(default=15, ge=1, le=MAX_DAYS * 1440)
    refresh_token_expire_days: int = Field(default=7, ge=1, le=MAX_DAYS)
    session_max_days: int = Field(default=30, ge=1, le=MAX_DAYS)
    google_client_id: Annotated[str, SingleLine] | None = None
    google_client_secret: SecretStr | None = None
    google_issuer: PrivateAddress = "https://accounts.google.com"
    google_authorize_url: PrivateAddress = "https://accounts.google.com/o/oauth2/v2/auth"
    github_client_id: Annotated[str, SingleLine] | None = None
    github_client_secret: SecretStr | None = None
    github_url: PrivateAddress = "https://github.com"
    github_api_url: PrivateAddress = "https://api.github.com"
    oauth_timeout_seconds: float = Field(default=10, gt=0, le=60)
    public_base_url: str = "http://localhost:8000"
    api_docs: bool | None = None
    security_contact: str | None = None
    allowed_origins: Annotated[list[str], NoDecode] = ["http://localhost:3000", "http://127.0.0.1:3000"]
    trusted_proxies: str = ""
    rate_limit_enabled: bool | None = None
    rate_limit_auth_per_minute: int = Field(default=20, ge=1)
    rate_limit_guest_carts_per_hour: int = Field(default=200, ge=1)
    password_queue: int = Field(default=24, ge=1)
    account_mails_per_hour: int = Field(default=5, ge=1)
    security_events_days: int = Field(default=90, ge=1, le=MAX_DAYS)
    max_body_bytes: int = Field(default=1_048_576, ge=1)
    max_connections: int = Field(default=1000, ge=1, le=100_000)
    max_requests_at_work: int = Field(default=256, ge=1)
    header_timeout_seconds: float = Field(default=10, gt=0, le=3600)
    body_timeout_seconds: float = Field(default=20, gt=0, le=3600)
    body_min_bytes_per_second: int = Field(default=1024, ge=1)
    send_timeout_seconds: float = Field(default=60, gt=0, le=3600)
    keep_alive_seconds: int = Field(default=5, ge=1, le=3600)
    shop_locale: str = "en_US"
    upload_max_bytes: int = Field(default=5_242_880, ge=1)
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    order_cancel_window_minutes: int = Field(default=30, ge=0, le=MAX_DAYS * 1440)
    allow_mock_payments: bool = False
    payment_provider: Literal["mock"] = "mock"
    payment_mock_success_rate: float = Field(default=0.9, ge=0, le=1)
    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_starttls: bool = True
    smtp_timeout_seconds: float = Field(default=10, gt=0, le=300)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_from: str = "noreply@bookstore.example"
    smtp_from_name: Annotated[str, SingleLine] = "Bookstore"
    mail_max_attempts: int = Field(default=8, ge=1, le=1000)
    # How much may be collected: docs/limits.md says what each of them bounds.
    max_cart_lines: Bound = 200
    max_wishlist_items: Bound = 500
    max_addresses: Bound = 50
    max_waiting_prebookings: Bound = 200
    max_past_prebookings: Bound = 300
    max_sessions_per_account: Bound = 50
    max_refreshes_per_session: Bound = 3000
    max_idempotency_keys: Bound = 1000
    max_declined_payments: Bound = 20
    max_notices: Bound = 1000
    max_genres: Bound = 5000
    max_search_words: Bound = 100
    max_low_stock_rows: Bound = 10_000
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str | None) -> str | None:
        return None if value is None else _asyncpg_url(value)

    @field_validator("secret_key")
    @classmethod
    def _production_needs_a_secret(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = value.get_secret_value() if value else ""
        if (given or _is_production(info)) and len(given.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"SECRET_KEY must have at least {MIN_SECRET_BYTES} bytes: {MAKE_A_SECRET}")
        if _is_production(info) and can_be_guessed(given):
            raise ValueError(f"SECRET_KEY can be guessed: {MAKE_A_SECRET}")
        return value

    @field_validator("public_base_url")
    @classmethod
    def _without_trailing_slash(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValueError("must be plain ASCII without spaces; write an international host name as xn--")
        if _is_production(info) and not value.startswith("https://"):
            raise ValueError("must start with https:// in production, or passwords and cookies travel in the clear")
        return value.rstrip("/")

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _from_json(cls, value: object) -> object:
        """Read here, so that a list that is none is told with whatever else is wrong."""
        try:
            return json.loads(value) if isinstance(value, str) else value
        except ValueError as error:
            raise ValueError("must be written as JSON") from error

    @field_validator("security_contact")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        given = [f"mailto:{word}" if _PLAIN_ADDRESS.fullmatch(word) else word for word in (value or "").split()]
        if not all(word.isascii() and word.startswith(("mailto:", "https://", "tel:")) for word in given):
            raise ValueError("must be an e-mail address or an https:// page, or several with blanks between them")
        return no_control_characters(" ".join(given)) or None

    @field_validator("allowed_origins")
    @classmethod
    def _no_stranger(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if "*" in value or "null" in value:
            raise ValueError("must name its origins: credentials are allowed, so * would let any site act for a user")
        if _is_production(info) and (strange := open_origins(value)):
            raise ValueError(f"must be https:// origins of one site each in production, which {strange[0]!r} is not")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, value: str, info: ValidationInfo) -> str:
        peers = trusted_peers(value)
        if _is_production(info) and (wide := too_trusting(peers)):
            raise ValueError(f"must name the proxies in production: behind {wide[0]} anybody may claim any address")
        return ",".join(peers)

    @field_validator("payment_provider")
    @classmethod
    def _money_is_real(cls, value: str, info: ValidationInfo) -> str:
        if _is_production(info) and value == "mock" and not info.data.get("allow_mock_payments"):
            raise ValueError(
                "PAYMENT_PROVIDER is mock, which takes no money and sends the books all the same: "
                "in production that needs ALLOW_MOCK_PAYMENTS=true, for a demo"
            )
        return value

    @field_validator("smtp_from")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        if not _PLAIN_ADDRESS.fullmatch(value):
            raise ValueError("SMTP_FROM must be an address in plain ASCII, such as shop@example.com")
        return value

    @field_validator("shop_locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        try:
            return str(Locale.parse(value.replace("-", "_")))
        except (UnknownLocaleError, ValueError) as error:
            raise ValueError("SHOP_LOCALE must be a locale such as en_US or de_DE") from error

    @field_validator("secret_key_previous")
    @classmethod
    def _as_good_as_the_key(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        given = value.get_secret_value() if value else ""
        if value and len(given.encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"SECRET_KEY_PREVIOUS must have at least {MIN_SECRET_BYTES} bytes, as the key it was")
        if value and _is_production(info) and can_be_guessed(given):
            raise ValueError("SECRET_KEY_PREVIOUS can be guessed, and what it signed is still believed: leave it out")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.bookstore_data

    @property
    def rate_limits_on(self) -> bool:
        """Limits are on unless switched off, or the environment is `test` and nothing was said."""
        return self.env != "test" if self.rate_limit_enabled is None else self.rate_limit_enabled

    @property
    def api_docs_on(self) -> bool:
        """The page about the API is there unless switched off, or it is production and nothing was said."""
        return self.env != "production" if self.api_docs is None else self.api_docs

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the shop encrypted, by a proxy before it."""
        return self.public_base_url.startswith("https://")

    def signing_key(self) -> str:
        """The key of tokens and cookies; outside production a random one is made and kept in the data folder."""
        if self.secret_key:
            return self.secret_key.get_secret_value()
        return kept_secret(self.data / "secret_key")

    def keys(self) -> Keys:
        """The keys of all purposes, made from `signing_key` and from the one before it."""
        previous = self.secret_key_previous.get_secret_value() if self.secret_key_previous else None
        return Keys.of(self.signing_key(), previous)


def _is_production(info: ValidationInfo) -> bool:
    """`env` is the first of the fields, so that all others can ask."""
    return bool(info.data.get("env") == "production")


def _asyncpg_url(value: str) -> str:
    """The address with our driver named. `sslmode` is libpq's word for what the driver calls `ssl`."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError) as error:
        raise ValueError("DATABASE_URL must look like postgresql://user:password@host:5432/database") from error
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise ValueError("DATABASE_URL must be a postgresql:// address; Bookstore runs on PostgreSQL only")
    if url.port is not None and not 0 < url.port <= MAX_PORT:
        raise ValueError(f"DATABASE_URL must name a port from 1 to {MAX_PORT}")
    query = {"ssl" if name == "sslmode" else name: said for name, said in url.query.items()}
    if unknown := sorted(set(query) - URL_OPTIONS):
        raise ValueError(f"DATABASE_URL has an option Bookstore does not know: {', '.join(unknown)}")
    return url.set(drivername="postgresql+asyncpg", query=query).render_as_string(hide_password=False)


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment.

    Raises:
        ConfigurationError: one line for each variable that cannot be used.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [_describe(dict(problem)) for problem in error.errors()]
        raise ConfigurationError("; ".join(problems)) from error


def _describe(problem: dict[str, object]) -> str:
    location = problem["loc"]
    message = str(problem["msg"]).removeprefix("Value error, ")
    name = str(location[0]).upper() if isinstance(location, tuple) and location else ""
    return message if not name or message.startswith(name) else f"{name}: {message}"
