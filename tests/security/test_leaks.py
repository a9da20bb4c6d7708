"""What a shop that runs does not tell: its source, its folders, its requests."""

import pytest
from httpx2 import AsyncClient

from tests.support import Shop


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config",
        "/.env",
        "/app/main.py",
        "/pyproject.toml",
        "/var/secret_key",
        "/assets/",
        "/assets/x/",
        "/assets/x/..%2f..%2fpage.py",
        "/assets/x/base.html",
        "/uploads/",
        "/uploads/..%2fsecret_key",
        "/covers/",
    ],
)
async def test_neither_files_nor_folders_are_served(client: AsyncClient, path: str):
    assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/health", "/auth/login", "/account/sign-in", "/uploads/x.webp"])
async def test_no_request_is_told_again(client: AsyncClient, path: str):
    answer = await client.request("TRACE", path, headers={"Cookie": "bookstore_session=secret"})
    assert answer.status_code == 405
    assert "secret" not in answer.text


async def test_of_a_parameter_that_is_given_twice_the_last_one_counts_and_a_form_has_no_say_over_the_address(
    shop: Shop,
):
    cheap, dear = await shop.book(title="A", price="1.00"), await shop.book(title="B", price="9.00")
    found = await shop.client.get("/books?min_price=0&min_price=5")
    assert [book["id"] for book in found.json()["items"]] == [dear]
    person = await shop.person()
    body = {"quantity": 1, "book_id": cheap}
    line = await shop.client.post(f"/cart/items?book_id={dear}", headers=person.headers, json=body)
    assert line.json()["book_id"] == cheap
