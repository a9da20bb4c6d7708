"""All pages."""

from app.web.assets import router as assets
from app.web.buying.checkout import router as checkout
from app.web.buying.pages import router as basket
from app.web.covers.router import router as covers
from app.web.sign_in import router as sign_in
from app.web.storefront.book import router as book
from app.web.storefront.deeds import router as deeds
from app.web.storefront.feeds import router as feeds
from app.web.storefront.home import router as home
from app.web.storefront.shop import router as shop

ROUTERS = (assets, covers, home, shop, book, deeds, feeds, basket, checkout, sign_in)
