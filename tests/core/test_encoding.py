"""Bodies in other encodings, and bodies of other kinds (contract, sections 2.1 to 2.3)."""

import pytest

from app.core.config import Settings
from tests.support import Shop, assert_problem

JSON = {"Content-Type": "application/json"}
LOGIN = '{"email": "a@example.com", "password": "%s"}'


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
async def test_json_is_utf_8_and_nothing_else(shop: Shop, encoding: str):
    """Seen to fail without the check: U+0000 and surrogates reached the database, 500."""
    answer = await shop.client.post("/auth/login", headers=JSON, content=LOGIN.encode(encoding))
    assert_problem(answer, 400, "HTTP_400")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-be"])
async def test_json_with_bare_nul_bytes_is_a_syntax_error(shop: Shop, encoding: str):
    answer = await shop.client.post("/auth/login", headers=JSON, content=(LOGIN % "x").encode(encoding))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][0] == "body"


async def test_raw_bytes_of_a_surrogate_are_bad_utf_8(shop: Shop):
    body = (LOGIN % "\ud800").encode("utf-8", "surrogatepass")
    assert_problem(await shop.client.post("/auth/login", headers=JSON, content=body), 400, "HTTP_400")


async def test_a_byte_order_mark_does_no_harm(shop: Shop):
    body = (LOGIN % "some password").encode("utf-8-sig")
    answer = await shop.client.post("/auth/login", headers=JSON, content=body)
    assert answer.status_code in {400, 401, 422}


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "text/plain", "application/octet-stream"]
)
async def test_a_body_of_any_kind_is_bounded(settings: Settings, shop: Shop, content_type: str):
    """Seen to fail for multipart, which was read whole whatever its size."""
    body = b"x" * (settings.max_body_bytes + 1)
    answer = await shop.client.post("/auth/login", headers={"Content-Type": content_type}, content=body)
    assert_problem(answer, 413, "BODY_TOO_LARGE")
