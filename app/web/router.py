"""All pages."""

from app.web.assets import router as assets
from app.web.home import router as home
from app.web.sign_in import router as sign_in

ROUTERS = (assets, home, sign_in)
