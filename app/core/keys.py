"""The keys of the shop: one for each purpose, all made from SECRET_KEY, so that none can be used for another.

Access tokens alone are signed with SECRET_KEY itself, for others verify them with it. While SECRET_KEY_PREVIOUS is
set, what was signed under that one is still accepted; everything new is signed under SECRET_KEY.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

_LABEL: Final = "bookstore key for "


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one purpose: the first signs, and what any of them signed is accepted."""

    accepted: tuple[bytes, ...] = field(repr=False)

    @property
    def signing(self) -> bytes:
        """The key for everything new."""
        return self.accepted[0]

    @property
    def oldest_first(self) -> list[bytes]:
        """In the order that itsdangerous asks for: it signs with the last one."""
        return list(reversed(self.accepted))


@dataclass(frozen=True, slots=True)
class Keys:
    """The key rings of an application."""

    access_tokens: KeyRing
    cookies: KeyRing
    forms: KeyRing
    covers: KeyRing
    cursors: KeyRing
    provider_sign_in: KeyRing
    rate_limits: KeyRing
    unsubscribe_links: KeyRing

    @classmethod
    def of(cls, secret: str, previous: str | None = None) -> Self:
        """The keys made from a secret and the one before it."""
        secrets = [each.encode() for each in (secret, previous) if each]
        return cls(
            access_tokens=_ring(secrets),
            cookies=_derived(secrets, "cookies", or_signed_by_itself=True),
            forms=_derived(secrets, "forms", or_signed_by_itself=True),
            covers=_derived(secrets, "covers", or_signed_by_itself=True),
            cursors=_derived(secrets, "cursors"),
            provider_sign_in=_derived(secrets, "sign-in with a provider"),
            rate_limits=_derived(secrets, "rate limits"),
            unsubscribe_links=_derived(secrets, "unsubscribe links", or_signed_by_itself=True),
        )


def _derived(secrets: list[bytes], purpose: str, *, or_signed_by_itself: bool = False) -> KeyRing:
    """The keys of a purpose.

    And the secrets themselves, where releases that signed with them left what still counts: the baskets of guests,
    pages that are open, links in mails.
    """
    keys = [derive(secret, purpose) for secret in secrets]
    return _ring([*keys, *secrets] if or_signed_by_itself else keys)


def derive(secret: bytes, purpose: str) -> bytes:
    """The key of a purpose. Nothing else that was ever signed with a secret begins as the label does."""
    return hmac.digest(secret, f"{_LABEL}{purpose}".encode(), "sha256")


def _ring(keys: Iterable[bytes]) -> KeyRing:
    return KeyRing(tuple(dict.fromkeys(keys)))
