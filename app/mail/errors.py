"""What the outbox refuses, and what a mail server refuses."""

from http import HTTPStatus

from app.core.errors import DomainError
from app.jobs.worker import JobFailed


class MailNotFound(DomainError):
    """No such row, or it was purged."""

    code = "MAIL_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Mail not found"
    detail = "There is no mail with this id."
    field = "mail_id"


class MailNotDead(DomainError):
    """Only mails that were given up are queued again."""

    code = "MAIL_NOT_DEAD"
    status = HTTPStatus.CONFLICT
    title = "Mail was not given up"
    detail = "Only a mail that was given up can be queued again."
    field = "mail_id"


class NotDelivered(JobFailed):
    """The mail server did not take the mail; the message says why, fit for a column of the database."""
