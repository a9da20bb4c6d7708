"""All pages."""

from app.web.account.router import ROUTERS as ACCOUNT
from app.web.addresses import router as addresses
from app.web.assets import router as assets
from app.web.buying.checkout import router as checkout
from app.web.buying.pages import router as basket
from app.web.contact import router as contact
from app.web.covers.router import router as covers
from app.web.staff.audit import router as staff_audit
from app.web.staff.books import router as staff_books
from app.web.staff.covers import router as staff_covers
from app.web.staff.delivery import router as staff_delivery
from app.web.staff.delivery_places import router as staff_places
from app.web.staff.exports import router as staff_exports
from app.web.staff.genres import router as staff_genres
from app.web.staff.imports import router as staff_imports
from app.web.staff.imports import uploads as staff_uploads
from app.web.staff.mails import router as staff_mails
from app.web.staff.orders import router as staff_orders
from app.web.staff.overview import router as staff_overview
from app.web.staff.reviews import router as staff_reviews
from app.web.staff.sales import router as staff_sales
from app.web.staff.security import router as staff_security
from app.web.staff.settings import router as staff_settings
from app.web.staff.stock import router as staff_stock
from app.web.staff.taxes import router as staff_taxes
from app.web.staff.users import router as staff_users
from app.web.storefront.actions import router as actions
from app.web.storefront.book import router as book
from app.web.storefront.feeds import router as feeds
from app.web.storefront.home import router as home
from app.web.storefront.shop import router as shop

STOREFRONT = (assets, addresses, contact, covers, home, shop, book, actions, feeds, basket, checkout, *ACCOUNT)
SHOPKEEPING = (
    staff_overview,
    staff_sales,
    staff_exports,
    staff_genres,
    staff_imports,
    staff_uploads,
    staff_covers,
    staff_books,
    staff_stock,
    staff_delivery,
    staff_places,
    staff_taxes,
)
BACK_OFFICE = (staff_orders, staff_users, staff_reviews, staff_mails, staff_audit, staff_security, staff_settings)
ROUTERS = (*STOREFRONT, *SHOPKEEPING, *BACK_OFFICE)
