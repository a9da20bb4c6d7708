"""For machines: the map of the site, what robots may visit, and new books as RSS."""

from email.utils import format_datetime
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from app.catalog.deps import Genres, ShelvesDep
from app.core.parts import SETTINGS
from app.web.formats import xml_text
from app.web.page import shop_of
from app.web.route import PageRoute
from app.web.storefront.sitemap import SITE_MAP
from app.web.visitor import AnyVisitor

router = APIRouter(include_in_schema=False, route_class=PageRoute)
FEED = 30
MAPPED = 50_000
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CLOSED = ("/account", "/checkout", "/staff", "/shop/suggest")


@router.get("/robots.txt")
async def robots(request: Request, _: AnyVisitor) -> Response:
    """What robots may visit."""
    base = SETTINGS.of(request).public_base_url
    closed = "".join(f"Disallow: {path}\n" for path in CLOSED)
    return PlainTextResponse(f"User-agent: *\n{closed}Sitemap: {base}/sitemap.xml\n")


@router.get("/sitemap.xml")
async def sitemap(request: Request, shelves: ShelvesDep, genres: Genres, _: AnyVisitor) -> Response:
    """The home page, the shelves, and as many books as one map may hold, the newest first."""
    base = SETTINGS.of(request).public_base_url

    async def write() -> str:
        by_genre = [f"/shop?genre={genre.id}" for genre in await genres.all()]
        pages = "".join(f"<url><loc>{xml_text(base + path)}</loc></url>\n" for path in ["/", "/shop", *by_genre])
        books = await shelves.mapped(f"{xml_text(base)}/shop/books/", MAPPED)
        return f'{HEAD}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}{books}</urlset>\n'

    site_map = SITE_MAP.of(request)
    return Response(await site_map.read(write), media_type="application/xml; charset=utf-8")


@router.get("/feed.xml")
async def feed(request: Request, shelves: ShelvesDep, _: AnyVisitor) -> Response:
    """New books."""
    base = SETTINGS.of(request).public_base_url
    items = "".join(
        f"<item><title>{xml_text(f'{book.title} by {book.author}')}</title>"
        f"<link>{base}/shop/books/{book.id}</link><guid>{base}/shop/books/{book.id}</guid>"
        f"<pubDate>{format_datetime(book.created_at)}</pubDate>"
        f"<description>{xml_text(book.description or '')}</description></item>\n"
        for book in await shelves.new(FEED)
    )
    own = f'<atom:link href={quoteattr(base + "/feed.xml")} rel="self" type="application/rss+xml"/>'
    found = (
        f'{HEAD}<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>New books at {xml_text(shop_of(request).name)}</title><link>{base}/shop?sort=new</link>"
        f"<description>Books that came in last.</description>{own}\n"
        f"{items}</channel></rss>\n"
    )
    return Response(found, media_type="application/rss+xml; charset=utf-8")
