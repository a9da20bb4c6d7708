"""All pages of accounts."""

from app.web.account.addresses import router as addresses
from app.web.account.notices import router as notices
from app.web.account.orders import router as orders
from app.web.account.overview import router as overview
from app.web.account.prebooks import router as prebooks
from app.web.account.profile import router as profile
from app.web.account.providers import router as providers
from app.web.account.recovery import router as recovery
from app.web.account.register import router as register
from app.web.account.sessions import router as sessions
from app.web.account.sign_in import router as sign_in
from app.web.account.wishlist import router as wishlist

ROUTERS = (
    sign_in,
    register,
    recovery,
    providers,
    overview,
    orders,
    wishlist,
    addresses,
    prebooks,
    notices,
    profile,
    sessions,
)
