"""Every page of the shop, as whom one sees it, and with what in its address."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from fastapi.routing import APIRoute

from app.web.router import ROUTERS

Who = Literal["guest", "reader", "newcomer", "staff"]


@dataclass(frozen=True)
class Visit:
    """One look at a page; `path` is filled from the scene. `route` is what serves it, where `path` alone does not say.

    `repeated` names parts that are so many, all made alike, that axe-core would look at them for minutes: it sees some.
    """

    who: Who
    path: str
    route: str = ""
    status: int = 200
    repeated: str = ""

    @property
    def name(self) -> str:
        return f"{self.who} {self.path}"


def visits(who: Who, *paths: str) -> list[Visit]:
    return [Visit(who, path) for path in paths]


PUBLIC = [
    *visits(
        "guest",
        "/",
        "/shop",
        "/shop?page=2&sort=price",
        "/shop?q=the",
        "/shop?q=zzzzz",
        "/shop?min=10&max=x",
        "/basket",
        "/account/sign-in?next=/checkout",
        "/account/register",
        "/account/forgot",
    ),
    Visit("guest", "/shop/books/{book_id}", "/shop/books/{book_id}"),
    Visit("guest", "/shop/books/{sold_out}", "/shop/books/{book_id}"),
    Visit("guest", "/account/reset?token={password_reset}"),
    Visit("guest", "/account/verify?token={email_verification}"),
    Visit("guest", "/account/reset?token=stale", status=400),
    Visit("guest", "/account/verify?token=stale", status=400),
    Visit("guest", "/docs", "docs", repeated=".operation, .described, .contents li li"),
    Visit("guest", "/nowhere", "not_found", 404),
    Visit("guest", "/basket/add", "not_found", 405),
]
READERS = [
    *visits(
        "reader",
        "/",
        "/basket",
        "/checkout",
        "/account",
        "/account/orders",
        "/account/orders/{order_id}",
        "/account/orders/{order_id}/receipt",
        "/account/orders/{order_id}/cancel",
        "/account/wishlist",
        "/account/prebooks",
        "/account/addresses",
        "/account/addresses/new",
        "/account/addresses/{address_id}",
        "/account/notices",
        "/account/profile",
        "/account/password",
        "/account/sessions",
        "/checkout/thanks/{order_id}",
        "/order/{access_token}",
        "/shop/books/{book_id}",
    ),
    Visit("reader", "/shop/books/{sold_out}", "/shop/books/{book_id}"),
    Visit("reader", "/account/orders/{cancelled}", "/account/orders/{order_id}"),
    Visit("reader", "/account/orders/{cancelled}/receipt", "/account/orders/{order_id}/receipt"),
    Visit("reader", "/staff", status=403),
    *visits(
        "newcomer",
        "/account",
        "/account/orders",
        "/account/wishlist",
        "/account/prebooks",
        "/account/notices",
        "/account/password",
        "/shop/books/{book_id}",
    ),
]
STAFF = [
    *visits(
        "staff",
        "/staff",
        "/staff?period=month",
        "/staff/sales",
        "/staff/sales?days=365",
        "/staff/books",
        "/staff/books?q=zzzzz",
        "/staff/books/new",
        "/staff/books/{book_id}",
        "/staff/books/{book_id}/delete",
        "/staff/books/genres",
        "/staff/books/genres/{genre_id}",
        "/staff/books/import",
        "/staff/books/import/{key}",
        "/staff/delivery",
        "/staff/delivery/locations/new",
        "/staff/delivery/locations/{location_id}",
        "/staff/delivery/zones/new",
        "/staff/delivery/zones/{zone_id}",
        "/staff/delivery/methods/new?kind=ship",
        "/staff/delivery/methods/{method_id}",
        "/staff/taxes",
        "/staff/taxes/{rate_id}",
        "/staff/stock",
        "/staff/stock?at_most=0",
        "/staff/stock/{book_id}",
        "/staff/orders",
        "/staff/orders?status=cancelled",
        "/staff/orders/{order_id}",
        "/staff/users",
        "/staff/users/{user_id}",
        "/staff/reviews",
        "/staff/mails",
        "/staff/mails?status=sent",
        "/staff/audit",
        "/staff/security",
        "/staff/security?email=nobody@example.com",
        "/staff/verify",
        "/staff/settings",
        "/shop/books/{book_id}",
    ),
    *(Visit("staff", f"/staff/settings/{name}", "/staff/settings/{section}") for name in ("contact", "selling")),
    Visit("staff", "/staff/orders/{cancelled}", "/staff/orders/{order_id}"),
    Visit("staff", "/staff/mails/{dead_mail}", "/staff/mails/{mail_id}"),
]
VISITS = [*PUBLIC, *READERS, *STAFF]

NO_PAGE = {
    "/assets/{edition}/{name}": "stylesheet, scripts and drawings",
    "/covers/{mark}/{name}.svg": "a picture",
    "/.well-known/security.txt": "for programs",
    "/robots.txt": "for programs",
    "/sitemap.xml": "for programs",
    "/feed.xml": "for programs",
    "/address-form": "a part of a page for a script",
    "/shop/suggest": "JSON for a script",
    "/account/google": "leads to the provider",
    "/account/github": "leads to the provider",
    "/account/google/callback": "leads on from the provider",
    "/account/github/callback": "leads on from the provider",
    "/staff/export/{name}.csv": "a file",
    "/staff/books/import/{key}/progress": "JSON for a script",
    "/staff/books/import/{key}/rejected.csv": "a file",
    "/staff/mails/{mail_id}/body": "a mail in the frame of its page; tests/mail looks at mails",
}
"""What is got from the shop and is no page, each with what it is."""


def routes() -> Iterable[str]:
    """The paths of all that a browser gets, in the words of the routers and without their types."""
    for router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
                yield route.path.replace(":int}", "}")
