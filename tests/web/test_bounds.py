"""What pages say where something is full, and how they show what was larger before."""

import json

import pytest

from app.accounts.passwords import hash_password
from tests.support import Person
from tests.web.browser import Browser, forms
from tests.web.test_buying import PASSWORD, add

FULL_BASKET = "Your basket holds 2 titles, and no more fit in."


async def said(browser: Browser) -> str:
    """The message that the page shows first."""
    return browser.page.text.split('class="flash ')[1].split(">")[1].split("<")[0]


async def test_a_full_basket_says_so_and_keeps_what_is_there(browser: Browser):
    browser.shop.bound(max_cart_lines=2)
    await browser.reader()
    books = [await browser.shop.book(title=f"Book {number}") for number in range(3)]
    for book in books:
        await add(browser, book)
    assert FULL_BASKET in await said(browser)
    assert [title in browser.text for title in ("Book 0", "Book 1", "Book 2")] == [True, True, False]
    answer = await add(browser, books[2], Accept="application/json")
    assert (answer.status_code, answer.json()["count"]) == (409, 2)
    assert FULL_BASKET in answer.json()["text"]
    await add(browser, books[0], 4)
    assert "Added to your basket." in await said(browser)


async def test_a_guests_basket_is_no_larger_than_that_of_a_reader(browser: Browser):
    browser.shop.bound(max_cart_lines=1)
    for title in ("Mort", "Emma"):
        await add(browser, await browser.shop.book(title=title))
    assert "Your basket holds 1 titles, and no more fit in." in await said(browser)
    assert "Emma" not in browser.text


async def test_what_of_a_guests_basket_does_not_fit_is_told_by_its_titles(browser: Browser):
    """Seen to fail when all that was refused was passed over in silence."""
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    browser.shop.bound(max_cart_lines=9)
    books = {name: await browser.shop.book(title=name) for name in ("Held", "Fits", "Sold out", "Gone")}
    many = [await browser.shop.book(title=f"Too many {number} {'x' * 80}") for number in range(5)]
    await browser.shop.add_to_cart(person, books["Held"])
    for book in (*books.values(), *many):
        await add(browser, book, 2)
    await browser.shop.rows("UPDATE books SET stock_quantity = 0 WHERE id = :id", id=books["Sold out"])
    await browser.shop.rows("DELETE FROM books WHERE id = :id", id=books["Gone"])
    browser.shop.bound(max_cart_lines=3)
    await browser.open("/account/sign-in?next=/basket")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD)
    found = await browser.shop.rows("SELECT book_id, quantity FROM cart_items ORDER BY id")
    assert [tuple(row) for row in found] == [(books["Held"], 2), (books["Fits"], 2), (books["Sold out"], 2)]
    name = f"“Too many {{}} {'x' * 48}…”"
    left = f"{name.format(0)}, {name.format(1)}, {name.format(2)} and 2 more"
    assert f"Your basket holds 3 titles at most. Left out of it: {left}." in browser.text
    assert "You are signed in." in browser.text


async def test_the_longest_message_of_a_hand_over_fits_into_its_cookie(browser: Browser):
    person = await browser.shop.person(hashed_password=await hash_password(PASSWORD))
    for number in range(8):
        await add(browser, await browser.shop.book(title=f"{number}" + "書" * 499))
    await browser.shop.add_to_cart(person, await browser.shop.book(title="Held"))
    browser.shop.bound(max_cart_lines=1)
    await browser.open("/account/sign-in")
    await browser.send("/account/sign-in", email=person.email, password=PASSWORD, follow=False)
    [cookie] = [value for value in browser.page.headers.get_list("set-cookie") if value.startswith("bookstore_flash")]
    assert len(cookie) < 4000
    await browser.open("/")
    assert "and 5 more" in browser.text


async def test_a_basket_from_before_the_bound_shows_its_first_titles_and_cannot_be_ordered(browser: Browser):
    """Seen to fail without `is_over`."""
    person = await browser.reader()
    for number in range(3):
        await browser.shop.add_to_cart(person, await browser.shop.book(title=f"Book {number}"))
    browser.shop.bound(max_cart_lines=2)
    await browser.open("/basket")
    assert [f"Book {number}" in browser.text for number in range(3)] == [True, True, False]
    assert "One order may have 2 titles, and your basket holds more than these." in browser.text
    assert "Go to checkout" not in browser.text
    assert (await browser.open("/checkout")).url.path == "/basket"
    await browser.send("/basket/change", quantity="0")
    assert [f"Book {number}" in browser.text for number in range(3)] == [False, True, True]
    assert "Go to checkout" in browser.text


