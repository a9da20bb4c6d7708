"""What notices refuse."""

from http import HTTPStatus

from app.core.errors import DomainError


class NoticeNotFound(DomainError):
    """No such notice, or another user's, or it was purged."""

    code = "NOTICE_NOT_FOUND"
    status = HTTPStatus.NOT_FOUND
    title = "Notice not found"
    detail = "You have no notice with this id."
    field = "notice_id"
