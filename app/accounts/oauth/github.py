"""GitHub: OAuth, and its API for who somebody is."""

import re
from typing import Any, ClassVar

from app.accounts.oauth.errors import OAuthNoEmail, Refused, Unreachable
from app.accounts.oauth.flow import Flow
from app.accounts.oauth.http import ProviderHttp, reason
from app.accounts.oauth.identity import Identity, address
from app.accounts.oauth.provider import OAuthClient, as_object, with_query

SCOPE = "read:user user:email"
MAX_ID = 2**63 - 1
_TOKEN = re.compile(r"[\x21-\x7e]{1,2048}")


class GitHub:
    """github.com, or a GitHub Enterprise Server at other addresses."""

    name: ClassVar[str] = "github"

    def __init__(self, client: OAuthClient, http: ProviderHttp, site: str, api: str) -> None:
        self._client = client
        self._http = http
        self._site = site
        self._api = api

    def authorize_url(self, flow: Flow, redirect_uri: str) -> str:
        return with_query(f"{self._site}/login/oauth/authorize", self._client.request(flow, redirect_uri, SCOPE))

    async def identify(self, code: str, flow: Flow, redirect_uri: str) -> Identity:
        """See Provider."""
        token = await self._redeem(self._client.redemption(code, flow, redirect_uri))
        try:
            user = as_object(await self._http.get(f"{self._api}/user", bearer=token))
            emails = await self._http.get(f"{self._api}/user/emails?per_page=100", bearer=token)
        except Refused as error:
            raise OAuthNoEmail from error
        primary = _primary(emails)
        return Identity(self.name, _subject(user), address(primary.get("email")), primary.get("verified") is True)

    async def _redeem(self, form: dict[str, str]) -> str:
        place = f"{self._site}/login/oauth/access_token"
        answer = as_object(await self._http.post(place, form))
        token = answer.get("access_token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Refused(f"{place}: {reason(answer) or 'no token'}")  # GitHub refuses with status 200
        return token


def _subject(user: dict[str, Any]) -> str:
    """The numeric id: names can be given up and taken by others."""
    number = user.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= MAX_ID:
        raise Unreachable("GitHub names no user")
    return str(number)


def _primary(emails: object) -> dict[str, Any]:
    entries = [as_object(entry) for entry in emails] if isinstance(emails, list) else []
    return next((entry for entry in entries if entry.get("primary") is True), {})
