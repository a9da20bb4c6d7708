"""The basket over HTTP: GET, POST, PUT and DELETE of its lines."""

from decimal import Decimal

import pytest

from tests.statements import statements
from tests.support import Shop, assert_problem

UNKNOWN = 2_147_483_646
EMPTY = {"items": [], "total_items": 0, "total_price": "0.00"}


async def cart_of(shop: Shop, person):
    answer = await shop.client.get("/cart", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def add(shop: Shop, person, **body):
    return await shop.client.post("/cart/items", headers=person.headers, json=body)


async def put(shop: Shop, person, item_id, **body):
    return await shop.client.put(f"/cart/items/{item_id}", headers=person.headers, json=body)


async def delete(shop: Shop, person, item_id):
    return await shop.client.delete(f"/cart/items/{item_id}", headers=person.headers)


async def test_without_a_cart_the_answer_is_empty_and_no_row_is_created(shop: Shop):
    person = await shop.person()
    assert await cart_of(shop, person) == EMPTY
    assert await shop.scalar("SELECT count(*) FROM carts") == 0


async def test_the_first_add_creates_the_cart_and_it_stays_the_only_one(shop: Shop):
    person = await shop.person()
    for book in (await shop.book(), await shop.book()):
        assert (await add(shop, person, book_id=book)).status_code == 201
    assert await shop.scalar("SELECT count(*) FROM carts WHERE user_id = :id", id=person.id) == 1


async def test_the_cart_is_independent_of_sessions(shop: Shop):
    person = await shop.person()
    await shop.add_to_cart(person, await shop.book())
    elsewhere = {"Authorization": f"Bearer {shop.token(person.id)}"}
    assert len((await shop.client.get("/cart", headers=elsewhere)).json()["items"]) == 1


async def test_an_added_line_is_shown_with_its_book(shop: Shop):
    person = await shop.person()
    book = await shop.book(
        title="Emma", author="Jane Austen", price=Decimal("15.9"), cover_image_url="/uploads/a.png"
    )
    answer = await add(shop, person, book_id=book, quantity=2)
    assert answer.status_code == 201
    line = answer.json()
    shown = {
        "id": book,
        "title": "Emma",
        "author": "Jane Austen",
        "price": "15.90",
        "cover_image_url": "/uploads/a.png",
    }
    assert line == {"id": line["id"], "book_id": book, "quantity": 2, "book": shown}
    assert (await cart_of(shop, person))["items"] == [line]


async def test_the_quantity_defaults_to_one_and_a_missing_cover_is_null(shop: Shop):
    person = await shop.person()
    line = (await add(shop, person, book_id=await shop.book())).json()
    assert line["quantity"] == 1
    assert line["book"]["cover_image_url"] is None


async def test_items_come_in_order_of_adding_with_sums_over_all_lines(shop: Shop):
    person = await shop.person()
    books = [await shop.book(price=Decimal(price)) for price in ("0.10", "0.20", "19.99")]
    for book, quantity in ((books[2], 3), (books[0], 1), (books[1], 1)):
        await shop.add_to_cart(person, book, quantity)
    cart = await cart_of(shop, person)
    assert [line["book_id"] for line in cart["items"]] == [books[2], books[0], books[1]]
    assert (cart["total_items"], cart["total_price"]) == (5, "60.27")


async def test_the_order_of_adding_outlives_a_change_of_quantity(shop: Shop):
    person = await shop.person()
    first, second = [await shop.add_to_cart(person, await shop.book()) for _ in range(2)]
    await put(shop, person, first, quantity=7)
    assert [line["id"] for line in (await cart_of(shop, person))["items"]] == [first, second]


async def test_the_total_follows_the_current_price(shop: Shop):
    person = await shop.person()
    book = await shop.book(price=Decimal("10.00"))
    await shop.add_to_cart(person, book, 2)
    await shop.rows("UPDATE books SET price = 12.50 WHERE id = :id", id=book)
    cart = await cart_of(shop, person)
    assert (cart["items"][0]["book"]["price"], cart["total_price"]) == ("12.50", "25.00")


async def test_the_largest_sums_are_exact(shop: Shop):
    person = await shop.person()
    for _ in range(2):
        await shop.add_to_cart(person, await shop.book(price=Decimal("99999999.99")), 2_147_483_647)
    cart = await cart_of(shop, person)
    assert (cart["total_items"], cart["total_price"]) == (4_294_967_294, "429496729357050327.06")


async def test_each_sees_only_the_own_cart(shop: Shop):
    one, other = await shop.person(), await shop.person()
    await shop.add_to_cart(one, await shop.book())
    assert await cart_of(shop, other) == EMPTY


async def test_an_unknown_book_is_not_found_and_leaves_no_cart(shop: Shop):
    person = await shop.person()
    assert_problem(await add(shop, person, book_id=UNKNOWN), 404, "BOOK_NOT_FOUND", "book_id")
    assert await shop.scalar("SELECT count(*) FROM carts") == 0


async def test_a_book_without_stock_is_refused(shop: Shop):
    person = await shop.person()
    answer = await add(shop, person, book_id=await shop.book(stock_quantity=0))
    assert_problem(answer, 409, "CART_BOOK_OUT_OF_STOCK", "book_id")
    assert await cart_of(shop, person) == EMPTY


async def test_a_book_in_the_cart_is_a_duplicate_and_quantities_are_not_merged(shop: Shop):
    person = await shop.person()
    book = await shop.book()
    item = await shop.add_to_cart(person, book, 2)
    problem = assert_problem(await add(shop, person, book_id=book, quantity=5), 409, "CART_ITEM_DUPLICATE", "book_id")
    assert (problem["item_id"], problem["quantity"]) == (item, 2)
    assert (await cart_of(shop, person))["total_items"] == 2


async def test_out_of_stock_is_told_before_the_duplicate(shop: Shop):
    person = await shop.person()
    book = await shop.book()
    await shop.add_to_cart(person, book)
    await shop.rows("UPDATE books SET stock_quantity = 0 WHERE id = :id", id=book)
    assert_problem(await add(shop, person, book_id=book), 409, "CART_BOOK_OUT_OF_STOCK", "book_id")


async def test_the_same_book_may_be_in_two_carts(shop: Shop):
    book = await shop.book(stock_quantity=1)
    for person in (await shop.person(), await shop.person()):
        assert (await add(shop, person, book_id=book)).status_code == 201


async def test_a_quantity_above_stock_is_accepted(shop: Shop):
    person = await shop.person()
    answer = await add(shop, person, book_id=await shop.book(stock_quantity=1), quantity=2_147_483_647)
    assert (answer.status_code, answer.json()["quantity"]) == (201, 2_147_483_647)


async def test_a_quantity_is_changed_without_a_stock_check(shop: Shop):
    person = await shop.person()
    book = await shop.book(stock_quantity=3)
    item = await shop.add_to_cart(person, book)
    await shop.rows("UPDATE books SET stock_quantity = 0 WHERE id = :id", id=book)
    answer = await put(shop, person, item, quantity=9)
    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["quantity"], answer.json()["book"]["id"]) == (item, 9, book)
    assert (await cart_of(shop, person))["items"] == [answer.json()]


