"""Rules of accounts on plain values."""


def shown_name(user_id: int, display_name: str | None) -> str:
    """The name others see."""
    return display_name or f"Reader {user_id}"
