"""Payment services. The one at hand is a mock that lives in the process: charging inside a transaction suits it."""

import random
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.core.config import Settings

REMEMBERED_ATTEMPTS = 10_000


@dataclass(frozen=True, slots=True)
class Charge:
    """The outcome of an attempt. `reference` is the service's own name for an approved charge."""

    approved: bool
    reference: str | None = None


class PaymentService(Protocol):
    """Takes the buyer's money, at most once for each attempt id."""

    async def charge(self, attempt_id: str, amount: Decimal, currency: str, *, force_fail: bool) -> Charge:
        """Charge `amount` (major units of `currency`). The same attempt id gets the same outcome, once charged."""
        ...

    async def void(self, attempt_id: str) -> None:
        """Give back what the attempt took; harmless when it took nothing or gave it back before."""
        ...

    async def refund(self, attempt_id: str, refund_id: str, amount: Decimal, currency: str) -> str:
        """Give back the charge of an order that was made; the service's own name for the refund.

        The same refund id gives the money back once and has the same name every time.
        """
        ...


class MockPaymentService:
    """Approves a share of all attempts and declines those that ask for it; no money moves.

    Attempts are remembered (the latest 10,000) so that a repeated transaction finds its first outcome.
    """

    def __init__(self, success_rate: float = 0.9, chance: random.Random | None = None) -> None:
        self.success_rate = success_rate
        self._chance = chance or random.SystemRandom()
        self._attempts: OrderedDict[str, Charge] = OrderedDict()
        self.voided: set[str] = set()
        self.refunded: OrderedDict[str, Decimal] = OrderedDict()

    async def charge(self, attempt_id: str, amount: Decimal, currency: str, *, force_fail: bool = False) -> Charge:
        """Decide by chance, once for each attempt id."""
        if attempt_id not in self._attempts:
            approved = not force_fail and self._chance.random() < self.success_rate
            self._remember(attempt_id, Charge(approved, f"mock_{attempt_id}" if approved else None))
        return self._attempts[attempt_id]

    async def void(self, attempt_id: str) -> None:
        """Note that the charge was given back."""
        charge = self._attempts.get(attempt_id)
        if charge and charge.approved:
            self.voided.add(attempt_id)

    async def refund(self, attempt_id: str, refund_id: str, amount: Decimal, currency: str) -> str:
        """Note the refund; the latest 10,000."""
        self.refunded[refund_id] = amount
        if len(self.refunded) > REMEMBERED_ATTEMPTS:
            self.refunded.popitem(last=False)
        return f"mock_{refund_id}"

    def _remember(self, attempt_id: str, outcome: Charge) -> None:
        self._attempts[attempt_id] = outcome
        while len(self._attempts) > REMEMBERED_ATTEMPTS:
            forgotten, _ = self._attempts.popitem(last=False)
            self.voided.discard(forgotten)


def make_payment_service(settings: Settings) -> PaymentService:
    """The service that PAYMENT_PROVIDER names."""
    return MockPaymentService(settings.payment_mock_success_rate)
