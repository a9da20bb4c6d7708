"""How a good request is made, and how it is spoilt."""

from dataclasses import replace
from random import Random
from urllib.parse import parse_qsl, urlsplit

from fastapi import FastAPI

from app.web.route import FORM_TOKEN
from tests.fuzz import corpus, spoiling
from tests.fuzz.files import CSV, picture
from tests.fuzz.headers import QUIET, quiet_header
from tests.fuzz.pages import Form
from tests.fuzz.shots import Draft
from tests.fuzz.targets import Target, example
from tests.fuzz.world import PASSWORD, ROLES, Persona, World

PLAIN_VALUES = {
    "email": "reader@example.com",
    "password": PASSWORD,
    "new_password": PASSWORD,
    "current_password": PASSWORD,
    "quantity": "2",
    "rating": "4",
    "reason": "Damaged",
    "price": "12.90",
    "title": "A Book",
    "author": "An Author",
    "name": "Poetry",
    "next": "/shop",
    "delta": "1",
}


class Maker:
    """Makes the requests of one run, each from a seed of its own."""

    def __init__(self, app: FastAPI, world: World, seed: int) -> None:
        self._app, self._world, self._bags = app, world, corpus.Bags(seed)

    async def good(self, target: Target, rng: Random, role: str | None = None) -> tuple[Draft, Persona]:
        """What somebody would send who means it."""
        persona = self._world.personas[role or _role(target, rng)]
        chosen = rng.randrange(8)
        draft = Draft(target.method.encode(), self._world.path_of(target, chosen).encode(), self._world.host.encode())
        draft.notes.append(persona.role)
        draft.cookies = [(name.encode(), value.encode()) for name, value in persona.cookies.items()]
        if persona.bearer and not target.is_page:
            draft.headers.append((b"Authorization", f"Bearer {persona.bearer}".encode()))
        if (
            draft.method == b"GET"
            and (queries := sorted(self._world.queries[draft.path.decode()]))
            and rng.random() < 0.6
        ):
            draft.query = split_query(rng.choice(queries))
        accept = b"text/html" if target.is_page and rng.random() < 0.9 else b"application/json"
        draft.headers.append((b"Accept", accept))
        if "callback" in target.path:
            await self._from_provider(draft, persona, target)
        elif target.method in {"POST", "PUT", "PATCH", "DELETE"}:
            await self._fill(draft, target, persona, rng)
        return draft, persona

    async def spoilt(self, target: Target, rng: Random) -> tuple[Draft, Persona]:
        """The same with one to six parts made hostile, and often some headers that seldom end a request early."""
        draft, persona = await self.good(target, rng)
        kit = spoiling.Kit(target, persona, self._world, self._bags, rng)
        wanted = 1 + min(5, int(rng.expovariate(0.8)))
        if rng.random() < 0.6:
            for name in rng.sample(QUIET, rng.randrange(2, 7)):
                draft.headers.append((name, quiet_header(rng, name)))
            draft.notes.append("headers")
        while wanted and kit.spoil(draft):
            wanted -= 1
        return draft, persona

    async def _fill(self, draft: Draft, target: Target, persona: Persona, rng: Random) -> None:
        if not target.is_page:
            self._fill_operation(draft, target)
            return
        forms = self._world.forms_of(target, persona)
        if forms:
            form = rng.choice(forms)
            if "token=" in form.action:
                form = await self._world.fresh_form(persona, form)
            _fill_form(draft, form, rng)
        else:
            draft.kind = "form"
            names = [name for name in target.words if name in PLAIN_VALUES or name.endswith("_id")]
            draft.fields = [(name, "") for name in names]
        draft.fields = [(name, self._plain(name, value)) for name, value in draft.fields]
        draft.set_field(FORM_TOKEN, persona.csrf)

    def _fill_operation(self, draft: Draft, target: Target) -> None:
        if target.body is not None:
            draft.kind, draft.json = "json", example(target.body, self._app.openapi())
            if isinstance(draft.json, dict):
                known = {name: self._plain(name, "") for name in draft.json}
                draft.json |= {name: value for name, value in known.items() if value}
        elif "upload" in target.path:
            draft.kind, draft.files = "multipart", [("file", "cover.png", b"image/png", picture())]
        elif "mail" in target.path:
            draft.kind, draft.fields = "form", [("List-Unsubscribe", "One-Click")]

    def _plain(self, name: str, value: str) -> str:
        ids = self._world.ids.get(name, [])
        return value or PLAIN_VALUES.get(name, "") or (str(ids[0]) if ids else "")

    async def _from_provider(self, draft: Draft, persona: Persona, target: Target) -> None:
        """Back from where the departure sent the browser, with its state and a code."""
        guest = replace(self._world.personas["guest"], cookies=dict(self._world.personas["guest"].cookies))
        answer = await self._world.send(guest, "GET", target.path.removesuffix("/callback"))
        asked = dict(parse_qsl(urlsplit(answer.get("location")).query))
        draft.query = [(b"state", asked.get("state", "").encode()), (b"code", b"abc")]
        draft.cookies = [(name.encode(), value.encode()) for name, value in guest.cookies.items()]


def _fill_form(draft: Draft, form: Form, rng: Random) -> None:
    path, _, query = form.action.partition("?")
    draft.path = path.encode()
    draft.query = split_query(query)
    draft.kind = "multipart" if form.is_upload or rng.random() < 0.15 else "form"
    draft.fields = list(dict(rng.sample(form.fields, len(form.fields))).items())
    draft.files = [(name, *_file(form, rng)) for name in form.files]


def split_query(query: str) -> list[tuple[bytes, bytes]]:
    """Names and values as they stand in an address."""
    parts = [part.partition(b"=") for part in query.encode().split(b"&")] if query else []
    return [(name, value) for name, _, value in parts]


def _file(form: Form, rng: Random) -> tuple[str, bytes, bytes]:
    if "cover" in form.action or rng.random() < 0.2:
        return "cover.png", b"image/png", picture()
    return "books.csv", b"text/csv", CSV.encode()


def _role(target: Target, rng: Random) -> str:
    mostly = {"staff": (1, 1, 9), "reader": (2, 8, 2), "": (4, 3, 2)}[target.needs]
    return rng.choices(ROLES, mostly)[0]
