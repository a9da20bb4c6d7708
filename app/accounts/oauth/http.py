"""Asking providers over HTTP: verified TLS, no redirects, no cookies, bounds on time and size."""

import asyncio
import json
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

from httpx2 import AsyncClient, HTTPError, InvalidURL, Limits, Response

from app.accounts.oauth.errors import Refused, Unreachable

MAX_ANSWER_BYTES = 1_048_576
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "identity",  # the bound on the size is meant for what is unpacked
    "User-Agent": "Bookstore",
}


class ProviderHttp:
    """One pool of connections for all providers, opened at its first use."""

    def __init__(self, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds
        self._client: AsyncClient | None = None

    async def get(self, url: str, *, bearer: str | None = None) -> Any:
        """The JSON found there. Raises Refused and Unreachable."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return await self._ask("GET", url, headers=headers)

    async def post(self, url: str, form: dict[str, str]) -> Any:
        """The JSON that answers the form. Raises Refused and Unreachable."""
        return await self._ask("POST", url, data=form)

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client:
            await client.aclose()

    async def _ask(self, method: str, url: str, **options: Any) -> Any:
        try:
            async with asyncio.timeout(self._seconds), self._open().stream(method, url, **options) as answer:
                body = await _bounded(answer)
        except (HTTPError, InvalidURL, OSError) as error:
            raise Unreachable(f"{url}: {type(error).__name__}") from error
        return _read(url, answer.status_code, body)

    def _open(self) -> AsyncClient:
        if self._client is None:
            # The pool is shared by all buyers: what a provider sets for one of them must not go out with the next.
            nobody = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
            limits = Limits(max_connections=20, max_keepalive_connections=5)
            self._client = AsyncClient(timeout=self._seconds, limits=limits, headers=_HEADERS, cookies=nobody)
        return self._client


async def _bounded(answer: Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise Unreachable(f"{answer.url}: more than {MAX_ANSWER_BYTES} bytes")
    return body


def _read(url: str, status: int, body: bytes) -> Any:
    content = _parsed(body)
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    if refused and status != HTTPStatus.TOO_MANY_REQUESTS:
        raise Refused(f"{url}: {status} {reason(content)}".rstrip())
    if status != HTTPStatus.OK or content is None:
        raise Unreachable(f"{url}: {status}{'' if content else ', no JSON'}")
    return content


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def reason(content: object) -> str:
    """The error code of RFC 6749 in an answer, fit for the log."""
    code = content.get("error") if isinstance(content, dict) else None
    return code[:80] if isinstance(code, str) and code.isascii() and code.isprintable() else ""
