"""A row of the outbox as a MIME message (contract, section 5)."""

from base64 import b64encode
from email import policy
from email.header import Header
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any

from email_validator import validate_email

from app.core.config import Settings
from app.mail.outbox import one_line
from app.mail.repository import Mail

LOGO = (Path(__file__).parent / "logo.png").read_bytes()
PLAIN_SUBJECT = 66  # longer ones could need folding
# Independent of the length of lines and of what the servers on the way make of eight-bit text.
ENCODING = "quoted-printable"


class _Subject(UnstructuredHeader):
    """A subject that says what the title says.

    The library's own takes an encoded word within a title for markup, decodes it, and writes line breaks found there
    as they are: a title could open headers. It also loses spaces of long titles.
    """

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        kwds["parse_tree"] = cls.value_parser("")
        kwds["decoded"] = " ".join(one_line(value).splitlines())

    def fold(self, *, policy: "EmailPolicy[Any]") -> str:
        subject = str(self)
        if subject.isascii() and "=?" not in subject and len(subject) <= PLAIN_SUBJECT:
            return f"Subject: {subject}{policy.linesep}"
        encoded = Header(subject, "utf-8", header_name="Subject").encode(linesep=policy.linesep)
        return f"Subject: {encoded}{policy.linesep}"


class _Address(_Subject):
    """A web address on one line: the library would break a long one, and nobody puts it together again."""

    def fold(self, *, policy: "EmailPolicy[Any]") -> str:
        return f"List-Unsubscribe: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("subject", _Subject)  # type: ignore[arg-type]  # the registry mixes BaseHeader in
_headers.map_to_type("list-unsubscribe", _Address)  # type: ignore[arg-type]
POLICY = policy.SMTP.clone(header_factory=_headers)


def as_page(html: str) -> str:
    """The HTML of a mail with its logo in it, as a browser can show it."""
    return html.replace("cid:bookstore-logo", f"data:image/png;base64,{b64encode(LOGO).decode()}")


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """The same mail at every attempt, but for the boundaries between its parts.

    Raises:
        ValueError: the recipient is not an address, or a header would open another one.
    """
    message = EmailMessage(policy=POLICY)
    message["Subject"] = _headers("Subject", mail.subject)
    message["From"] = sender
    message["To"] = address(mail.recipient)
    message["Date"] = mail.created_at
    message["Message-ID"] = one_line(mail.message_id)
    message["MIME-Version"] = "1.0"
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{one_line(mail.unsubscribe_url)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.make_related()
    message.set_param("type", "multipart/alternative")
    message.attach(_alternatives(mail))
    message.add_related(LOGO, "image", "png", cid="<bookstore-logo>", disposition="inline", filename="logo.png")
    if BytesHeaderParser().parsebytes(message.as_bytes()).keys() != message.keys():
        raise ValueError("a header of the mail would open another one")
    return message


def _alternatives(mail: Mail) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    part.set_content(mail.text, cte=ENCODING)
    part.add_alternative(mail.html, subtype="html", cte=ENCODING)
    return part


def sender_address(settings: Settings) -> Address:
    """Who the shop's mails are from."""
    local, _, domain = settings.smtp_from.rpartition("@")
    return Address(settings.smtp_from_name, local, domain)


def address(recipient: str) -> Address:
    """One address, its domain in ASCII; a local part beyond ASCII needs a server that speaks SMTPUTF8.

    Raises:
        ValueError: it is not an address, or one that the library's header would take for an encoded word.
    """
    local, _, domain = recipient.rpartition("@")
    if not (local and domain) or "=?" in local or one_line(recipient) != recipient:
        raise ValueError("the recipient is not an e-mail address")
    if not domain.isascii():
        domain = validate_email(f"x@{domain}", check_deliverability=False, test_environment=True).ascii_domain
    return Address(username=local, domain=domain)
