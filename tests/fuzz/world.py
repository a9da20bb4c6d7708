"""The shop under fuzz: who visits it, what is in it, and what stands on its pages."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from uuid import uuid4

from fastapi import FastAPI
from itsdangerous.encoding import base64_encode

from app.web import cookies
from app.web.route import FORM_TOKEN
from tests.fuzz import corpus
from tests.fuzz.pages import Form, Reading
from tests.fuzz.targets import Target
from tests.fuzz.wire import Answer, Wire
from tests.processes.support import Premises

PASSWORD = "a correct horse battery staple"
ROLES = ("guest", "reader", "staff")
_CURSOR = re.compile(r"[?&]cursor=([\w%~.-]+)")
_TITLES = [
    *corpus.MARKUP[:16],
    "\ufffe\uffff",
    "a\u0301" * 80,
    "\u202eTitle",
    "😀" * 250,
    "W" * 500,
    "%s {0} {{7*7}}",
    "x\u2028y",
]
# Who looks at the pages that need nobody, a reader or staff.
_SEES = {"guest": {""}, "reader": {"", "reader"}, "staff": {"staff"}}
# Where the rows of a name in a path stand, when the name does not tell.
_TABLES = {"item_id": "cart_items", "prebook_id": "pre_bookings", "mail_id": "email_outbox", "notice_id": "notices"}


@dataclass
class Persona:
    """A visitor with what their browser and their app carry."""

    role: str
    cookies: dict[str, str] = field(default_factory=dict)
    bearer: str = ""
    csrf: str = ""
    email: str = ""
    forms: list[Form] = field(default_factory=list)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        found = [(b"Authorization", f"Bearer {self.bearer}".encode())] if self.bearer else []
        carried = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return [*found, (b"Cookie", carried.encode())] if carried else found

    def hear(self, answer: Answer) -> None:
        """Keep and drop cookies as the answer says."""
        for line in answer.all("set-cookie"):
            name, _, rest = line.partition("=")
            value, _, attributes = rest.partition(";")
            if "max-age=0" in attributes.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value.strip('"')


class World:
    """Keeps the personas able to act, and the rows there that requests name."""

    def __init__(self, premises: Premises, wire: Wire, targets: list[Target]) -> None:
        self.app: FastAPI = premises.shop.app
        self.host = urlsplit(str(premises.shop.client.base_url)).netloc
        self.personas = {role: Persona(role) for role in ROLES}
        self.paths: defaultdict[str, set[str]] = defaultdict(set)
        self.queries: defaultdict[str, set[str]] = defaultdict(set)
        self.query_names: defaultdict[str, set[str]] = defaultdict(set)
        self.cursors: list[str] = []
        self.ids: dict[str, list[int]] = {}
        self.asked = 0
        self._raw, self._wire, self._targets = premises.raw, wire, targets

    async def send(
        self, persona: Persona, method: str, path: str, *, form: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        """A plain request, as a browser or an app makes it."""
        self.asked += 1
        kind, content = b"", b""
        if form is not None:
            kind, content = b"application/x-www-form-urlencoded", urlencode(dict(form)).encode()
        elif body is not None:
            kind, content = b"application/json", json.dumps(body).encode()
        headers = [(b"Host", self.host.encode()), (b"Accept", b"text/html"), *persona.headers]
        headers += [(b"Content-Type", kind), (b"Content-Length", b"%d" % len(content))] if kind else []
        answer = await self._wire.ask(raw_request(method.encode(), path.encode(), headers, content))
        persona.hear(answer)
        return answer

    async def look_after(self) -> None:
        """Who cannot act any more becomes somebody new; what was used up is there again."""
        for role in ROLES:
            await self.revive(role)
        await self._stock_up(self.personas["reader"])
        await self._read_ids()

    async def revive(self, role: str) -> None:
        """Have that persona act again, if it cannot any more."""
        persona = self.personas[role]
        if role == "guest":
            self.personas[role] = await self._come_in(Persona(role, forms=persona.forms))
        elif not await self._can_act(persona):
            self.personas[role] = await self._sign_in(Persona(role, forms=persona.forms))
        else:
            await self._come_in(persona)

    async def look_round(self) -> None:
        """Read every page as everybody who may see it, and every list of the API by its first cursor."""
        self.cursors.clear()
        await self._read_mails()
        for persona in self.personas.values():
            persona.forms = []
            for target in self._targets:
                if target.method == "GET" and target.is_page and target.needs in _SEES[persona.role]:
                    path = self.path_of(target)
                    for query in ["", *sorted(self.queries[path])[-1:]]:
                        await self._read(persona, f"{path}?{query}" if query else path)
        for target in self._targets:
            if target.method == "GET" and "cursor" in target.query:
                persona = self.personas[target.needs or "guest"]
                answer = await self.send(persona, "GET", f"{self.path_of(target)}?limit=1&size=1")
                self.cursors += [unquote(found) for found in _CURSOR.findall(answer.get("link"))]

    def path_of(self, target: Target, chosen: int = 0) -> str:
        """A path of the target that is really there; the places of others are filled with what there may be."""
        known = sorted(self.paths[target.name])
        if known:
            return known[chosen % len(known)]
        path = target.path
        for name in target.parameters:
            ids = self.ids.get(name, [])
            value = ids[chosen % len(ids)] if ids else "x" if not name.endswith("_id") else 1
            path = re.sub(rf"{{{name}[^}}]*}}", str(value), path)
        return path

    def forms_of(self, target: Target, persona: Persona) -> list[Form]:
        """The forms that the persona saw and that lead there."""
        return [form for form in persona.forms if form.method == target.method and target.pattern.match(form.path)]

    async def fresh_form(self, persona: Persona, form: Form) -> Form:
        """The same form with the token that stands in its address now."""
        answer = await self.send(persona, "GET", form.page)
        found = [now for now in Reading(form.page, answer.text).forms if now.path == form.path]
        return found[0] if found else form

    def signed(self, name: str, value: object) -> str:
        """A cookie that the shop takes for its own."""
        signer = self._signer(name)
        return str(signer.make_signer(signer.salt).sign(base64_encode(json.dumps(value).encode())).decode())

    def carried(self, persona: Persona) -> dict[str, Any]:
        """What stands in the cookies of the persona that the shop signed."""
        found = {}
        for name, value in persona.cookies.items():
            fine, content = self._signer(name).loads_unsafe(value)
            if fine:
                found[name] = content
        return found

    def _signer(self, name: str) -> Any:
        return cookies._signer(SimpleNamespace(app=self.app), name)  # type: ignore[arg-type]

    async def _can_act(self, persona: Persona) -> bool:
        if not persona.bearer or (await self.send(persona, "GET", "/auth/me")).status != 200:
            return False
        room = "/staff" if persona.role == "staff" else "/account"
        return (await self.send(persona, "GET", room)).status == 200

    async def _sign_in(self, persona: Persona) -> Persona:
        persona.email = f"{uuid4().hex[:12]}@example.com"
        account = {"email": persona.email, "password": PASSWORD}
        persona.bearer = json.loads((await self.send(persona, "POST", "/auth/register", body=account)).body)[
            "access_token"
        ]
        if persona.role == "staff":
            await self._raw.execute("UPDATE users SET role = 'ADMIN' WHERE email = $1", persona.email)
        await self._come_in(persona)
        answer = await self.send(persona, "POST", "/account/sign-in", form=account | {FORM_TOKEN: persona.csrf})
        assert answer.status == 303, (answer.status, answer.text[:2000])
        return await self._come_in(persona)

    async def _come_in(self, persona: Persona) -> Persona:
        """Get the cookies of the door and the token of forms."""
        for page in ("/basket", "/account/sign-in", "/account/profile"):
            answer = await self.send(persona, "GET", page)
            tokens = [
                value
                for form in Reading(page, answer.text).forms
                for name, value in form.fields
                if name == FORM_TOKEN
            ]
            if tokens:
                persona.csrf = tokens[0]
                return persona
        raise AssertionError(f"no page has a form for a {persona.role}")

    async def _stock_up(self, reader: Persona) -> None:
        """Rows that pages tell of; where one cannot be made any more, others stand for it."""
        books = [
            row["id"]
            for row in await self._raw.fetch("SELECT id FROM books WHERE stock_quantity > 3 ORDER BY id LIMIT 6")
        ]
        gone = [
            row["id"]
            for row in await self._raw.fetch("SELECT id FROM books WHERE stock_quantity = 0 ORDER BY id LIMIT 3")
        ]
        for book in books[:2]:
            await self.send(reader, "POST", "/cart/items", body={"book_id": book, "quantity": 1})
        await self.send(reader, "POST", "/orders/checkout", body={})
        for book in books[:2]:
            await self.send(reader, "POST", f"/books/{book}/reviews", body={"rating": 4, "text": "Good."})
        for book in books[2:5]:
            await self.send(reader, "POST", "/cart/items", body={"book_id": book, "quantity": 1})
            await self.send(reader, "POST", "/wishlist", body={"book_id": book})
        for book in gone:
            await self.send(reader, "POST", "/prebooks", body={"book_id": book})

    async def furnish(self) -> None:
        """Books with hostile words, as far as the shop takes them: pages, feeds and covers show them from now on."""
        staff, reader = self.personas["staff"], self.personas["reader"]
        for number, (title, words) in enumerate(zip(_TITLES, [*corpus.CONTROLS, *corpus.UNICODE], strict=False)):
            book = {"title": title, "author": words, "price": f"{number}.99", "description": words + title}
            for author in (words, "An <fuzz> & Author"):
                if (await self.send(staff, "POST", "/books", body=book | {"author": author})).status == 201:
                    break
            await self.send(staff, "POST", "/genres", body={"name": title})
        await self.send(reader, "PATCH", "/auth/me", body={"display_name": '"><fuzz fuzzed=1>'})

    async def _read_ids(self) -> None:
        rows = await self._raw.fetch("SELECT table_name FROM information_schema.columns WHERE column_name = 'id'")
        tables = {row["table_name"] for row in rows}
        for name in {name for target in self._targets for name in target.parameters if name.endswith("_id")}:
            stem = name.removesuffix("_id")
            wanted = (_TABLES.get(name, ""), f"{stem}s", f"{stem.removesuffix('y')}ies", stem)
            if table := next((found for found in wanted if found in tables), None):
                newest = await self._raw.fetch(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 8")
                self.ids[name] = [row["id"] for row in newest]

    async def _read(self, persona: Persona, path: str) -> None:
        answer = await self.send(persona, "GET", path)
        if not answer.is_html or answer.status != 200:
            return
        reading = Reading(path, answer.text)
        persona.forms += reading.forms
        self._note(reading.addresses)
        for form in reading.forms:
            if form.method == "GET":
                self.query_names[form.path] |= {name for name, _ in form.fields}

    async def _read_mails(self) -> None:
        """Links in mails lead to pages that no page leads to."""
        mails = await self._raw.fetch("SELECT html FROM email_outbox ORDER BY id DESC LIMIT 40")
        base = re.escape(self.app.state.settings.public_base_url)
        found = (address for mail in mails for address in re.findall(rf'href="{base}(/[^"]*)"', mail["html"]))
        self._note(unescape(address) for address in found)

    def _note(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            path, _, query = address.partition("#")[0].partition("?")
            self.query_names[path] |= {name for name, _ in parse_qsl(query)}
            if query and len(self.queries[path]) < 12:
                self.queries[path].add(query)
            for target in self._targets:
                if target.parameters and target.pattern.match(path) and len(self.paths[target.name]) < 40:
                    self.paths[target.name].add(path)


def raw_request(method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes = b"") -> bytes:
    """The bytes of a request; the headers say what they say of the body."""
    lines = [method + b" " + target + b" HTTP/1.1", *(name + b": " + value for name, value in headers)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
