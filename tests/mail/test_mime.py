"""The message that a row becomes (contract, section 5)."""

from contextlib import suppress
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from struct import unpack
from typing import Any

import pytest

from app.core.config import ConfigurationError, Settings, load_settings
from app.mail.mime import compose, sender_address
from app.mail.repository import Mail


def mail(**changes: Any) -> Mail:
    columns: dict[str, Any] = {
        "id": 1,
        "message_id": "<abc@bookstore.example>",
        "kind": "restock",
        "recipient": "ann@example.com",
        "subject": "'Emma' is back in stock",
        "html": "<p>Bookstore: <b>Emma</b></p>",
        "text": "Bookstore: Emma",
        "attempts": 1,
        "created_at": datetime(2026, 11, 22, 8, 45, tzinfo=UTC),
        "unsubscribe_url": None,
    }
    return Mail(**(columns | changes))


def received(row: Mail, **changes: Any) -> EmailMessage:
    """The message as the other side reads it."""
    wire = compose(row, sender_address(Settings(env="test", **changes))).as_bytes()
    assert b"\n" not in wire.replace(b"\r\n", b"")
    assert max(map(len, wire.splitlines())) <= 998
    message = message_from_bytes(wire, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_the_parts_are_nested_as_the_contract_says():
    message = received(mail())
    assert message.get_content_type() == "multipart/related"
    alternative, logo = message.iter_parts()
    assert alternative.get_content_type() == "multipart/alternative"
    text, html = alternative.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().strip() == "Bookstore: Emma"
    assert html.get_content().strip() == "<p>Bookstore: <b>Emma</b></p>"
    assert (logo.get_content_type(), logo["Content-ID"]) == ("image/png", "<bookstore-logo>")
    assert logo.get_content_disposition() == "inline"


def test_the_logo_is_a_picture():
    _, logo = received(mail()).iter_parts()
    data = logo.get_content()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert unpack(">II", data[16:24]) == (96, 96)


def test_the_headers():
    message = received(mail())
    assert message["Subject"] == "'Emma' is back in stock"
    assert message["From"] == "Bookstore <noreply@bookstore.example>"
    assert message["To"] == "ann@example.com"
    assert message["Date"].datetime == datetime(2026, 11, 22, 8, 45, tzinfo=UTC)
    assert message["Message-ID"] == "<abc@bookstore.example>"
    for name in ("Subject", "From", "To", "Date", "Message-ID", "MIME-Version"):
        assert len(message.get_all(name, [])) == 1


@pytest.mark.parametrize(
    "subject",
    [
        "'Ein Sommer in Köln – für Ärzte, Bücher und Straßen, die niemand kennt' is back in stock",
        "'" + "Война и мир " * 40 + "' is back in stock",
        "'" + "日本語" * 150 + "'",
        "'" + "x" * 990 + "'",
        '=?utf-8?q?not_encoded?= \\ " <a@b.c>, (x)',
        " two  spaces  and a tail  ",
    ],
)
def test_any_title_arrives_in_the_subject(subject: str):
    assert received(mail(subject=subject))["Subject"].strip() == subject.strip()


@pytest.mark.parametrize("subject", ["=?utf-8?q?a=0D=0ABcc:_x@y.z?=", "b =?utf-8?b?DQoNCmJvZHk=?= c"])
def test_an_encoded_word_in_a_title_opens_no_header_either(subject: str):
    """Seen to fail with the library's own Subject header, which decodes the word and writes its line breaks."""
    message = received(mail(subject=subject))
    assert message["Subject"] == subject
    assert message.keys() == received(mail()).keys()


@pytest.mark.parametrize("name", ["Shop =?utf-8?q?=0D=0ABcc:_x@y.z?="])
def test_nor_does_the_name_of_the_sender(name: str):
    """Newer libraries encode it, with older ones the mail is refused."""
    with suppress(ValueError):
        assert received(mail(), smtp_from_name=name).keys() == received(mail()).keys()


@pytest.mark.parametrize("local", ["=?utf-8?q?=0D=0ABcc?=", "=?utf-8?q?a=0D=0A=0D=0Ab?=", "=?utf-8?q?a?="])
def test_nor_does_a_recipient(local: str):
    """These are proper local parts, so anybody may register with one."""
    with pytest.raises(ValueError):
        compose(mail(recipient=f"{local}@example.com"), sender_address(Settings(env="test")))


def test_a_subject_opens_no_header():
    message = received(mail(subject="Emma\r\nBcc: all@example.com\x00\n\nBody"))
    assert message["Subject"] == "Emma  Bcc: all@example.com   Body"
    assert message["Bcc"] is None


def test_nor_do_the_line_ends_of_unicode():
    assert received(mail(subject="Emma\u2028Bcc: a@example.com\u2029b"))["Subject"] == "Emma Bcc: a@example.com b"


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "ann",
        "@example.com",
        "ann@",
        "ann@example.com\r\nBcc: all@example.com",
        "ann@exa\x00mple.com",
        "ann@ü..de",
    ],
)
def test_what_is_no_address_is_refused(recipient: str):
    with pytest.raises(ValueError):
        compose(mail(recipient=recipient), sender_address(Settings(env="test")))


def test_a_recipient_is_one_recipient():
    message = received(mail(recipient="a@example.com, b@example.com"))
    assert len(message["To"].addresses) == 1


def test_the_domain_of_a_recipient_is_written_in_ascii():
    assert received(mail(recipient="ann@bücher.example"))["To"] == "ann@xn--bcher-kva.example"


def test_the_name_of_the_sender_may_be_anything():
    sender = received(mail(), smtp_from_name='Bücher, <Söhne> & "Co"')["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ('Bücher, <Söhne> & "Co"', "noreply@bookstore.example")


def test_long_lines_and_any_text_arrive_unchanged():
    text, html = "Größe " * 400 + "\U0001f4d6 end", f"<p>{'x' * 5000} – ü</p>\n.\n..<p>. =20</p>"
    alternative, _ = received(mail(text=text, html=html)).iter_parts()
    parts = [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in alternative.iter_parts()]
    assert parts == [text, html]


def test_a_mail_that_may_be_refused_says_where_on_one_line():
    """Seen to fail with the library's own header, which wraps a long address into encoded words."""
    url = f"https://books.example/{'long/' * 40}mail/unsubscribe?token={'a-B_9' * 30}"
    wire = compose(mail(unsubscribe_url=url), sender_address(Settings(env="test"))).as_bytes()
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in wire
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in wire


def test_any_other_mail_does_not():
    assert not [name for name in received(mail()).keys() if name.startswith("List-")]  # noqa: SIM118 - not a mapping


def test_a_long_message_id_stays_as_it_is():
    message_id = f"<{'a' * 32}@{'long.' * 40}example>"
    assert received(mail(message_id=message_id))["Message-ID"] == message_id


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMTP_FROM", "no address"), ("SMTP_FROM", "a@b.c>\r\nBcc: d@e.f"), ("SMTP_FROM_NAME", "Shop\nBcc: d@e.f")],
)
def test_a_sender_that_would_break_a_header_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        load_settings()
