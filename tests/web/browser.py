"""What a browser does with forms and links."""

import re
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

from httpx2 import AsyncClient, Response

from app.accounts.browser import of_browsers
from app.accounts.models import UserRole
from app.accounts.repository import AccountRepository
from app.accounts.sessions import SessionService, TokenPolicy
from app.web.cookies import SESSION
from tests.support import Person, Shop


class Browser:
    """Reads pages and sends their forms; `page` is the last answer."""

    def __init__(self, client: AsyncClient, shop: Shop) -> None:
        self.client, self.shop = client, shop
        self.page: Response

    async def open(self, path: str) -> Response:
        """Follow a link, redirects included."""
        self.page = await self.client.get(path, follow_redirects=True)
        return self.page

    async def send(self, action: str, *, follow: bool = True, **fields: Any) -> Response:
        """Send the form with that action that the last page has: its hidden fields, and what is given."""
        form = next(form for form in forms(self.page.text) if form.action == action)
        self.page = await self.client.post(action, data=form.fields | fields, follow_redirects=follow)
        return self.page

    async def sign_in(self, person: Person) -> None:
        """Carry a session of that person, without the cost of a password."""

        self.client.cookies.set(SESSION, await session_token(self.shop, person), domain="localhost.local")

    async def reader(self, **columns: Any) -> Person:
        """Sign a new reader in."""
        person = await self.shop.person(**columns)
        await self.sign_in(person)
        return person

    async def staff(self) -> Person:
        """Sign a new member of staff in."""
        return await self.reader(role=UserRole.ADMIN, email=f"{uuid4().hex[:12]}@example.com")

    @property
    def text(self) -> str:
        """What stands on the page, without its tags."""
        return " ".join(re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", self.page.text, flags=re.DOTALL).split())


async def session_token(shop: Shop, person: Person) -> str:
    """What the cookie of a browser holds in which that person is signed in."""

    async def open_session(session: Any) -> str:
        policy = TokenPolicy(shop.app.state.signing_key, 15, 7, 30)
        account = await AccountRepository(session).lock(person.id)
        assert account
        return (await SessionService(session, of_browsers(policy)).open(account)).refresh_token

    return await shop.app.state.database.transaction(open_session)


class FoundForm:
    """A form as it stands on a page."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: dict[str, str] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[FoundForm] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append(FoundForm(given.get("action") or ""))
        elif tag == "input" and self.found and given.get("name") and given.get("type") not in {"checkbox", "radio"}:
            self.found[-1].fields[str(given["name"])] = given.get("value") or ""


def forms(html: str) -> list[FoundForm]:
    """All forms of a page with the fields that they bring."""
    parser = _Forms()
    parser.feed(html)
    return parser.found
