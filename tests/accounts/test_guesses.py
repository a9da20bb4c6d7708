"""How many guesses at one account an hour has for somebody, as docs/sign-in.md says."""

from pathlib import Path

import pytest

from app.accounts import limits
from app.accounts.limits import _choices
from app.accounts.places import Familiarity, Place
from app.core.errors import RateLimited
from app.core.rate_limit import RateLimiter, bucket_of
from tests.accounts.counters import PAIR
from tests.accounts.test_rate_limits import ENDLESS
from tests.support import Shop

EMAIL = "a@example.com"
MANY = 6
QUARTERS = 4

Attempt = tuple[Place, Familiarity]


def from_(network: int, browser: int | None = None, *, known: bool = False) -> Attempt:
    """Guessing on that network, with the cookie of that browser; `known`: the account signed in on the network."""
    cookie = None if browser is None else f"browser {browser}"
    return Place(f"network {network}", cookie), Familiarity("", known, browser is not None)


STRANGE = [from_(number) for number in range(10, 10 + MANY)]
KNOWN = [from_(number, known=True) for number in range(MANY)]
STOLEN = [from_(10, number) for number in range(MANY)]
GUESSERS: dict[str, list[Attempt]] = {
    "a stranger with one address": STRANGE[:1],
    "with two addresses": STRANGE[:2],
    "with any number of addresses": STRANGE,
    "on a network where the owner signed in": KNOWN[:1],
    "on such a network, with any number of other addresses": KNOWN[:1] + STRANGE,
    "with a stolen cookie of a browser, and one address": STOLEN[:1],
    "with a stolen cookie, and any number of addresses": STOLEN[:1] + STRANGE,
    "with both, and any number of addresses": [from_(0, 0, known=True), *STRANGE],
    "on any number of networks where the account signed in": KNOWN + STRANGE,
    "on any number of such networks, with any number of stolen cookies": KNOWN + STOLEN + STRANGE,
}


def told(project: Path) -> dict[str, tuple[int, int]]:
    """The table of the page: guesses before and now."""
    table = (project / "docs" / "sign-in.md").read_text().split("| Who guesses |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    return {who: (int(before), int(now)) for who, before, now in rows}


def test_the_table_has_every_guesser(project: Path):
    assert list(told(project)) == list(GUESSERS)


@pytest.mark.parametrize("who", GUESSERS)
async def test_guesses(live: Shop, monkeypatch: pytest.MonkeyPatch, project: Path, who: str):
    """No order of places gets more: each is tried until it is refused, again in every quarter of an hour."""
    monkeypatch.setattr(limits, "PAIR_WINDOW", ENDLESS)
    monkeypatch.setattr(limits, "EMAIL_WINDOW", ENDLESS)
    limiter = RateLimiter(live.app.state.database, b"key", enabled=True)
    attempts = GUESSERS[who]
    guesses = 0
    for _ in range(QUARTERS):
        for attempt in attempts:
            guesses += await guesses_until_refused(limiter, attempt)
        await pass_a_quarter(live, attempts)
    before, now = told(project)[who]
    assert guesses == now
    addresses = len({place.network for place, _ in attempts})
    assert before == min(40 * addresses, 100)
    assert now <= 100


async def guesses_until_refused(limiter: RateLimiter, attempt: Attempt) -> int:
    guesses = 0
    while True:
        try:
            await limiter.count_first(*_choices(EMAIL, *attempt))
        except RateLimited:
            return guesses
        guesses += 1


async def pass_a_quarter(live: Shop, attempts: list[Attempt]) -> None:
    """The counters of pairs begin anew, those of an hour do not."""
    for place, familiarity in attempts:
        pair = next(
            quota for choice in _choices(EMAIL, place, familiarity) for quota in choice if quota.operation == PAIR
        )
        await live.rows("DELETE FROM rate_limits WHERE bucket = :bucket", bucket=bucket_of(b"key", pair))
