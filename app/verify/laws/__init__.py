"""All laws, in the order in which they are shown. A new law is an entry of the list of its subject."""

from app.verify.laws.accounts import ACCOUNT_LAWS
from app.verify.laws.audit import AUDIT_LAWS
from app.verify.laws.catalog import CATALOG_LAWS
from app.verify.laws.mail import MAIL_LAWS
from app.verify.laws.orders import ORDER_LAWS
from app.verify.laws.payments import PAYMENT_LAWS
from app.verify.laws.waiting import WAITING_LAWS

LAWS = (*CATALOG_LAWS, *ORDER_LAWS, *PAYMENT_LAWS, *MAIL_LAWS, *ACCOUNT_LAWS, *AUDIT_LAWS, *WAITING_LAWS)
