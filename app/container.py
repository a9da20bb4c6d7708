"""What an application is composed of: every part that its requests find there, made from its settings."""

from starlette.applications import Starlette

from app.accounts.oauth.providers import PROVIDERS, Providers
from app.core.config import Settings
from app.core.paging import CURSORS, Cursors
from app.core.parts import KEYS, SETTINGS, SIGNING_KEY
from app.mail.deps import OUTBOX
from app.mail.outbox import Outbox
from app.media.deps import IMAGES
from app.media.service import ImageService
from app.orders.best_sellers import BEST_SELLERS, BestSellers
from app.payments.deps import PAYMENTS
from app.payments.service import make_payment_service
from app.shop.service import SHOP, Shop
from app.web.storefront.sitemap import SITE_MAP, SiteMap


def furnish(app: Starlette, settings: Settings) -> None:
    """Put in all parts but the database, which is there once the server has started (`app.main`)."""
    keys = settings.keys()
    SETTINGS.put(app, settings)
    KEYS.put(app, keys)
    SIGNING_KEY.put(app, settings.signing_key())
    SHOP.put(app, Shop(settings.currency))
    CURSORS.put(app, Cursors(keys.cursors))
    OUTBOX.put(app, Outbox(settings, keys))
    PROVIDERS.put(app, Providers(settings))
    PAYMENTS.put(app, make_payment_service(settings))
    IMAGES.put(app, ImageService(settings))
    BEST_SELLERS.put(app, BestSellers())
    SITE_MAP.put(app, SiteMap())
