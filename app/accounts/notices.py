"""The notices of accounts, which stand beside their mails."""

from app.notifications.links import ACCOUNT_PAGE
from app.notifications.notices import NewNotice


def password_changed(user_id: int) -> NewNotice:
    """To be read by the owner even where the mail is not."""
    body = "If it was not you, reset your password at once and end all sessions."
    return NewNotice(user_id, "password_changed", "Your password was changed", body, ACCOUNT_PAGE)


def sign_in_linked(user_id: int, provider: str) -> NewNotice:
    """`provider` by its name for people."""
    title = f"You can now sign in with {provider}"
    body = "If it was not you who linked it, end all sessions and set a new password at once."
    return NewNotice(user_id, "sign_in_linked", title, body, ACCOUNT_PAGE)
