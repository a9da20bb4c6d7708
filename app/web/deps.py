"""What pages are given of accounts: the sessions of browsers, on the session of the request."""

from typing import Annotated

from fastapi import Depends

from app.accounts.browser import BrowserSessions, of_browsers
from app.accounts.service_deps import Policy
from app.core.db.route import Session


async def get_browser_sessions(session: Session, policy: Policy) -> BrowserSessions:
    """Sessions whose token stands in a cookie."""
    return BrowserSessions(session, of_browsers(policy))


Browsers = Annotated[BrowserSessions, Depends(get_browser_sessions)]
