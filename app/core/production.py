"""What a shop that is open to all must not, or should rather not, run with; in sentences for whoever starts it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from app.core.addresses import THIS_MACHINE

if TYPE_CHECKING:
    from app.core.config import Settings

MIN_SECRET_BYTES = 32
MAKE_A_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))' makes a good one"  # noqa: S105

# Measured on 60,000 keys of each kind: random ones, 16 bytes in hexadecimal included, never come near these bounds.
_LEAST_BITS = 80  # by the frequencies of the characters
_LEAST_VARIETY = 0.75  # parts of four characters that differ, of all
_MOST_NEIGHBOURS = 0.7  # characters that follow their neighbour in the alphabet, or repeat it, of all
_LEAST_MIXED = 0.2  # digits and capitals, of what is left beside words that people write into examples
_WORDS = re.compile(
    r"(?:change|replace)[-_ ]?(?:me|this|it|with)|(?:your|my)[-_ ]?(?:own[-_ ]?)?(?:super[-_ ]?)?secret"
    r"|super[-_ ]?secret|secret[-_ ]?key|secret|pass(?:word|phrase)|insecure|placeholder|example|default"
    r"|letmein|qwert[yz](?:uiop)?|asdfgh(?:jkl)?|zxcvbn|1qaz2wsx|bookstore|development",
    re.IGNORECASE,
)

SOCKET = "unix:"
_WIDEST_V4, _WIDEST_V6 = 8, 16  # bits that the addresses of a network have in common
_PRIVATE_V6, _V4_IN_V6 = IPv6Network("fc00::/7"), IPv6Network("::ffff:0:0/96")
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})


def can_be_guessed(secret: str) -> bool:
    """Whether a key was made up rather than drawn: repeated, counted up, typed along the keyboard, an example."""
    rest = _WORDS.sub("", secret)
    if len(rest.encode()) < MIN_SECRET_BYTES:
        return True
    if rest != secret and sum(c.isdigit() or c.isupper() for c in rest) < _LEAST_MIXED * len(rest):
        return True
    parts = [rest[at : at + 4] for at in range(len(rest) - 3)]
    neighbours = sum(abs(ord(one) - ord(next_)) <= 1 for one, next_ in pairwise(rest))
    return (
        _bits(rest) < _LEAST_BITS
        or len(set(parts)) < _LEAST_VARIETY * len(parts)
        or neighbours > _MOST_NEIGHBOURS * (len(rest) - 1)
    )


def _bits(text: str) -> float:
    return sum(number * log2(len(text) / number) for number in Counter(text).values())


def trusted_peers(proxies: str) -> list[str]:
    """The entries of TRUSTED_PROXIES.

    uvicorn takes whatever is neither an address nor a network for the name of a peer, which then matches nobody.
    `unix:` is such a name: nginx writes it into `X-Forwarded-For` for what reached it through a socket.

    Raises:
        ValueError: with a sentence for whoever starts the shop.
    """
    peers = [given for item in proxies.split(",") if (given := item.strip())]
    for peer in peers:
        if peer == "*" and len(peers) > 1:
            raise ValueError("must be * alone, which trusts everybody, or name the proxies")
        if peer not in {"*", SOCKET} and not _is_network(peer):
            raise ValueError(f"must be addresses or networks such as 10.0.0.1 or 10.0.0.0/8, which {peer!r} is not")
    return peers


def _is_network(given: str) -> bool:
    try:
        return bool(ip_network(given) if "/" in given else ip_address(given))
    except ValueError:
        return False


def too_trusting(proxies: Sequence[str]) -> list[str]:
    """Those of the trusted peers behind which anybody could stand."""
    return [given for given in proxies if _is_too_wide(given)]


def _is_too_wide(given: str) -> bool:
    if given == "*":
        return True
    try:
        network = ip_network(given, strict=False)
    except ValueError:
        return False
    if isinstance(network, IPv4Network):
        return network.prefixlen < _WIDEST_V4
    if network.subnet_of(_V4_IN_V6):
        return network.prefixlen - _V4_IN_V6.prefixlen < _WIDEST_V4
    return network.prefixlen < _WIDEST_V6 and not network.subnet_of(_PRIVATE_V6)


def open_origins(origins: Sequence[str]) -> list[str]:
    """Those that are no https:// origin of one site, nor on the machine of who looks."""
    return [origin for origin in origins if not _is_closed(origin)]


def _is_closed(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        own = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE)
        return own and bool(parts.hostname) and origin == f"{parts.scheme}://{parts.netloc}" and "*" not in origin
    except ValueError:
        return False


def doubts(settings: "Settings") -> Iterator[str]:
    """What should be looked at before the shop opens, but may be meant so: warnings."""
    if settings.payment_provider == "mock":
        yield "payments are simulated: PAYMENT_PROVIDER is mock"
    if not settings.smtp_host:
        yield "mails are not sent: SMTP_HOST is not set"
    elif not settings.smtp_starttls and settings.smtp_host not in THIS_MACHINE:
        yield "mails, and SMTP_PASSWORD with them, travel in the clear: SMTP_STARTTLS is false"
    if not settings.rate_limits_on:
        yield "passwords can be tried without end: RATE_LIMIT_ENABLED is false"
    if settings.log_level == "DEBUG":
        yield "the log tells more than it should: LOG_LEVEL is DEBUG"
    yield from _doubts_of_the_database(settings.database_url)


def _doubts_of_the_database(address: str | None) -> Iterator[str]:
    """A server on this machine, or behind a socket of the file system, is nobody else's business."""
    url = make_url(address) if address else None
    host = (url.query.get("host") or url.host) if url else None
    if url is None or not isinstance(host, str) or host.startswith("/") or host in THIS_MACHINE:
        return
    if not url.password:
        yield "the database lets anybody in who reaches it, it seems: DATABASE_URL has no password"
    if url.query.get("ssl") not in _ENCRYPTED:
        yield "what goes to the database and back may travel in the clear: add ?sslmode=verify-full to DATABASE_URL"