async def test_a_basket_that_grew_too_large_behind_the_form_is_not_ordered(browser: Browser):
    person = await browser.reader()
    await browser.shop.add_to_cart(person, await browser.shop.book())
    await browser.open("/checkout")
    page = browser.page
    await browser.shop.add_to_cart(person, await browser.shop.book())
    browser.shop.bound(max_cart_lines=1)
    browser.page = page
    await browser.send("/checkout")
    assert browser.page.url.path == "/basket"
    assert "more titles than one order may have" in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("max_declined_payments", "1 payments for this cart were declined within an hour."),
        ("max_idempotency_keys", "1 checkouts with an Idempotency-Key are all"),
    ],
)
async def test_a_checkout_that_has_to_wait_says_so(browser: Browser, setting: str, sentence: str):
    person = await browser.reader()
    await browser.shop.add_to_cart(person, await browser.shop.book(price=5))
    if setting == "max_declined_payments":
        assert (await browser.shop.checkout(person, force_payment_failure=True)).status_code == 402
    else:
        assert (await browser.shop.checkout(person, key="a", expected_total="1.00")).status_code == 409
    browser.shop.bound(**{setting: 1})
    await browser.open("/checkout")
    await browser.send("/checkout")
    assert browser.page.url.path == "/basket"
    assert sentence in browser.text
    assert "Nothing was charged." in browser.text
    assert await browser.shop.scalar("SELECT count(*) FROM orders") == 0


async def test_a_full_wishlist_says_so_to_people_and_to_scripts(browser: Browser):
    browser.shop.bound(max_wishlist_items=1)
    person = await browser.reader()
    there, book = await browser.shop.book(), await browser.shop.book()
    await browser.shop.client.post("/wishlist", headers=person.headers, json={"book_id": there})
    await browser.open(f"/shop/books/{book}")
    page = browser.page
    await browser.send(f"/shop/books/{book}/wish")
    assert "Your wishlist holds 1 books, and no more fit in." in await said(browser)
    form = next(form for form in forms(page.text) if form.action.endswith("/wish"))
    answer = await browser.client.post(form.action, data=form.fields, headers={"Accept": "application/json"})
    assert answer.status_code == 409
    assert answer.json() == {"text": answer.json()["text"], "wished": False}
    assert await browser.shop.scalar("SELECT count(*) FROM wishlist_items") == 1


async def test_who_waits_for_too_many_books_is_told_on_the_page_of_the_book(browser: Browser):
    browser.shop.bound(max_waiting_prebookings=1)
    person = await browser.reader()
    there, book = [await browser.shop.book(stock_quantity=0) for _ in range(2)]
    await browser.shop.client.post("/prebooks", headers=person.headers, json={"book_id": there})
    await browser.open(f"/shop/books/{book}")
    await browser.send(f"/shop/books/{book}/prebook")
    assert browser.page.url.path == f"/shop/books/{book}"
    assert "You wait for 1 books, which is as many as one may." in await said(browser)


async def test_a_wish_that_does_not_fit_into_the_basket_stays_on_the_list(browser: Browser):
    browser.shop.bound(max_cart_lines=1)
    person = await browser.reader()
    await browser.shop.add_to_cart(person, await browser.shop.book())
    book = await browser.shop.book()
    await browser.shop.client.post("/wishlist", headers=person.headers, json={"book_id": book})
    await browser.open("/account/wishlist")
    await browser.send("/account/wishlist/move")
    assert "Your basket holds 1 titles" in await said(browser)
    assert await browser.shop.scalar("SELECT count(*) FROM wishlist_items") == 1


async def fill(browser: Browser, person: Person, table: str, count: int) -> None:
    await browser.shop.rows(
        "INSERT INTO books (title, author, price) SELECT 'Title ' || n || '.', 'A', 1 FROM generate_series(1, :n) n",
        n=count,
    )
    moment = "added_at" if table == "wishlist_items" else "created_at"
    await browser.shop.rows(
        f"INSERT INTO {table} (user_id, book_id, {moment}) SELECT :id, id, now() - interval '1 hour' * id FROM books",
        id=person.id,
    )


