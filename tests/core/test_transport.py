"""Transport, errors and the order of checks (contract, sections 2.1 to 2.4), on operations that exist."""

import json

import pytest
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from httpx2 import ASGITransport, AsyncClient
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from app.core.config import Settings
from app.core.db.route import TransactionRoute
from app.core.middleware import storable_text
from app.main import create_app
from app.web.route import PageRoute
from tests.support import Person, Shop, assert_problem

JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def reader(shop: Shop) -> Person:
    return await shop.person()


# 2.1 transport


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/vnd.api+json", "application/json; charset=utf-8"]
)
async def test_json_content_types_are_read(shop: Shop, reader: Person, content_type: str):
    body = json.dumps({"book_id": 2_000_000_000})
    answer = await shop.client.post(
        "/cart/items", headers=reader.headers | {"Content-Type": content_type}, content=body
    )
    assert_problem(answer, 404, "BOOK_NOT_FOUND", "book_id")


@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/jsonx"}, {}])
async def test_any_other_content_type_is_422(shop: Shop, reader: Person, headers: dict[str, str]):
    answer = await shop.client.post("/cart/items", headers=reader.headers | headers, content=b'{"book_id": 1}')
    assert_problem(answer, 422, "VALIDATION_ERROR", None)


async def test_a_body_at_the_bound_passes_and_one_beyond_is_413(settings: Settings, shop: Shop, reader: Person):
    def padded(size: int) -> bytes:
        body = b'{"book_id": 2000000000, "pad": "%s"}'
        return body % (b"x" * (size - len(body) + 2))

    bound = settings.max_body_bytes
    at = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=padded(bound))
    assert_problem(at, 404, "BOOK_NOT_FOUND", "book_id")
    beyond = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=padded(bound + 1))
    assert_problem(beyond, 413, "BODY_TOO_LARGE")


async def test_a_body_without_declared_length_is_bounded_too(settings: Settings, shop: Shop):
    async def endless():
        for _ in range(settings.max_body_bytes // 1024 + 2):
            yield b"x" * 1024

    answer = await shop.client.post("/cart/items", headers=JSON, content=endless())
    assert_problem(answer, 413, "BODY_TOO_LARGE")


@pytest.mark.parametrize("value", ["3", 3.0, 3])
async def test_an_integer_field_accepts_whole_numbers_in_any_dress(shop: Shop, reader: Person, value: object):
    item = await shop.add_to_cart(reader, await shop.book())
    answer = await shop.client.put(f"/cart/items/{item}", headers=reader.headers, json={"quantity": value})
    assert answer.json()["quantity"] == 3


async def test_an_integer_field_accepts_true(shop: Shop, reader: Person):
    item = await shop.add_to_cart(reader, await shop.book(), 5)
    answer = await shop.client.put(f"/cart/items/{item}", headers=reader.headers, json={"quantity": True})
    assert answer.json()["quantity"] == 1


@pytest.mark.parametrize("value", [4.5, "4.5", "four", None, [], {}, "", 2**31, -(2**31) - 1, 10**400])
async def test_an_integer_field_rejects_the_rest(shop: Shop, reader: Person, value: object):
    answer = await shop.client.post("/cart/items", headers=reader.headers, json={"book_id": value})
    assert_problem(answer, 422, "VALIDATION_ERROR", "book_id")


async def test_unknown_request_keys_are_ignored(shop: Shop, reader: Person):
    body = {"book_id": await shop.book(), "colour": "green", "user_id": 1}
    assert (await shop.client.post("/cart/items", headers=reader.headers, json=body)).status_code == 201


@pytest.mark.parametrize(
    ("path", "bare"), [("/books/", "/books"), ("/orders/?limit=3", "/orders?limit=3"), ("/cart//", "/cart")]
)
async def test_a_trailing_slash_redirects_with_307(client: AsyncClient, path: str, bare: str):
    answer = await client.get(path)
    assert answer.status_code == 307
    assert answer.headers["location"] == bare


@pytest.mark.parametrize("path", ["/nowhere/", "//", "//example.com/", "/books//5/"])
async def test_a_slash_behind_an_unknown_path_is_404(client: AsyncClient, path: str):
    assert_problem(await client.get(f"http://shop.example{path}"), 404, "HTTP_404")


async def test_cors_preflight_and_exposed_headers(client: AsyncClient):
    asking = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    preflight = await client.options("/cart", headers=asking)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert preflight.headers["access-control-allow-credentials"] == "true"
    allowed = set(preflight.headers["access-control-allow-methods"].split(", "))
    assert allowed == {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
    answer = await client.get("/genres", headers={"Origin": "http://localhost:3000"})
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert exposed == {"Link", "X-Total-Count", "Idempotent-Replayed", "Retry-After", "X-Request-ID"}


async def test_a_strange_origin_is_not_allowed(client: AsyncClient):
    answer = await client.get("/health", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/health", "/nowhere", "/cart", "/books/x"])
async def test_every_response_carries_id_and_nosniff(client: AsyncClient, path: str):
    answers = [await client.get(path) for _ in range(2)]
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)
    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


@pytest.mark.parametrize(
    "path", ["/health", "/nowhere", "/cart", "/books/x", "/books/", "/openapi.json", "/robots.txt"]
)
async def test_nothing_runs_in_an_answer_that_is_no_page_and_nobody_frames_it(client: AsyncClient, path: str):
    """Seen to fail without the policy of RequestContext."""
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_proxy_may_give_the_request_id_but_no_nonsense(client: AsyncClient):
    given = await client.get("/health", headers={"X-Request-ID": "abc-123-def-456"})
    assert given.headers["x-request-id"] == "abc-123-def-456"
    strange = await client.get("/health", headers={"X-Request-ID": "a b<script>"})
    assert strange.headers["x-request-id"] != "a b<script>"


# 2.2 strings


@pytest.mark.parametrize(
    "address", ["/books?q=%00", "/books?colour=%00", "/books?q=%ED%A0%80", "/books/%00", "/books/1%ED%BF%BF"]
)
async def test_nul_and_lone_surrogates_in_the_address_are_422(client: AsyncClient, address: str):
    assert_problem_any_field(await client.get(address))


@pytest.mark.parametrize("text", [r'"\u0000"', r'"\ud800"', r'"\udfffx"', r'["\ud83d"]', r'{"\u0000": 1}'])
async def test_nul_and_lone_surrogates_anywhere_in_the_body_are_422(shop: Shop, reader: Person, text: str):
    body = f'{{"book_id": 1, "unknown": {text}}}'
    answer = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=body)
    assert_problem_any_field(answer)


@pytest.mark.parametrize("text", [r'"\ud83d\ude00"', r'"\\u0000"', '"é"'])
async def test_harmless_escapes_pass(shop: Shop, reader: Person, text: str):
    body = f'{{"book_id": 2000000000, "unknown": {text}}}'
    answer = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=body.encode())
    assert_problem(answer, 404, "BOOK_NOT_FOUND", "book_id")


