"""The counters of failed sign-ins, moved without as many sign-ins."""

from app.accounts.limits import _choices
from app.accounts.places import Familiarity, Place
from app.core.rate_limit import Quota, bucket_of
from tests.support import Shop

STRANGERS = "failed login of strangers"
PAIR = "failed login"
NETWORK, NETWORKS = "failed login of a network", "failed login of networks"
BROWSER, BROWSERS = "failed login of a browser", "failed login of browsers"


async def quota(shop: Shop, name: str, email: str, place: Place) -> Quota:
    """The quota of that name under which a failure at that place is counted."""
    hashed = await shop.scalar("SELECT hashed_password FROM users WHERE email = :email", email=email)
    familiarity = Familiarity(hashed or "", knows_network=True, knows_browser=place.browser is not None)
    return next(
        quota for choice in _choices(email, place, familiarity) for quota in choice if quota.operation == name
    )


async def set_hits(shop: Shop, found: Quota, hits: int) -> None:
    """So many failures have been counted in this window."""
    await shop.rows(
        """
        INSERT INTO rate_limits VALUES (:bucket, date_bin(:length, now(), '1970-01-01Z'), :hits)
        ON CONFLICT (bucket, window_start) DO UPDATE SET hits = :hits
        """,
        bucket=bucket_of(shop.app.state.keys.rate_limits.signing, found),
        length=found.window,
        hits=hits,
    )


async def use_up(shop: Shop, email: str, *names: str, place: Place | None = None) -> None:
    """No try is left under these names."""
    for name in names:
        found = await quota(shop, name, email, place or Place("198.51.100.1"))
        await set_hits(shop, found, found.limit)
