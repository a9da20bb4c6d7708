"""What a page shows: one frozen context class for each template, and how it becomes an answer."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.core.parts import KEYS, SETTINGS
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


def render_for_all(page: PageContext) -> str:
    """A page that is the same for every visitor: its template sees `page` alone."""
    return _templates.get_template(page.template).render(page=page)


def render(request: Request, page: PageContext, status: int = 200) -> HTMLResponse:
    """The page for this visitor. The template sees `page`, `visitor`, `shop` (what the settings say) and `here`."""
    context = {
        "page": page,
        "visitor": visitor_of(request),
        "key": KEYS.of(request).covers.signing,
        "shop": SETTINGS.of(request),
        "here": request.scope["path"],
        "query": request.query_params.get("q", ""),
    }
    return HTMLResponse(_templates.get_template(page.template).render(context), status)
