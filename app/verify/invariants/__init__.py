"""All laws, in the order in which they are shown. A new law is an entry of the list of its subject."""

from app.verify.invariants.accounts import ACCOUNT_LAWS
from app.verify.invariants.audit import AUDIT_LAWS
from app.verify.invariants.catalog import CATALOG_LAWS
from app.verify.invariants.mail import MAIL_LAWS
from app.verify.invariants.orders import ORDER_LAWS
from app.verify.invariants.payments import PAYMENT_LAWS
from app.verify.invariants.waiting import WAITING_LAWS

INVARIANTS = (*CATALOG_LAWS, *ORDER_LAWS, *PAYMENT_LAWS, *MAIL_LAWS, *ACCOUNT_LAWS, *AUDIT_LAWS, *WAITING_LAWS)
