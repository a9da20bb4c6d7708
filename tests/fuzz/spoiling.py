"""What is done to a good request."""

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import jwt

from app.web.route import FORM_TOKEN
from tests.fuzz import corpus, multiparts
from tests.fuzz.headers import HEADERS, hostile_header
from tests.fuzz.shots import Draft
from tests.fuzz.targets import Target
from tests.fuzz.world import Persona, World

METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"PROPFIND", b"get", b"FUZZ"]
# fmt: off
CONTENT_TYPES = [
    b"", b"text/plain", b"application/json", b"application/x-www-form-urlencoded", b"application/xml", b"*/*",
    b"a/b;" * 30, b"application/merge-patch+json", b"application/json; charset=latin-1", b"multipart/form-data",
    b"multipart/mixed; boundary=x", b"multipart/form-data; boundary=", b'multipart/form-data; boundary="',
    b"multipart/form-data; boundary=" + b"x" * 300, b"\xff/\xff", b"application/x-www-form-urlencoded; boundary=x",
    b"multipart/form-data; boundary=\xc3\xa9", b"multipart/form-data;;;=;boundary",
]
# fmt: on
LONGEST_FIELD, LONGEST_QUERY = 60_000, 7_500
Spoil = Callable[[Draft], bool]


class Kit:
    """The ways to spoil a request to that target; each says whether it could."""

    def __init__(self, target: Target, persona: Persona, world: World, bags: corpus.Bags, rng: Random) -> None:
        self._target, self._persona, self._world, self._bags, self._rng = target, persona, world, bags, rng
        self._ways: list[tuple[Spoil, int]] = [
            (self._query, 22),
            (self._field, 26),
            (self._json, 26),
            (self._path, 12 if target.parameters else 2),
            (self._header, 18),
            (self._cookie, 9),
            (self._token, 4),
            (self._bearer, 3),
            (self._body, 5),
            (self._content_type, 3),
            (self._method, 2),
            (self._many, 2),
            (self._form, 4),
        ]

    def spoil(self, draft: Draft) -> bool:
        """Spoil one part more."""
        ways = self._ways[:]
        while ways:
            way = self._rng.choices(ways, [weight for _, weight in ways])[0]
            if way[0](draft):
                return True
            ways.remove(way)
        return False

    def _query(self, draft: Draft) -> bool:
        names = [*self._target.query, *self._world.query_names.get(self._target.path, ())]
        if self._target.is_page and (not names or self._rng.random() < 0.2):
            names = list(self._target.words)
        wanted = len(names) if self._rng.random() < 0.3 else self._rng.randrange(1, 4)
        for name in self._rng.sample(names or ["q"], max(1, min(len(names), wanted, 14))):
            kept = [pair for pair in draft.query if pair[0] != name.encode() or self._rng.random() < 0.3]
            draft.query = [*kept, (name.encode(), self._in_address(name))]
            draft.notes.append(f"query {name}")
        return True

    def _in_address(self, name: str) -> bytes:
        if name == "cursor" and self._world.cursors and self._rng.random() < 0.7:
            value = self._rng.choice(self._world.cursors).encode()
            value = corpus.scrambled(self._rng, value) if self._rng.random() < 0.7 else value
            return re.sub(rb"[^\w~.-]", lambda found: b"%%%02x" % found[0][0], value)
        return corpus.escaped(self._rng, self._value(name, LONGEST_QUERY))[:LONGEST_QUERY]

    def _value(self, name: str, longest: int) -> str:
        """A text for something of that name."""
        dice = self._rng.random()
        if dice < 0.04:
            return corpus.long(self._rng, longest)
        return self._bags.draw(self._target.name, name) if dice < 0.65 else corpus.text(self._rng)

    def _field(self, draft: Draft) -> bool:
        if draft.kind not in {"form", "multipart"}:
            return False
        if draft.files and self._rng.random() < 0.6:
            return multiparts.spoil_file(draft, self._rng)
        known = [name for name, _ in draft.fields if name != FORM_TOKEN]
        names = known if known and self._rng.random() < 0.85 else list(self._target.words) or ["q"]
        wanted = min(len(names), 14) if self._rng.random() < 0.25 else 1
        for name in self._rng.sample(names, wanted):
            draft.set_field(name, self._value(name, LONGEST_FIELD))
            draft.notes.append(f"field {name}")
        if self._rng.random() < 0.06:
            draft.fields.append((corpus.text(self._rng)[:200], corpus.text(self._rng)))
            draft.notes.append("odd field")
        return True

    def _json(self, draft: Draft) -> bool:
        if draft.kind != "json":
            return False
        if isinstance(draft.json, dict) and draft.json and self._rng.random() < 0.85:
            wanted = len(draft.json) if self._rng.random() < 0.25 else 1
            for name in self._rng.sample(list(draft.json), wanted):
                is_text = self._rng.random() < 0.6
                value = self._value(name, LONGEST_FIELD) if is_text else corpus.json_value(self._rng)
                draft.json = draft.json | {name: value}
                draft.notes.append(f"json {name}")
            if self._rng.random() < 0.08:
                del draft.json[name]
        else:
            draft.json = corpus.json_value(self._rng)
            draft.notes.append("json whole")
        return True

    def _path(self, draft: Draft) -> bool:
        value = corpus.escaped(self._rng, corpus.text(self._rng))
        if self._target.parameters and self._rng.random() < 0.85:
            if ":int}" in self._target.path and self._rng.random() < 0.6:
                value = str(self._rng.choice(corpus.NUMBERS)).encode() if self._rng.random() < 0.5 else b"9" * 4400
            template, name = self._target.path.encode(), self._rng.choice(self._target.parameters).encode()
            draft.path = re.sub(rb"{" + name + rb"[^}]*}", lambda _: value.replace(b" ", b"%20") or b"x", template)
            draft.path = re.sub(rb"{[^}]*}", b"1", draft.path)
        else:
            draft.path += self._rng.choice(
                (b"/", b"//", b"/.", b"/..", b"%2f", b"%00", b";a=b", b"/" + value, b"%20", b"\xff")
            )
        draft.path = re.sub(rb"[\s#?]", lambda found: b"%%%02x" % found[0][0], draft.path)
        draft.notes.append("path")
        return True

    def _header(self, draft: Draft) -> bool:
        name = self._rng.choice([*HEADERS, *(given.encode() for given in self._target.headers)])
        value = hostile_header(self._rng, name)
        draft.headers = [pair for pair in draft.headers if pair[0].lower() != name.lower()]
        draft.headers += [(name, value)] * (1 if self._rng.random() < 0.93 else self._rng.randrange(2, 6))
        draft.notes.append(f"header {name.decode()}")
        return True

    def _cookie(self, draft: Draft) -> bool:
        names = [name for name, _ in draft.cookies] or [b"bookstore_session"]
        name = self._rng.choice(names)
        old = dict(draft.cookies).get(name, b"")
        dice = self._rng.random()
        if dice < 0.5 and (content := self._world.carried(self._persona).get(name.decode("latin-1"))) is not None:
            value = self._world.signed(name.decode("latin-1"), _other_shape(content, self._rng)).encode()
        elif dice < 0.75 and old:
            value = corpus.scrambled(self._rng, old)
        else:
            value = corpus.text(self._rng).encode("utf-8", "surrogatepass")[:4000]
        value = re.sub(rb"[\r\n\0;]", b"_", value)
        draft.cookies = [pair for pair in draft.cookies if pair[0] != name] + [(name, value)]
        draft.notes.append(f"cookie {name.decode('latin-1')}")
        return True

    def _token(self, draft: Draft) -> bool:
        if not any(name == FORM_TOKEN for name, _ in draft.fields):
            return False
        draft.fields = [pair for pair in draft.fields if pair[0] != FORM_TOKEN]
        if self._rng.random() < 0.7:
            draft.fields.append((FORM_TOKEN, corpus.text(self._rng)))
        draft.notes.append("token")
        return True

    def _bearer(self, draft: Draft) -> bool:
        if self._target.is_page:
            return False
        value = b"Bearer " + _forged(self._world.app.state.signing_key, self._persona.bearer, self._rng)
        draft.headers = [pair for pair in draft.headers if pair[0] != b"Authorization"] + [(b"Authorization", value)]
        draft.notes.append("bearer")
        return True

    def _body(self, draft: Draft) -> bool:
        body = draft.raw(self._rng).partition(b"\r\n\r\n")[2]
        if self._rng.random() < 0.5 and body:
            for _ in range(self._rng.randrange(1, 4)):
                body = corpus.scrambled(self._rng, body)
        else:
            body = self._rng.choice((corpus.text(self._rng), corpus.long(self._rng, LONGEST_FIELD))).encode(
                "utf-8", "surrogatepass"
            )
        draft.body = body.decode("utf-8", "replace").encode("utf-16") if self._rng.random() < 0.08 else body
        draft.notes.append("body")
        return True

    def _content_type(self, draft: Draft) -> bool:
        draft.content_type = self._rng.choice(CONTENT_TYPES)
        draft.notes.append("content type")
        return True

    def _method(self, draft: Draft) -> bool:
        draft.method = self._rng.choice(METHODS)
        draft.notes.append("method")
        return True

    def _many(self, draft: Draft) -> bool:
        """Very many of the same."""
        name = self._rng.choice([*self._target.query, *self._target.words, "a"])
        if draft.kind in {"form", "multipart"} and self._rng.random() < 0.6:
            draft.fields += [(name, str(number)) for number in range(self._rng.choice((50, 999, 1100)))]
        else:
            draft.query += [(name.encode(), b"%d" % number) for number in range(self._rng.choice((50, 400)))]
        draft.notes.append("many")
        return True

    def _form(self, draft: Draft) -> bool:
        """A multipart form with parts as no browser writes them."""
        if draft.kind not in {"form", "multipart"}:
            return False
        draft.kind, draft.body = "multipart", multiparts.odd_form(draft, self._rng)
        draft.notes.append("odd form")
        return True


