"""Security events as sentences."""

from collections.abc import Mapping
from typing import Any

from app.accounts.oauth.providers import LABELS
from app.accounts.security.kinds import Kind
from app.accounts.security.models import SecurityEvent

NAMES: Mapping[Kind, str] = {
    Kind.SIGNED_IN: "Signed in",
    Kind.SIGN_IN_FAILED: "Sign-in refused",
    Kind.SIGN_IN_LIMITED: "Too many sign-ins",
    Kind.REGISTRATION_REFUSED: "Registration refused",
    Kind.REFRESH_REFUSED: "Session not renewed",
    Kind.REFRESH_TOKEN_REUSED: "Stolen session",
    Kind.ACCESS_TOKEN_REFUSED: "Access token refused",
    Kind.SIGNED_OUT: "Signed out",
    Kind.SESSION_ENDED: "Session ended",
    Kind.SESSIONS_ENDED: "Sessions ended",
    Kind.PASSWORD_CHANGED: "Password changed",
    Kind.PASSWORD_CHANGE_REFUSED: "Password not changed",
    Kind.RESET_ASKED: "Password reset asked for",
    Kind.RESET_DONE: "Password reset",
    Kind.LINK_REFUSED: "Mailed link refused",
    Kind.ADDRESS_VERIFIED: "Address confirmed",
    Kind.PROVIDER_LINKED: "Provider linked",
    Kind.PROVIDER_REFUSED: "Provider sign-in refused",
    Kind.OPERATION_LIMITED: "Too many attempts",
    Kind.STAFF_PAGE_REFUSED: "Staff page refused",
    Kind.ADMIN_OPERATION_REFUSED: "Staff operation refused",
    Kind.ACCESS_REFUSED: "Others' things refused",
    Kind.FORM_REFUSED: "Form refused",
    Kind.ACCOUNT_CREATED: "Account made by hand",
    Kind.ACCOUNT_MADE_ADMIN: "Administrator set up",
    Kind.ACCOUNT_PROMOTED: "Made administrator",
    Kind.ACCOUNT_DEMOTED: "No administrator any more",
    Kind.ACCOUNT_DEACTIVATED: "Locked out",
    Kind.ACCOUNT_REACTIVATED: "Let in again",
}
"""What the filter calls each kind."""

