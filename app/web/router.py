"""All pages."""

from app.web.assets import router as assets
from app.web.covers.router import router as covers
from app.web.home import router as home
from app.web.sign_in import router as sign_in

ROUTERS = (assets, covers, home, sign_in)
