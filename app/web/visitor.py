"""Who looks at a page: a reader who signed in, or a guest with a basket of their own."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeVar
from uuid import uuid4

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.accounts.caller import Caller
from app.accounts.models import UserRole
from app.accounts.names import shown_name
from app.accounts.places import PLACE_LIFE
from app.cart.deps import Carts
from app.core.parts import SETTINGS
from app.core.values import INT_MAX, Count
from app.notices.deps import Notices
from app.shop.deps import CurrentShop
from app.web import cookies
from app.web.deps import Browsers

DAY_SECONDS = 86400
MAX_PRICES_SEEN = 50
FLASH_SECONDS = 300

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class FlashMessage:
    """A short message that the next page shows."""

    text: str
    tone: Tone


class _Carried(BaseModel):
    """What the cookie of a guest holds: an id nobody can guess, whether there is a basket, prices that were seen.

    `basket` is one from before baskets were in the database: copies by the ids of books.
    """

    id: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    cart: bool = False
    basket: list[tuple[Count, Count]] = []
    seen: list[tuple[Count, Annotated[str, Field(pattern=r"^[0-9]{1,8}\.[0-9]{2}$")]]]

    def kept(self) -> dict[str, object]:
        """What is written, without what is not there."""
        return {name: value for name, value in self.model_dump().items() if value or name in {"id", "seen"}}


_CARRIED: TypeAdapter[_Carried] = TypeAdapter(_Carried)
_FLASHES = TypeAdapter(list[tuple[str, Tone]])
Shape = TypeVar("Shape")


@dataclass
class Visitor:
    """The visitor of this request. What handlers change here goes into cookies with the answer."""

    max_cart_lines: int
    session_token: str | None = None
    caller: Caller | None = None
    guest_id: str = field(default_factory=lambda: uuid4().hex)
    has_cart: bool = False
    cart_is_gone: bool = False
    old_basket: dict[int, int] = field(default_factory=dict)
    prices_seen: dict[int, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    basket_count: int = 0
    unread_count: int = 0
    messages: tuple[FlashMessage, ...] = ()
    csrf: str = ""
    _new_messages: list[FlashMessage] = field(default_factory=list)
    _session_changed: bool = False
    _browser_is_known: bool = False
    _was_new: bool = True
    _carried_before: _Carried | None = None

    @property
    def is_staff(self) -> bool:
        return self.caller is not None and self.caller.role is UserRole.ADMIN

    @property
    def cart_token(self) -> str:
        """The token of this guest's basket, whether or not there is one: each browser has one, so that two books that
        are added at once get into the same.
        """
        digest = hashlib.sha256(f"cart of {self.guest_id}".encode()).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")

    def carry_cart(self) -> None:
        """Carry a guest's basket that is in the database; what an earlier one lost on its way there is told."""
        self.has_cart, self.old_basket = True, {}
        self._tell_left_out()

    def lay_down_cart(self) -> None:
        """Carry no guest's basket any more; what was left out when it was merged is told."""
        self.has_cart, self.old_basket = False, {}
        self._tell_left_out()

    def _tell_left_out(self) -> None:
        for sentence in self.left_out:
            self.flash(sentence, "bad")
        self.left_out = []

    @property
    def name(self) -> str:
        """How the shop addresses a reader who signed in."""
        assert self.caller is not None  # noqa: S101 - templates ask behind `visitor.caller`
        return shown_name(self.caller.id, self.caller.display_name, is_staff=self.is_staff)

    def flash(self, text: str, tone: Tone = "good") -> None:
        """Show a message on the next page."""
        self._new_messages.append(FlashMessage(text, tone))

    def sign_in(self, token: str) -> None:
        """Carry that session from now on, and no guest's basket any more: merge it before.

        What was left out of it then is told.
        """
        self.session_token, self._session_changed = token, True
        self.lay_down_cart()
        self.be_known()

    def be_known(self) -> None:
        """Carry the id of this browser, which an account knows from now on."""
        self._browser_is_known = True

    def sign_out(self) -> None:
        """Carry no session any more."""
        self.session_token, self._session_changed = None, True

    def write_cookies(self, request: Request, response: Response) -> None:
        """Send what changed."""
        if self._session_changed and self.session_token:
            days = SETTINGS.of(request).session_max_days
            cookies.write(request, response, cookies.SESSION, self.session_token, days * DAY_SECONDS)
        elif self._session_changed:
            cookies.forget(request, response, cookies.SESSION)
        if self._browser_is_known:
            life = int(PLACE_LIFE.total_seconds())
            cookies.write_signed(request, response, cookies.BROWSER, browser_of(request), life)
        if self._was_new or self._carried() != self._carried_before:
            cookies.write_signed(request, response, cookies.GUEST, self._carried().kept(), cookies.YEAR_SECONDS)
        if self._new_messages:
            words = [(word.text, word.tone) for word in self._new_messages]
            cookies.write_signed(request, response, cookies.FLASH, words, FLASH_SECONDS)
        elif self.messages and response.headers.get("content-type", "").startswith("text/html"):
            cookies.forget(request, response, cookies.FLASH)

    def _carried(self) -> _Carried:
        """What the cookie of a guest holds. Readers carry no basket there, but the prices that they saw."""
        seen = list(self.prices_seen.items())[:MAX_PRICES_SEEN]
        basket = list(self.old_basket.items())
        return _Carried.model_construct(id=self.guest_id, cart=self.has_cart, basket=basket, seen=seen)


