"""Nobody reaches what belongs to another: every operation with an id, as the OpenAPI document lists them.

An operation that is added and stands in none of the tables here fails `test_no_operation_is_forgotten`.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.accounts.deps import admin_user
from app.core.config import Settings
from app.main import create_app
from tests.addresses.support import GERMAN, US
from tests.addresses.support import add as add_address
from tests.support import Person, Shop

Make = Callable[[Shop, Person], Awaitable[int]]
Operation = tuple[str, str]

PUBLIC = {
    ("GET", "/books/{book_id}"),
    ("GET", "/books/{book_id}/reviews"),
    ("GET", "/reviews/{review_id}"),
    ("GET", "/uploads/{file}"),
    ("GET", "/countries/{code}/address-form"),
}
# Named by a book, which is everyone's, and acting on what the caller has of it.
OF_THE_CALLER = {("POST", "/books/{book_id}/reviews"), ("DELETE", "/wishlist/{book_id}")}


async def cart_line(shop: Shop, owner: Person) -> int:
    return await shop.add_to_cart(owner, await shop.book())


async def order(shop: Shop, owner: Person) -> int:
    await cart_line(shop, owner)
    return (await shop.checkout(owner)).json()["id"]


async def review(shop: Shop, owner: Person) -> int:
    return await shop.scalar(
        "INSERT INTO reviews (user_id, book_id, rating) VALUES (:user, :book, 3) RETURNING id",
        user=owner.id,
        book=await shop.book(),
    )


async def pre_booking(shop: Shop, owner: Person) -> int:
    sold_out = await shop.book(stock_quantity=0)
    return (await shop.client.post("/prebooks", headers=owner.headers, json={"book_id": sold_out})).json()["id"]


async def notice(shop: Shop, owner: Person) -> int:
    return await shop.scalar(
        "INSERT INTO notices (user_id, kind, title, body, path) VALUES (:user, 'restock', 'T', 'B', '/') RETURNING id",
        user=owner.id,
    )


async def address(shop: Shop, owner: Person) -> int:
    return await add_address(shop, owner, US)


OWNED: dict[Operation, tuple[Make, dict[str, Any] | None]] = {
    ("PUT", "/cart/items/{item_id}"): (cart_line, {"quantity": 9}),
    ("DELETE", "/cart/items/{item_id}"): (cart_line, None),
    ("GET", "/orders/{order_id}"): (order, None),
    ("POST", "/orders/{order_id}/cancel"): (order, None),
    ("PATCH", "/reviews/{review_id}"): (review, {"rating": 1}),
    ("DELETE", "/reviews/{review_id}"): (review, None),
    ("DELETE", "/prebooks/{prebook_id}"): (pre_booking, None),
    ("POST", "/notifications/{notice_id}/read"): (notice, None),
    ("GET", "/addresses/{address_id}"): (address, None),
    ("PUT", "/addresses/{address_id}"): (address, {"address": GERMAN}),
    ("DELETE", "/addresses/{address_id}"): (address, None),
    ("POST", "/addresses/{address_id}/default"): (address, None),
}
TABLES = (
    "cart_items",
    "orders",
    "order_events",
    "reviews",
    "pre_bookings",
    "notices",
    "books",
    "stock_movements",
    "users",
    "addresses",
)


def operations() -> dict[Operation, bool]:
    """All with an id in their path, and whether they are for staff."""
    app = create_app(Settings(env="test"))
    staff = _staff_operations(app)
    return {
        (method.upper(), path): (method.upper(), path) in staff
        for path, methods in app.openapi()["paths"].items()
        if "{" in path
        for method in methods
    }


def _staff_operations(app: FastAPI) -> set[Operation]:
    found = set()
    for route in app.routes:
        dependant = getattr(route, "dependant", None)
        if dependant and admin_user in _calls(dependant):
            found |= {(method, route.path) for method in route.methods}  # type: ignore[attr-defined]
    return found


def _calls(dependant: Any) -> set[Any]:
    return {dependant.call}.union(*[_calls(inner) for inner in dependant.dependencies])


@pytest.fixture(scope="module")
def listed() -> dict[Operation, bool]:
    return operations()


def test_no_operation_is_forgotten(listed: dict[Operation, bool]):
    assert {operation for operation, for_staff in listed.items() if not for_staff} == (
        PUBLIC | OF_THE_CALLER | set(OWNED)
    )


async def state(shop: Shop) -> list[Any]:
    """All rows of the tables in which somebody else's things stand."""
    return [await shop.rows(f"SELECT t::text FROM {table} t ORDER BY 1") for table in TABLES]


@pytest.mark.parametrize("operation", OWNED, ids=" ".join)
@pytest.mark.parametrize("as_staff", [False, True], ids=["another reader", "staff"])
async def test_what_belongs_to_another_is_neither_shown_nor_changed(shop: Shop, operation: Operation, as_staff: bool):
    method, path = operation
    make, body = OWNED[operation]
    owner = await shop.person()
    number = await make(shop, owner)
    stranger = await (shop.admin() if as_staff else shop.person())
    before = await state(shop)
    answer = await shop.client.request(method, _filled(path, number), headers=stranger.headers, json=body)
    if as_staff and operation == ("DELETE", "/reviews/{review_id}"):
        assert answer.status_code == 204  # moderation
        return
    assert answer.status_code in {403, 404}, answer.text
    assert owner.email not in answer.text
    assert await state(shop) == before


@pytest.mark.parametrize("operation", OWNED, ids=" ".join)
async def test_its_owner_reaches_it(shop: Shop, operation: Operation):
    """The counterpart, so that the refusals above are not those of a mistyped request."""
    method, path = operation
    make, body = OWNED[operation]
    owner = await shop.person()
    number = await make(shop, owner)
    answer = await shop.client.request(method, _filled(path, number), headers=owner.headers, json=body)
    assert answer.status_code in {200, 204}, answer.text


async def test_every_staff_operation_refuses_readers_and_guests(client: AsyncClient, shop: Shop):
    app = create_app(Settings(env="test"))
    staff = sorted(_staff_operations(app))
    assert len(staff) > 25
    reader = await shop.person()
    before = await state(shop)
    for method, path in staff:
        address = re.sub(r"\{\w+\}", "1", path)
        guest = await client.request(method, address, json={})
        assert (guest.status_code, guest.json()["code"]) == (401, "HTTP_401"), (method, path)
        refused = await client.request(method, address, headers=reader.headers, json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "AUTH_FORBIDDEN"), (method, path)
    assert await state(shop) == before


async def test_every_admin_path_is_for_staff(client: AsyncClient):
    app = create_app(Settings(env="test"))
    staff = _staff_operations(app)
    open_ones = [
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        if path.startswith(("/admin", "/uploads/images"))
        for method in methods
        if (method.upper(), path) not in staff
    ]
    assert open_ones == []


async def test_a_change_of_role_or_state_bites_at_once(shop: Shop):
    person = await shop.admin()
    path = "/admin/orders"
    assert (await shop.client.get(path, headers=person.headers)).status_code == 200
    await shop.rows("UPDATE users SET role = 'USER' WHERE id = :id", id=person.id)
    assert (await shop.client.get(path, headers=person.headers)).json()["code"] == "AUTH_FORBIDDEN"
    await shop.rows("UPDATE users SET is_active = false WHERE id = :id", id=person.id)
    assert (await shop.client.get("/orders", headers=person.headers)).json()["code"] == "AUTH_ACCOUNT_DEACTIVATED"


def _filled(path: str, number: int) -> str:
    return re.sub(r"\{\w+\}", str(number), path)
