"""E-mail addresses: real syntax, no DNS, one spelling for each mailbox."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

MAX_LENGTH = 255
DOTLESS = frozenset({"gmail.com", "googlemail.com"})


def normalised_email(value: str) -> str:
    """The address as it is stored: NFC, lower-case (one sigma, as PostgreSQL has it), the domain in Unicode.

    Raises:
        ValueError: not an address that can receive mail; the message does not repeat it.
    """
    try:
        address = validate_email(value.strip(), strict=True, check_deliverability=False, test_environment=False)
    except EmailNotValidError as error:
        raise ValueError("must be a complete e-mail address on a public domain") from error
    stored = unicodedata.normalize("NFC", address.normalized.lower()).replace("ς", "σ")
    if len(stored) > MAX_LENGTH:
        raise ValueError(f"must have at most {MAX_LENGTH} characters")
    return stored


def mailbox(email: str) -> str:
    """What to count mails to an address under: many addresses, as with `+tag`, may lead to one mailbox."""
    local, _, domain = email.rpartition("@")
    name = local.partition("+")[0] or local
    if domain in DOTLESS:
        return name.replace(".", "") + "@gmail.com"
    return f"{name}@{domain}"
