"""All pages."""

from app.web.assets import router as assets
from app.web.buying.checkout import router as checkout
from app.web.buying.pages import router as basket
from app.web.covers.router import router as covers
from app.web.sign_in import router as sign_in
from app.web.staff.audit import router as staff_audit
from app.web.staff.mails import router as staff_mails
from app.web.staff.orders import router as staff_orders
from app.web.staff.reviews import router as staff_reviews
from app.web.staff.users import router as staff_users
from app.web.storefront.book import router as book
from app.web.storefront.deeds import router as deeds
from app.web.storefront.feeds import router as feeds
from app.web.storefront.home import router as home
from app.web.storefront.shop import router as shop

STOREFRONT = (assets, covers, home, shop, book, deeds, feeds, basket, checkout, sign_in)
BACK_OFFICE = (staff_orders, staff_users, staff_reviews, staff_mails, staff_audit)
ROUTERS = (*STOREFRONT, *BACK_OFFICE)
