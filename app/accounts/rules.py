"""Rules of accounts on plain values."""

from app.accounts.names import poses_as_staff, visible


def shown_name(user_id: int, display_name: str | None, *, is_staff: bool = False) -> str:
    """The name others see. One that was kept before its kind was refused is shown as if it had not been chosen."""
    name = visible(display_name or "")
    return name if name and (is_staff or not poses_as_staff(name)) else f"Reader {user_id}"
