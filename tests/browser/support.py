"""Windows on a running shop, and what they notice while somebody walks through it."""

from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request, Response, WebError

from app.web.cookies import SESSION
from tests.processes.support import Premises
from tests.support import Person, Shop
from tests.web.browser import session_token

Theme = Literal["light", "dark"]
PHONE, DESK = 390, 1280
PATIENCE_MS = 20_000


class Watch:
    """What no page may do: complain in the console, ask another host, break a script, answer with a fault."""

    def __init__(self, address: str) -> None:
        self.host = urlsplit(address).netloc
        self.found: list[str] = []
        self._refused: set[str] = set()

    def over(self, context: BrowserContext) -> None:
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", self._script)

    def _request(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme in {"http", "https"} and url.netloc != self.host:
            self.found.append(f"asks another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"a fault: {response.status} {response.url}")
        elif response.status >= 400 and (
            response.request.is_navigation_request() or response.request.method == "POST"
        ):
            self._refused.add(response.url)

    def _console(self, message: ConsoleMessage) -> None:
        """Chromium reports a form that is refused as a failure to load; it is none."""
        is_refusal = message.text.startswith("Failed to load resource") and message.location["url"] in self._refused
        if message.type in {"error", "warning"} and not is_refusal:
            self.found.append(f"console: {message.text} ({message.location['url']})")

    def _script(self, error: WebError) -> None:
        self.found.append(f"script: {error.error}")


class Street:
    """Where people come from who look at the shop. What their windows notice fails the test when it ends."""

    def __init__(self, chromium: Browser, premises: Premises, address: str) -> None:
        self.chromium, self.premises, self.address = chromium, premises, address
        self.watch = Watch(address)
        self._contexts: list[BrowserContext] = []

    @property
    def shop(self) -> Shop:
        """People, books and rows, made in the database of the shop directly."""
        return self.premises.shop

    async def window(
        self, person: Person | None = None, *, width: int = DESK, theme: Theme = "light", scripts: bool = True
    ) -> Page:
        """A new browser with nothing open, in which that person is signed in; paths are those of the shop."""
        context = await self.chromium.new_context(
            base_url=self.address,
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        self._contexts.append(context)
        self.watch.over(context)
        context.set_default_timeout(PATIENCE_MS)
        if person:
            token = await session_token(self.shop, person)
            await context.add_cookies([{"name": SESSION, "value": token, "url": self.address}])
        return await context.new_page()

    def assert_quiet(self) -> None:
        """Nothing was noticed since the last time."""
        noticed, self.watch.found = self.watch.found, []
        assert noticed == []

    async def close(self) -> None:
        for context in self._contexts:
            try:
                await context.close()
            except Error:  # the test that ends has closed it itself
                continue