def _other_shape(content: Any, rng: Random) -> Any:
    """The content of a cookie as another release might have written it."""
    if rng.random() < 0.25:
        return _storable(corpus.json_value(rng))
    if isinstance(content, dict) and content:
        changed = dict(content)
        name = rng.choice(list(content))
        if rng.random() < 0.25:
            del changed[name]
        else:
            changed[name] = (
                _other_shape(content[name], rng) if rng.random() < 0.5 else _storable(corpus.json_value(rng))
            )
        return changed
    if isinstance(content, list) and content:
        place = rng.randrange(len(content))
        return [*content[:place], _other_shape(content[place], rng), *content[place + 1 :]]
    return rng.choice(
        (
            [[1, 1]],
            [[1, -1]],
            [[1, 2**40]],
            [["1", "1"]],
            [[1, 1.5]],
            [[None, 1]],
            [[1, "1e999"]],
            [[1, 2, 3]],
            {"1": 1},
        )
    )


def _storable(value: Any) -> Any:
    """Without the numbers that Python itself would not write."""
    return json.loads(json.dumps(value)) if len(json.dumps(value)) < 3000 else "x"


def _forged(key: str, bearer: str, rng: Random) -> bytes:
    if rng.random() < 0.5 and bearer:
        return re.sub(rb"[\r\n\0]", b"_", corpus.scrambled(rng, bearer.encode()))
    claims: dict[str, Any] = {"sub": "1", "sid": "x", "jti": "x", "iat": 0, "exp": 2**31}
    for name in rng.sample(list(claims), rng.randrange(1, 4)):
        claims[name] = _storable(corpus.json_value(rng))
    try:
        return jwt.encode(claims, key, "HS256").encode()
    except (TypeError, ValueError):
        return b"x.y.z"