def assert_problem_any_field(answer) -> None:
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "VALIDATION_ERROR"


# 2.3 errors


async def test_validation_errors_list_places_and_repeat_no_value(shop: Shop, reader: Person):
    body = {"book_id": "secret-value-one", "quantity": "secret-value-two"}
    answer = await shop.client.post("/cart/items", headers=reader.headers, json=body)
    problem = assert_problem(answer, 422, "VALIDATION_ERROR", "book_id")
    assert [error["loc"] for error in problem["errors"]] == [["body", "book_id"], ["body", "quantity"]]
    assert all(set(error) == {"loc", "msg", "type"} for error in problem["errors"])
    assert "secret-value" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "place"),
    [("GET", "/orders?limit=0", "query"), ("GET", "/orders/x", "path"), ("POST", "/orders/checkout", "header")],
)
async def test_loc_starts_with_the_place(shop: Shop, reader: Person, method: str, path: str, place: str):
    headers = reader.headers | {"Idempotency-Key": "not visible"}
    answer = await shop.client.request(method, path, headers=headers, json={} if method == "POST" else None)
    assert_problem_any_field(answer)
    assert answer.json()["errors"][0]["loc"][0] == place


async def test_unknown_path_is_404(client: AsyncClient):
    problem = assert_problem(await client.get("/nowhere"), 404, "HTTP_404")
    assert problem["title"] == "Not Found"


async def test_a_wrong_method_is_405_and_names_all_methods_of_the_path(client: AsyncClient):
    answer = await client.post("/cart/items/5")
    assert_problem(answer, 405, "HTTP_405")
    assert answer.headers["allow"] == "DELETE, PUT"


async def test_allow_names_the_methods_of_the_closest_template(client: AsyncClient):
    answer = await client.delete("/orders/checkout")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("authorization", [None, "", "Basic abc", "Bearer", "Token x"])
async def test_missing_or_non_bearer_authorization_is_401(client: AsyncClient, authorization: str | None):
    headers = {} if authorization is None else {"Authorization": authorization}
    assert_problem(await client.get("/cart", headers=headers), 401, "HTTP_401")


