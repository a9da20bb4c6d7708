"""Users, their sessions (refresh token families), sign-in identities and mailed links."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    func,
    literal_column,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.base import Base, CreatedAt, IntKey, Timestamp


class UserRole(StrEnum):
    """Stored by name (`USER`), shown by value (`user`)."""

    USER = "user"
    ADMIN = "admin"


class LinkPurpose(StrEnum):
    """What a mailed link is good for."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password


class User(Base):
    """An account. `email` is stored lower-cased; `hashed_password` is null for OAuth-only accounts."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_email_lower", text("lower(email::text)"), unique=True),
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_role_created_at_id", "role", "created_at", "id"),
        Index("ix_users_is_active_created_at_id", "is_active", "created_at", "id"),
        Index(
            "ix_users_email_lower_trgm",
            literal_column("lower(email::text)").label("lowered"),
            postgresql_using="gin",
            postgresql_ops={"lowered": "gin_trgm_ops"},
        ),
    )

    id: Mapped[IntKey]
    email: Mapped[str] = mapped_column(String(255))
    hashed_password: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[UserRole] = mapped_column(
        Enum(UserRole, name="userrole"), default=UserRole.USER, server_default=UserRole.USER.name
    )
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[CreatedAt]
    display_name: Mapped[str | None] = mapped_column(String(50))
    email_verified_at: Mapped[Timestamp | None]
    restock_mails: Mapped[bool] = mapped_column(default=True, server_default=true())


class RefreshToken(Base):
    """One refresh token of a session. A family is one session; only the digest is kept."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        # Those of the account that can go on, however many have been used up.
        Index(
            "ix_refresh_tokens_user_id_token_family_live",
            "user_id",
            "token_family",
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[IntKey]
    token_hash: Mapped[str] = mapped_column(CHAR(64), unique=True)
    token_family: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    session_expires_at: Mapped[Timestamp]
    revoked_at: Mapped[Timestamp | None]
    created_at: Mapped[CreatedAt]


class OAuthAccount(Base):
    """An identity at a sign-in provider that opens an account here."""

    __tablename__ = "oauth_accounts"
    __table_args__ = (UniqueConstraint("oauth_provider", "oauth_account_id"),)

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    oauth_provider: Mapped[str] = mapped_column(String(50))
    oauth_account_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[CreatedAt]


class SignInPlace(Base):
    """A network or a browser where an account signed in; only a digest of it is kept."""

    __tablename__ = "sign_in_places"
    __table_args__ = (CheckConstraint("kind IN ('network', 'browser')", name="kind"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(CHAR(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    last_used_at: Mapped[Timestamp] = mapped_column(server_default=func.now(), index=True)


class AccountLink(Base):
    """A single-use link sent by mail; only the digest of its token is kept."""

    __tablename__ = "account_links"
    __table_args__ = (CheckConstraint("purpose IN ('verify_email', 'reset_password')", name="purpose"),)

    id: Mapped[IntKey]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(CHAR(64), unique=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]
    used_at: Mapped[Timestamp | None]
