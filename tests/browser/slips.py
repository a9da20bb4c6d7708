"""Every form that can be filled in wrongly, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fastapi.routing import APIRoute

from app.web.router import ROUTERS
from tests.browser.visits import Who

TOO_LONG = "x" * 2001


@dataclass(frozen=True)
class Slip:
    """`page` has a form with that action (paths are filled from the scene); `typed` by the names of its fields."""

    who: Who
    page: str
    action: str
    typed: Mapping[str, str | bool]
    wrong: set[str] = field(default_factory=set)
    """The fields that are said to be wrong; without any, the form as a whole is."""
    route: str = ""

    @property
    def name(self) -> str:
        return f"{self.action} {' '.join(sorted(self.wrong))}".strip()


ACCOUNT = [
    Slip("guest", "/account/sign-in", "/account/sign-in", {"email": "", "password": ""}, {"email", "password"}),
    Slip("guest", "/account/sign-in", "/account/sign-in", {"email": "a@example.com", "password": "not the one"}),
    Slip("guest", "/account/register", "/account/register", {"email": "x", "password": "x"}, {"email", "password"}),
    Slip(
        "guest",
        "/account/register",
        "/account/register",
        {"email": "johanna.ferreira@example.com", "password": "correct horse battery"},
        {"email"},
    ),
    Slip(
        "guest",
        "/account/register",
        "/account/register",
        {"email": "new@example.com", "password": "password1", "display_name": "\u202eAnn"},
        {"display_name"},
    ),
    Slip(
        "guest",
        "/account/register",
        "/account/register",
        {"email": "new@example.com", "password": "password1"},
        {"password"},
    ),
    Slip("guest", "/account/forgot", "/account/forgot", {"email": "x"}, {"email"}),
    Slip(
        "guest",
        "/account/reset?token={password_reset}",
        "/account/reset",
        {"new_password": "short"},
        {"new_password"},
    ),
    Slip("reader", "/account/profile", "/account/profile", {"display_name": TOO_LONG}, {"display_name"}),
    Slip("reader", "/account/profile", "/account/profile", {"display_name": "Bookstore Support"}, {"display_name"}),
]
ADDRESSES = [
    Slip(
        "reader",
        "/account/addresses/new",
        "/account/addresses/new",
        {"name": "", "street": "", "city": "", "region": "", "postal_code": "9404", "phone": "x", "label": TOO_LONG},
        {"name", "street", "city", "region", "postal_code", "phone", "label"},
    ),
    Slip(
        "reader",
        "/account/addresses/{address_id}",
        "/account/addresses/{address_id}",
        {"postal_code": "8033", "street": "1\n2\n3\n4", "vat_id": "DE1", "company": "ACME"},
        {"postal_code", "street", "vat_id"},
    ),
]
BUYING = [
    Slip("guest", "/shop/books/{book_id}", "/basket/add", {"quantity": "0"}),
    Slip("reader", "/basket", "/basket/change", {"quantity": "-1"}),
    Slip("reader", "/checkout", "/checkout", {"force_payment_failure": True}),
    Slip("reader", "/shop/books/{book_id}", "/shop/books/{book_id}/review", {"text": "So so."}, {"rating"}),
    Slip("guest", "/shop", "/shop", {"min": "x", "max": "-1"}, {"min", "max"}),
]
STAFF = [
    Slip(
        "staff",
        "/staff/books/new",
        "/staff/books/new",
        {"title": " ", "author": "", "price": "x", "isbn": "1", "publish_date": "", "cover_image_url": "x"},
        {"title", "author", "price", "isbn", "cover_image_url"},
    ),
    Slip(
        "staff", "/staff/books/{book_id}", "/staff/books/{book_id}", {"title": "", "price": "-1"}, {"title", "price"}
    ),
    Slip("staff", "/staff/books/{book_id}", "/staff/books/cover", {}),
    Slip("staff", "/staff/books/genres", "/staff/books/genres", {"name": ""}, {"name"}),
    Slip("staff", "/staff/books/genres", "/staff/books/genres", {"name": "Classics"}, {"name"}),
    Slip("staff", "/staff/books/genres/{genre_id}", "/staff/books/genres/{genre_id}", {"name": ""}, {"name"}),
    *(
        Slip("staff", page, page, {"name": "", "ready_hours": "x"}, {"name", "ready_hours"})
        for page in ("/staff/delivery/locations/new", "/staff/delivery/locations/{location_id}")
    ),
    Slip("staff", "/staff/delivery/zones/new", "/staff/delivery/zones/new", {"name": ""}, {"name", "parts"}),
    Slip(
        "staff",
        "/staff/delivery/zones/{zone_id}",
        "/staff/delivery/zones/{zone_id}",
        {"name": "", "parts": "nowhere"},
        {"name", "parts"},
    ),
    Slip(
        "staff",
        "/staff/delivery/methods/new?kind=ship",
        "/staff/delivery/methods/new",
        {"name": "", "tracking_url": "x"},
        {"name", "tracking_url"},
    ),
    Slip(
        "staff",
        "/staff/delivery/methods/{method_id}",
        "/staff/delivery/methods/{method_id}",
        {"name": "", "min_days": "x"},
        {"name", "min_days"},
    ),
    Slip(
        "staff",
        "/staff/taxes",
        "/staff/taxes",
        {"percent": "x", "source": ""},
        {"percent", "source", "country", "valid_from"},
    ),
    Slip("staff", "/staff/taxes/{rate_id}", "/staff/taxes/{rate_id}", {"percent": "101"}, {"percent"}),
    Slip("staff", "/staff/books/import", "/staff/books/import", {}),
    Slip(
        "staff",
        "/staff/books/import/{key}",
        "/staff/books/import/{key}",
        {"default_price": "x", "columns": "what"},
        {"default_price", "columns"},
    ),
    Slip(
        "staff",
        "/staff/stock/{book_id}",
        "/staff/stock/{book_id}/adjust",
        {"delta": "", "reason": ""},
        {"delta", "reason"},
    ),
    Slip(
        "staff",
        "/staff/stock/{book_id}",
        "/staff/stock/{book_id}/adjust",
        {"delta": "-999999", "reason": "Fire"},
        {"delta"},
    ),
    Slip("staff", "/staff/stock/{book_id}", "/staff/stock/{book_id}/set", {"quantity": ""}, {"quantity"}),
    Slip("staff", "/staff/stock/{book_id}", "/staff/stock/{book_id}/set", {"reason": TOO_LONG}, {"reason"}),
    Slip("staff", "/staff/orders/{order_id}", "/staff/orders/{order_id}/cancel", {"reason": ""}, {"reason"}),
    Slip("staff", "/staff/reviews", "/staff/reviews/delete", {}),
    *(
        Slip("staff", page, f"/staff/settings/{name}", typed, set(typed), route="/staff/settings/{section}")
        for page, name, typed in (
            ("/staff/settings", "identity", {"name": " "}),
            ("/staff/settings/contact", "contact", {"email": "x"}),
            ("/staff/settings/selling", "selling", {"currency": "XXY", "low_stock_threshold": "-1"}),
        )
    ),
]
SLIPS = [*ACCOUNT, *ADDRESSES, *BUYING, *STAFF]

NOTHING_TO_FILL_IN = {
    "/account/addresses/{address_id}/default",
    "/account/addresses/{address_id}/delete",
    "/account/orders/{order_id}/cancel",
    "/account/notices/read",
    "/account/notices/read-all",
    "/account/prebooks/cancel",
    "/account/sessions/end",
    "/account/sessions/end-others",
    "/account/sign-out",
    "/account/verify",
    "/account/verify/resend",
    "/account/wishlist/move",
    "/account/wishlist/remove",
    "/shop/books/{book_id}/prebook",
    "/shop/books/{book_id}/prebook/cancel",
    "/shop/books/{book_id}/review/delete",
    "/shop/books/{book_id}/wish",
    "/staff/books/genres/{genre_id}/delete",
    "/staff/books/{book_id}/delete",
    "/staff/mails/{mail_id}/requeue",
    "/staff/users/{user_id}/deactivate",
    "/staff/users/{user_id}/reactivate",
    "/staff/verify",
}
"""A button is all that these forms have."""
LOOKED_AT_ELSEWHERE = {"/account/password": "an account of its own, with a password: the test below"}


def sent_forms() -> set[str]:
    """The actions of all forms that change something, in the words of the routers and without their types."""
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return {route.path.replace(":int}", "}") for route in found if "POST" in (route.methods or ())}