async def get_visitor(
    request: Request, shop: CurrentShop, sessions: Browsers, notices: Notices, carts: Carts
) -> Visitor:
    """The visitor, as the cookies say and the rows confirm. What the shop says is kept for the page (`shop_of`)."""
    request.state.shop = shop
    visitor = _carried(request)
    if visitor.session_token:
        found = await sessions.find(visitor.session_token)
        if found is None:
            visitor.sign_out()
        else:
            visitor.caller = found.caller
            visitor.unread_count = await notices.unread_count(found.caller.id)
            visitor.basket_count = await carts.count(found.caller.id)
            if found.is_ageing:
                await sessions.renew(visitor.session_token)
    if visitor.caller is None and visitor.has_cart:
        count = await carts.count_of_guest(visitor.cart_token)
        visitor.basket_count += count or 0
        visitor.has_cart, visitor.cart_is_gone = count is not None, count is None
    return _met(request, visitor)


def visitor_of(request: Request) -> Visitor:
    """The visitor whom `get_visitor` met; before it, or without a database, what the cookies alone say of a guest."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    return found or _met(request, _carried(request))


def _met(request: Request, visitor: Visitor) -> Visitor:
    """Forms carry a token of the session, of the guest where there is none; another one after signing in or out."""
    visitor.csrf = cookies.form_token(request, visitor.session_token or visitor.guest_id)
    request.state.visitor = visitor
    return visitor


def browser_of(request: Request) -> str:
    """The id of this browser, under which an account knows it where it signed in before: see app.accounts.places."""
    known: str | None = getattr(request.state, "browser", None) or cookies.read_signed(request, cookies.BROWSER)
    request.state.browser = browser = known or uuid4().hex
    return browser


def expected_form_token(request: Request, path: str = "") -> str:
    """The token that a form must bring which this visitor sends; given a path, one that is good for it alone."""
    return cookies.form_token(request, _anchor(request, path))


def brings_form_token(request: Request, given: object, path: str = "") -> bool:
    """Whether that is the token of `expected_form_token`, which may be from before a change of keys."""
    return isinstance(given, str) and cookies.is_form_token(request, _anchor(request, path), given)


def _anchor(request: Request, path: str) -> str:
    anchor = cookies.read(request, cookies.SESSION) or _carried(request).guest_id
    return f"{anchor}:{path}" if path else anchor


def _carried(request: Request) -> Visitor:
    """Read once a request, so that a new guest has one id throughout."""
    given: _Carried | None = getattr(request.state, "guest", None) or _read(_CARRIED, request, cookies.GUEST)
    was_new = given is None or getattr(request.state, "guest_is_new", False)
    if given is None:
        given = _Carried(id=uuid4().hex, basket=[], seen=[])
    request.state.guest, request.state.guest_is_new = given, was_new
    old_basket = dict(given.basket)
    words = _read(_FLASHES, request, cookies.FLASH) or []
    return Visitor(
        max_cart_lines=SETTINGS.of(request).max_cart_lines,
        session_token=cookies.read(request, cookies.SESSION),
        guest_id=given.id,
        has_cart=given.cart,
        old_basket=old_basket,
        prices_seen=dict(given.seen),
        basket_count=min(sum(old_basket.values()), INT_MAX),
        messages=tuple(FlashMessage(text, tone) for text, tone in words),
        _was_new=was_new,
        _carried_before=given,
    )


def _read(shape: TypeAdapter[Shape], request: Request, name: str) -> Shape | None:
    """What stands in that cookie; None where we did not sign it, or another release wrote it in another shape."""
    try:
        return shape.validate_python(cookies.read_signed(request, name))
    except ValidationError:
        return None


AnyVisitor = Annotated[Visitor, Depends(get_visitor)]
