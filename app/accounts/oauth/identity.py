"""Who a provider says somebody is."""

import re
from dataclasses import dataclass

from app.accounts.emails import MAX_LENGTH, normalised_email
from app.accounts.oauth.errors import OAuthEmailUnverified, OAuthNoEmail

_SUBJECT = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject` never changes at its provider; `email`, as accounts store addresses, may."""

    provider: str
    subject: str
    email: str | None
    email_verified: bool


def is_subject(value: object) -> bool:
    """Whether a provider may name people so: up to 255 visible ASCII characters."""
    return isinstance(value, str) and _SUBJECT.fullmatch(value) is not None


def address(value: object) -> str | None:
    """The address as accounts store it; None where there is none that can receive mail."""
    if not isinstance(value, str) or len(value) > MAX_LENGTH:
        return None
    try:
        return normalised_email(value)
    except ValueError:
        return None


def verified_email(identity: Identity) -> str:
    """The address that the provider vouches for.

    Raises:
        OAuthNoEmail: there is none.
        OAuthEmailUnverified: the provider does not vouch for it.
    """
    if identity.email is None:
        raise OAuthNoEmail
    if not identity.email_verified:
        raise OAuthEmailUnverified
    return identity.email
