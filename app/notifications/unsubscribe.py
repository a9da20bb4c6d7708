"""Links by which a reader asks for no more mails of a kind (RFC 8058): signed, good for that alone, and for ever."""

import hashlib

from itsdangerous import BadData, URLSafeSerializer

OPTIONAL_KINDS = frozenset({"restock"})
"""What is sent because somebody likes to know, and not because of a purchase or for the safety of an account."""


class UnsubscribeLinks:
    """Signs with the key of the shop under a purpose of its own: no other token passes for one of these."""

    def __init__(self, base_url: str, signing_key: str) -> None:
        self._base_url = base_url
        self._serializer = URLSafeSerializer(
            signing_key,
            salt="bookstore.mail.unsubscribe",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def url(self, user_id: int, kind: str) -> str:
        """Where the user asks for no more mails of that kind."""
        return f"{self._base_url}/mail/unsubscribe?token={self._serializer.dumps([user_id, kind])}"

    def read(self, token: str) -> tuple[int, str] | None:
        """The user and the kind of mail; None when we did not sign that, or the kind is not optional any more."""
        try:
            user_id, kind = self._serializer.loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return (user_id, kind) if kind in OPTIONAL_KINDS else None
