"""Composition: settings, middleware and routers become the application."""

import asyncio
import gc
import logging
import multiprocessing
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, nullcontext
from functools import partial
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Match
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import __version__
from app.accounts.oauth.providers import PROVIDERS, warn_of_missing_secrets
from app.accounts.oauth.router import router as oauth
from app.accounts.router import router as accounts
from app.accounts.security.keeping import SecurityNotes
from app.accounts.security.router import router as security
from app.accounts.unsubscribe import router as unsubscribe
from app.addresses.router import router as addresses
from app.admin.export_router import router as exports
from app.admin.outbox_router import router as outbox
from app.admin.reports.router import router as reports
from app.admin.stock_router import router as restock
from app.admin.users_router import router as users
from app.audit.router import router as audit
from app.background import background_jobs, end_with_supervisor
from app.cart.delivery_router import router as delivery
from app.cart.router import router as cart
from app.catalog.router import router as catalog
from app.container import furnish
from app.core import openapi, problems
from app.core.body_limit import BodyLimitMiddleware
from app.core.config import Settings, load_settings
from app.core.db.engine import AUTOCOMMIT_CONNECTIONS, make_engine
from app.core.db.server import DatabaseOutOfReach, database_running, refuse_outdated_schema
from app.core.db.transaction import DATABASE, Database
from app.core.logging import configure
from app.core.middleware import RequestContext, ServerErrorMiddleware
from app.core.parts import SETTINGS
from app.core.production import doubts
from app.core.routing import RouteIndex, bound_numbers
from app.health.router import router as health
from app.media.file_router import router as image_files
from app.media.router import router as images
from app.notices.router import router as notifications
from app.orders.cancel_router import router as cancellations
from app.orders.router import router as orders
from app.payments.deps import PAYMENTS
from app.payments.service import refuse_remote
from app.prebookings.router import router as pre_bookings
from app.reviews.moderation_router import router as moderation
from app.reviews.router import router as reviews
from app.verify.router import router as verification
from app.web import not_found
from app.web.reference import routes as reference
from app.web.router import ROUTERS as PAGES
from app.web.staff.uploads import STREAMED as STREAMED_PAGES
from app.wishlist.router import router as wishlist

log = logging.getLogger(__name__)

DESCRIPTION = "An online bookshop: catalogue, basket, checkout and orders. Errors are RFC 9457 problem documents."
# Two years. Neither for subdomains nor for the lists of browsers: those are not the shop's to bind.
ENCRYPTED_ONLY = {"Strict-Transport-Security": "max-age=63072000"}
STREAMED = frozenset({("POST", "/uploads/images")}) | STREAMED_PAGES
ROUTERS = (
    health,
    accounts,
    catalog,
    restock,
    cart,
    delivery,
    orders,
    cancellations,
    reviews,
    moderation,
    outbox,
    verification,
    oauth,
    unsubscribe,
    addresses,
    wishlist,
    pre_bookings,
    notifications,
    users,
    reports,
    audit,
    security,
    images,
    image_files,
    exports,
)


def create_app(settings: Settings | None = None, *, with_worker: bool = False) -> FastAPI:
    """The shop. Its database is reached (and, if embedded, started) when the server starts, not before."""
    settings = settings or load_settings()
    app = FastAPI(
        title="Bookstore",
        version=__version__,
        description=DESCRIPTION,
        lifespan=partial(_lifespan, with_worker=with_worker),
        separate_input_output_schemas=True,
        redirect_slashes=False,
        openapi_url=None,  # in app.web.reference, which needs no scripts from another host
    )
    furnish(app, settings)
    for router in (*ROUTERS, *PAGES):  # not include_router, which matches every path a second time at each request
        app.router.routes.extend(router.routes)
    bound_numbers(app.routes)
    app.router.default = _without_slash(app)
    problems.install(app)
    not_found.install(app)
    openapi.install(app)
    reference.install(app, with_page=settings.api_docs_on)
    app.router.middleware_stack = RouteIndex(app.router)
    _add_middleware(app, settings)
    return app


def create_app_with_worker() -> FastAPI:
    """The shop as `bookstore serve` runs it: its processes also send mail and do what else is done later."""
    return create_app(with_worker=True)


def _add_middleware(app: FastAPI, settings: Settings) -> None:
    """The last one added is the outermost."""
    app.add_middleware(
        BodyLimitMiddleware,
        max_bytes=settings.max_body_bytes,
        max_at_work=settings.max_requests_at_work,
        streamed=STREAMED,
        refuse_unread=not_found.refuse_foreign_form,
        shown=not_found.unread_form,
    )
    app.add_middleware(ServerErrorMiddleware)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.allowed_origins,
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Cart-Token"],
        expose_headers=["Link", "X-Total-Count", "Idempotent-Replayed", "Retry-After", "X-Request-ID"],
    )
    app.add_middleware(SecurityNotes)
    app.add_middleware(RequestContext, always=ENCRYPTED_ONLY if settings.is_https else None)
    if settings.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=settings.trusted_proxies)


@asynccontextmanager
async def _lifespan(app: FastAPI, *, with_worker: bool) -> AsyncIterator[None]:
    settings = SETTINGS.of(app)
    configure(settings.log_level)
    for doubt in doubts(settings) if settings.env == "production" else ():
        log.warning("%s", doubt)
    warn_of_missing_secrets(settings)
    refuse_remote(PAYMENTS.of(app))
    with ExitStack() as server:
        url = await asyncio.to_thread(server.enter_context, database_running(settings))
        engine = make_engine(url, settings, autocommit=AUTOCOMMIT_CONNECTIONS)
        database = Database(engine, with_autocommit=not settings.db_pooler)
        try:
            await _check_schema(engine)
            DATABASE.put(app, database)
            gc.freeze()  # to look through 200,000 objects that stay would stop all requests for a tenth of a second
            gc.enable()
            with end_with_supervisor():
                jobs = background_jobs(settings, database) if with_worker else nullcontext()
                async with jobs:
                    yield
        finally:
            await PROVIDERS.of(app).aclose()
            await database.aclose()


async def _check_schema(engine: AsyncEngine) -> None:
    """Refuse to start on another schema than ours.

    `serve` has looked before it started any server process. One that replaces another may meet a database that is
    down: if it gave up, its supervisor would end the whole shop. It answers 503 until the database is back.
    """
    try:
        await refuse_outdated_schema(engine)
    except DatabaseOutOfReach as problem:
        if multiprocessing.parent_process() is None:
            raise
        log.warning("%s Requests are answered 503 until it does.", problem)


def _without_slash(app: FastAPI):  # type: ignore[no-untyped-def]  # noqa: ANN202
    """The end of the road: a path that fits without its trailing slash is redirected, else 404."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        bare = scope["path"].rstrip("/")
        inner = {**scope, "path": bare}
        if scope["path"] != bare and any(route.matches(inner)[0] is not Match.NONE for route in app.router.routes):
            query = scope["query_string"].decode("latin-1")
            location = quote(bare, safe="/:@!$&'()*+,;=-._~") + (f"?{query}" if query else "")
            await RedirectResponse(location, 307)(scope, receive, send)
            return
        if not_found.is_browser(Request(scope)):
            await not_found.show_not_found(scope, receive, send)
            return
        raise HTTPException(404)

    return answer