_WAYS = {
    "password": "Signed in with a password",
    "registration": "Opened the account",
    "google": "Signed in with Google",
    "github": "Signed in with GitHub",
}
_CLIENTS = {"browser": ", in a browser", "app": ", in an app"}
_CHOSEN: Mapping[Kind, tuple[str, Mapping[str, str]]] = {
    Kind.SIGN_IN_FAILED: (
        "reason",
        {
            "wrong_password": "Wrong password",
            "unknown_account": "No account has the address that was given",
            "no_password": "A password was tried, but the account has none",
            "deactivated": "The password was right, but the account is locked out",
        },
    ),
    Kind.SIGN_IN_LIMITED: (
        "limit",
        {
            "account": "Too many wrong passwords for this account",
            "network": "Too many sign-ins from one address",
        },
    ),
    Kind.REFRESH_REFUSED: (
        "reason",
        {
            "unknown_token": "Somebody tried to renew a session that is not known",
            "expired_token": "A session was too old to be renewed",
            "deactivated": "A session was not renewed: the account is locked out",
        },
    ),
    Kind.ACCESS_TOKEN_REFUSED: (
        "reason",
        {
            "not_ours": "An access token that this shop has not made",
            "deactivated": "A session was of no use any more: the account is locked out",
        },
    ),
    Kind.SESSIONS_ENDED: (
        "which",
        {"all": "Ended all sessions", "others": "Ended all sessions but the one in use"},
    ),
    Kind.PASSWORD_CHANGE_REFUSED: (
        "reason",
        {
            "wrong_password": "Password not changed: the one of now was wrong",
            "no_password": "Password not changed: the account has none",
            "deactivated": "Password not changed: the account is locked out",
            "changed_meanwhile": "Password not changed: it had just been changed elsewhere",
        },
    ),
    Kind.RESET_ASKED: (
        "state",
        {
            "active": "Asked for a new password",
            "deactivated": "Asked for a new password in vain: the account is locked out",
            "unknown": "Asked for a new password for an address that no account has",
        },
    ),
    Kind.LINK_REFUSED: (
        "link",
        {
            "verify_email": "A link to confirm an address that was used, too old or not ours",
            "reset_password": "A link to set a new password that was used, too old or not ours",
        },
    ),
    Kind.ACCESS_REFUSED: (
        "subject",
        {
            "cart_line": "Tried to change somebody else's basket",
            "review": "Tried to change somebody else's review",
        },
    ),
    Kind.FORM_REFUSED: (
        "reason",
        {
            "other_site": "A form that another site sent",
            "token": "A form from a page that was too old, or of another session",
        },
    ),
}
"""For each kind the member of its detail that decides, and the sentences."""
_PLAIN = {
    Kind.REGISTRATION_REFUSED: "Tried to open an account with an address that has one",
    Kind.REFRESH_TOKEN_REUSED: "A refresh token came a second time and may be stolen, so its session was ended",
    Kind.SESSION_ENDED: "Ended one of the sessions",
    Kind.PASSWORD_CHANGED: "Changed the password",
    Kind.RESET_DONE: "Set a new password with a mailed link",
    Kind.ADDRESS_VERIFIED: "Confirmed the e-mail address",
}
_BY = {
    Kind.ACCOUNT_CREATED: "Account made by {}",
    Kind.ACCOUNT_MADE_ADMIN: "Made an administrator with a new password by {}",
    Kind.ACCOUNT_PROMOTED: "Made an administrator by {}",
    Kind.ACCOUNT_DEMOTED: "Made a reader again by {}",
    Kind.ACCOUNT_DEACTIVATED: "Locked out by {}",
    Kind.ACCOUNT_REACTIVATED: "Let in again by {}",
}
_AT_PROVIDER = {
    "failed": "did not come to its end",
    "no_email": "told no e-mail address",
    "email_unverified": "named an address that nobody has confirmed there",
    "token_not_valid": "brought a token that is forged, too old or for another shop",
    "deactivated": "led to an account that is locked out",
}
_OPERATIONS = {
    "register": "open an account",
    "refresh": "renew a session",
    "password": "change the password",
    "verify-email": "confirm an address",
    "verify-email/resend": "get another confirmation mail",
    "password/forgot": "ask for a new password",
    "password/reset": "set a new password",
}


def sentence(event: SecurityEvent) -> str:
    """What happened, without the account, the time and the place."""
    kind, detail = Kind(event.kind), event.detail
    if detail.get("crowded"):
        return f"{NAMES[kind]}: more of these than can be listed one by one"
    if kind in _CHOSEN:
        member, sentences = _CHOSEN[kind]
        return sentences.get(str(detail.get(member)), NAMES[kind])
    if kind in _BY:
        return _BY[kind].format("staff" if detail.get("by") == "staff" else "the operator")
    return _PLAIN.get(kind) or _composed(kind, detail)


def _composed(kind: Kind, detail: Mapping[str, Any]) -> str:
    where = _CLIENTS.get(detail.get("client", ""), "")
    provider = LABELS.get(detail.get("provider", ""), "a provider")
    operation = str(detail.get("operation", ""))
    path = operation.partition(" ")[2]
    if kind is Kind.SIGNED_IN:
        return _WAYS.get(detail.get("way", ""), NAMES[kind]) + where
    if kind is Kind.PROVIDER_LINKED:
        return f"Can sign in with {provider} from now on"
    if kind is Kind.PROVIDER_REFUSED:
        return f"A sign-in with {provider} {_AT_PROVIDER.get(detail.get('reason', ''), 'was refused')}"
    if kind is Kind.OPERATION_LIMITED:
        return f"Too many attempts to {_OPERATIONS.get(operation, 'sign in with a provider')}"
    if kind in {Kind.STAFF_PAGE_REFUSED, Kind.ADMIN_OPERATION_REFUSED}:
        return f"Tried to reach what is for staff: {path}"
    return NAMES[kind] + where
