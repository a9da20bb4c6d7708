"""Laws of sessions."""

from app.verify.invariant import Invariant

_LIVE = "revoked_at IS NULL AND expires_at > now()"

ACCOUNT_LAWS = (
    Invariant(
        "one_live_token_per_session",
        "No session has two refresh tokens that are good.",
        f"""
        SELECT token_family::text AS session, count(*) AS live_tokens
        FROM refresh_tokens WHERE {_LIVE}
        GROUP BY token_family HAVING count(*) > 1
        """,
    ),
    Invariant(
        "deactivated_accounts_have_no_session",
        "No deactivated account has a refresh token that is good.",
        f"""
        SELECT user_id, count(*) AS live_tokens
        FROM refresh_tokens JOIN users ON users.id = refresh_tokens.user_id
        WHERE NOT users.is_active AND {_LIVE}
        GROUP BY user_id
        """,
    ),
)
