"""Addresses of other services that are told secrets."""

from urllib.parse import urlsplit

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def private_address(value: str) -> str:
    """The address, unless others on the way could read what is sent there.

    Raises:
        ValueError: neither https nor on this machine, or more than scheme, host, port and path.
    """
    parts = urlsplit(value)
    private = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
    if not private or not parts.hostname or "@" in parts.netloc or "?" in value or "#" in value:
        raise ValueError("must be an https:// address without query (http:// is for this machine only)")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be an address in plain ASCII without spaces")
    return value
