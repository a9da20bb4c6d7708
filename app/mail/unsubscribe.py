"""Links by which a reader asks for no more mails of a kind (RFC 8058): signed, good for that alone, and for ever."""

import hashlib

from itsdangerous import BadData, URLSafeSerializer

from app.core.keys import KeyRing
from app.core.values import INT_MAX

OPTIONAL_KINDS = frozenset({"restock"})
"""What is sent because somebody likes to know, and not because of a purchase or for the safety of an account."""


class UnsubscribeLinks:
    """Signs with keys of their own: no other token passes for one of these."""

    def __init__(self, base_url: str, keys: KeyRing) -> None:
        self._base_url = base_url
        self._serializer = URLSafeSerializer(
            keys.oldest_first,
            salt="bookstore.mail.unsubscribe",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def url(self, user_id: int, kind: str) -> str:
        """Where the user asks for no more mails of that kind."""
        return f"{self._base_url}/mail/unsubscribe?token={self._serializer.dumps([user_id, kind])}"

    def read(self, token: str) -> tuple[int, str] | None:
        """The user and the kind of mail; None when we did not sign that, or the kind is not optional any more."""
        try:
            named = self._serializer.loads(token)
        except BadData:
            return None
        match named:
            case [int(user_id), str(kind)] if 0 < user_id <= INT_MAX and kind in OPTIONAL_KINDS:
                return user_id, kind
            case _:
                return None