async def test_a_deleted_line_is_gone_and_a_second_time_not_found(shop: Shop):
    person = await shop.person()
    item = await shop.add_to_cart(person, await shop.book())
    answer = await delete(shop, person, item)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await cart_of(shop, person) == EMPTY
    assert_problem(await delete(shop, person, item), 404, "CART_ITEM_NOT_FOUND", "item_id")


async def test_a_book_taken_out_may_be_added_again(shop: Shop):
    person = await shop.person()
    book = await shop.book()
    await delete(shop, person, await shop.add_to_cart(person, book))
    assert (await add(shop, person, book_id=book)).status_code == 201


@pytest.mark.parametrize("item_id", [UNKNOWN, 0, -1, -(2**31)])
async def test_an_unknown_line_is_not_found(shop: Shop, item_id: int):
    person = await shop.person()
    assert_problem(await put(shop, person, item_id, quantity=1), 404, "CART_ITEM_NOT_FOUND", "item_id")
    assert_problem(await delete(shop, person, item_id), 404, "CART_ITEM_NOT_FOUND", "item_id")


async def test_another_users_line_is_forbidden_and_untouched_even_for_admins(shop: Shop):
    owner = await shop.person()
    item = await shop.add_to_cart(owner, await shop.book(), 2)
    for stranger in (await shop.person(), await shop.admin()):
        assert_problem(await put(shop, stranger, item, quantity=9), 403, "CART_ITEM_FORBIDDEN", "item_id")
        assert_problem(await delete(shop, stranger, item), 403, "CART_ITEM_FORBIDDEN", "item_id")
    assert (await cart_of(shop, owner))["total_items"] == 2