@pytest.mark.parametrize("body", [b'{"book_id": "\xff"}', b"[" * 200_000, b'{"book_id": ' + b"1" * 10_000 + b"}"])
async def test_a_body_that_cannot_be_decoded_at_all_is_400(shop: Shop, reader: Person, body: bytes):
    answer = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=body)
    assert_problem(answer, 400, "HTTP_400")


async def test_a_json_syntax_error_is_422(shop: Shop, reader: Person):
    answer = await shop.client.post("/cart/items", headers=reader.headers | JSON, content=b'{"book_id": ')
    assert_problem_any_field(answer)
    assert answer.json()["errors"][0]["loc"][0] == "body"


async def test_an_unforeseen_fault_is_500_without_a_trace_of_its_cause(app: FastAPI, client: AsyncClient, caplog):
    async def explode() -> None:
        raise RuntimeError("the secret of the house")

    app.router.routes.insert(0, APIRoute("/explode", explode))
    answer = await client.get("/explode", headers={"Origin": "http://localhost:3000"})
    problem = assert_problem(answer, 500, "INTERNAL_ERROR")
    assert problem["detail"] == "Internal server error"
    assert "secret" not in answer.text
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "the secret of the house" in caplog.text


# 2.4 order of checks


async def test_undecodable_bodies_precede_authentication(client: AsyncClient):
    assert_problem(await client.post("/cart/items", headers=JSON, content=b'{"a": "\xff"}'), 400, "HTTP_400")
    assert_problem_any_field(await client.post("/cart/items", headers=JSON, content=b"{"))


async def test_authentication_precedes_validation(client: AsyncClient):
    assert_problem(await client.post("/cart/items", json={"book_id": "x"}), 401, "HTTP_401")
    assert_problem(await client.get("/orders?limit=%00"), 401, "HTTP_401")


async def test_the_role_precedes_validation(shop: Shop, reader: Person):
    answer = await shop.client.get("/admin/orders?limit=x", headers=reader.headers)
    assert_problem(answer, 403, "AUTH_FORBIDDEN")


async def test_deactivation_precedes_the_role(shop: Shop):
    former = await shop.person(is_active=False)
    answer = await shop.client.get("/admin/orders?limit=x", headers=former.headers)
    assert_problem(answer, 403, "AUTH_ACCOUNT_DEACTIVATED")


async def test_a_deep_token_header_is_refused_like_any_other(client: AsyncClient):
    deep = "W1tbW1tb" * 4000
    answer = await client.get("/cart", headers={"Authorization": f"Bearer {deep}.e30.x"})
    assert_problem(answer, 401, "AUTH_TOKEN_INVALID")


# the whole application


def _dependencies(dependant) -> set[object]:
    return {dependant.call}.union(*[_dependencies(inner) for inner in dependant.dependencies])


def test_every_operation_refuses_texts_that_cannot_be_stored(settings: Settings):
    guards = {"storable_text", "current_user", "admin_user", "get_owner", "get_buyer"}
    routes = [route for route in create_app(settings).routes if isinstance(route, APIRoute)]
    assert len(routes) > 10
    for route in routes:
        if isinstance(route, PageRoute):  # asks by itself, tests/web/test_sessions.py
            continue
        names = {getattr(call, "__name__", "") for call in _dependencies(route.dependant)}
        assert names & guards, f"{route.path} lacks {storable_text.__name__}"


def test_every_operation_on_the_database_is_a_transaction(settings: Settings):
    outside = {
        "/health",
        "/health/ready",
        "/metrics",
        "/uploads/{file}",
        "/assets/{edition}/{name}",
        "/covers/{mark}/{name}.svg",
        "/.well-known/security.txt",
    }
    routes = [
        route for route in create_app(settings).routes if isinstance(route, APIRoute) and route.path not in outside
    ]
    assert routes
    assert all(isinstance(route, TransactionRoute) for route in routes)


@pytest.mark.parametrize(("trusted", "seen"), [("10.0.0.1", "203.0.113.9"), ("192.0.2.7", "10.0.0.1")])
async def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(
    settings: Settings, trusted: str, seen: str
):
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.client.host if request.client else "")

    app = create_app(settings.model_copy(update={"trusted_proxies": trusted}))
    app.router.routes.insert(0, Route("/who", who))
    transport = ASGITransport(app, client=("10.0.0.1", 1))
    async with AsyncClient(transport=transport, base_url="http://shop.example") as client:
        answer = await client.get("/who", headers={"X-Forwarded-For": "203.0.113.9"})
    assert answer.text == seen
