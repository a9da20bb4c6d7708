"""What a page shows: one frozen context class for each template, and how it becomes an answer."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.addresses.rules import lines
from app.core.config import Settings
from app.core.parts import KEYS, SETTINGS
from app.shop.service import SHOP
from app.shop.settings import ShopSettings
from app.web import formats, statuses
from app.web.assets import asset
from app.web.covers.links import Covered, cover_path
from app.web.visitor import visitor_of


def _cover(context: Context, book: Covered) -> str:
    return cover_path(context["key"], book)


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@lru_cache(maxsize=64)
def _five_stars(mean: float) -> Markup:
    """Five stars, as many of them full as a mean with one decimal says: a page of books shows them 24 times."""
    return Markup(_templates.get_template("five_stars.html").render(mean=mean).strip())  # noqa: S704 - our own template


_templates.globals |= {"asset": asset, "cover": pass_context(_cover), "five_stars": _five_stars}
_templates.filters |= {**formats.FILTERS, **statuses.FILTERS}


@dataclass(frozen=True, slots=True)
class PageContext:
    """The context of a template. A subclass is a frozen dataclass and names its template."""

    template: ClassVar[str]


@dataclass(frozen=True, slots=True)
class ShopOnPages:
    """The shop as templates see it: what its settings say, and what the machine it runs on was told."""

    said: ShopSettings
    machine: Settings

    @property
    def name(self) -> str:
        return self.said.name

    @property
    def currency(self) -> str:
        return self.said.currency

    @property
    def zone(self) -> ZoneInfo:
        return self.said.zone

    @property
    def seller(self) -> list[str]:
        """Who sells, line by line, as a receipt must say."""
        contact = self.said.contact
        address = lines(contact.address) if contact.address else []
        company = [contact.company] if contact.company and contact.company not in address else []
        tax = [f"Tax number {contact.tax_number}"] if contact.tax_number else []
        reach = [said for said in (contact.email, contact.phone) if said]
        return [*company, *address, *reach, *tax]

    @property
    def shop_locale(self) -> str:
        return self.machine.shop_locale

    @property
    def public_base_url(self) -> str:
        return self.machine.public_base_url

    @property
    def access_token_expire_minutes(self) -> int:
        return self.machine.access_token_expire_minutes

    @property
    def security_events_days(self) -> int:
        return self.machine.security_events_days


def shop_of(request: Request) -> ShopSettings:
    """What the shop says, as of this request; as this process knew it last, where the database was not asked."""
    found: ShopSettings | None = getattr(request.state, "shop", None)
    return found or SHOP.of(request).known


def render_for_all(page: PageContext) -> str:
    """A page that is the same for every visitor: its template sees `page` alone."""
    return _templates.get_template(page.template).render(page=page)


def render(request: Request, page: PageContext, status: int = 200) -> HTMLResponse:
    """The page for this visitor. The template sees `page`, `visitor`, `shop` (`ShopOnPages`) and `here`."""
    context = {
        "page": page,
        "visitor": visitor_of(request),
        "key": KEYS.of(request).covers.signing,
        "shop": ShopOnPages(shop_of(request), SETTINGS.of(request)),
        "here": request.scope["path"],
        "query": request.query_params.get("q", ""),
    }
    return HTMLResponse(_templates.get_template(page.template).render(context), status)
