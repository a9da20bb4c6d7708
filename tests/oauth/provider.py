"""A provider of our own: OpenID Connect as Google speaks it, OAuth and the API as GitHub does, over real HTTP."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "the-shop.apps.example.com", "the secret of the shop"
ENDLESS = b"[" * 65536


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """The key of that name, made once for all tests."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Call:
    """A request that arrived."""

    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Grant:
    """What a code stands for."""

    request: dict[str, str]


@dataclass
class Answer:
    """What goes out: JSON unless `raw` says otherwise."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    endless: bool = False
    pause: float = 0  # between the parts of an endless answer
    delay: float = 0


class FakeProvider:
    """Who is signed in there, how it signs, and what goes wrong."""

    def __init__(self) -> None:
        self.url = ""
        self.issuer: str | None = None
        self.claims: dict[str, Any] = {"sub": "108234", "email": "reader@example.com", "email_verified": True}
        self.signer = "first"
        self.published = ["first"]
        self.token_answer: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.user: Any = {"id": 583231, "login": "octocat", "email": "public@example.com"}
        self.emails: Any = [
            {"email": "other@example.com", "primary": False, "verified": True, "visibility": None},
            {"email": "reader@example.com", "primary": True, "verified": True, "visibility": "private"},
        ]
        self.padding = 0  # blanks behind every answer, which JSON allows
        self.faults: dict[str, Callable[[], Answer]] = {}
        self.calls: list[Call] = []
        self.grants: dict[str, Grant] = {}
        self.tokens: set[str] = set()

    def count(self, path: str) -> int:
        return sum(call.path == path for call in self.calls)

    def id_token(
        self,
        *,
        signer: str | None = None,
        kid: str | None = None,
        alg: str = "RS256",
        key: Any = None,
        **changes: Any,
    ) -> str:
        """An id token for the person signed in; a claim set to None is left out."""
        now = int(time.time())
        claims = {"iss": self.issuer or self.url, "aud": CLIENT_ID, "azp": CLIENT_ID, "iat": now, "exp": now + 3600}
        claims = {name: value for name, value in (claims | self.claims | changes).items() if value is not None}
        name = signer or self.signer
        return jwt.encode(claims, rsa_key(name) if key is None else key, alg, headers={"kid": kid or name})

    def handle(self, method: str, path: str, query: dict[str, str], call: Call) -> Answer:
        self.calls.append(call)
        if path in self.faults:
            return self.faults[path]()
        routes: dict[tuple[str, str], Callable[[], Answer]] = {
            ("GET", "/.well-known/openid-configuration"): self._discovery,
            ("GET", "/keys"): self._keys,
            ("GET", "/authorize"): lambda: self._authorize(query),
            ("POST", "/token"): lambda: self._google_token(call),
            ("GET", "/login/oauth/authorize"): lambda: self._authorize(query),
            ("POST", "/login/oauth/access_token"): lambda: self._github_token(call),
            ("GET", "/api/user"): lambda: self._api(call, self.user),
            ("GET", "/api/user/emails"): lambda: self._api(call, self.emails),
        }
        return routes[method, path]() if (method, path) in routes else Answer({"message": "Not Found"}, 404)

    def _discovery(self) -> Answer:
        document = {
            "issuer": self.issuer or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }
        return Answer(document | self.document)

    def _keys(self) -> Answer:
        keys = []
        for name in self.published:
            public = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True)
            keys.append(public | {"kid": name, "use": "sig", "alg": "RS256"})
        return Answer({"keys": [{"kty": "EC", "kid": "another kind"}, "nonsense", *keys]})

    def _authorize(self, query: dict[str, str]) -> Answer:
        """The person is signed in and says yes."""
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe(16)
        self.grants[code] = Grant(query)
        back = urlencode({"state": query["state"], "code": code, "scope": query["scope"]})
        return Answer({}, 302, {"Location": f"{query['redirect_uri']}?{back}"})

    def _redeem(self, form: dict[str, str]) -> Grant | None:
        grant = self.grants.pop(form.get("code", ""), None)
        if grant is None or grant.request["code_challenge_method"] != "S256":
            return None
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        fits = base64.urlsafe_b64encode(hashed).decode().rstrip("=") == grant.request["code_challenge"]
        same_place = form["redirect_uri"] == grant.request["redirect_uri"]
        ours = (form["client_id"], form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        return grant if fits and same_place and ours and form["grant_type"] == "authorization_code" else None

    def _new_token(self) -> dict[str, Any]:
        token = secrets.token_urlsafe(16)
        self.tokens.add(token)
        return {"access_token": token, "token_type": "bearer"}

    def _google_token(self, call: Call) -> Answer:
        grant = self._redeem(call.form)
        if grant is None:
            return Answer({"error": "invalid_grant", "error_description": "Malformed auth code."}, 400)
        answer = self._new_token() | {"id_token": self.id_token(nonce=grant.request["nonce"]), "expires_in": 3599}
        return Answer(answer | self.token_answer, headers={"Set-Cookie": "seen=1; Path=/"})

    def _github_token(self, call: Call) -> Answer:
        if self._redeem(call.form) is None:
            return Answer({"error": "bad_verification_code", "error_description": "The code is incorrect."})
        if "json" not in call.headers.get("accept", ""):
            return Answer(raw=urlencode(self._new_token()).encode())
        return Answer(self._new_token() | self.token_answer)

    def _api(self, call: Call, content: Any) -> Answer:
        known = call.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
        if not known or not call.headers.get("user-agent"):
            return Answer({"message": "Bad credentials"}, 401)
        return Answer(content)


@contextmanager
def provider_running(tls: ssl.SSLContext | None = None) -> Iterator[FakeProvider]:
    """A provider on a free port of this machine."""
    provider = FakeProvider()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    provider.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            pass

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(parts.path, headers, _single(body))
            try:
                self._send(provider.handle(self.command, parts.path, _single(parts.query), call))
            except OSError:  # the shop hung up
                self.close_connection = True

        def _send(self, answer: Answer) -> None:
            time.sleep(answer.delay)
            body = json.dumps(answer.content).encode() if answer.raw is None else answer.raw
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.endless:
                self.close_connection = True
                self.end_headers()
                while True:
                    self.wfile.write(b" " if answer.pause else ENDLESS)
                    time.sleep(answer.pause)
            body += b" " * provider.padding
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _single(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