async def test_deleting_a_book_takes_it_out_of_carts(shop: Shop):
    person = await shop.person()
    book = await shop.book()
    await shop.add_to_cart(person, book)
    await shop.rows("DELETE FROM books WHERE id = :id", id=book)
    assert await cart_of(shop, person) == EMPTY


@pytest.mark.parametrize("quantity", [0, -1, 4.5, "4.5", "x", None, [], 2**31, 10**30])
async def test_a_quantity_that_is_no_count_is_refused(shop: Shop, quantity: object):
    person = await shop.person()
    item = await shop.add_to_cart(person, await shop.book())
    answer = await add(shop, person, book_id=await shop.book(), quantity=quantity)
    assert_problem(answer, 422, "VALIDATION_ERROR", "quantity")
    assert_problem(await put(shop, person, item, quantity=quantity), 422, "VALIDATION_ERROR", "quantity")


@pytest.mark.parametrize(("sent", "meant"), [("3", 3), (3.0, 3), (True, 1)])
async def test_an_integer_may_come_in_other_clothes(shop: Shop, sent: object, meant: int):
    person = await shop.person()
    book = await shop.book()
    line = (await add(shop, person, book_id=str(book), quantity=sent)).json()
    assert (line["book_id"], line["quantity"]) == (book, meant)
    assert (await put(shop, person, line["id"], quantity=sent)).json()["quantity"] == meant


@pytest.mark.parametrize("book_id", [None, "x", 1.5, 2**31, -(2**31) - 1])
async def test_a_book_id_out_of_range_is_refused(shop: Shop, book_id: object):
    assert_problem(await add(shop, await shop.person(), book_id=book_id), 422, "VALIDATION_ERROR", "book_id")


async def test_book_id_and_the_new_quantity_are_required(shop: Shop):
    person = await shop.person()
    assert_problem(await add(shop, person, quantity=1), 422, "VALIDATION_ERROR", "book_id")
    item = await shop.add_to_cart(person, await shop.book())
    assert_problem(await put(shop, person, item), 422, "VALIDATION_ERROR", "quantity")


@pytest.mark.parametrize("item_id", ["x", 2**31, "1.5", "%00"])
async def test_a_line_id_out_of_range_is_refused(shop: Shop, item_id: object):
    person = await shop.person()
    assert (await put(shop, person, item_id, quantity=1)).status_code == 422
    assert (await delete(shop, person, item_id)).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/cart"), ("POST", "/cart/items"), ("PUT", "/cart/items/1"), ("DELETE", "/cart/items/1")],
)
async def test_only_signed_in_users_have_a_cart(shop: Shop, method: str, path: str):
    assert_problem(await shop.client.request(method, path, json={}), 401, "HTTP_401")
    sleeper = await shop.person(is_active=False)
    answer = await shop.client.request(method, path, headers=sleeper.headers, json={})
    assert_problem(answer, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_showing_the_cart_takes_two_statements_however_many_lines(live: Shop):
    person = await live.person()
    for _ in range(12):
        await live.add_to_cart(person, await live.book())
    with statements() as seen:
        assert (await cart_of(live, person))["total_items"] == 12
    assert len(seen) == 2, seen
