"""The payment service that the application was composed with."""

from app.core.parts import Part
from app.payments.service import PaymentService

PAYMENTS = Part[PaymentService]("payments")