@pytest.mark.parametrize(
    ("path", "table", "older"),
    [
        ("/account/wishlist", "wishlist_items", "Older wishes"),
        ("/account/prebooks", "pre_bookings", "Older pre-bookings"),
    ],
)
async def test_long_lists_are_pages_and_what_is_done_on_one_leads_back_to_it(
    browser: Browser, path: str, table: str, older: str
):
    person = await browser.reader()
    await fill(browser, person, table, 45)
    await browser.open(path)
    assert "Title 20." in browser.text
    assert "Title 21." not in browser.text
    for first, last in ((21, 40), (41, 45)):
        assert older in browser.text
        await browser.open(browser.page.text.split('rel="next" href="')[1].split('"')[0])
        assert [f"Title {number}." in browser.text for number in (first - 1, first, last, last + 1)] == [
            False,
            True,
            True,
            False,
        ]
    assert older not in browser.text
    address = str(browser.page.url)
    action = f"{path}/remove" if table == "wishlist_items" else f"{path}/cancel"
    await browser.send(action)
    assert str(browser.page.url) == address
    await browser.shop.rows(f"DELETE FROM {table} WHERE user_id = :id", id=person.id)
    await browser.open(address)
    assert "Nothing more here" in browser.text
    await browser.open(path)
    assert "Nothing more here" not in browser.text


@pytest.mark.parametrize("path", ["/account/wishlist", "/account/prebooks"])
async def test_a_form_leads_to_no_other_site(browser: Browser, path: str):
    person = await browser.reader()
    await fill(browser, person, "wishlist_items" if "wish" in path else "pre_bookings", 1)
    await browser.open(path)
    action = f"{path}/remove" if "wish" in path else f"{path}/cancel"
    await browser.send(action, next="https://evil.example", follow=False)
    assert browser.page.headers["location"] == path


async def test_sessions_from_before_the_bound_are_shown_up_to_it(browser: Browser):
    person = await browser.reader()
    await browser.shop.rows(
        "INSERT INTO refresh_tokens (token_hash, token_family, user_id, expires_at, session_expires_at)"
        " SELECT 'old' || n, gen_random_uuid(), :id, now() + interval '1 day', now() + interval '1 day'"
        " FROM generate_series(1, 80) n",
        id=person.id,
    )
    await browser.open("/account/sessions")
    assert browser.page.text.count('name="session_id"') == 50
    assert "This browser" in browser.text


async def test_a_genre_too_many_is_refused_beside_the_form(browser: Browser):
    browser.shop.bound(max_genres=1)
    await browser.staff()
    await browser.shop.genre("Poetry")
    await browser.open("/staff/books/genres")
    await browser.send("/staff/books/genres", name="Drama")
    assert browser.page.status_code == 409
    assert "The shop has 1 genres, which is as many as it may have." in browser.text


async def test_a_search_of_too_many_words_says_so_and_suggests_nothing(browser: Browser):
    browser.shop.bound(max_search_words=2)
    await browser.shop.book(title="One two three")
    await browser.open("/shop?q=one+two+three")
    assert browser.page.status_code == 422
    assert "A search may have 2 words at most." in browser.text
    assert (await browser.client.get("/shop/suggest?q=one+two+three")).json() == []
    assert len((await browser.client.get("/shop/suggest?q=one+two")).json()) == 1


async def test_recommendations_are_as_many_shelves_as_fit(browser: Browser):
    """Whether they are full or not. Seen to fail without the bound of `picks`: a shelf for each of forty genres."""
    await browser.shop.rows(
        "INSERT INTO genres (name) SELECT 'Genre ' || to_char(n, '000') FROM generate_series(1, 40) n"
    )
    await browser.shop.rows(
        "INSERT INTO books (title, author, price, genre_id, picked_at)"
        " SELECT 'T', 'A', 1, genres.id, now() FROM genres, generate_series(1, 5) AS n WHERE n = 1 OR genres.id % 2 = 0"
    )
    await browser.open("/")
    assert browser.page.text.count("<h3>Genre ") == 24


async def test_the_map_of_the_site_is_written_once_for_all(browser: Browser):
    book = await browser.shop.book()
    first = (await browser.client.get("/sitemap.xml")).text
    assert f"/shop/books/{book}</loc><lastmod>20" in first
    await browser.shop.book()
    assert (await browser.client.get("/sitemap.xml")).text == first


async def test_a_form_of_very_many_fields_is_not_read(browser: Browser):
    """Also where all of them are empty: the parser does not count those, and took a second for a million."""
    for body in ("&" * 100_000, "a=1&" * 5000):
        answer = await browser.client.post(
            "/basket/add", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert answer.status_code == 400
        assert json.loads(answer.text)["code"] == "HTTP_400"
