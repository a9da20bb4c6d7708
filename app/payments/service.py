"""Payment services. The one at hand is a mock that lives in the process: charging inside a transaction suits it."""

import random
from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypedDict, Unpack

from app.core.config import ConfigurationError, Settings

REMEMBERED_ATTEMPTS = 10_000


class ChargeStatus(StrEnum):
    """What a gateway answers. `PENDING` is no end: it is asked again until it says one of the others."""

    APPROVED = "approved"
    DECLINED = "declined"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Charge:
    """The answer to an attempt. `reference` is the service's own name for a charge that was not declined."""

    status: ChargeStatus
    reference: str | None = None

    @property
    def approved(self) -> bool:
        """Whether the money was taken."""
        return self.status is ChargeStatus.APPROVED


class PaymentOptions(TypedDict, total=False):
    """What a buyer tells the gateway. It goes there from the request as it is; nobody between them looks inside."""

    force_fail: bool


class PaymentService(Protocol):
    """Takes the buyer's money, at most once for each attempt id."""

    @property
    def in_process(self) -> bool:
        """Whether it answers at once, without a network: it is asked inside the transaction that makes the order.

        Such a service answers approved or declined, and never pending.
        """
        ...

    async def charge(
        self, attempt_id: str, amount: Decimal, currency: str, **options: Unpack[PaymentOptions]
    ) -> Charge:
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

    in_process = True

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
            self._remember(attempt_id, _approved(attempt_id) if approved else Charge(ChargeStatus.DECLINED))
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


def _approved(attempt_id: str) -> Charge:
    return Charge(ChargeStatus.APPROVED, f"mock_{attempt_id}")


def make_payment_service(settings: Settings) -> PaymentService:
    """The service that PAYMENT_PROVIDER names."""
    return MockPaymentService(settings.payment_mock_success_rate)


def refuse_remote(service: PaymentService) -> None:
    """Raise ConfigurationError for a service that checkout, which asks it inside its transaction, would wait for."""
    if not service.in_process:
        raise ConfigurationError(
            f"{type(service).__name__} takes payments over a network. This release asks for them inside the"
            " transaction of the order, which must not wait for a network: it runs with PAYMENT_PROVIDER=mock only."
        )
