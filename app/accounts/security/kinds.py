"""What security events tell of."""

from enum import StrEnum
from typing import Final, Literal

Way = Literal["password", "registration", "google", "github"]
"""How somebody signed in."""


class Kind(StrEnum):
    """One word for each; docs/security-events.md says what each means and what its detail holds."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_LIMITED = "sign_in_limited"
    REGISTRATION_REFUSED = "registration_refused"
    REFRESH_REFUSED = "refresh_refused"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - a kind, not a token
    ACCESS_TOKEN_REFUSED = "access_token_refused"  # noqa: S105 - a kind, not a token
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind, not a password
    PASSWORD_CHANGE_REFUSED = "password_change_refused"  # noqa: S105 - a kind, not a password
    RESET_ASKED = "reset_asked"
    RESET_DONE = "reset_done"
    LINK_REFUSED = "link_refused"
    ADDRESS_VERIFIED = "address_verified"
    PROVIDER_LINKED = "provider_linked"
    PROVIDER_REFUSED = "provider_refused"
    OPERATION_LIMITED = "operation_limited"
    STAFF_PAGE_REFUSED = "staff_page_refused"
    ADMIN_OPERATION_REFUSED = "admin_operation_refused"
    ACCESS_REFUSED = "access_refused"
    FORM_REFUSED = "form_refused"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_MADE_ADMIN = "account_made_admin"
    ACCOUNT_PROMOTED = "account_promoted"
    ACCOUNT_DEMOTED = "account_demoted"
    ACCOUNT_DEACTIVATED = "account_deactivated"
    ACCOUNT_REACTIVATED = "account_reactivated"


REFUSALS: Final = frozenset(
    {
        Kind.SIGN_IN_FAILED,
        Kind.SIGN_IN_LIMITED,
        Kind.REGISTRATION_REFUSED,
        Kind.REFRESH_REFUSED,
        Kind.REFRESH_TOKEN_REUSED,
        Kind.ACCESS_TOKEN_REFUSED,
        Kind.PASSWORD_CHANGE_REFUSED,
        Kind.LINK_REFUSED,
        Kind.PROVIDER_REFUSED,
        Kind.OPERATION_LIMITED,
        Kind.STAFF_PAGE_REFUSED,
        Kind.ADMIN_OPERATION_REFUSED,
        Kind.ACCESS_REFUSED,
        Kind.FORM_REFUSED,
    }
)
REFUSED_SIGN_INS: Final = frozenset({Kind.SIGN_IN_FAILED, Kind.SIGN_IN_LIMITED})
OWN_SIGN_INS: Final = frozenset({Kind.SIGNED_IN, *REFUSED_SIGN_INS})
"""What an account is shown of itself."""
